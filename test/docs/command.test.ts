/** docs/reference/command.md has every subcommand and option of the command, and every exit status of its help. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProgram } from '../../lib/cli/program.js';
import { packageRoot } from '../support/root.js';

const page = readFileSync(join(packageRoot, 'docs/reference/command.md'), 'utf8');
const { commands } = createProgram('');
const sectionOf = (name: string) => page.split(`\n## seccomp ${name}\n`)[1]?.split(/^## /m)[0] ?? '';

test('there is a section for each subcommand', () => {
  const sections = [...page.matchAll(/^## seccomp (\w+)$/gm)].map(([, name]) => name);
  expect(sections).toEqual(commands.map((command) => command.name()));
});

test.each(commands.map((command) => [command.name(), command] as const))(
  '%s: every option has a row',
  (name, command) => {
    const rows = [...sectionOf(name).matchAll(/^\| `(.*?)` \|/gm)].map(([, term]) => term);
    const options = command.options.map(({ flags }) => flags);
    expect(rows.filter((row) => row?.startsWith('-'))).toEqual(options);
  },
);

test.each(commands.map((command) => [command.name(), command] as const))(
  '%s: has the exit status of its help',
  (name, command) => {
    const parts: string[] = [];
    command.configureOutput({ writeOut: (text) => parts.push(text) }).outputHelp();
    const statuses = (text: string) => text.match(/\b(?:0|1|12[567])(?= (?:if|without|with)\b)/g) ?? [];
    expect(statuses(sectionOf(name).split('**Exit status**')[1]?.split('\n\n')[0] ?? '')).toEqual(
      statuses(parts.join('')),
    );
  },
);

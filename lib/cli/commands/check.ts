/** `seccomp check`: reports everything that is wrong with profiles, or looks wrong. */
import { styleText } from 'node:util';
import { Command } from 'commander';
import { describeIssue } from '../../errors.js';
import { thisHost } from '../../host.js';
import type { CheckOptions, ProfileIssue } from '../../index.js';
import { fail, print } from '../output/print.js';
import { checkArgument } from '../profile-argument.js';
import { type ReadingOptions, readingOf, withReading } from '../profile-options.js';

interface CheckCommandOptions extends ReadingOptions {
  readonly json: boolean;
}

export function checkCommand(): Command {
  return withReading(new Command('check'))
    .description('report what is wrong with profiles, by JSON path, line and column; exit 1 if there are errors')
    .argument('<profile...>', "a built-in's name, a path, JSON text, or - for stdin")
    .option('--json', 'print the findings as JSON', false)
    .action(check);
}

async function check(profiles: readonly string[], options: CheckCommandOptions): Promise<void> {
  const checked: CheckOptions = { ...readingOf(options), host: thisHost() };
  const found: Awaited<ReturnType<typeof checkArgument>>[] = [];
  for (const profile of profiles) {
    try {
      found.push(await checkArgument(profile, checked));
    } catch (error) {
      fail(error); // The others are checked all the same.
    }
  }
  process.exitCode ??= found.some(({ issues }) => issues.some(({ severity }) => severity === 'error')) ? 1 : 0;
  if (options.json) print(`${JSON.stringify(found, null, 2)}\n`);
  else print(found.flatMap(({ profile, issues }) => issues.map((issue) => line(profile, issue))).join(''));
}

function line(source: string, issue: ProfileIssue): string {
  const severity = issue.severity === 'error' ? styleText('red', 'error') : styleText('yellow', 'warning');
  return `${severity} ${describeIssue(source, issue)}\n`;
}

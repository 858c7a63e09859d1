/**
 * Node's documented behaviors of child_process, one by one: the same script runs against it and against a Sandbox,
 * under this Node, and tells the same.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { hasNoNewPrivs, NO_NEW_PRIVS } from '../support/scripts.js';

interface Told {
  readonly facts: string;
  /** The beginning of its line in docs/reference/child-process.md, if it differs on purpose. */
  readonly row?: string;
}
type Results = Readonly<Record<string, Told>>;

const folder = fileURLToPath(new URL('.', import.meta.url));
const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
});
const documentation = readFileSync(new URL('../../docs/reference/child-process.md', import.meta.url), 'utf8');

async function results(section: string, implementation: string): Promise<Results> {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-compat-')); // Its name is always of the same length.
  directories.push(directory);
  const inherited = openSync('/dev/null', 'r'); // libuv closes those up to 15 in the child's children.
  const runner = fork(`${folder}/runner.mjs`, [section, implementation], {
    cwd: folder,
    env: { ...process.env, COMPAT_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...Array<'ignore'>(20).fill('ignore'), inherited],
  });
  closeSync(inherited);
  let complaints = '';
  runner.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk;
  });
  const message = once(runner, 'message');
  const end = once(runner, 'close').then(([code, signal]) => {
    throw new Error(`${section} under ${implementation} ended with ${code ?? signal}: ${complaints}`);
  });
  const [told]: readonly Results[] = await Promise.race([message, end]);
  return Object.fromEntries(
    Object.entries(told ?? {}).map(([name, { facts, ...rest }]) => [
      name,
      { facts: facts.replaceAll(directory, 'DIRECTORY'), ...rest },
    ]),
  );
}

const sections = readdirSync(folder).filter((name) => name.endsWith('.mjs') && !/^(runner|tools)\./.test(name));

/** Sections about how programs are started. What the others compare happens after the start, and so is the same without a filter. */
const WITHOUT_A_FILTER: ReadonlySet<string> = new Set(['spawn', 'sync', 'stdio']);

describe.each(sections.map((name) => name.slice(0, -'.mjs'.length)))('%s', async (section) => {
  const profiles = WITHOUT_A_FILTER.has(section) ? ['unconfined', 'docker-default'] : ['docker-default'];
  const [theirs = {}, ...sandboxed] = await Promise.all(['node', ...profiles].map((each) => results(section, each)));

  test.for(Object.entries(theirs))('%s', ([name, { facts, row }], { skip }) => {
    skip(name === 'no_new_privs' && hasNoNewPrivs(), NO_NEW_PRIVS);
    expect(facts).not.toMatch(/^FAILED/);
    const ours = sandboxed.map((each) => each[name]?.facts);
    if (row === undefined) {
      expect(ours).toEqual(profiles.map(() => facts));
      return;
    }
    expect(documentation).toContain(`| ${row}`);
    expect(ours[0]).not.toBe(facts);
    expect(new Set(ours).size).toBe(1);
  });
});

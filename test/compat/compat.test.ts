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
/** By section and name. */
type Results = Readonly<Record<string, Readonly<Record<string, Told>>>>;

const folder = fileURLToPath(new URL('.', import.meta.url));
const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
});
const documentation = readFileSync(new URL('../../docs/reference/child-process.md', import.meta.url), 'utf8');

async function results(implementation: string, sections: readonly string[]): Promise<Results> {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-compat-')); // Its name is always of the same length.
  directories.push(directory);
  const inherited = openSync('/dev/null', 'r'); // libuv closes those up to 15 in the child's children.
  const runner = fork(`${folder}/runner.mjs`, [implementation, ...sections], {
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
    throw new Error(`the runner of ${implementation} ended with ${code ?? signal}: ${complaints}`);
  });
  const [told] = await Promise.race([message, end]);
  return JSON.parse(JSON.stringify(told).replaceAll(directory, 'DIRECTORY')) as Results;
}

const sections = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs') && !/^(runner|tools)\./.test(name))
  .map((name) => name.slice(0, -'.mjs'.length));

/** Sections about how programs are started. What the others compare happens after the start, and so is the same without a filter. */
const WITHOUT_A_FILTER = ['spawn', 'sync', 'stdio'];

describe('child_process', async () => {
  const [theirs, filtered, unfiltered] = await Promise.all([
    results('node', sections),
    results('docker-default', sections),
    results('unconfined', WITHOUT_A_FILTER),
  ]);

  describe.each(sections)('%s', (section) => {
    test.for(Object.entries(theirs[section] ?? {}))('%s', ([name, { facts, row }], { skip }) => {
      skip(name === 'no_new_privs' && hasNoNewPrivs(), NO_NEW_PRIVS);
      expect(facts).not.toMatch(/^FAILED/);
      const sandboxed = [filtered, ...(WITHOUT_A_FILTER.includes(section) ? [unfiltered] : [])];
      const ours = sandboxed.map((each) => each[section]?.[name]?.facts);
      if (row === undefined) {
        expect(ours).toEqual(ours.map(() => facts));
        return;
      }
      expect(documentation).toContain(`| ${row}`);
      expect(ours[0]).not.toBe(facts);
      expect(new Set(ours).size).toBe(1);
    });
  });
});

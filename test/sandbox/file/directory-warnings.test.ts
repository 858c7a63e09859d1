/** Warnings about what is in a directory that a sandbox file grants. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { directoryWarning } from '../../../lib/sandbox/file/directory-warnings.js';
import { readSandboxFile } from '../../../lib/sandbox/file/read.js';

const root = mkdtempSync(join(tmpdir(), 'seccomp-directory-warnings-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A new directory with these files. */
function directoryWith(...names: readonly string[]): string {
  const directory = mkdtempSync(join(root, 'd'));
  for (const name of names) writeFileSync(join(directory, name), '');
  return directory;
}

const END = ': grant what it needs in this directory instead';

test.each<[readonly string[], string | undefined, string | undefined]>([
  [['data', 'env', 'git'], undefined, undefined],
  [['package.json'], undefined, 'change package.json (npm executes its scripts)'],
  [['.env'], 'read .env (it has secrets)', 'read .env (it has secrets)'],
  [['.npmrc'], 'read .npmrc (it may have tokens of registries)', 'read .npmrc (it may have tokens of registries)'],
  [['.git'], 'read .git (its settings may have passwords)', 'change .git (git executes its hooks)'],
  [['.ssh'], 'read .ssh (it has private keys)', 'change .ssh (it says who may log in)'],
  [
    ['.env', '.git', 'package.json'],
    'read .env (it has secrets) and .git (its settings may have passwords)',
    'change .git (git executes its hooks) and package.json (npm executes its scripts), and read .env (it has secrets)',
  ],
])('a directory with %j', (names, reading, writing) => {
  const directory = directoryWith(...names);
  const text = (what: string | undefined) => what && `lets the program ${what}${END}`;
  expect(directoryWarning(directory, 'read')).toBe(text(reading));
  expect(directoryWarning(directory, 'execute')).toBe(text(reading));
  expect(directoryWarning(directory, 'write')).toBe(text(writing));
});

test('is given for each grant of a file and of what it extends, where a person reviews these', () => {
  const directory = directoryWith('.env');
  mkdirSync(join(directory, 'data'));
  const write = (name: string, document: object) => writeFileSync(join(directory, name), JSON.stringify(document));
  write('base.json', { paths: { read: ['@system', '.', './data', './.env'] } });
  write('sandbox.json', { extends: './base.json' });
  const warnings = (name: string, isReview?: boolean) =>
    readSandboxFile(join(directory, name), name, isReview).issues.map(({ path, message }) => `${path}: ${message}`);
  const warning = `lets the program read .env (it has secrets)${END}`;
  expect(warnings('base.json', true)).toEqual([`paths.read[1]: ${warning}`]);
  expect(warnings('sandbox.json', true)).toEqual([expect.stringMatching(/^extends: .*base\.json.*paths\.read\[1\]/)]);
  expect(warnings('base.json')).toEqual([]);
});

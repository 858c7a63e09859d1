/** The option `paths` with long lists and long paths. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Paths } from '../../lib/landlock/paths/option.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { describeUnless } from '../support/describe-unless.js';

const home = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-sizes-')));
afterAll(() => rmSync(home, { recursive: true }));

const shell = (script: string, paths: Paths, ...args: readonly string[]) =>
  spawnSync('sh', ['-c', script, 'sh', ...args], 'docker-default', { cwd: home, encoding: 'utf8', paths });

/** A path in `home` with as many bytes, whose directories exist. */
function pathOf(size: number, name: string): string {
  let directory = home;
  while (size - directory.length > 300) directory = join(directory, 'd'.repeat(200));
  directory = join(directory, 'd'.repeat(size - directory.length - name.length - 2));
  mkdirSync(directory, { recursive: true });
  return join(directory, name);
}

describeUnless(pathsSupport().reason ?? undefined, 'paths', () => {
  test('grants each of 1,030 files, and none beside them, at each start', () => {
    const files = Array.from({ length: 1_030 }, (_, i) => `f${i}`);
    for (const file of [...files, 'other']) writeFileSync(join(home, file), 'x');
    for (const _ of ['made', 'kept']) {
      const { stdout, stderr } = shell('cat "$@" | wc -c; cat other', { read: ['@system', ...files] }, ...files);
      expect({ stdout, stderr }).toEqual({ stdout: '1030\n', stderr: 'cat: other: Permission denied\n' });
    }
  });

  test('takes no list of more than 4,096 paths', () => {
    const start = () => shell('true', { read: ['@system'], write: new Array(4_097).fill('.') });
    expect(start).toThrow(/^options\.paths\.write: has 4097 elements, more than 4096/);
  });

  test('grants a file with the longest path that Linux takes', () => {
    const file = pathOf(4_095, 'file');
    writeFileSync(file, 'far\n');
    expect(shell('cat "$1"', { read: ['@system', file] }, file)).toMatchObject({ stdout: 'far\n', stderr: '' });
  });

  test.each([
    ['4,096 bytes', (size: number) => `${join(home, '/d'.repeat(size)).slice(0, 4_095)}d`, 3_000],
    ['100,000 bytes', (size: number) => join(home, '/d'.repeat(size)), 50_000],
    ['a name of 256 bytes', (size: number) => join(home, 'n'.repeat(size)), 256],
  ])('names a path of %s that is too long, and its place', (_, path, size) => {
    const start = (optional: boolean) => () =>
      shell('true', { read: ['@system'], write: ['.', { path: path(size), optional }] });
    const message =
      /^options\.paths\.write\[1\]: \/.{1,999} is longer than Linux allows \(ENAMETOOLONG\): give a directory above it$/;
    for (const optional of [false, true]) expect(start(optional)).toThrow(message);
  });
});

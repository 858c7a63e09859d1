/** Each number of descriptors that a child can have, with all that a start needs descriptors for itself. */
import { closeSync, openSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { isolationSupport } from '../../../lib/landlock/domain.js';
import { pathsSupport } from '../../../lib/landlock/paths/support.js';
import { type SpawnSyncOptions, spawnSync } from '../../../lib/sandbox/spawn-sync.js';

const file = openSync('/dev/null', 'r');
afterAll(() => closeSync(file));

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
/** Every small number, and those around the sizes that tables have. */
const COUNTS = [...range(3, 66), ...[128, 256, 512].flatMap((size) => [size - 1, size, size + 1]), 1023, 1024];
const LIMITS = [...range(4, 66), 128, 255, 256, 257, 1024];

const guardian = isolationSupport().by === 'scopes' ? { descendants: 'kill' as const } : {};
const paths = pathsSupport().reason === null ? { paths: { read: ['/'] } } : {};
const STARTS: readonly (readonly [string, SpawnSyncOptions])[] = [
  ['a guardian', guardian],
  ['a listener', { onViolation: true, descendants: 'leave' }],
  ['a guardian, a listener and paths', { ...guardian, ...paths, onViolation: true }],
];

test.each(STARTS)('a child has as many descriptors as stdio has entries, from 3 to 1,024, with %s', (_, options) => {
  const found = COUNTS.map((count) => {
    const stdio = ['ignore', 'pipe', 'pipe', ...Array<number>(count - 3).fill(file)] as const;
    const { stdout, stderr } = spawnSync('ls', ['/proc/self/fd'], 'docker-default', {
      ...options,
      stdio: [...stdio],
      encoding: 'utf8',
    });
    // The last one is that of ls.
    return `${stdout?.trimEnd().split('\n').length}${stderr}`;
  });
  expect(found).toEqual(COUNTS.map((count) => String(count + 1)));
});

test.each(STARTS)('a child may have any limit of descriptors with which it can start, with %s', (_, options) => {
  const found = LIMITS.map((nofile) => {
    const { stdout, stderr, error } = spawnSync('sh', ['-c', 'ulimit -n'], 'docker-default', {
      ...options,
      rlimits: { nofile },
      encoding: 'utf8',
    });
    return `${stdout}${stderr}${error ?? ''}`;
  });
  expect(found).toEqual(LIMITS.map((nofile) => `${nofile}\n`));
});

test('a child with more entries of stdio than its limit of descriptors has them all', () => {
  const stdio = ['ignore', 'pipe', 'pipe', ...Array<number>(40).fill(file)] as const;
  const options = { ...guardian, onViolation: true, rlimits: { nofile: 50 }, stdio: [...stdio] };
  const { status, stdout } = spawnSync('ls', ['/proc/self/fd'], 'docker-default', { ...options, encoding: 'utf8' });
  expect([status, stdout.trimEnd().split('\n').length]).toEqual([0, 44]);
});

test('1,025 entries of stdio are refused', () => {
  expect(() => spawnSync('true', [], 'docker-default', { stdio: Array(1025).fill('ignore') })).toThrow(
    /options\.stdio.* has 1025 elements, more than 1024/,
  );
});

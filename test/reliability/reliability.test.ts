/** Starts under all kinds of failures: nothing is left behind, and no child lacks its filter. */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addon, NULL } from '../../lib/native.js';
import { compileC } from '../support/compile-c.js';
import { SEED } from '../support/seed.js';
import { directory, failWithoutFilter, killStarter, marker, program, resultOf } from '../support/starts.js';

failWithoutFilter();

test('the checks detect a program without its filter', () => {
  const found = join(directory, 'found');
  expect(nodeSpawnSync(program, [found, 'e']).status).toBe(42);
  expect(existsSync(found)).toBe(true);
});

test('starts from three threads, many of which fail, leave nothing behind', () => {
  const left = resultOf('churn.mjs', { count: 72, workers: 2, seed: SEED });
  expect(left, `seed ${SEED}`).toMatchObject({ descriptors: [], zombies: 0, resources: [] });
}, 300_000);

test('without a descriptor left, starts fail with EMFILE wherever they need one, and work again', () => {
  expect(resultOf('exhaust.mjs', { what: 'descriptors' }, { nofile: 48 })).toEqual({
    codes: ['EMFILE'],
    calls: ['clone', 'landlock_create_ruleset', 'open', 'socketpair'],
    works: true,
    left: 0,
  });
});

describe.each([
  // With 20 descriptors, a connection is made too; without one, it is not.
  { what: 'document', own: ['mkdir'], by: 'profile', free: 0 },
  { what: 'text', own: ['mkdir'], by: 'profile', free: 0 },
  { what: 'builtin', own: ['socket'], by: 'profile', free: 0 },
  { what: 'built', own: ['mkdir', 'socket'], by: 'profile', free: 20 },
  { what: 'filter', own: ['mkdir'], by: 'filter', free: 0 },
  { what: 'list', own: ['mkdir', 'socket'], by: 'profile', free: 0 },
])(
  'of a child with a profile as $what, calls are answered and reported without loading a file',
  ({ free, what, own, by }) => {
    test(`with ${free} descriptors left`, () => {
      const connected = free === 0 ? '111' : '2';
      const settings = { calls: compileC('../reliability/late.c'), what, free };
      const result = resultOf('late.mjs', settings, { nofile: 128 }) as { readonly reported: readonly string[] };
      const violations = [...own, 'prlimit64'].sort();
      // Violations that take long to explain are reported in a later turn than a handler's error.
      expect({ ...result, reported: [...result.reported].sort() }).toEqual({
        output: expect.stringMatching(new RegExp(`\\n18\\n1\\n${connected}\\n42\\n$`)), // EXDEV, EPERM, the connection.
        reported: [...violations.map((name) => `${name} ${name === 'prlimit64' ? 'isolation' : by}`), 'symlink'].sort(),
        violations,
        late: [],
      });
    });
  },
);

test('without a process left, starts fail with EAGAIN, and work again', ({ skip }) => {
  if (process.getuid?.() !== 0) skip('needs root, to become a user of whom nothing else runs');
  expect(resultOf('exhaust.mjs', { what: 'processes' }, { nproc: 24 })).toEqual({
    codes: ['EAGAIN'],
    calls: ['clone'],
    works: true,
    left: 0,
  });
});

test('filters for which the kernel has no memory fail with ENOMEM, and the program does not start', () => {
  // 8 × 4096 instructions, and 4 more for each attached filter: above the kernel's limit of 32768.
  const bytes = Buffer.concat(Array.from({ length: 4096 }, () => instruction(0x06, 0x7fff0000)));
  const started = addon().spawnSync(
    {
      candidates: [program],
      args: ['first-call', marker, 'e'],
      env: '',
      detached: false,
      noNewPrivileges: true,
      stdio: [NULL, NULL, NULL],
      filters: Array.from({ length: 8 }, () => ({ bytes, gate: [] })),
      unconfined: false,
      filterFlags: 0,
    },
    { timeout: 0, maxBuffer: 0, killSignal: 15, forceKillAfter: 5000 },
  );
  expect(started).toEqual({ error: 12, call: 'seccomp' });
});

/** A `struct sock_filter` without jumps, on a little-endian machine. */
function instruction(code: number, k: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code);
  bytes.writeUInt32LE(k, 4);
  return bytes;
}

test('a parent that is killed in the middle leaves no child without its filter', async () => {
  expect(await killStarter(2)).toMatchObject({ signal: 'SIGKILL' });
}, 300_000);

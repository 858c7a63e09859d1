/** The streams of children on real kernels: since Linux 6.16 a socket takes no descriptors; before, a thread of this process does. */
import { beforeAll, expect, test } from 'vitest';
import { PATIENCE_MS, USER } from './guest.js';
import type { Machine } from './machines.js';
import { describeMachines, PACKAGE, runScripts } from './scripts.js';

const PROGRAM = '/bin/descriptors';
const USERS = [{}, { uid: USER, gid: USER, cwd: '/' }];

describeMachines('', (machine: Machine) => {
  let results: readonly unknown[] = [];
  beforeAll(async () => {
    const input = { home: `${PACKAGE}/dist/index.js`, program: PROGRAM };
    const scripts = USERS.map((options) => ({
      script: new URL('streams.mjs', import.meta.url),
      input: JSON.stringify({ ...input, options }),
    }));
    const programs = new Map([[PROGRAM, { source: new URL('../adversary/descriptors.c', import.meta.url) }]]);
    results = await runScripts(machine, scripts, { programs });
  }, PATIENCE_MS);

  test('nothing that a child passes keeps this process waiting, and nothing that it writes is lost', () => {
    const ended = { status: 0, limit: null };
    const expected = {
      ...{ passed: [true, true, true, true], own: [ended, ended, ended] },
      ...{ late: [200_000], echo: true, aborted: 'AbortError' },
    };
    expect(results).toEqual(USERS.map(() => expected));
  });
});

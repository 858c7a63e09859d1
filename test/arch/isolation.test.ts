/** Isolation on real kernels: with Landlock's scopes, with Landlock before them, and without Landlock. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { IsolationEnforcement } from '../../lib/landlock/enforcement.js';
import { attacksOn, expectAsEnforced, type Reached, type Taken } from '../adversary/reach.js';
import { PATIENCE_MS } from './guest.js';
import { isolationOn, type Machine } from './machines.js';
import { describeMachines, runScripts } from './scripts.js';

const NOBODY = 65_534;

type Result = readonly (Reached & Taken)[];

const RUNS = [{ isolate: false }, {}, { onViolation: true }];
const USERS = [
  { who: 'an ordinary user', user: NOBODY, options: {} },
  { who: 'root that gives another uid', user: undefined, options: { uid: NOBODY, gid: NOBODY, cwd: '/' } },
];
/** The ways to reach other processes of an ordinary user; those that Landlock does not affect are last. */
const ATTACKS =
  'memory,environ,fd,pidfd_getfd,ptrace,kill,abstract socket,prlimit,TIOCSTI,TIOCSPGRP,keyctl,add_key,request_key'.split(
    ',',
  );

describeMachines('', (machine) =>
  describe.each([
    ['', isolationOn(machine)],
    // Order and names of security modules, without Landlock. Source: Documentation/admin-guide/kernel-parameters.txt.
    ...(machine.landlock === 0 ? [] : [['lsm=capability', undefined] as const]),
  ] as const)('%s', (parameters, by) => testOn(machine, parameters, by)),
);

function testOn(machine: Machine, parameters: string, by: IsolationEnforcement['by']): void {
  let results: readonly Result[] = [];
  beforeAll(async () => {
    results = await reachIn(machine, parameters);
  }, PATIENCE_MS);

  test('without isolation, a child of the first user carries out every attack', () => {
    const without = results[0]?.[0] ?? expect.fail('not all were run');
    expect(attacksOn(without.parent)).toEqual(expect.arrayContaining(ATTACKS));
  });

  test.each(USERS.map(({ who }, i) => [who, i] as const))(
    'a child of %s reaches what enforcement lists as open only',
    (_, i) => {
      const [without, isolated, supervised] = results[i] ?? [];
      if (!without || !isolated || !supervised) throw new Error('not all were run');
      expect(isolated.enforcement.isolation.by).toBe(by);
      expectAsEnforced(isolated, without);
      expectAsEnforced(supervised, {
        ...without,
        parent: { ...without.parent, pidfd_getfd: 1 },
        sibling: { ...without.sibling, pidfd_getfd: 1 },
      });
    },
  );

  test('a supervised child cannot take its listener', ({ skip }) => {
    skip(by === undefined, 'this kernel has no Landlock');
    expect(results[0]?.at(-1)?.taken).toBe(0);
  });
}

async function reachIn(machine: Machine, parameters: string): Promise<readonly Result[]> {
  const scripts = USERS.map(({ user, options }) => {
    const runs = [...RUNS, { onViolation: true, listener: 200 }].map((run) => ({ ...options, ...run }));
    const input = JSON.stringify({ home: 'seccomp', reach: '/bin/reach', user, runs });
    return { script: new URL('../adversary/reach.mjs', import.meta.url), input };
  });
  const programs = new Map([['/bin/reach', { source: new URL('../adversary/reach.c', import.meta.url) }]]);
  return await runScripts<Result>(machine, scripts, { programs, parameters });
}

/** The option paths on real kernels, each with another Landlock: what is enforced is what `enforcement` says. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Attacker,
  type Attempted,
  expectBeside,
  expectControl,
  expectEnforced,
  expectHeld,
  expectOpen,
  ORDINARY,
  OTHER_USER,
  PROFILES,
  runsUnder,
} from '../adversary/paths/attempts.js';
import { PATIENCE_MS } from './guest.js';
import type { Machine } from './machines.js';
import { describeMachines, runScripts } from './scripts.js';

const ATTACKERS: readonly Attacker[] = [ORDINARY, OTHER_USER];

describeMachines('', (machine) => {
  if (machine.landlock === 0) testWithoutLandlock(machine);
  else testOn(machine);
});

function testOn(machine: Machine): void {
  let results: readonly (readonly Attempted[])[] = [];
  beforeAll(async () => {
    results = await attack(machine, {});
  }, PATIENCE_MS);

  describe.each([...ATTACKERS.entries()].map(([i, attacker]) => ({ ...attacker, i })))('to $who', (attacker) => {
    test.each([...PROFILES.entries()])('files that are not granted stay closed to every attack: %i, %s', (i) => {
      const [without, restricted] = results[attacker.i]?.slice(2 * i) ?? [];
      if (without === undefined || restricted === undefined) throw new Error('not all were run');
      if (i === 0) expectControl(without, attacker);
      expectHeld(restricted, without);
      expectOpen(restricted, without);
      expectBeside(restricted, without);
    });
  });

  test('what is denied beside files is what this Landlock does not check', () => {
    const restricted = results.flat().filter((_, i) => i % 2 === 1);
    expect(restricted).toHaveLength(ATTACKERS.length * PROFILES.length);
    for (const { enforcement } of restricted) expectEnforced(enforcement.paths, machine.landlock);
  });
}

function testWithoutLandlock(machine: Machine): void {
  test('a child does not start', { timeout: PATIENCE_MS }, async () => {
    const starts = [{ file: '/bin/paths', args: [], options: { paths: {} } }];
    const input = JSON.stringify({ home: 'seccomp', starts });
    const script = { script: new URL('../adversary/paths/starts.mjs', import.meta.url), input };
    const [messages] = await runScripts<readonly string[]>(machine, [script], { programs: PROGRAMS });
    expect(messages).toEqual([expect.stringMatching(/^options\.paths can't be honored: Linux \S+ has no Landlock: /)]);
  });

  test('with bestEffort, a child starts and is not restricted, as enforcement says', {
    timeout: PATIENCE_MS,
  }, async () => {
    const results = await attack(machine, { bestEffort: true });
    for (const [without, restricted] of results) {
      expect(restricted?.enforcement.paths?.by).toBeUndefined();
      expect(restricted?.enforcement.paths?.reason).toMatch(/^Linux \S+ has no Landlock: /);
      expect(restricted?.ways).toEqual(without?.ways);
    }
  });
}

const PROGRAMS = new Map([['/bin/paths', { source: new URL('../adversary/paths/paths.c', import.meta.url) }]]);

async function attack(machine: Machine, options: object): Promise<readonly (readonly Attempted[])[]> {
  const scripts = ATTACKERS.map((attacker) => {
    const { user, owner } = attacker;
    const runs = PROFILES.flatMap((profile) => runsUnder(profile, attacker, { ...options }));
    const input = JSON.stringify({ home: 'seccomp', program: '/bin/paths', user, owner, runs });
    return { script: new URL('../adversary/paths/attack.mjs', import.meta.url), input };
  });
  return await runScripts<readonly Attempted[]>(machine, scripts, { programs: PROGRAMS });
}

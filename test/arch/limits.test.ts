/** The option `limits` on real kernels whose cgroups of version 2 have all controllers. */
import { beforeAll, expect, test } from 'vitest';
import { expectPlaced, expectWithin, type Scenario } from '../process-tree/limits/scenario.js';
import { PATIENCE_MS } from './guest.js';
import type { Machine } from './machines.js';
import { describeMachines, runScripts } from './scripts.js';

const PLACINGS = ['root', 'alone', 'user'] as const;
const PROGRAM = '/bin/usage';

describeMachines('', testOn);

function testOn(machine: Machine): void {
  // An ordinary user's child is kept in its cgroup by paths.
  const placings = PLACINGS.filter((placing) => placing !== 'user' || machine.landlock > 0);
  let scenarios: readonly Scenario[] = [];
  beforeAll(async () => {
    const script = new URL('../process-tree/limits/scenario.mjs', import.meta.url);
    const programs = new Map([[PROGRAM, { source: new URL('../process-tree/limits/usage.c', import.meta.url) }]]);
    const scripts = placings.map((placing) => ({ script, args: [PROGRAM, placing] }));
    scenarios = await runScripts<Scenario>(machine, scripts, { programs });
  }, PATIENCE_MS);

  test('a later process removes the cgroups of one that was killed', () => {
    const { abandoned, swept } = scenarios[0] ?? expect.fail('not all were run');
    expect([abandoned, swept]).toEqual([[expect.stringMatching(/^seccomp-\d/)], []]);
  });

  test.each([...placings.entries()])('limits hold, and nothing is left: placing %i, %s', (i, placing) => {
    const { results, left, abandoned: _, swept: __, ...placed } = scenarios[i] ?? expect.fail('not all were run');
    expectPlaced(placed, placing);
    const ways = Object.entries(results).filter(([way]) => way !== 'paths' || machine.landlock > 0);
    expect(ways.map(([way]) => way)).toEqual([
      ...(machine.landlock > 0 ? ['paths'] : []),
      ...(placing === 'user' ? [] : ['uid']),
    ]);
    for (const [, way] of ways) expectWithin(way);
    expect(left).toEqual([]);
  });
}

/** Processes that start trees, ended at hundreds of random moments: test/adversary/tree/parent.test.ts ends a few of them. */
import { describe, expect, test } from 'vitest';
import { ATTACKERS, LONG_HUNG_MS, NO_NAMESPACE, obstacle } from '../adversary/tree/attackers.js';
import { type Death, endParents } from '../adversary/tree/deaths.js';
import { describeUnless } from '../support/describe-unless.js';
import { SEED } from '../support/seed.js';

/** How often a process ends in each way. */
const MOMENTS = 100;

describeUnless(obstacle(), `trees, seed ${SEED}`, () => {
  describe.each(ATTACKERS)('of $who', (attacker) => {
    describe.each(['beside', 'first'] as const)('of a process: %s', (place) => {
      test.for(['kill', 'abort', 'segv'] as const)(
        `end with it at ${MOMENTS} moments: %s`,
        { timeout: LONG_HUNG_MS },
        (death, { skip }) => {
          const deaths = new Array<Death>(MOMENTS).fill(death);
          const result = endParents(attacker, deaths, place, { hungMs: LONG_HUNG_MS });
          skip(result === undefined, NO_NAMESPACE);
          expect(result?.found).toEqual(result?.right);
        },
      );
    });
  });
});

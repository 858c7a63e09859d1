/**
 * Thousands of process trees, ended one after another in many ways: nothing is left, no other process is harmed, and the
 * use of memory does not grow. SECCOMP_TEST_TREES is their number (default: 10,000); memory is measured after a half.
 */
import { describe, expect, test } from 'vitest';
import { ATTACKERS, attack, LONG_HUNG_MS, NO_NAMESPACE, obstacle } from '../adversary/tree/attackers.js';
import { describeUnless } from '../support/describe-unless.js';

const MOST_GROWTH = 12 * 2 ** 20;
const MOST_LOOKS = 12;
const TREES = Number(process.env['SECCOMP_TEST_TREES'] ?? 10_000);

interface Left {
  readonly grown: Readonly<Record<'descriptors' | 'heap' | 'memory', number>>;
}

describeUnless(obstacle(), `${TREES} trees`, () => {
  describe.each(ATTACKERS)('of $who', (attacker) => {
    test.for(['beside', 'first'] as const)(
      'leave nothing, and harm no other process: %s',
      { timeout: MOST_LOOKS * LONG_HUNG_MS },
      (place, { skip }) => {
        const settings = { escapes: ['a session of its own'], before: TREES / 2, count: TREES / 2 };
        // V8's heap has up to 30 MB of free pages, or has not, when memory is measured. What leaks does so each time.
        let growth = Number.POSITIVE_INFINITY;
        for (let looks = 0; looks < MOST_LOOKS && growth >= MOST_GROWTH; looks++) {
          const result = attack<Left>('bursts.mjs', attacker, settings, place, LONG_HUNG_MS);
          skip(result === undefined, NO_NAMESPACE);
          const { grown, ...left } = result as Left;
          expect(left).toEqual({ held: 0, children: 0, outsider: null, signal: 'SIGKILL' });
          expect(grown.descriptors).toBe(0);
          expect(grown.heap, 'bytes of heap').toBeLessThan(4_000_000);
          growth = Math.min(growth, grown.memory);
        }
        expect(growth, 'bytes of growth').toBeLessThan(MOST_GROWTH);
      },
    );
  });
});

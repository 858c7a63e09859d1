/**
 * Thousands of process trees, ended one after another in many ways: nothing is left, no other process is harmed, and the
 * use of memory does not grow. SECCOMP_TEST_TREES is their number (default: 15,000); memory is measured after two thirds.
 */
import { describe, expect, test } from 'vitest';
import { ATTACKERS, attack, LONG_HUNG_MS, NO_NAMESPACE, obstacle } from '../adversary/tree/attackers.js';
import { describeUnless } from '../support/describe-unless.js';

const TREES = Number(process.env['SECCOMP_TEST_TREES'] ?? 15_000);

interface Left {
  readonly grown: Readonly<Record<'descriptors' | 'heap' | 'memory', number>>;
}

describeUnless(obstacle(), `${TREES} trees`, () => {
  describe.each(ATTACKERS)('of $who', (attacker) => {
    test.for(['beside', 'first'] as const)(
      'leave nothing, and harm no other process: %s',
      { timeout: LONG_HUNG_MS },
      (place, { skip }) => {
        const settings = { escapes: ['a session of its own'], before: (TREES / 3) * 2, count: TREES / 3 };
        const result = attack<Left>('bursts.mjs', attacker, settings, place, LONG_HUNG_MS);
        skip(result === undefined, NO_NAMESPACE);
        const { grown, ...left } = result as Left;
        expect(left).toEqual({ held: 0, children: 0, outsider: null, signal: 'SIGKILL' });
        expect(grown.descriptors).toBe(0);
        expect(grown.heap, 'bytes of heap').toBeLessThan(4_000_000);
        expect(grown.memory, 'bytes of growth').toBeLessThan(12 * 2 ** 20);
      },
    );
  });
});

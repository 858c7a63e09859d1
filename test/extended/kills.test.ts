/**
 * Supervised children, killed at random points: no call is lost, none gets another's answer. SECCOMP_TEST_KILL_CHILDREN is
 * their number (default: 400). SECCOMP_TEST_SEED chooses the points, but what a child does by then depends on the machine.
 */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { randomOf } from '../fuzz/random.js';
import { answer, endOf, fallsTo, held, startNotifying } from '../support/notifying-children.js';
import { SEED } from '../support/seed.js';

const CHILDREN = Number(process.env['SECCOMP_TEST_KILL_CHILDREN'] ?? 400);

/** How many children run at the same time. */
const LANES = 8;

test(`${CHILDREN} children killed at random, seed ${SEED}`, { timeout: 180_000 + 2000 * CHILDREN }, async () => {
  await once(startNotifying(1, answer), 'exit');
  const before = held();
  const ends = { killed: 0, whole: 0 };
  const oneAfterAnother = async (lane: number) => {
    const random = randomOf(SEED + lane);
    for (let child = lane; child < CHILDREN; child += LANES) {
      const isKilled = child === 0 || random.below(4) !== 0;
      const afterTurns = child === 0 ? 0 : random.below(2000); // In any case one child is killed before its end.
      ends[await endOf(isKilled ? { afterTurns } : null)]++;
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, lane) => oneAfterAnother(lane)));
  expect(ends.killed).toBeGreaterThan(0);
  expect(ends.whole).toBeGreaterThan(0);
  await fallsTo(before);
});

/**
 * Supervised children, killed at random times: no call is lost, none gets another's answer. Takes SECCOMP_TEST_KILL_SECONDS
 * (default: 10). SECCOMP_TEST_SEED chooses the times, but what a child does by then depends on the machine.
 */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { randomOf } from '../fuzz/random.js';
import { answer, endOf, fallsTo, held, startNotifying } from '../support/notifying-children.js';
import { SEED } from '../support/seed.js';

const seconds = Number(process.env['SECCOMP_TEST_KILL_SECONDS'] ?? 10);

test(`children killed at random for ${seconds} s, seed ${SEED}`, { timeout: (seconds + 180) * 1000 }, async () => {
  await once(startNotifying(1, answer), 'exit');
  const before = held();
  const until = Date.now() + seconds * 1000;
  const ends = { killed: 0, whole: 0 };
  const oneAfterAnother = async (lane: number) => {
    const random = randomOf(SEED + lane);
    while (Date.now() < until) {
      ends[await endOf(random.below(4) === 0 ? null : { afterTurns: random.below(2000) })]++;
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, lane) => oneAfterAnother(lane)));
  expect(ends.killed).toBeGreaterThan(0);
  expect(ends.whole).toBeGreaterThan(0);
  await fallsTo(before);
});

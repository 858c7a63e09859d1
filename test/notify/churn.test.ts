/**
 * Many supervised children are killed in the middle of their calls: no call is lost, and none gets another's answer.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { randomOf } from '../fuzz/random.js';
import { answer, answerSometime, CALLS, endOf, fallsTo, held, startNotifying } from '../support/notifying-children.js';

test('100 calls of each kind by two threads are answered and counted, each once', async () => {
  const child = startNotifying(100, answerSometime);
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(child.violations.map(({ syscall, count }) => [syscall, count])).toEqual([['sched_get_priority_min', 200]]);
});

test('200 children, most of which are killed in the middle of their calls', async () => {
  await once(startNotifying(1, answer), 'exit');
  const before = held();
  const oneAfterAnother = async (lane: number) => {
    const random = randomOf(lane);
    const ends = [];
    for (let i = 0; i < 25; i++) {
      ends.push(await endOf(i % 4 === 3 ? null : { atCall: 1 + random.below(CALLS) }));
    }
    return ends;
  };
  const ends = await Promise.all(Array.from({ length: 8 }, (_, lane) => oneAfterAnother(lane)));
  expect(ends.flat().filter((end) => end === 'killed')).toHaveLength(152);
  await fallsTo(before);
});

test('1,000 children at once', async ({ skip }) => {
  // Each child takes three descriptors, a process and a thread.
  const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  if (Number(limit) < 4096) skip(`only ${limit} descriptors`);
  await once(startNotifying(1, answer), 'exit'); // Creates what the supervisor keeps for this thread.
  const before = held();
  const waiting: (() => void)[] = [];
  let allCalled = () => {};
  const called = new Promise<void>((resolve) => {
    allCalled = resolve;
  });
  // No call is answered before all children have made one.
  const children = Array.from({ length: 1000 }, () =>
    startNotifying(1, async (call) => {
      if (waiting.length < 1000) await new Promise<void>((resolve) => waiting.push(resolve) === 1000 && allCalled());
      return answer(call);
    }),
  );
  const exits = Promise.all(children.map((child) => once(child, 'exit')));
  await called;
  for (const release of waiting) release();
  expect(new Set((await exits).map(([code, signal]) => code ?? signal))).toEqual(new Set([0]));
  expect(children.reduce((sum, { violations }) => sum + (violations[0]?.count ?? 0), 0)).toBe(2000);
  await fallsTo(before);
});

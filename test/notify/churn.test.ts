/**
 * Many supervised children are killed in the middle of their calls: no call is lost, and none gets another's answer.
 * test/slow/churn.test.ts has more of them.
 */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import {
  answer,
  answerAllAtOnce,
  answerSometime,
  fallsTo,
  held,
  killMany,
  obstacleToChildren,
  startNotifying,
} from '../support/notifying-children.js';

test('100 calls of each kind by two threads are answered and counted, each once', async () => {
  const child = startNotifying(100, answerSometime);
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(child.violations.map(({ syscall, count }) => [syscall, count])).toEqual([['sched_get_priority_min', 200]]);
});

test('32 children, most of which are killed in the middle of their calls', async () => {
  await once(startNotifying(1, answer), 'exit');
  const before = held();
  expect(await killMany(32)).toBe(24);
  await fallsTo(before);
});

test('80 children at once', async ({ skip }) => {
  const obstacle = obstacleToChildren(80);
  if (obstacle !== undefined) skip(obstacle);
  await once(startNotifying(1, answer), 'exit'); // Creates what the supervisor keeps for this thread.
  const before = held();
  expect(await answerAllAtOnce(80)).toEqual({ ends: new Set([0]), denied: 160 });
  await fallsTo(before);
});

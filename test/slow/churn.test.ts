/** What test/notify/churn.test.ts holds of fewer supervised children. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import {
  answer,
  answerAllAtOnce,
  fallsTo,
  held,
  killMany,
  obstacleToChildren,
  startNotifying,
} from '../support/notifying-children.js';

test('200 children, most of which are killed in the middle of their calls', async () => {
  await once(startNotifying(1, answer), 'exit');
  const before = held();
  expect(await killMany(200)).toBe(152);
  await fallsTo(before);
});

test('1,000 children at once', async ({ skip }) => {
  const obstacle = obstacleToChildren(1000);
  if (obstacle !== undefined) skip(obstacle);
  await once(startNotifying(1, answer), 'exit'); // Creates what the supervisor keeps for this thread.
  const before = held();
  expect(await answerAllAtOnce(1000)).toEqual({ ends: new Set([0]), denied: 2000 });
  await fallsTo(before);
});

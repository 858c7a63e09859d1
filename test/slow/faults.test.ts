/**
 * Each system call of each kind of start fails once: the start fails with an error, or works all the same, and leaves
 * nothing behind. test/reliability/faults.test.ts tries a sample of the calls.
 */
import { expect, test } from 'vitest';
import {
  FIRST_HANDLED,
  FIRST_SUPERVISED,
  failEach,
  isSanitized,
  mainCalls,
  STARTS,
  withoutStrace,
} from '../support/faults.js';
import { failWithoutFilter } from '../support/starts.js';

failWithoutFilter();

const missing = withoutStrace();
const timeout = 600_000;

// The child's calls for signals are all alike, so one is tested. test/extended/faults.test.ts tests all.
test.for(STARTS)('$how', { timeout }, async (start, { skip }) => {
  if (missing !== undefined) skip(missing);
  const { tried, wrong } = await failEach(start, ({ call, when }) => call !== 'rt_sigaction' || when === 1);
  expect(wrong).toEqual([]);
  expect(tried.length).toBeGreaterThan(start.how === 'fork' ? 1 : 20);
  expect(tried).toEqual(expect.arrayContaining([...mainCalls(start)]));
});

test.for([
  { start: FIRST_SUPERVISED, itsOwn: /^(epoll_create1|eventfd2|epoll_ctl|clone3|rt_sigprocmask)$/, least: 9 },
  { start: FIRST_HANDLED, itsOwn: /^(epoll_ctl|ioctl)$/, least: 4 },
])('the first start of a process: $start.how', { timeout }, async ({ start, itsOwn, least }, { skip }) => {
  if (missing !== undefined) skip(missing);
  skip(isSanitized(), 'a sanitizer’s runtime ends the process if it cannot block signals for a thread');
  const { tried, wrong } = await failEach(start, ({ call, by }) => by === 'parent' && itsOwn.test(call));
  expect(wrong).toEqual([]);
  expect(tried.length).toBeGreaterThanOrEqual(least);
});

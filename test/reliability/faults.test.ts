/**
 * System calls of a start fail, one at a time: the start fails with an error, or works all the same, and leaves nothing
 * behind. Each call fails in the first of these kinds of starts that makes it, the first time that it is made there. In each
 * kind, the calls that start the program and attach its filter fail. test/slow/faults.test.ts fails all calls of all starts.
 */
import { expect, test } from 'vitest';
import {
  type Fault,
  FIRST_HANDLED,
  FIRST_SUPERVISED,
  failEach,
  isSanitized,
  mainCalls,
  nameOf,
  withoutStrace,
} from '../support/faults.js';
import { failWithoutFilter } from '../support/starts.js';

failWithoutFilter();

const missing = withoutStrace();

/** The calls that a test has chosen, without their position. */
const chosen = new Set<string>();

function isNew({ call, by }: Fault): boolean {
  const size = chosen.size;
  return chosen.add(`${by} ${call}`).size > size;
}

test.for([
  { how: 'spawn with all options', least: 28 },
  { how: 'spawnSync, supervised', least: 6 },
  { how: 'spawn with a guardian', least: 4 },
  { how: 'fork', least: 1 },
])('$how', async ({ least, ...start }, { skip }) => {
  if (missing !== undefined) skip(missing);
  const main = mainCalls(start);
  const { tried, wrong } = await failEach(start, (fault) => isNew(fault) || main.includes(nameOf(fault)));
  expect(wrong).toEqual([]);
  expect(tried).toEqual(expect.arrayContaining([...main]));
  expect(tried.length).toBeGreaterThanOrEqual(least);
});

test.for([
  { start: FIRST_SUPERVISED, itsOwn: /^(epoll_create1|eventfd2|epoll_ctl|clone3|rt_sigprocmask)$/, least: 4 },
  { start: FIRST_HANDLED, itsOwn: /^(epoll_ctl|ioctl)$/, least: 2 },
])('the first start of a process: $start.how', async ({ start, itsOwn, least }, { skip }) => {
  if (missing !== undefined) skip(missing);
  skip(isSanitized(), 'a sanitizer’s runtime ends the process if it cannot block signals for a thread');
  const names = new Set<string>();
  const isFirst = ({ call }: Fault) => !names.has(call) && names.add(call).size > 0;
  const { tried, wrong } = await failEach(
    start,
    (fault) => fault.by === 'parent' && itsOwn.test(fault.call) && isFirst(fault),
  );
  expect(wrong).toEqual([]);
  expect(tried.length).toBeGreaterThanOrEqual(least);
});

/**
 * Each system call of a start fails once: the start fails with an error, or works all the same, and leaves nothing
 * behind.
 */
import { expect, test } from 'vitest';
import { FIRST_HANDLED, FIRST_SUPERVISED, failEach, STARTS, withoutStrace } from '../support/faults.js';
import { failWithoutFilter } from '../support/starts.js';

failWithoutFilter();

const missing = withoutStrace();
const { sharedObjects } = process.report.getReport() as unknown as { readonly sharedObjects: readonly string[] };
const isSanitized = sharedObjects.some((file) => /\/lib[at]san\./.test(file));

// The child's calls for signals are all alike, so one is tested. test/extended/faults.test.ts tests all.
test.for(STARTS)('$how', async (start, { skip }) => {
  if (missing !== undefined) skip(missing);
  const { tried, wrong } = await failEach(start, ({ call, when }) => call !== 'rt_sigaction' || when === 1);
  expect(wrong).toEqual([]);
  const isFork = start.how === 'fork';
  expect(tried.length).toBeGreaterThan(isFork ? 1 : 20);
  if (isFork) return;
  const attaches = start.how.endsWith(', supervised')
    ? "child's sendmsg 1"
    : start.how === 'spawn with a guardian' // The guardian, which attaches a filter too, ends the child before it does.
      ? "child's landlock_restrict_self 1"
      : "child's seccomp 1";
  expect(tried).toEqual(expect.arrayContaining(["parent's clone 1", attaches, "child's execve 1"]));
});

test.for([
  { start: FIRST_SUPERVISED, itsOwn: /^(epoll_create1|eventfd2|epoll_ctl|clone3|rt_sigprocmask)$/, least: 9 },
  { start: FIRST_HANDLED, itsOwn: /^(epoll_ctl|ioctl)$/, least: 4 },
])('the first start of a process: $start.how', async ({ start, itsOwn, least }, { skip }) => {
  if (missing !== undefined) skip(missing);
  skip(isSanitized, 'a sanitizer’s runtime ends the process if it cannot block signals for a thread');
  const { tried, wrong } = await failEach(start, ({ call, by }) => by === 'parent' && itsOwn.test(call));
  expect(wrong).toEqual([]);
  expect(tried.length).toBeGreaterThanOrEqual(least);
});

/** Each system call of a start fails with each of several errors; test/reliability/faults.test.ts tries most of them with one. */
import { expect, test } from 'vitest';
import { FIRST_HANDLED, FIRST_SUPERVISED, failEach, STARTS, withoutStrace } from '../support/faults.js';
import { failWithoutFilter } from '../support/starts.js';

failWithoutFilter();

const missing = withoutStrace();
const cases = [...STARTS, FIRST_SUPERVISED, FIRST_HANDLED].flatMap((start) =>
  ['EIO', 'EPERM', 'ENOMEM', 'EINVAL'].map((error) => ({ ...start, error })),
);

test.for(cases)('$how, first: $first, $error', { timeout: 600_000 }, async ({ error, ...start }, { skip }) => {
  if (missing !== undefined) skip(missing);
  const { tried, wrong } = await failEach(start, () => true, error);
  expect(wrong).toEqual([]);
  expect(tried.length).toBeGreaterThan(1);
});

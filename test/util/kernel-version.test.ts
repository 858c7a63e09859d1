/** Kernel versions are compared by their first two numbers. */
import { expect, test } from 'vitest';
import { compareKernelVersions, parseKernelVersion } from '../../lib/util/kernel-version.js';

test.each([
  ['6.12', 6, 12],
  ['6.12.8-arch1-1', 6, 12],
  ['5.4.0-150-generic', 5, 4],
  ['10.0', 10, 0],
  ['6', 6, 0],
  ['6.x', 6, 0],
  ['', 0, 0],
  ['v6.1', 0, 0],
])('%j is %i.%i', (text, major, minor) => {
  expect(parseKernelVersion(text)).toEqual({ major, minor });
});

test('versions are in the order of their numbers, not of their texts', () => {
  const versions = ['4.19', '5.4', '5.10', '6.0', '6.9', '6.12', '10.1'];
  const sorted = versions
    .toReversed()
    .toSorted((a, b) => compareKernelVersions(parseKernelVersion(a), parseKernelVersion(b)));
  expect(sorted).toEqual(versions);
  expect(compareKernelVersions({ major: 6, minor: 1 }, { major: 6, minor: 1 })).toBe(0);
});

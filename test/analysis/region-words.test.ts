/** Sets of arguments in words, as compare() shows them. */
import { expect, test } from 'vitest';
import { regionsInWords } from '../../lib/analysis/region-words.js';
import { ALL_ARGUMENTS, type ArgumentRegion, splitRegion } from '../../lib/policy/argument-region.js';
import type { ComparisonOperator, Condition } from '../../lib/policy/policy.js';
import type { AbiName } from '../../lib/syscalls/abi.js';

const is = (index: number, width: 16 | 32 | 64, op: ComparisonOperator, value: bigint): Condition => ({
  index,
  width,
  op,
  value,
});
const masked = (index: number, width: 16 | 32 | 64, mask: bigint, value: bigint): Condition => ({
  index,
  width,
  op: 'masked-eq',
  mask,
  value,
});

/** The parts of all arguments that meet the conditions. */
const regionsOf = (conditions: readonly Condition[]) =>
  conditions.reduce<readonly ArgumentRegion[]>(
    (regions, condition) => regions.flatMap((region) => splitRegion(region, condition).yes),
    [ALL_ARGUMENTS],
  );

test.each<[string | undefined, readonly Condition[], string | undefined]>([
  ['close', [], undefined],
  ['close', [is(0, 32, 'eq', 3n)], 'fd = 3'],
  ['close', [is(0, 32, 'ne', 3n)], 'fd != 3'],
  ['close', [is(0, 32, 'ge', 3n)], 'fd >= 3'],
  ['close', [is(0, 32, 'le', 3n)], 'fd <= 3'],
  ['close', [is(0, 32, 'ge', 3n), is(0, 32, 'le', 9n)], 'fd >= 3 and fd <= 9'],
  ['close', [masked(0, 32, 12n, 4n), is(0, 32, 'ge', 100n)], 'fd >= 100 and fd & 12 = 4'],
  ['close', [is(0, 32, 'ge', 3n), is(5, 32, 'eq', 1n)], 'fd >= 3 and the low half of argument 5 = 1'],
  ['fchmod', [is(1, 16, 'eq', 0o755n)], 'mode = 493'],
  ['fchmod', [masked(1, 16, 0o111n, 0o111n)], 'mode & 73 = 73'],
  ['lseek', [is(1, 64, 'eq', 5n)], 'offset = 5'],
  ['lseek', [is(1, 64, 'lt', 5n)], 'offset <= 4'],
  ['lseek', [is(1, 64, 'gt', 5n)], 'the high half of offset >= 1 or offset >= 6'],
  ['lseek', [is(1, 64, 'eq', (7n << 32n) + 9n)], 'offset = 0x700000009'],
  ['lseek', [is(1, 32, 'eq', 9n)], 'the low half of offset = 9'],
  ['lseek', [masked(1, 64, 7n, 3n)], 'offset & 7 = 3'],
  ['lseek', [masked(1, 64, 1n << 40n, 1n << 40n)], 'the high half of offset & 256 = 256'],
  ['lseek', [masked(1, 64, 0xffff_ffffn << 32n, 0n)], 'offset <= 0xffffffff'],
  [
    'lseek',
    [is(1, 64, 'ge', 7n << 32n), is(1, 32, 'eq', 9n)],
    'the high half of offset >= 8 and the low half of offset = 9 or offset = 0x700000009',
  ],
  ['socket', [is(0, 32, 'ne', 1n), is(1, 32, 'eq', 1n)], 'argument 0 != AF_UNIX and argument 1 = SOCK_STREAM'],
  [undefined, [is(2, 64, 'eq', 1n)], 'argument 2 = 1'],
])('a region of %s in words, %#', (syscall, conditions, expected) => {
  expect(regionsInWords(regionsOf(conditions), 'x86_64', syscall)).toBe(expected);
});

test('a register of 32 bits is compared as a whole', () => {
  const on = (abi: AbiName) => regionsInWords(regionsOf([is(2, 32, 'eq', 1n)]), abi, undefined);
  expect([on('x86'), on('x86_64')]).toEqual(['argument 2 = 1', 'the low half of argument 2 = 1']);
});

test('at most eight alternatives are written', () => {
  const regions = (count: number) =>
    Array.from({ length: count }, (_, i) => regionsOf([is(0, 32, 'eq', BigInt(2 * i))])).flat();
  const eight = 'fd = 0 or fd = 2 or fd = 4 or fd = 6 or fd = 8 or fd = 10 or fd = 12 or fd = 14';
  expect(regionsInWords(regions(8), 'x86_64', 'close')).toBe(eight);
  expect(regionsInWords([...regions(8), ...regions(8)], 'x86_64', 'close')).toBe(eight);
  expect(regionsInWords(regions(9), 'x86_64', 'close')).toBe(`${eight} or 1 more`);
});

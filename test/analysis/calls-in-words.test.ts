/** Sets of calls in words, as compare() shows them. */
import { expect, test } from 'vitest';
import { callsInWords } from '../../lib/analysis/calls-in-words.js';
import { conditionDiagram } from '../../lib/policy/diagrams/call-bits.js';
import { Diagrams, FALSE, TRUE } from '../../lib/policy/diagrams/decision-diagram.js';
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

/** The calls that meet all conditions of one of the lists, in words. */
function inWords(lists: readonly (readonly Condition[])[], abi: AbiName, syscall: string | undefined) {
  const diagrams = new Diagrams();
  const calls = lists.reduce((some, conditions) => {
    const all = conditions.reduce((set, each) => diagrams.both(set, conditionDiagram(each, diagrams)), TRUE);
    return diagrams.choose(all, TRUE, some);
  }, FALSE);
  return callsInWords(calls, diagrams, abi, syscall);
}

test.each<[string | undefined, readonly Condition[], string | undefined]>([
  ['close', [], undefined],
  ['close', [is(0, 32, 'eq', 3n)], 'fd = 3'],
  ['close', [is(0, 32, 'ne', 3n)], 'fd != 3'],
  ['close', [is(0, 32, 'ge', 3n)], 'fd >= 3'],
  ['close', [is(0, 32, 'le', 3n)], 'fd <= 3'],
  [
    'close',
    [is(0, 32, 'ge', 3n), is(0, 32, 'le', 9n)],
    'fd = 3 or fd = 4 or fd = 5 or fd = 6 or fd = 7 or fd = 8 or fd = 9',
  ],
  ['close', [is(0, 32, 'ge', 3n), is(0, 32, 'le', 99n)], 'fd >= 3 and fd <= 99'],
  ['close', [masked(0, 32, 12n, 4n), is(0, 32, 'ge', 100n)], 'fd >= 100 and fd & 12 = 4'],
  ['close', [is(0, 32, 'ge', 3n), is(5, 32, 'eq', 1n)], 'fd >= 3 and argument 5 & 0xffffffff = 1'],
  ['fchmod', [is(1, 16, 'eq', 0o755n)], 'mode = 493'],
  ['fchmod', [masked(1, 16, 0o111n, 0o111n)], 'mode & 73 = 73'],
  ['lseek', [is(1, 64, 'eq', 5n)], 'offset = 5'],
  ['lseek', [is(1, 64, 'lt', 5n)], 'offset <= 4'],
  ['lseek', [is(1, 64, 'gt', 5n)], 'offset >= 6'],
  ['lseek', [is(1, 64, 'eq', (7n << 32n) + 9n)], 'offset = 0x700000009'],
  ['lseek', [is(1, 32, 'eq', 9n)], 'offset & 0xffffffff = 9'],
  ['lseek', [masked(1, 64, 7n, 3n)], 'offset & 7 = 3'],
  ['lseek', [masked(1, 64, 1n << 40n, 1n << 40n)], 'offset & 0x10000000000 = 0x10000000000'],
  ['lseek', [masked(1, 64, 0xffff_ffffn << 32n, 0n)], 'offset <= 0xffffffff'],
  ['lseek', [is(1, 64, 'ge', 7n << 32n), is(1, 32, 'eq', 9n)], 'offset >= 0x700000009 and offset & 0xffffffff = 9'],
  ['socket', [is(0, 32, 'ne', 1n), is(1, 32, 'eq', 1n)], 'argument 0 != AF_UNIX and argument 1 = SOCK_STREAM'],
  [undefined, [is(2, 64, 'eq', 1n)], 'argument 2 = 1'],
])('calls of %s in words, %#', (syscall, conditions, expected) => {
  expect(inWords([conditions], 'x86_64', syscall)).toBe(expected);
});

test('a register of 32 bits is compared as a whole', () => {
  const on = (abi: AbiName) => inWords([[is(2, 32, 'eq', 1n)]], abi, undefined);
  expect([on('x86'), on('x86_64')]).toEqual(['argument 2 = 1', 'argument 2 & 0xffffffff = 1']);
});

test('at most eight alternatives are written', () => {
  const first = (count: number) => Array.from({ length: count }, (_, i) => [is(0, 32, 'eq', BigInt(3 * i + 1))]);
  const eight = 'fd = 1 or fd = 4 or fd = 7 or fd = 10 or fd = 13 or fd = 16 or fd = 19 or fd = 22';
  expect(inWords(first(8), 'x86_64', 'close')).toBe(eight);
  expect(inWords(first(9), 'x86_64', 'close')).toBe(`${eight} or others`);
});

/** The numbers of syscalls, divided among ABIs and ranges. */
import { expect, test } from 'vitest';
import {
  type AbiPolicy,
  decisionsOf,
  fill,
  type NumberRange,
  numberSpans,
  numbersOf,
  rangesOf,
  ruleOf,
  sortedNumbers,
} from '../../lib/policy/policy.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';

const decisions = [{ conditions: [], action: { kind: 'log' } }] as const;
const on = (abi: AbiName): AbiPolicy => ({ abi: abiOf(abi), syscalls: new Map() });
const range = (first: number, last: number, decided: NumberRange['decisions'] = []): NumberRange => ({
  first,
  last,
  decisions: decided,
});

test('the numbers of x86_64 and x32 are divided by bit 30, and -1 is one of x86_64', () => {
  const [x86_64, x32] = [on('x86_64'), on('x32')];
  const spans = (...abis: readonly AbiPolicy[]) =>
    numberSpans(abis).map(({ first, last, policy }) => [first, last, policy]);
  const divided = (a: AbiPolicy | undefined, b: AbiPolicy | undefined) => [
    [0, 0x3fff_ffff, a],
    [0x4000_0000, 0xffff_fffe, b],
    [0xffff_ffff, 0xffff_ffff, a],
  ];
  expect(spans(x86_64, x32)).toEqual(divided(x86_64, x32));
  expect(spans(x32, x86_64)).toEqual(divided(x86_64, x32));
  expect(spans(x86_64)).toEqual(divided(x86_64, undefined));
  expect(spans(x32)).toEqual(divided(undefined, x32));
  const arm = on('arm');
  expect(spans(arm)).toEqual([[0, 0xffff_ffff, arm]]);
});

test.each<[AbiName, readonly (readonly [number, number])[]]>([
  [
    'x86_64',
    [
      [0, 0x3fff_ffff],
      [0xffff_ffff, 0xffff_ffff],
    ],
  ],
  ['x32', [[0x4000_0000, 0xffff_fffe]]],
  ['x86', [[0, 0xffff_ffff]]],
])('numbers of %s', (abi, expected) => {
  expect(numbersOf(abiOf(abi))).toEqual(expected.map(([first, last]) => ({ first, last })));
});

test.each<[string, readonly NumberRange[], readonly NumberRange[]]>([
  ['no range', [], [range(10, 20)]],
  ['the whole', [range(10, 20, decisions)], [range(10, 20, decisions)]],
  ['a range within', [range(12, 15, decisions)], [range(10, 11), range(12, 15, decisions), range(16, 20)]],
  [
    'one number at each end',
    [range(10, 10, decisions), range(20, 20, decisions)],
    [range(10, 10, decisions), range(11, 19), range(20, 20, decisions)],
  ],
  [
    'ranges that reach out',
    [range(0, 10, decisions), range(19, 30, decisions)],
    [range(10, 10, decisions), range(11, 18), range(19, 20, decisions)],
  ],
  ['ranges outside', [range(0, 9, decisions), range(21, 30, decisions)], [range(10, 20)]],
  ['two that touch', [range(10, 14, decisions), range(15, 20)], [range(10, 14, decisions), range(15, 20)]],
])('a span of numbers is filled around %s', (_, ranges, expected) => {
  expect(fill(10, 20, ranges)).toEqual(expected);
});

test('numbers with an entry are sorted as unsigned ones, with others that have none', () => {
  const syscalls = new Map([0xffff_ffff, 9, 10, 1].map((number) => [number, decisions] as const));
  const policy = { ...on('x86_64'), syscalls };
  expect(sortedNumbers(policy)).toEqual([1, 9, 10, 0xffff_ffff]);
  expect(sortedNumbers(policy, [10, 2])).toEqual([1, 2, 9, 10, 0xffff_ffff]);
});

test('a number has the decisions of its entry, of the range that it is in, or none', () => {
  const own = [{ conditions: [], action: { kind: 'trap' } }] as const;
  const policy: AbiPolicy = { ...on('x86_64'), syscalls: new Map([[6, own]]), ranges: [range(5, 7, decisions)] };
  expect([4, 5, 6, 7, 8].map((number) => decisionsOf(policy, number))).toEqual([[], decisions, own, decisions, []]);
});

test('ranges and rules are taken from own properties only', () => {
  const inherited: AbiPolicy = Object.assign(Object.create({ ranges: [range(0, 1)] }), on('x86_64'));
  expect(rangesOf(inherited)).toEqual([]);
  expect(rangesOf({ ...on('x86_64'), ranges: undefined })).toEqual([]);
  expect(ruleOf(Object.assign(Object.create({ rule: 5 }), decisions[0]))).toBeUndefined();
  expect(ruleOf({ ...decisions[0], rule: 5 })).toBe(5);
});

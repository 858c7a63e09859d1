/** The reference meaning of a policy: which condition holds for which registers, and which decision is taken. */
import { describe, expect, test } from 'vitest';
import { decide, evaluate, holds } from '../../lib/policy/evaluate.js';
import type { Condition, Decision, Policy } from '../../lib/policy/policy.js';
import { abiOf } from '../../lib/syscalls/abi.js';

const HIGH = 1n << 32n;

test.each<[Condition['op'], readonly boolean[]]>([
  ['eq', [false, true, false]],
  ['ne', [true, false, true]],
  ['lt', [true, false, false]],
  ['le', [true, true, false]],
  ['gt', [false, false, true]],
  ['ge', [false, true, true]],
])('%s holds for values below, at and above its own: %j', (op, expected) => {
  for (const width of [16, 32, 64] as const) {
    const condition = { index: 1, width, op, value: 5n } as Condition;
    const found = [4n, 5n, 6n].map((value) => holds(condition, [9n, value]));
    expect(found).toEqual(expected);
    // Bits above the width are not compared.
    const above = width === 64 ? 0n : 1n << BigInt(width);
    expect([4n, 5n, 6n].map((value) => holds(condition, [9n, above | value]))).toEqual(expected);
  }
});

test('comparisons are unsigned, of all 64 bits', () => {
  const greater = { index: 0, width: 64, op: 'gt', value: HIGH } as const;
  expect([HIGH, HIGH + 1n, 1n, -1n, 1n << 63n].map((value) => holds(greater, [value]))).toEqual([
    ...[false, true, false, true, true],
  ]);
});

test.each<[bigint, bigint, bigint, boolean]>([
  [3n, 1n, 5n, true],
  [3n, 1n, 6n, false],
  [3n, 1n, 7n, false],
  [1n, 3n, 1n, true], // Bits of the value outside of the mask are not compared.
  [0n, 5n, 9n, true],
  [HIGH, HIGH, HIGH, true],
  [HIGH, HIGH, 1n, false],
])('a mask of %i and a value of %i: the register %i meets them: %s', (mask, value, register, expected) => {
  expect(holds({ index: 0, width: 64, op: 'masked-eq', mask, value }, [register])).toBe(expected);
});

test('an argument that is not given is 0', () => {
  expect(holds({ index: 3, width: 32, op: 'eq', value: 0n }, [1n])).toBe(true);
});

describe('a policy', () => {
  const [ALLOW, DENY, TRAP, LOG, KILL] = [
    ...[{ kind: 'allow' }, { kind: 'errno', errno: 1 }, { kind: 'trap' }, { kind: 'log' }, { kind: 'kill-process' }],
  ] as const;
  const first: Condition = { index: 0, width: 32, op: 'eq', value: 1n };
  const second: Condition = { index: 1, width: 32, op: 'eq', value: 2n };
  const decisions: readonly Decision[] = [
    { conditions: [first, second], action: TRAP, rule: 4 },
    { conditions: [first], action: DENY },
  ];
  const x86_64 = abiOf('x86_64');
  const range = { first: 10, last: 12, decisions: [{ conditions: [], action: LOG, rule: 7 }] };
  const policy: Policy = {
    abis: [
      {
        abi: x86_64,
        syscalls: new Map([
          [5, decisions],
          [11, decisions],
        ]),
        ranges: [range],
      },
    ],
    defaultAction: ALLOW,
    foreignAction: KILL,
  };
  const on = (number: number, args: readonly bigint[] = [], arch = x86_64.audit) =>
    decide(policy, { arch, number, args });

  test('takes the first decision all of whose conditions hold, else its default action', () => {
    expect(on(5, [1n, 2n])).toEqual({ action: TRAP, by: 'syscall', rule: 4 });
    expect(on(5, [1n, 3n])).toEqual({ action: DENY, by: 'syscall', rule: undefined });
    expect(on(5, [2n, 2n])).toEqual({ action: ALLOW, by: 'default', rule: undefined });
    expect(on(6)).toEqual({ action: ALLOW, by: 'default', rule: undefined });
  });

  test('takes the decisions of a range for the numbers in it that have none of their own', () => {
    expect([9, 10, 12, 13].map((number) => on(number).action)).toEqual([ALLOW, LOG, LOG, ALLOW]);
    expect(on(12)).toEqual({ action: LOG, by: 'range', rule: 7 });
    expect(on(11, [1n, 2n])).toMatchObject({ action: TRAP, by: 'syscall' });
  });

  test('takes the foreign action for ABIs that it does not list, x32 included', () => {
    const numbers = [0x3fff_ffff, 0x4000_0000, 0xffff_fffe, 0xffff_ffff];
    expect(numbers.map((number) => on(number).by)).toEqual(['default', 'foreign', 'foreign', 'default']);
    expect(on(5, [], abiOf('x86').audit)).toEqual({ action: KILL, by: 'foreign', rule: undefined });
    const x32: Policy = { ...policy, abis: [{ abi: abiOf('x32'), syscalls: new Map(), ranges: [] }] };
    const kinds = numbers.map((number) => evaluate(x32, { arch: x86_64.audit, number, args: [] }).kind);
    expect(kinds).toEqual(['kill-process', 'allow', 'allow', 'kill-process']);
  });
});

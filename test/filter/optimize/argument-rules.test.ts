/** The argument checks of decisions: small programs that decide as the evaluator does, on every layout of words. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeccompError } from '../../../lib/errors.js';
import { GraphBuilder, nodesFrom } from '../../../lib/filter/bpf/graph.js';
import { compilePolicy } from '../../../lib/filter/compile.js';
import { compileDecisions, compileDecisionsInOrder } from '../../../lib/filter/optimize/argument-rules.js';
import { returnValue } from '../../../lib/policy/action.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import type { Action, Condition, Decision, Policy, PolicyCall } from '../../../lib/policy/policy.js';
import { type AbiName, abiOf } from '../../../lib/syscalls/abi.js';
import { checkEverywhere } from '../../support/everywhere.js';
import { smallestTree } from '../../support/smallest-tree.js';

const allow: Action = { kind: 'allow' };
const errno = (number: number): Action => ({ kind: 'errno', errno: number });
const int = (index: number, op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge', value: number): Condition => ({
  index,
  width: 32,
  op,
  value: BigInt(value),
});
const masked = (index: number, mask: number, value: number): Condition => ({
  index,
  width: 32,
  op: 'masked-eq',
  mask: BigInt(mask),
  value: BigInt(value),
});
const when = (action: Action, ...conditions: Condition[]): Decision => ({ conditions, action });

const NUMBER = 7;

function policyOf(decisions: readonly Decision[], name: AbiName = 'x86_64'): Policy {
  const foreignAction: Action = { kind: 'kill-process' };
  return {
    abis: [{ abi: abiOf(name), syscalls: new Map([[NUMBER, decisions]]) }],
    defaultAction: errno(1),
    foreignAction,
  };
}

/** The number of instructions that test arguments, without returns. */
function sizeOf(decisions: readonly Decision[]): number {
  const nodes = nodesFrom(compileDecisions(decisions, errno(1), abiOf('x86_64'), new GraphBuilder()));
  return [...nodes].filter(({ kind }) => kind !== 'return').length;
}

describe('tests no more than necessary', () => {
  const cases: readonly (readonly [string, readonly Decision[], number])[] = [
    [
      'values with bits in common: personality as Docker allows it',
      [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff].map((v) => when(allow, int(0, 'eq', v))),
      3,
    ],
    ['neighbors are a range', [1, 2, 3, 4, 5, 6].map((v) => when(allow, int(0, 'eq', v))), 3],
    ['a test that another implies', [when(allow, int(0, 'gt', 3), int(0, 'eq', 5))], 2],
    ['rules that come too late', [when(allow, int(0, 'ge', 3)), when(errno(2), int(0, 'eq', 5))], 2],
    ['rules without an effect', [when(errno(1), int(0, 'eq', 5)), when(errno(1), int(1, 'eq', 5))], 0],
    [
      'rules that leave a word out',
      [when(allow, int(0, 'lt', 26)), when(allow, int(0, 'eq', 27)), when(allow, int(0, 'gt', 28))],
      3,
    ],
    [
      'a condition that several rules have',
      [2, 3, 4].map((v) => when(errno(v), int(0, 'eq', 9), int(1, 'eq', 10 * v))),
      6,
    ],
    ['one mask with several values', [0x21, 0x43, 0x65].map((v) => when(errno(v), masked(0, 0xff, v))), 5],
    [
      'either order of two arguments',
      [when(allow, int(0, 'eq', 1), int(1, 'eq', 1)), when(allow, int(1, 'eq', 1), int(2, 'eq', 1))],
      6,
    ],
  ];
  test.each(cases)('%s', (_, decisions, size) => {
    expect(sizeOf(decisions)).toBe(size);
  });

  test('the high word of a 64-bit argument is tested once for all values', () => {
    const values = [3n, 50n, 700n, 9000n, 1n << 20n];
    expect(sizeOf(values.map((value) => when(allow, { index: 1, width: 64, op: 'eq', value })))).toBe(8);
  });
});

test.each([16, 32, 64] as const)(
  'a comparison of %i bits that every value satisfies, or none, takes no test',
  (width) => {
    const most = (1n << BigInt(width)) - 1n;
    const kindsOf = (op: 'lt' | 'le' | 'gt' | 'ge', value: bigint) => {
      const decisions = [when(allow, { index: 0, width, op, value })];
      const nodes = nodesFrom(compileDecisionsInOrder(decisions, errno(1), abiOf('x86_64'), new GraphBuilder()));
      return Array.from(nodes, ({ kind }) => kind);
    };
    expect([kindsOf('ge', 0n), kindsOf('lt', 0n), kindsOf('gt', most), kindsOf('le', most)]).toEqual(
      Array(4).fill(['return']),
    );
    for (const kinds of [kindsOf('ge', 1n), kindsOf('lt', 1n), kindsOf('gt', most - 1n), kindsOf('le', most - 1n)])
      expect(kinds).toContain('branch');
  },
);

/** Comparisons of two arguments with small values. */
const smallCondition: fc.Arbitrary<Condition> = fc
  .tuple(fc.nat(1), fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge'), fc.nat(3))
  .map(([index, op, value]) => int(index, op, value));

test('a few comparisons take at most one instruction more than the smallest of all decision trees', () => {
  const decision = fc.tuple(fc.nat(1), fc.array(smallCondition, { minLength: 1, maxLength: 2 }));
  const few = fc
    .array(decision, { minLength: 1, maxLength: 3 })
    .filter((list) => list.flatMap(([, conditions]) => conditions).length <= 3);
  fc.assert(
    fc.property(few, (list) => {
      const decisions = list.map(([action, conditions]) => when(action === 0 ? allow : errno(2), ...conditions));
      const policy = policyOf(decisions);
      const outcome = (args: readonly number[]) => {
        const call = { arch: abiOf('x86_64').audit, number: NUMBER, args: args.map(BigInt) };
        return returnValue(evaluate(policy, call));
      };
      expect(sizeOf(decisions)).toBeLessThanOrEqual(smallestTree(outcome) + 1);
    }),
    { numRuns: 150, seed: 5 },
  );
});

test('masks take no more instructions than their conditions tested in order', () => {
  const condition = fc
    .tuple(fc.nat(1), fc.integer({ min: 1, max: 7 }), fc.nat(7))
    .map(([index, mask, value]) => masked(index, mask, value));
  const decision = fc.tuple(fc.nat(1), fc.array(condition, { minLength: 1, maxLength: 3 }));
  fc.assert(
    fc.property(fc.array(decision, { minLength: 1, maxLength: 4 }), (list) => {
      const decisions = list.map(([action, conditions]) => when(action === 0 ? allow : errno(2), ...conditions));
      const builder = new GraphBuilder();
      const inOrder = compileDecisionsInOrder(decisions, errno(1), abiOf('x86_64'), builder);
      const best = compileDecisions(decisions, errno(1), abiOf('x86_64'), builder);
      expect(nodesFrom(best).size).toBeLessThanOrEqual(nodesFrom(inOrder).size);
    }),
    { numRuns: 150 },
  );
});

/** Values with a high half, and neighbors that masks and comparisons distinguish. */
const wideValue = fc.oneof(
  fc.bigInt({ min: 0n, max: 9n }),
  fc.constantFrom(
    0xffffn,
    0x1_0000n,
    0xffff_ffffn,
    1n << 32n,
    (1n << 32n) + 5n,
    7n << 32n,
    (1n << 63n) + 2n,
    (1n << 64n) - 1n,
  ),
);
/** Each argument has one width, as those of a syscall do; or any width, if `mixed`. */
const wideCondition = (widths: readonly Condition['width'][], mixed = false): fc.Arbitrary<Condition> =>
  fc
    .record({
      index: fc.nat(2),
      any: fc.constantFrom(...widths),
      op: fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge', 'masked-eq'),
      value: wideValue,
      mask: wideValue,
    })
    .map(({ index, any, op, value, mask }): Condition => {
      const width = mixed ? any : (widths[index % widths.length] ?? 64);
      const kept = { index, width, value: BigInt.asUintN(width, value) };
      return op === 'masked-eq' ? { ...kept, op, mask: BigInt.asUintN(width, mask) } : { ...kept, op };
    });
const actions: readonly Action[] = [allow, errno(1), errno(2), { kind: 'trap' }];
const manyDecisions = (
  widths: readonly Condition['width'][],
  maxLength: number,
  mixed = false,
): fc.Arbitrary<readonly Decision[]> =>
  fc.array(
    fc.record({
      conditions: fc.array(wideCondition(widths, mixed), { maxLength: 3 }),
      action: fc.constantFrom(...actions),
    }),
    { maxLength },
  );
const around = (decisions: readonly Decision[]): fc.Arbitrary<bigint> => {
  const constants = decisions.flatMap(({ conditions }) => conditions.map(({ value }) => value));
  return fc
    .tuple(
      fc.constantFrom(0n, ...constants),
      fc.constantFrom(0n, 1n, -1n, 1n << 32n, -(1n << 32n), 0x1_0000n, 1n << 63n),
    )
    .map(([constant, step]) => BigInt.asUintN(64, constant + step));
};

test.each([
  ['x86_64', [32, 64], 8],
  ['x86_64', [64], 40],
  ['s390x', [16, 64], 12],
  ['x86', [16, 32], 12],
  ['ppc', [32], 30],
] as const)(
  'on %s, arguments of %j bits: proven, and interpreter = evaluator, for up to %i rules',
  (name, widths, size) => {
    const scenario = manyDecisions(widths, size).chain((decisions) =>
      fc.record({
        policy: fc.constant(policyOf(decisions, name)),
        calls: fc.array(fc.tuple(around(decisions), around(decisions), around(decisions)), {
          minLength: 10,
          maxLength: 10,
        }),
      }),
    );
    fc.assert(
      fc.property(scenario, ({ policy, calls }) => {
        const filter = compilePolicy(policy);
        for (const args of calls) {
          const call: PolicyCall = { arch: abiOf(name).audit, number: NUMBER, args: [...args, 0n, 0n, 0n] };
          checkEverywhere(filter, call);
        }
      }),
      { numRuns: 40 },
    );
  },
);

test('one argument compared in several widths, which no syscall has: correct, or refused as too intertwined', () => {
  const scenario = manyDecisions([16, 64], 12, true).chain((decisions) =>
    fc.record({
      policy: fc.constant(policyOf(decisions, 's390x')),
      args: fc.tuple(around(decisions), around(decisions), around(decisions)),
    }),
  );
  fc.assert(
    fc.property(scenario, ({ policy, args }) => {
      try {
        const call: PolicyCall = { arch: abiOf('s390x').audit, number: NUMBER, args: [...args, 0n, 0n, 0n] };
        checkEverywhere(compilePolicy(policy), call);
      } catch (error) {
        if (!(error instanceof SeccompError)) throw error;
        expect(error.code).toBe('ERR_SECCOMP_TOO_LARGE');
      }
    }),
    { numRuns: 40 },
  );
});

describe('many rules on one syscall', () => {
  const conditions = (filter: ReturnType<typeof compilePolicy>) => filter.instructions.length;

  test('a thousand values of one argument: one comparison each and some in between, proven', () => {
    const filter = compilePolicy(
      policyOf(Array.from({ length: 1000 }, (_, i) => when(allow, int(1, 'eq', 0x5401 + 3 * i)))),
    );
    expect(conditions(filter)).toBeLessThan(1150);
    expect(filter.proof?.steps).toBeLessThan(100_000);
  });
});

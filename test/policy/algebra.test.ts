/** Comparing and combining policies, against the evaluator. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareRestriction, returnValue } from '../../lib/policy/action.js';
import { compare, differingNumbers, intersect, union } from '../../lib/policy/algebra.js';
import { Diagrams } from '../../lib/policy/diagrams/decision-diagram.js';
import { decide, evaluate } from '../../lib/policy/evaluate.js';
import type { Decision, Policy, PolicyCall } from '../../lib/policy/policy.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../lib/profile/source.js';
import { abiOf } from '../../lib/syscalls/abi.js';
import { call, host, policyOfAny, profile } from '../support/arbitrary.js';

const machine: Host = { abi: 'x86_64', abis: ['x86'], kernel: { major: 6, minor: 1 }, capabilities: new Set() };
const policyOf = (document: ProfileDocument) => resolve(profileOf(document, { newerCalls: 'default' }), machine);

/** Two policies on one machine, and calls that one of them has decisions on. */
const pair = host.chain((on) =>
  fc
    .tuple(profile(on), profile(on))
    .map(([a, b]) => [a, b].map((document) => policyOfAny(document, on)))
    .chain(([a, b]) => {
      if (a === undefined || b === undefined) throw new Error('two policies');
      const calls = fc.array(fc.oneof(call(a), call(b)), { minLength: 20, maxLength: 20 });
      return fc.record({ a: fc.constant(a), b: fc.constant(b), calls });
    }),
);

const answers = (policies: readonly Policy[], each: PolicyCall) => policies.map((policy) => evaluate(policy, each));

/** The relations that two policies can have, given their actions for one call. */
function possible(a: Policy, b: Policy, each: PolicyCall): readonly string[] {
  const [inA, inB] = [evaluate(a, each), evaluate(b, each)];
  if (returnValue(inA) === returnValue(inB)) return ['equal', 'subset', 'superset', 'differs'];
  const order = compareRestriction(inA, inB);
  return order === 0 ? ['differs'] : [order < 0 ? 'subset' : 'superset', 'differs'];
}

describe('compare', () => {
  test('finds only real differences, and none between equal policies', () => {
    fc.assert(
      fc.property(pair, ({ a, b, calls }) => {
        const { relation, differences } = compare(a, b);
        for (const { call: each, a: inA, b: inB } of differences) {
          expect(answers([a, b], each).map(returnValue)).toEqual([returnValue(inA), returnValue(inB)]);
        }
        for (const each of calls) expect(possible(a, b, each)).toContain(relation);
      }),
      { numRuns: 40 },
    );
  });

  test('finds a call of an unlisted ABI, if the actions for these differ', () => {
    const policy = policyOf({ defaultAction: 'SCMP_ACT_ALLOW' });
    const { relation, differences } = compare(policy, { ...policy, foreignAction: { kind: 'kill-thread' } });
    expect(relation).toBe('subset');
    expect(differences).toEqual([
      { call: { arch: 0, number: 0, args: [] }, abi: null, a: { kind: 'kill-process' }, b: { kind: 'kill-thread' } },
    ]);
    expect(evaluate(policy, differences[0]?.call ?? { arch: -1, number: 0, args: [] })).toEqual(policy.foreignAction);
  });

  test.each<['equal' | 'subset' | 'superset' | 'differs', bigint, readonly string[], bigint, readonly string[]]>([
    ['equal', 5n, ['read'], 5n, ['read']],
    ['subset', 5n, ['read'], 6n, ['read']],
    ['superset', 6n, ['read'], 5n, ['read']],
    ['subset', 5n, ['read'], 5n, ['read', 'write']],
    ['differs', 5n, ['read'], 5n, ['write']],
  ])('%s', (relation, valueA, a, valueB, b) => {
    const allowing = (names: readonly string[], value: bigint): ProfileDocument => ({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names, action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value, op: 'SCMP_CMP_LE' }] }],
    });
    expect(compare(policyOf(allowing(a, valueA)), policyOf(allowing(b, valueB))).relation).toBe(relation);
  });
});

test('the numbers that differ are those with an entry, and ranges with a number that has none', () => {
  const x86 = abiOf('x86');
  const decided: readonly Decision[] = [{ conditions: [], action: { kind: 'trap' } }];
  const ends = { defaultAction: { kind: 'allow' }, foreignAction: { kind: 'allow' } } as const;
  const a: Policy = {
    abis: [
      {
        abi: x86,
        syscalls: new Map([
          [1, []],
          [2, decided],
          [5, decided],
          [9, decided],
        ]),
        ranges: [
          { first: 5, last: 6, decisions: decided },
          { first: 9, last: 9, decisions: decided },
        ],
      },
    ],
    ...ends,
  };
  const b: Policy = { abis: [{ abi: x86, syscalls: new Map() }], ...ends };
  const found = [...differingNumbers(a, b, new Diagrams())].map(({ first, last, number, isRange, parts }) => [
    ...[first, last, number, isRange, parts.length],
  ]);
  expect(found).toEqual([
    [2, 2, 2, false, 1],
    [5, 5, 5, false, 1],
    [9, 9, 9, false, 1],
    [5, 6, 6, true, 1],
  ]);
});

test('a combined policy has no rule indices, which would be ambiguous with two profiles', () => {
  const policy = policyOf({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
  });
  const read = { arch: abiOf('x86_64').audit, number: 0, args: [] };
  expect(decide(policy, read)).toEqual({ action: { kind: 'allow' }, by: 'syscall', rule: 0 });
  for (const combined of [intersect(policy, policy), union(policy, policy)])
    expect(decide(combined, read)).toEqual({ action: { kind: 'allow' }, by: 'syscall', rule: undefined });
});

describe('intersect and union', () => {
  test('decide the numbers of a range that one of them lists as the range does, but for the listed ones', () => {
    const decided = (kind: 'trap' | 'log') => [{ conditions: [], action: { kind } }] as const;
    const x86_64 = abiOf('x86_64');
    const ends = { defaultAction: { kind: 'allow' }, foreignAction: { kind: 'kill-process' } } as const;
    const ranged: Policy = {
      abis: [{ abi: x86_64, syscalls: new Map(), ranges: [{ first: 5, last: 6, decisions: decided('trap') }] }],
      ...ends,
    };
    for (const listed of [5, 6]) {
      const single: Policy = { abis: [{ abi: x86_64, syscalls: new Map([[listed, decided('log')]]) }], ...ends };
      const kinds = (policy: Policy) =>
        [4, 5, 6, 7].map((number) => evaluate(policy, { arch: x86_64.audit, number, args: [] }).kind);
      expect(kinds(intersect(ranged, single))).toEqual(['allow', 'trap', 'trap', 'allow']);
      const wider = ['allow', 'allow', 'allow', 'allow'].with(listed - 4, 'log');
      expect(kinds(union(ranged, single))).toEqual(wider);
      const numbers = compare(ranged, single).differences.map(({ call: { number } }) => number);
      expect(numbers.toSorted()).toEqual([5, 6]);
    }
  });

  test('leave out decisions whose conditions no call meets', () => {
    const never = { index: 0, width: 32, op: 'gt', value: 0xffff_ffffn } as const;
    const both = [
      { index: 1, width: 64, op: 'eq', value: 1n },
      { index: 1, width: 64, op: 'eq', value: 2n },
    ] as const;
    const abi = abiOf('x86_64');
    const ends = { defaultAction: { kind: 'allow' }, foreignAction: { kind: 'allow' } } as const;
    const policy = (decisions: readonly Decision[]): Policy => ({
      abis: [{ abi, syscalls: new Map([[1, decisions]]) }],
      ...ends,
    });
    for (const conditions of [[never], both]) {
      const impossible = policy([{ conditions, action: { kind: 'trap' } }]);
      for (const [a, b] of [
        [impossible, policy([])],
        [policy([]), impossible],
      ] as const)
        expect(intersect(a, b).abis[0]?.syscalls.get(1)).toEqual([
          { conditions: [], action: { kind: 'allow' }, rule: undefined },
        ]);
    }
  });

  test('lose no pair of decisions if the diagrams of all take too much memory to keep', () => {
    const abi = abiOf('x86_64');
    const random = fc.sample(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { numRuns: 640, seed: 1 });
    const policy = (values: readonly bigint[]): Policy => {
      const decisions = Array.from({ length: 80 }, (_, i): Decision => {
        const compared = values.slice(4 * i, 4 * i + 4);
        const conditions = compared.map((value, index) => ({ index, width: 64, op: 'ne', value }) as const);
        return { conditions, action: { kind: 'errno', errno: i } };
      });
      const syscalls = new Map([[1, decisions]]);
      return { abis: [{ abi, syscalls }], defaultAction: { kind: 'allow' }, foreignAction: { kind: 'allow' } };
    };
    const both = intersect(policy(random.slice(0, 320)), policy(random.slice(320)));
    expect(both.abis[0]?.syscalls.get(1)).toHaveLength(81 * 81);
  });

  test('take the more and the less restrictive action of each call', () => {
    fc.assert(
      fc.property(pair, ({ a, b, calls }) => {
        const [less, more] = [intersect(a, b), union(a, b)];
        for (const each of calls) {
          const [inA, inB, inLess, inMore] = answers([a, b, less, more], each);
          if (inA === undefined || inB === undefined || inLess === undefined || inMore === undefined)
            throw new Error('four');
          const order = compareRestriction(inA, inB);
          expect(inLess).toEqual(order <= 0 ? inA : inB);
          expect(inMore).toEqual(order >= 0 ? inA : inB);
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** Comparing and combining policies, against the evaluator. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareRestriction, returnValue } from '../../lib/policy/action.js';
import { compare, intersect, union } from '../../lib/policy/algebra.js';
import { decide, evaluate } from '../../lib/policy/evaluate.js';
import type { Policy, PolicyCall } from '../../lib/policy/policy.js';
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
    expect(differences).toEqual([expect.objectContaining({ abi: null, a: { kind: 'kill-process' } })]);
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

/** Policies with other actions: for filters with a listener. */
import { expect, test } from 'vitest';
import type { Action, Decision, Policy } from '../../lib/policy/policy.js';
import { mapActions, notifyAlways, notifyOnErrno, overrideDecisions } from '../../lib/policy/rewrite-actions.js';
import { abiOf } from '../../lib/syscalls/abi.js';

const ERRNO: Action = { kind: 'errno', errno: 1 };
const NOTIFY: Action = { kind: 'notify' };
const ALLOW: Action = { kind: 'allow' };
const decided = (action: Action): readonly Decision[] => [
  { conditions: [{ index: 0, width: 32, op: 'eq', value: 1n }], action, rule: 3 },
];
const shared = decided(ERRNO);
const policy: Policy = {
  abis: [
    {
      abi: abiOf('x86_64'),
      syscalls: new Map([
        [0, shared],
        [1, shared],
        [2, decided({ kind: 'trap' })],
      ]),
      ranges: [{ first: 5, last: 7, decisions: decided(ERRNO) }],
    },
    { abi: abiOf('x86'), syscalls: new Map([[0, decided(ALLOW)]]) },
  ],
  defaultAction: ERRNO,
  foreignAction: { kind: 'kill-process' },
};

test('calls that are denied with an errno notify; all others stay as they are', () => {
  expect(notifyOnErrno(policy)).toEqual({
    abis: [
      {
        abi: abiOf('x86_64'),
        syscalls: new Map([
          [0, decided(NOTIFY)],
          [1, decided(NOTIFY)],
          [2, decided({ kind: 'trap' })],
        ]),
        ranges: [{ first: 5, last: 7, decisions: decided(NOTIFY) }],
      },
      { abi: abiOf('x86'), syscalls: new Map([[0, decided(ALLOW)]]), ranges: [] },
    ],
    defaultAction: NOTIFY,
    foreignAction: { kind: 'kill-process' },
  });
  expect(notifyOnErrno({ ...policy, foreignAction: ERRNO }).foreignAction).toEqual(NOTIFY);
});

test('syscalls that share a list of decisions still do', () => {
  const [first] = mapActions(policy, () => ALLOW).abis;
  expect(first?.syscalls.get(0)).toBe(first?.syscalls.get(1));
  expect(first?.syscalls.get(0)).toEqual(decided(ALLOW));
});

test('every call of every ABI notifies', () => {
  const empty = (name: 'x86_64' | 'x86') => ({ abi: abiOf(name), syscalls: new Map(), ranges: [] });
  expect(notifyAlways(policy)).toEqual({
    abis: [empty('x86_64'), empty('x86')],
    defaultAction: NOTIFY,
    foreignAction: NOTIFY,
  });
});

test('the decisions of some numbers are replaced on the ABIs that have others', () => {
  const others = new Map([
    [1, decided(NOTIFY)],
    [9, decided(NOTIFY)],
  ]);
  const { abis, ...rest } = overrideDecisions(policy, (abi) => (abi === 'x86' ? new Map() : others));
  expect(rest).toEqual({ defaultAction: policy.defaultAction, foreignAction: policy.foreignAction });
  expect(abis[1]).toBe(policy.abis[1]);
  expect(abis[0]).toEqual({ ...policy.abis[0], syscalls: new Map([...(policy.abis[0]?.syscalls ?? []), ...others]) });
});

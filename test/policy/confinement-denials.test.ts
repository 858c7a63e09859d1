/** The calls that are denied to isolated and supervised children, against the evaluator. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareRestriction, returnValue } from '../../lib/policy/action.js';
import { compare, intersect } from '../../lib/policy/algebra.js';
import { denialOf, denialsPolicy, supervisedDenials, withDenials } from '../../lib/policy/confinement-denials.js';
import { denialsFor, NO_DENIALS } from '../../lib/policy/denied-calls.js';
import { evaluate, decide as evaluation } from '../../lib/policy/evaluate.js';
import type { Action, Policy } from '../../lib/policy/policy.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { call, host, policyOfAny, profile } from '../support/arbitrary.js';

const ISOLATED = denialsFor(true);
const BOTH = { ...ISOLATED, supervised: true };
const EPERM: Action = { kind: 'errno', errno: 1 };

const decide = (policy: Policy, abi: AbiName, name: string, ...args: readonly bigint[]) =>
  evaluate(policy, { arch: abiOf(abi).audit, number: syscallNumber(abi, name) ?? -1, args });

test('a policy with denials takes the more restrictive action of the policy and of the denials, for every call', () => {
  const policies = host.chain((on) =>
    profile(on)
      .map((document) => policyOfAny(document, on))
      .chain((policy) =>
        fc.record({
          policy: fc.constant(policy),
          calls: fc.array(call(denialsPolicy([...policy.abis.map(({ abi }) => abi.name)], BOTH)), { minLength: 20 }),
        }),
      ),
  );
  fc.assert(
    fc.property(policies, ({ policy, calls }) => {
      const abis = policy.abis.map(({ abi }) => abi.name);
      const narrow = withDenials(policy, abis, BOTH);
      expect(compare(narrow, intersect(policy, denialsPolicy(abis, BOTH))).relation).toBe('equal');
      for (const each of calls) {
        const [before, after] = [evaluate(policy, each), evaluate(narrow, each)];
        expect(compareRestriction(after, before)).toBeLessThanOrEqual(0);
      }
    }),
    { numRuns: 100 },
  );
});

describe.each<AbiName>(['x86_64', 'x86', 'x32', 'aarch64', 'arm', 'riscv64', 's390x', 'ppc64le', 'mips64'])(
  'on %s',
  (abi) => {
    const policy = denialsPolicy([abi], ISOLATED);
    test.each<[string, Action, string, readonly bigint[]]>([
      ['new limits of another process', EPERM, 'prlimit64', [5n, 7n, 1n, 0n]],
      ['the same with bits that the kernel does not read', EPERM, 'prlimit64', [(1n << 32n) | 5n, 7n, 1n, 0n]],
      ['limits of another process, to be read', { kind: 'allow' }, 'prlimit64', [5n, 7n, 0n, 1n]],
      ['its own limits', { kind: 'allow' }, 'prlimit64', [0n, 7n, 1n, 0n]],
      [
        'its own limits, with bits that the kernel does not read',
        { kind: 'allow' },
        'prlimit64',
        [1n << 32n, 7n, 1n, 0n],
      ],
      ['TIOCSTI', EPERM, 'ioctl', [0n, abi === 'mips64' ? 0x5472n : 0x5412n]],
      [
        'TIOCSTI with bits that the kernel does not read',
        EPERM,
        'ioctl',
        [0n, (1n << 32n) | (abi === 'mips64' ? 0x5472n : 0x5412n)],
      ],
      ['TIOCLINUX', EPERM, 'ioctl', [0n, abi === 'mips64' ? 0x5483n : 0x541cn]],
      ['another request', { kind: 'allow' }, 'ioctl', [0n, 0x5401n]],
      ['taking a descriptor', { kind: 'allow' }, 'pidfd_getfd', [3n, 0n, 0n]],
    ])('%s', (_, action, name, args) => {
      expect(decide(policy, abi, name, ...args)).toEqual(action);
      const reason = denialOf(abi, name, args, ISOLATED);
      expect(reason === undefined ? 'allow' : reason.action.kind).toBe(action.kind);
    });
  },
);

test('a supervised child cannot call pidfd_getfd, unless a handler decides about it', () => {
  const allow: Policy = { ...denialsPolicy(['x86_64'], NO_DENIALS) };
  expect(decide(withDenials(allow, [], supervisedDenials(allow, NO_DENIALS)), 'x86_64', 'pidfd_getfd')).toEqual(EPERM);
  const number = syscallNumber('x86_64', 'pidfd_getfd') ?? -1;
  const asking: Policy = {
    ...allow,
    abis: [{ abi: abiOf('x86_64'), syscalls: new Map([[number, [{ conditions: [], action: { kind: 'notify' } }]]]) }],
  };
  const denials = supervisedDenials(asking, ISOLATED);
  expect(denials).toEqual(ISOLATED);
  expect(decide(withDenials(asking, [], denials), 'x86_64', 'pidfd_getfd')).toEqual({ kind: 'notify' });
});

test.each<[string, Action]>([
  ['kills', { kind: 'kill-process' }],
  ['allows', { kind: 'allow' }],
  ['notifies of', { kind: 'notify' }],
])('decisions of a policy that %s calls of other ABIs keep their rules, and denials have none', (_, foreignAction) => {
  const number = syscallNumber('x86_64', 'ioctl') ?? -1;
  const args = (request: bigint) => ({ arch: abiOf('x86_64').audit, number, args: [0n, request] });
  const decisions = [{ conditions: [], action: { kind: 'allow' }, rule: 7 }] as const;
  const policy: Policy = {
    ...denialsPolicy(['x86_64'], NO_DENIALS),
    abis: [{ abi: abiOf('x86_64'), syscalls: new Map([[number, decisions]]), ranges: [] }],
    foreignAction,
  };
  const narrow = withDenials(policy, ['x86_64', 'x86'], ISOLATED);
  expect(evaluation(narrow, args(0x5401n))).toMatchObject({ action: { kind: 'allow' }, by: 'syscall', rule: 7 });
  expect(evaluation(narrow, args(0x5412n))).toMatchObject({ action: EPERM, by: 'syscall', rule: undefined });
});

test('a policy that allows calls of other ABIs, with denials, is the intersection of both', () => {
  const others: readonly AbiName[] = ['x86_64', 'x86', 'x32', 'aarch64'];
  const policies = host.chain((on) => profile(on).map((document) => policyOfAny(document, on)));
  const actions = fc.constantFrom<Action>({ kind: 'allow' }, { kind: 'log' }, { kind: 'notify' });
  fc.assert(
    fc.property(policies, actions, (policy, foreignAction) => {
      const open = { ...policy, foreignAction };
      const names = [...new Set([...policy.abis.map(({ abi }) => abi.name), ...others])];
      const both = intersect(open, denialsPolicy(names, BOTH));
      expect(compare(withDenials(open, others, BOTH), both).relation).toBe('equal');
    }),
    { numRuns: 50 },
  );
});

test('a policy that allows calls of other ABIs has the denials on those ABIs too', () => {
  const policy: Policy = denialsPolicy(['x86_64'], NO_DENIALS);
  expect(decide(policy, 'x86', 'prlimit64', 5n, 7n, 1n)).toEqual({ kind: 'allow' });
  const narrow = withDenials(policy, ['x86_64', 'x86', 'x32'], ISOLATED);
  expect(decide(narrow, 'x86', 'prlimit64', 5n, 7n, 1n)).toEqual(EPERM);
  expect(decide(narrow, 'x86', 'getpid')).toEqual({ kind: 'allow' });
  expect(returnValue(decide(narrow, 'x32', 'ioctl', 0n, 0x5412n))).toBe(returnValue(EPERM));
});

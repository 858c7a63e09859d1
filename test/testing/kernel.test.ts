/** What probe() makes of the addon's answers, and which filters and calls it gives to the addon. No call is made. */
import { constants } from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';
import * as compiling from '../../lib/filter/compile.js';
import { thisHost } from '../../lib/host.js';
import * as native from '../../lib/native.js';
import type { Policy } from '../../lib/policy/policy.js';
import { resolve } from '../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../lib/profile/source.js';
import { readCalls } from '../../lib/testing/calls.js';
import { kernelOutcomes } from '../../lib/testing/kernel.js';

afterEach(() => vi.restoreAllMocks());

const host = { ...thisHost(), abi: 'x86_64' as const };
const policyOf = (action: string, errnoRet?: number): Policy =>
  resolve(
    loadProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['read'], action, errnoRet }] } as never),
    host,
  );

type Probe = (filters: unknown, words: BigUint64Array, isTraced: boolean) => unknown;

/** Lets the addon answer each run of calls. Returns what it was asked. */
function answerWith(...runs: readonly (readonly number[])[]) {
  const probe = vi.fn<Probe>();
  for (const run of runs) probe.mockReturnValueOnce(run);
  vi.spyOn(native, 'addon').mockReturnValue({ ...native.addon(), probe } as never);
  return probe;
}

/** How many filters a request has, which must set no_new_privs. */
const filtersIn = (request: unknown) => Object(request).noNewPrivileges === true && Object(request).filters.length;

const [RETURNED, ENDED, TRAPPED, TRACED] = [0, 1, 2, 3];
const { SIGSYS, SIGSEGV, SIGKILL } = constants.signals;
const outcomes = (policy: Policy, ...calls: readonly unknown[]) =>
  kernelOutcomes(policy, readCalls(calls, 'x86_64'), 'x86_64');
/** The largest errno is that of the base filter, unless the profile uses it. */
const BASE = -4095;

test.each<[readonly number[], object]>([
  [[RETURNED, BASE], { outcome: 'allowed' }],
  [[RETURNED, -1], { outcome: 'errno', errno: 'EPERM' }],
  [[RETURNED, -4094], { outcome: 'errno', errno: '4094' }],
  [[RETURNED, 0], { outcome: 'errno', errno: '0' }],
  [[TRAPPED, 0], { outcome: 'trapped' }],
  [[ENDED, SIGSYS], { outcome: 'killed' }],
  [[ENDED, SIGKILL], { outcome: 'killed' }],
])('the answer %j means %j', (answer, outcome) => {
  const probe = answerWith([RETURNED, BASE], answer);
  expect(outcomes(policyOf('SCMP_ACT_ERRNO', 1), 'read')).toEqual([outcome]);
  expect(probe).toHaveBeenCalledTimes(2);
});

test('an errno that the profile uses is not that of the base filter', () => {
  answerWith([RETURNED, -4094], [RETURNED, -4095]);
  const policy: Policy = { ...policyOf('SCMP_ACT_ERRNO', 1), defaultAction: { kind: 'errno', errno: 4095 } };
  expect(outcomes(policy, 'write')).toEqual([{ outcome: 'errno', errno: '4095' }]);
});

test('an errno that the profile only compares with is not one that it returns', () => {
  const args = [{ index: 0, value: 0x5_0fff, op: 'SCMP_CMP_EQ' }] as const; // SECCOMP_RET_ERRNO with 4095.
  const syscalls = [{ names: ['read'], action: 'SCMP_ACT_ERRNO', args }] as const;
  answerWith([RETURNED, BASE], [RETURNED, -1]);
  const policy = resolve(loadProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }), host);
  expect(outcomes(policy, { syscall: 'read', args: [0x5_0fff] })).toEqual([{ outcome: 'errno', errno: 'EPERM' }]);
});

test('calls that no filter sees are allowed, and are not made under the profile', () => {
  const probe = answerWith([RETURNED, BASE, RETURNED, 0, RETURNED, BASE], [RETURNED, -1, RETURNED, BASE]);
  const [refused, allowed] = [{ outcome: 'errno', errno: 'EPERM' }, { outcome: 'allowed' }];
  expect(outcomes(policyOf('SCMP_ACT_ERRNO', 1), 'read', 'uprobe', 'write')).toEqual([refused, allowed, allowed]);
  const numbers = probe.mock.calls.map(([, words]) => [...words].filter((_, i) => i % 8 === 1));
  expect(numbers).toEqual([
    [0n, 336n, 1n],
    [0n, 1n],
  ]);
});

test('the addon is given each call’s entry, number and arguments', () => {
  const probe = answerWith(Array(3).fill([RETURNED, BASE]).flat(), Array(6).fill(0));
  const calls = [
    { syscall: 'read', args: [1, 2n, -1] },
    { syscall: 'read', abi: 'x86' },
    { syscall: 'read', abi: 'x32', args: [0, 0, 0, 0, 0, 6] },
  ];
  outcomes(policyOf('SCMP_ACT_ERRNO', 1), ...calls);
  expect([...(probe.mock.calls[0]?.[1] ?? [])]).toEqual([
    ...[0n, 0n, 1n, 2n, 2n ** 64n - 1n, 0n, 0n, 0n],
    ...[1n, 3n, 0n, 0n, 0n, 0n, 0n, 0n],
    ...[0n, 0x4000_0000n, 0n, 0n, 0n, 0n, 0n, 6n],
  ]);
  expect(probe.mock.calls.map(([filters, , isTraced]) => [filtersIn(filters), isTraced])).toEqual([
    [1, false],
    [2, false],
  ]);
});

test('whatever the filters deny, a caller may end, and attach the next filter before', () => {
  answerWith([RETURNED, BASE], [RETURNED, BASE]);
  const compile = vi.spyOn(compiling, 'compileFilter');
  outcomes(policyOf('SCMP_ACT_ERRNO', 1), 'read');
  const gates = compile.mock.calls.map(([, options]) => options?.gate);
  expect(gates).toEqual([['exit_group'], ['seccomp', 'exit_group']]);
});

test.each<[string, readonly number[], object]>([
  ['SCMP_ACT_NOTIFY', [RETURNED, -38], { outcome: 'notified' }],
  ['SCMP_ACT_TRACE', [TRACED, 0], { outcome: 'traced' }],
  ['SCMP_ACT_TRACE', [TRACED, 65534], { outcome: 'traced' }],
  ['SCMP_ACT_TRACE', [TRACED, 65535], { outcome: 'allowed' }],
  ['SCMP_ACT_NOTIFY', [TRACED, 65535], { outcome: 'allowed' }],
])('where the base filter decided, a tracer tells %s by %j: %j', (action, answer, outcome) => {
  const probe = answerWith([RETURNED, BASE, RETURNED, BASE], [RETURNED, BASE, RETURNED, -1], answer);
  expect(outcomes(policyOf(action), 'read', 'write')).toEqual([outcome, { outcome: 'errno', errno: 'EPERM' }]);
  const [, , [filters, words, isTraced] = []] = probe.mock.calls;
  expect([filtersIn(filters), words?.length, isTraced]).toEqual([2, 8, true]);
});

test.each<[object, readonly number[], RegExp | undefined]>([
  [{ syscall: 'read' }, [TRAPPED, 0], /^read: a filter of this process kills any process that makes this call/],
  [{ syscall: 'read' }, [ENDED, SIGSYS], /^read: a filter of this process kills/],
  [{ syscall: 'read', abi: 'x86' }, [ENDED, SIGSEGV], /^x86 read: this kernel does not support x86 calls/],
  [{ syscall: 'read', abi: 'x86' }, [ENDED, SIGSYS], /^x86 read: a filter of this process kills/],
  [{ syscall: 'read' }, [ENDED, SIGSEGV], undefined],
  [{ syscall: 'read', abi: 'x86' }, [RETURNED, SIGSEGV], undefined],
  [{ syscall: 'read' }, [RETURNED, SIGSYS], undefined],
])('%j that gets %j without the profile can’t be tested: %s', (call, answer, message) => {
  answerWith(answer, []);
  const ask = () => outcomes(policyOf('SCMP_ACT_ERRNO', 1), call);
  if (message === undefined) expect(ask()).toEqual([{ outcome: 'allowed' }]);
  else
    expect(ask).toThrow(
      expect.objectContaining({ code: 'ERR_SECCOMP_UNSUPPORTED', message: expect.stringMatching(message) }),
    );
});

test('a failure of the addon is an error', () => {
  answerWith({ error: 11, call: 'fork' } as never);
  expect(() => outcomes(policyOf('SCMP_ACT_ERRNO', 1), 'read')).toThrow(/EAGAIN/);
});

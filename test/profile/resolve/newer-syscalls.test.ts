/** Calls that are newer than a profile get ENOSYS, as on a kernel without them. */
import { describe, expect, test } from 'vitest';
import { checkProfile } from '../../../lib/analysis/check.js';
import type { Policy } from '../../../lib/policy/policy.js';
import type { ActionName, RuleDocument } from '../../../lib/profile/document/types.js';
import { newerSyscalls } from '../../../lib/profile/resolve/newer-syscalls.js';
import type { Host } from '../../../lib/profile/resolve/resolve.js';
import { parseProfile } from '../../../lib/profile/source.js';
import { type AbiName, abiOf } from '../../../lib/syscalls/abi.js';
import { NEWEST_KERNEL } from '../../../lib/syscalls/generated/numbers.js';
import { decide, documentOf, HOST, policyFor, rule, said } from '../../support/meaning.js';

const X32 = 0x4000_0000;
const MINUS_ONE = 0xffff_ffff;
const [read, write, close] = [0, 1, 3];

/** The actions for numbers of x86_64. */
function answers(
  rules: readonly RuleDocument[],
  numbers: readonly number[],
  defaultAction: ActionName = 'SCMP_ACT_ERRNO',
) {
  const policy = policyFor(documentOf(rules, { defaultAction }));
  return numbers.map((number) => decide(policy, number));
}

describe('numbers above the largest one that a profile names', () => {
  test('get ENOSYS, even −1; those below get the default action', () => {
    const expected = ['allow', 'errno 1', 'allow', 'errno 38', 'errno 38', 'errno 38'];
    expect(answers([rule('read'), rule('close')], [read, write, close, 4, 1000, MINUS_ONE])).toEqual(expected);
  });

  test('are found from rules of any action, including those that runtimes drop', () => {
    const rules = [rule('read'), rule('close', [], { action: 'SCMP_ACT_ERRNO' })];
    expect(answers(rules, [write, close, 4])).toEqual(['errno 1', 'errno 1', 'errno 38']);
    const policy = policyFor(documentOf(rules), { mode: 'compat' });
    expect([write, close, 4].map((number) => decide(policy, number))).toEqual(['errno 1', 'errno 1', 'errno 38']);
  });

  test('are not found from rules that do not apply to the host', () => {
    expect(answers([rule('read'), rule('close', [], { excludes: { arches: ['amd64'] } })], [write])).toEqual([
      'errno 38',
    ]);
  });

  test.each<[ActionName, string]>([
    ['SCMP_ACT_KILL_PROCESS', 'errno 38'],
    ['SCMP_ACT_TRAP', 'errno 38'],
    ['SCMP_ACT_ALLOW', 'allow'],
    ['SCMP_ACT_LOG', 'log'],
    ['SCMP_ACT_TRACE', 'trace'],
  ])('with %s as the default action get %s', (action, expected) => {
    expect(answers([rule('read', [], { action: 'SCMP_ACT_ERRNO' })], [write], action)).toEqual([expected]);
  });

  test('get the default action if the option says so, and if the profile names no call', () => {
    const policy = policyFor(documentOf([rule('read')]), { newerCalls: 'default' });
    expect(decide(policy, write)).toBe('errno 1');
    expect(answers([rule('socketcall')], [write])).toEqual(['errno 1']);
  });

  test('differ for x86_64 and x32', () => {
    const abis: readonly AbiName[] = ['x86', 'x32'];
    const policy = policyFor(documentOf([rule('read'), rule('close'), rule('arch_prctl')]), {}, { ...HOST, abis });
    const numbers = [158, 159, X32 + 158, X32 + 159, 0xffff_fffe, MINUS_ONE];
    expect(numbers.map((number) => decide(policy, number))).toEqual([
      'allow',
      'errno 38',
      'allow',
      'errno 38',
      'errno 38',
      'errno 38',
    ]);
    const ofBoth = policyFor(documentOf([rule('time'), rule('uselib')]), {}, { ...HOST, abis });
    expect([201, 202, X32 + 202].map((number) => decide(ofBoth, number))).toEqual(['allow', 'errno 38', 'errno 38']);
    const nothingOfX32 = policyFor(documentOf([rule('uselib')]), {}, { ...HOST, abis });
    expect([134, 135, X32 + 134].map((number) => decide(nothingOfX32, number))).toEqual([
      'allow',
      'errno 38',
      'errno 1',
    ]);
  });

  test('are those of x32 from 2³⁰ on, with or without bit 30', () => {
    const numbers = [0x3fff_ffff, X32, 0x8000_0000, 0xbfff_ffff, 0xc000_0000, MINUS_ONE];
    const on = (abis: readonly AbiName[]) => policyFor(documentOf([rule('close')]), {}, { ...HOST, abis });
    const decided = (policy: Policy) => numbers.map((number) => decide(policy, number));
    const [newer, killed] = ['errno 38', 'kill-process'];
    expect(decided(on([]))).toEqual([newer, killed, killed, killed, killed, newer]);
    expect(decided(on(['x32']))).toEqual([newer, 'errno 1', newer, newer, newer, newer]);
  });

  test('have no range where the profile names the last one', () => {
    const ranges = (largest: number) =>
      newerSyscalls(abiOf('x86_64'), largest, { kind: 'trap' }).map(({ first, last }) => [first, last]);
    const above = [MINUS_ONE, MINUS_ONE];
    expect([ranges(X32 - 2), ranges(X32 - 1), ranges(MINUS_ONE - 1), ranges(MINUS_ONE)]).toEqual([
      [[X32 - 1, X32 - 1], above],
      [above],
      [above],
      [],
    ]);
  });

  test.each<AbiName>(['s390x', 's390'])('and 0, on %s', (abi) => {
    const policy = policyFor(documentOf([rule('read')]), {}, { ...HOST, abi });
    expect([0, 1, 3, 4].map((number) => decide(policy, number, [], abi))).toEqual([
      'errno 38',
      'errno 1',
      'allow',
      'errno 38',
    ]);
  });

  describe.each<AbiName>(['ppc64le', 's390x', 'x86'])('on %s, where ipc makes semget too,', (abi) => {
    const document = documentOf([rule('read'), rule('write'), rule('semget')]);
    const host = { ...HOST, abi };
    const calls = ['semget', 'statx', 'uname'];

    test('are those above semget in strict mode', () => {
      const policy = policyFor(document, {}, host);
      expect(calls.map((name) => decide(policy, name, [], abi))).toEqual(['allow', 'errno 1', 'errno 1']);
    });

    test('are found without semget in compat mode, as in runc, with a warning', () => {
      const policy = policyFor(document, { mode: 'compat' }, host);
      expect(calls.map((name) => decide(policy, name, [], abi))).toEqual(['errno 38', 'errno 38', 'errno 38']);
      expect(decide(policy, 'write', [], abi)).toBe('allow');
      expect(said(document, { mode: 'compat' }, host)).toEqual([
        expect.stringMatching(
          `^warning syscalls.2..names: on ${abi}, runc makes semget fail with ENOSYS: .* numbers above 4 as`,
        ),
      ]);
    });
  });

  test('are those above socketcall and ipc in strict mode, if the profile names calls that only these make', () => {
    const abi = 'x86';
    const policyOf = (...rules: readonly RuleDocument[]) => policyFor(documentOf(rules), {}, { ...HOST, abi });
    const [SEMOP, RECV, SEND] = [1n, 10n, 9n];
    const allowing = policyOf(rule('lseek'), rule('recv'));
    const decided = [20, 102, 103].map((number) => decide(allowing, number, [SEND], abi));
    expect([decide(allowing, 'socketcall', [RECV], abi), ...decided]).toEqual([
      'allow',
      'errno 1',
      'errno 1',
      'errno 38',
    ]);
    const killing = policyOf(rule('lseek'), rule('semop', [], { action: 'SCMP_ACT_KILL_PROCESS' }));
    expect(decide(killing, 'ipc', [SEMOP], abi)).toBe('kill-process');
    const denying = policyOf(rule('lseek'), rule('recv', [], { action: 'SCMP_ACT_ERRNO' }));
    expect(decide(denying, 'socketcall', [RECV], abi)).toBe('errno 1');
  });

  test('get the default action in compat mode, as in runc, if the profile names only number 0 or calls of socketcall', () => {
    const compat = { mode: 'compat' } as const;
    expect(decide(policyFor(documentOf([rule('read')]), compat), write)).toBe('errno 1');
    const abi = 's390x';
    const policy = policyFor(documentOf([rule('socket')]), compat, { ...HOST, abi });
    expect([0, 'socket', 400].map((call) => decide(policy, call, [], abi))).toEqual(['errno 1', 'allow', 'errno 1']);
  });
});

describe('a denylist on a kernel that is newer than the syscall tables', () => {
  const DENY: RuleDocument = { names: ['ptrace'], action: 'SCMP_ACT_ERRNO' };
  const [major = 0, minor = 0] = NEWEST_KERNEL.split('.').map(Number);
  const NEWER = { major, minor: minor + 1 };

  const warnings = (kernel: Host['kernel'], defaultAction: ActionName = 'SCMP_ACT_ALLOW', rules = [DENY]) =>
    checkProfile({ defaultAction, syscalls: rules }, { host: { ...HOST, kernel } });

  test('is warned of: no rule can name the calls of the newer kernel', () => {
    const message =
      `applies to every call that was added after Linux ${NEWEST_KERNEL}: this kernel, Linux ${major}.${minor + 1}, can ` +
      'have such calls, and this version of seccomp does not know their names. Update seccomp, or write an allowlist';
    const expected = [{ severity: 'warning', path: 'defaultAction', message }];
    for (const action of ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'] as const)
      expect(warnings(NEWER, action), action).toEqual(expected);
    expect(warnings({ major: major + 1, minor: 0 })).toHaveLength(1);
  });

  test('is not warned of elsewhere', () => {
    expect(warnings({ major, minor }), 'on the newest kernel of the tables').toEqual([]);
    expect(warnings({ major: 255, minor: 255 }), 'outside Linux').toEqual([]);
    expect(warnings(NEWER, 'SCMP_ACT_ERRNO', [{ ...DENY, action: 'SCMP_ACT_ALLOW' }]), 'an allowlist').toEqual([]);
    expect(warnings(NEWER, 'SCMP_ACT_LOG', []), 'a profile without rules').toEqual([]);
    expect(parseProfile(JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [DENY] })).warnings).toEqual([]);
  });
});

/** The differences between a recorded run and a profile. */
import { describe, expect, test } from 'vitest';
import type { RuleDocument } from '../../lib/profile/document/types.js';
import { compareWithPolicy } from '../../lib/record/compare-runs.js';
import { syscallName, syscallsOf } from '../../lib/syscalls/table.js';
import { arg, DENY, documentOf, HOST, policyFor, rule } from '../support/meaning.js';

const call = (syscall: string, first = 0n) =>
  ({ abi: 'x86_64', syscall, args: [first, 0n, 0n, 0n, 0n, 0n], captured: [], executable: '/bin/a' }) as const;

function compared(rules: readonly RuleDocument[], calls: readonly ReturnType<typeof call>[], rest = {}) {
  const { denied, unused } = compareWithPolicy(policyFor(documentOf(rules, rest), {}, HOST), calls);
  return { denied: denied.map(({ syscall, args }) => `${syscall} ${args[0]}`), unused };
}

test('calls that the profile denies are found by their arguments; logged calls are not denied', () => {
  const rules = [rule('read', [arg(0, 'LT', 3)]), rule('close', [], { action: 'SCMP_ACT_LOG' })];
  expect(compared(rules, [call('read', 2n), call('read', 3n), call('close'), call('write')])).toEqual({
    denied: ['read 3', 'write 0'],
    unused: [],
  });
});

test('a call without a name is no difference, as no profile can allow it', () => {
  expect(compared([], [call('syscall 9999')])).toEqual({ denied: [], unused: [] });
});

test('syscalls that the profile allows, with any or some arguments, and that were not made, are unused', () => {
  const rules = [
    rule('write', [arg(0, 'EQ', 1)]),
    rule('read'),
    rule('close', [], { action: 'SCMP_ACT_LOG' }),
    rule('dup', [], DENY),
    rule('open', [], { action: 'SCMP_ACT_TRACE' }),
  ];
  expect(compared(rules, []).unused).toEqual(['close', 'read', 'write']);
  expect(compared(rules, [call('read')]).unused).toEqual(['close', 'write']);
});

test('under a default action that allows, all but the denied and the made are unused, each by one name', () => {
  const names = (rules: readonly RuleDocument[]) =>
    compared(rules, [call('read')], { defaultAction: 'SCMP_ACT_ALLOW' }).unused;
  const all = names([]);
  const needed = ['execve', 'exit', 'exit_group', 'read', 'restart_syscall', 'rt_sigreturn'];
  expect(all).toHaveLength(new Set(syscallsOf('x86_64').values()).size - needed.length);
  expect(all).not.toEqual(expect.arrayContaining([expect.toBeOneOf(needed)]));
  const denied = names([rule('dup', [], DENY), rule('dup2', [arg(0, 'EQ', 1)], DENY)]);
  expect(all.filter((name) => !denied.includes(name))).toEqual(['dup']);
});

test('a syscall with two names is unused by its own name, not by its alias', () => {
  const number = syscallsOf('arm').get('sync_file_range2') ?? -1;
  const rules = [rule('sync_file_range2'), rule('read')];
  const { unused } = compareWithPolicy(policyFor(documentOf(rules), {}, { ...HOST, abi: 'arm' }), []);
  expect(syscallName('arm', number)).not.toBe('sync_file_range2');
  expect(unused).toEqual([syscallName('arm', number), 'read'].toSorted());
});

test('a policy without an ABI has no syscall that is unused, and decides as on foreign ABIs', () => {
  const compareUnder = (kind: 'allow' | 'kill-process') =>
    compareWithPolicy({ abis: [], defaultAction: { kind: 'allow' }, foreignAction: { kind } }, [call('read')]);
  expect(compareUnder('allow')).toEqual({ denied: [], fallbacks: [], unused: [] });
  expect(compareUnder('kill-process')).toEqual({ denied: [call('read')], fallbacks: [], unused: [] });
});

describe('calls that programs do without where the profile denies them', () => {
  const ENOSYS = { action: 'SCMP_ACT_ERRNO', errnoRet: 38 } as const;
  const names = (calls: readonly { readonly syscall: string }[]) => calls.map(({ syscall }) => syscall);
  const comparedNames = (rules: readonly RuleDocument[], made: readonly string[]) => {
    const policy = policyFor(documentOf(rules), {}, HOST);
    const { denied, fallbacks } = compareWithPolicy(
      policy,
      made.map((syscall) => call(syscall)),
    );
    return { denied: names(denied), fallbacks: names(fallbacks) };
  };

  test('are fallbacks, and are not among the denied ones', () => {
    const made = ['clone3', 'clone', 'io_uring_setup', 'io_uring_enter'];
    expect(comparedNames([rule('clone3', [], ENOSYS), rule('write')], made)).toEqual({
      denied: ['clone'],
      fallbacks: ['clone3', 'io_uring_setup', 'io_uring_enter'],
    });
  });

  test('are none if the error is another than programs expect, or the profile allows them', () => {
    const refused = { action: 'SCMP_ACT_ERRNO', errnoRet: 1 } as const;
    expect(comparedNames([rule('clone3', [], refused)], ['clone3'])).toEqual({ denied: ['clone3'], fallbacks: [] });
    expect(comparedNames([rule('clone3')], ['clone3'])).toEqual({ denied: [], fallbacks: [] });
  });

  test('are none on an io_uring that the profile lets programs make', () => {
    const made = ['io_uring_setup', 'io_uring_enter', 'io_uring_register'];
    expect(comparedNames([rule('io_uring_setup')], made)).toEqual({
      denied: ['io_uring_enter', 'io_uring_register'],
      fallbacks: [],
    });
  });

  test('are calls that are newer than the profile, but not old ones that it does not name', () => {
    const rules = [rule('write', [], { action: 'SCMP_ACT_ALLOW' })];
    expect(comparedNames(rules, ['openat', 'cachestat'])).toEqual({ denied: ['openat'], fallbacks: ['cachestat'] });
  });
});

/** Rules on one syscall that contradict each other: what is reported, and which rule decides. */
import { describe, expect, test } from 'vitest';
import type { Host } from '../../../lib/profile/resolve/resolve.js';
import { arg, DENY, decide, documentOf, HOST, policyFor, rule, said } from '../../support/meaning.js';

const compat = { mode: 'compat' } as const;
const x86: Host = { ...HOST, abis: ['x86'] };
const x86Alone: Host = { ...HOST, abi: 'x86' };
const ALLOWS = { defaultAction: 'SCMP_ACT_ALLOW' } as const;
const errno = (errnoRet: number) => ({ action: 'SCMP_ACT_ERRNO', errnoRet }) as const;

test('of two errnos, that of a rule without conditions applies in compat mode', () => {
  const rules = [rule('brk', [arg(1, 'EQ', 2)], errno(22)), rule('brk', [], errno(13))];
  expect(decide(policyFor(documentOf(rules, ALLOWS), compat), 'brk', [1n, 2n])).toBe('errno 13');
});

test('a rule that another one hides is an error only if calls are permitted that it denies', () => {
  const hidden = (action: object, winner: object) =>
    said(documentOf([rule('brk', [arg(0, 'EQ', 1)], action), rule('brk', [], winner)], ALLOWS)).filter((each) =>
      each.includes('has no effect on brk'),
    );
  const [log, kill] = [{ action: 'SCMP_ACT_LOG' }, { action: 'SCMP_ACT_KILL_PROCESS' }];
  expect(hidden(errno(22), errno(13))).toEqual([
    expect.stringMatching(/^warning syscalls\[0\]: has no effect on brk: sys/),
  ]);
  expect(hidden(kill, errno(13))).toEqual([expect.stringMatching(/^warning /)]);
  expect(hidden(errno(22), log)).toEqual([expect.stringMatching(/^error /)]);
  expect(hidden(log, errno(22))).toEqual([expect.stringMatching(/^warning /)]);
});

test('the more restrictive action applies where two rules overlap, in any order', () => {
  const kill = rule('brk', [arg(0, 'GT', 0)], { action: 'SCMP_ACT_KILL_PROCESS' });
  const deny = rule('brk', [arg(1, 'EQ', 2)], DENY);
  for (const rules of [
    [kill, deny],
    [deny, kill],
  ]) {
    for (const mode of ['strict', 'compat'] as const)
      expect(decide(policyFor(documentOf(rules, ALLOWS), { mode }), 'brk', [1n, 2n])).toBe('kill-process');
    expect(said(documentOf(rules, ALLOWS))).toEqual([
      'warning syscalls[1]: overlaps with syscalls[0] for brk: where both match, the most restrictive action applies',
    ]);
  }
});

test('rules that no argument meets together do not overlap', () => {
  const rules = [rule('brk', [arg(0, 'LT', 5)], errno(13)), rule('brk', [arg(0, 'GE', 5)], errno(22))];
  expect(said(documentOf(rules, ALLOWS))).toEqual([]);
});

describe('two rules on calls of socketcall or ipc', () => {
  const [one, other] = [rule('socket', [arg(0, 'EQ', 1)]), rule('socket', [arg(0, 'EQ', 2)], DENY)];
  const DROPS =
    /^error syscalls\[1\]: gives socket a different action from syscalls\[0\]; for socketcall on x86, .* drop comp/;

  test('that compare argument 0 are an error in compat mode, on the ABIs that have socketcall', () => {
    const errors = (options: object, host?: Host) =>
      said(documentOf([one, other]), options, host).filter((each) => each.startsWith('error'));
    expect(errors(compat, x86)).toEqual([expect.stringMatching(DROPS)]);
    expect(errors({}, x86)).toEqual([]);
    expect(errors(compat)).toEqual([]);
    const different = [rule('socket', [arg(0, 'EQ', 1), arg(1, 'EQ', 1)]), rule('socket', [arg(1, 'EQ', 2)], DENY)];
    expect(said(documentOf(different), compat, x86).filter((each) => each.startsWith('error'))).toEqual([]);
  });

  test('that have no number of their own are checked as others are', () => {
    const same = [rule('semop', [arg(0, 'EQ', 1)]), rule('semop', [arg(0, 'EQ', 1)], DENY)];
    expect(said(documentOf(same), {}, x86Alone)).toContain(
      'error syscalls[1]: gives semop a different action from syscalls[0] under the same conditions: keep one of the two',
    );
    expect(said(documentOf([rule('semop'), rule('semop')]), {}, x86Alone)).toEqual([
      'warning syscalls[1]: is redundant for semop: syscalls[0] has the same effect',
    ]);
  });
});

test('rules on a call that the ABI lacks are compared too, as libseccomp does', () => {
  const same = (name: string) => [rule(name, [arg(0, 'EQ', 1)]), rule(name, [arg(0, 'EQ', 1)], DENY)];
  for (const options of [{}, compat])
    expect(said(documentOf(same('send')), options)).toEqual([
      'error syscalls[1]: gives send a different action from syscalls[0] under the same conditions: keep one of the two',
    ]);
  expect(said(documentOf(same('no_such_call')), compat).filter((each) => each.startsWith('error'))).toEqual([]);
  expect(said(documentOf([rule('send', [arg(0, 'EQ', 1)]), rule('send', [arg(0, 'EQ', 2)], DENY)]))).toEqual([]);
});

test('calls that only ipc makes, and that runc takes for newer ones, are reported', () => {
  const newer = { ...compat, newerCalls: 'enosys' } as const;
  // Runc finds no number above those of read and write, and ipc has the number 117.
  const document = documentOf([rule('read'), rule('write'), rule('semop')]);
  expect(said(document, newer, x86)).toEqual([
    expect.stringMatching(
      /^warning syscalls\[2\]\.names: on x86, runc makes semop fail with ENOSYS: .* above 4 as newer/,
    ),
  ]);
});

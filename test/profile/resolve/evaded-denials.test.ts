/** Rules that deny a call, while another one with the same effect is allowed. */
import { describe, expect, test } from 'vitest';
import { BUILTIN_DEFINITIONS } from '../../../lib/profile/builtin/index.js';
import { readProfileOptions } from '../../../lib/profile/document/options.js';
import type { ProfileDocument, RuleDocument } from '../../../lib/profile/document/types.js';
import type { Profile } from '../../../lib/profile/profile.js';
import { evadedDenials } from '../../../lib/profile/resolve/evaded-denials.js';
import { resolveWithDiagnostics } from '../../../lib/profile/resolve/resolve.js';
import { extend, loadProfile, readText } from '../../../lib/profile/source.js';
import { ABIS, type AbiName } from '../../../lib/syscalls/abi.js';
import { syscallGroup } from '../../../lib/syscalls/groups.js';
import { syscallFamilies } from '../../../lib/syscalls/same-effect.js';
import { syscallNames } from '../../../lib/syscalls/table.js';
import { corpusFiles } from '../../support/corpus.js';
import { arg, documentOf, HOST, rule, said } from '../../support/meaning.js';

const DENY = { action: 'SCMP_ACT_ERRNO', errnoRet: 1 } as const;
const ALLOWS: Partial<ProfileDocument> = { defaultAction: 'SCMP_ACT_ALLOW' };
const deny = (...names: readonly string[]): RuleDocument => ({ names, ...DENY });

/** The warnings of a denylist on one ABI. */
function ofDenylist(rules: readonly RuleDocument[], abi: AbiName = 'x86_64', more: readonly AbiName[] = []) {
  return said(documentOf(rules, ALLOWS), {}, { ...HOST, abi, abis: more });
}

const warning = (denied: string, others: string, index = 0) =>
  `warning syscalls[${index}]: denies ${denied}, but programs can do the same by ${others}: deny all of them`;

describe('a denylist', () => {
  test.each([
    ['open', 'creat, openat, openat2, io_uring_setup'],
    ['openat', 'open, creat, openat2, io_uring_setup'],
    ['clone', 'fork, vfork, clone3'],
    ['fork, vfork', 'clone, clone3'],
    ['execve', 'execveat'],
    ['connect', 'io_uring_setup'],
    ['stat', 'lstat, newfstatat, statx, io_uring_setup'],
  ])('that denies %s can be evaded by %s', (denied, others) => {
    expect(ofDenylist([deny(...denied.split(', '))])).toEqual([warning(denied, others)]);
  });

  test('has a warning for each rule and each list of others', () => {
    expect(ofDenylist([deny('ptrace'), deny('unlink', 'execve', 'rmdir', 'truncate'), deny('fork')])).toEqual([
      warning('fork', 'vfork, clone, clone3', 2),
      warning('execve', 'execveat', 1),
      warning('unlink, rmdir', 'unlinkat, io_uring_setup', 1),
    ]);
    const network = 'socket, bind, connect, listen, accept and 7 more';
    expect(ofDenylist([deny(...(syscallGroup('@network')?.syscalls ?? []))])).toEqual([
      warning(network, 'io_uring_setup'),
    ]);
  });

  test('names what the ABIs have, once', () => {
    expect(ofDenylist([deny('open', 'ptrace')], 'aarch64')).toEqual([]);
    expect(ofDenylist([deny('chown')])).toEqual([warning('chown', 'lchown, fchown, fchownat')]);
    const others = 'lchown, fchown, fchownat, chown32, lchown32, fchown32';
    expect(ofDenylist([deny('chown')], 'x86_64', ['x86', 'x32'])).toEqual([warning('chown', others)]);
  });

  test.each<[string, readonly RuleDocument[]]>([
    ['all are denied', [deny('execve'), rule('execveat', [], { action: 'SCMP_ACT_KILL_PROCESS' })]],
    ['the others depend on their arguments', [deny('fork', 'vfork', 'clone3'), rule('clone', [arg(0, 'EQ', 0)], DENY)]],
    ['the call depends on its arguments', [rule('execve', [arg(0, 'EQ', 0)], DENY)]],
    ['a supervisor decides on the others', [deny('execve'), rule('execveat', [], { action: 'SCMP_ACT_NOTIFY' })]],
    ['the call is logged only', [rule('execve', [], { action: 'SCMP_ACT_LOG' })]],
    ['a supervisor decides on the call', [rule('execve', [], { action: 'SCMP_ACT_NOTIFY' })]],
    ['ENOSYS makes programs use an older call', [rule('clone3', [], { ...DENY, errnoRet: 38 })]],
    ['the call does more than the others', [deny('io_uring_setup')]],
    ['no call has its effect', [deny('ptrace', 'bpf')]],
  ])('has no warning where %s', (_, rules) => {
    expect(ofDenylist(rules)).toEqual([]);
  });

  test('has one where ENOSYS leaves a newer call', () => {
    const rules = [rule('execve', [], { ...DENY, errnoRet: 38 })];
    expect(ofDenylist(rules)).toEqual([warning('execve', 'execveat')]);
  });

  test('that logs by default has one too', () => {
    expect(said(documentOf([deny('execve')], { defaultAction: 'SCMP_ACT_LOG' }))).toEqual([
      warning('execve', 'execveat'),
    ]);
  });
});

describe('an allowlist', () => {
  test('has no warning for what it leaves out', () => {
    expect(said(documentOf([rule('openat'), rule('clone')]))).toEqual([]);
  });

  test('has one if a rule denies a call and another allows one with its effect', () => {
    expect(warningsOn('x86_64', extend('docker-default').deny('execve'))).toEqual([
      'denies execve, but programs can do the same by execveat: deny all of them',
    ]);
  });
});

describe.each([...ABIS.keys()])('on %s', (abi) => {
  test.each([...BUILTIN_DEFINITIONS.keys(), 'unconfined'])('%s has no warning', (name) => {
    expect(warningsOn(abi, loadProfile(name))).toEqual([]);
  });
});

test('of the profiles of other projects, only denylists of one call each have a warning', () => {
  const found = corpusFiles.flatMap(({ name, text }) => {
    const { profile } = readText(text, readProfileOptions({ mode: 'compat' }));
    return profile === undefined ? [] : warningsOn('x86_64', profile).map((message) => [name, message] as const);
  });
  const known = new Map([
    ['opencontainers__runtime-spec__schema__test__config__good__spec-example.json', 'denies chmod, but'],
    ['regmarmcem__container-sec-basics__seccomp.json', 'denies mkdir, but'],
  ]);
  for (const [name, message] of found) expect(message, name).toContain(known.get(name) ?? 'no warning');
});

test('each name of a family is that of a syscall, in one width or more, and in one family before the bar', () => {
  const calls = syscallFamilies().flatMap((family) => family.calls);
  expect(calls).toEqual([...new Set(calls)]);
  const names = [...calls, ...syscallFamilies().flatMap(({ detours }) => detours)];
  const withoutWidth = (name: string) => name.replace(/(_time64|32|64)$/, '');
  const known = new Set([...syscallNames()].flatMap((name) => [name, withoutWidth(name)]));
  expect(names.map(withoutWidth).filter((name) => !known.has(name))).toEqual([]);
});

/** The warnings of a profile on an ABI, with and without capabilities. */
function warningsOn(abi: AbiName, profile: Profile): readonly string[] {
  const found = [[], ['CAP_SYS_ADMIN', 'CAP_SYS_CHROOT', 'CAP_SYS_NICE']].flatMap((capabilities) => {
    const host = { abi, kernel: HOST.kernel, capabilities: new Set(capabilities) };
    return evadedDenials(resolveWithDiagnostics(profile, host).policy, profile.mode);
  });
  return [...new Set(found.map(({ message }) => message))];
}

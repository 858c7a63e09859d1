/** probe() on the running kernel: its answers are the profile's decisions, and no call is carried out. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { thisHost } from '../../lib/host.js';
import { returnValue } from '../../lib/policy/action.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { Action } from '../../lib/policy/policy.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { resolve } from '../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../lib/profile/source.js';
import { compile } from '../../lib/sandbox/compile.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { syscallsOf } from '../../lib/syscalls/table.js';
import type { ProbeAnswer, ProbeCall } from '../../lib/testing/calls.js';
import { probe } from '../../lib/testing/probe.js';

const { abi: native } = thisHost();
const isX86_64 = native === 'x86_64';

/** The answer in one word. */
const wordOf = ({ outcome, errno }: ProbeAnswer) => errno ?? outcome;
const answers = (profile: Parameters<typeof probe>[0], calls: readonly ProbeCall[]) =>
  probe(profile, calls).map(wordOf);

/** Allows all calls but `names`. */
const except = (names: readonly string[], action: string, errnoRet?: number): ProfileDocument => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names, action, ...(errnoRet === undefined ? {} : { errnoRet }) } as never],
});

describe('an outcome', () => {
  test.each([
    ['SCMP_ACT_ALLOW', undefined, 'allowed'],
    ['SCMP_ACT_LOG', undefined, 'allowed'],
    ['SCMP_ACT_ERRNO', 13, 'EACCES'],
    ['SCMP_ACT_ERRNO', 4094, '4094'],
    ['SCMP_ACT_ERRNO', 0, '0'],
    ['SCMP_ACT_TRAP', undefined, 'trapped'],
    ['SCMP_ACT_KILL_THREAD', undefined, 'killed'],
    ['SCMP_ACT_KILL_PROCESS', undefined, 'killed'],
    ['SCMP_ACT_NOTIFY', undefined, 'notified'],
    ['SCMP_ACT_TRACE', 7, 'traced'],
    ['SCMP_ACT_TRACE', 65535, 'traced'],
  ])('%s %s is %s', (action, errno, answer) => {
    const defaultAction = action === 'SCMP_ACT_ALLOW' ? 'SCMP_ACT_ERRNO' : 'SCMP_ACT_ALLOW';
    const names = action === 'SCMP_ACT_ALLOW' ? ['getcwd', 'statmount'] : ['getcwd'];
    const profile = { ...except(names, action, errno), defaultAction } as ProfileDocument;
    const other = action === 'SCMP_ACT_ALLOW' ? 'EPERM' : 'allowed';
    expect(answers(profile, ['chdir', 'getcwd', 'chdir'])).toEqual([other, answer, other]);
  });

  test('is not confused with an errno of the call itself', () => {
    // close(-1) is EBADF, chdir(0) EFAULT, with or without a profile.
    const profile = except(['close'], 'SCMP_ACT_ERRNO', 9);
    const calls: readonly ProbeCall[] = [{ syscall: 'close', args: [-1] }, 'chdir'];
    expect(answers(profile, calls)).toEqual(['EBADF', 'allowed']);
    expect(answers('unconfined', calls)).toEqual(['allowed', 'allowed']);
  });

  test('is that of the profile, even for calls that end processes or attach filters', () => {
    const calls = ['exit', 'exit_group', 'seccomp', 'prctl', 'execve', 'rt_sigreturn'] as const;
    expect(answers(except(calls, 'SCMP_ACT_ERRNO'), calls)).toEqual(calls.map(() => 'EPERM'));
    expect(answers(except(['chdir'], 'SCMP_ACT_ERRNO'), calls)).toEqual(calls.map(() => 'allowed'));
  });

  test('of several profiles is the strictest', () => {
    const profiles = [except(['chdir'], 'SCMP_ACT_ERRNO'), except(['chdir', 'getcwd'], 'SCMP_ACT_KILL_PROCESS')];
    expect(answers(profiles, ['chdir', 'getcwd', 'umask'])).toEqual(['killed', 'killed', 'allowed']);
    expect(answers(compile(profiles), ['chdir', 'getcwd', 'umask'])).toEqual(['killed', 'killed', 'allowed']);
  });

  test('depends on capabilities and arguments', () => {
    expect(probe('docker-default', 'mount', { capabilities: ['CAP_SYS_ADMIN'] }).map(wordOf)).toEqual(['allowed']);
    const sockets = [1, 2, 40].map((family) => ({ syscall: 'socket', args: [family] }));
    expect(answers('docker-default', sockets)).toEqual(['allowed', 'allowed', 'EPERM']);
  });

  test('names its call', () => {
    const [answer] = probe('docker-default', { syscall: 'kill', args: [-1, 9n] });
    expect(answer).toMatchObject({ call: 'kill(-1, 9)', abi: native, args: [2n ** 64n - 1n, 9n, 0n, 0n, 0n, 0n] });
  });
});

test('a group is expanded to its calls', () => {
  const all = probe('docker-default', '@mount');
  expect(all.length).toBeGreaterThan(5);
  expect(new Set(all.map(wordOf))).toEqual(new Set(['EPERM', 'ENOSYS'])); // Some are newer than the profile.
});

test('no call is carried out, whether or not it is allowed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-probe-'));
  try {
    mkdirSync(join(directory, 'stays'));
    const pid = process.pid;
    const calls: readonly ProbeCall[] = [
      { syscall: 'kill', args: [pid, 9] },
      { syscall: 'kill', args: [-1, 9] },
      { syscall: 'close', args: [1] },
      { syscall: 'exit_group', args: [3] },
      { syscall: 'reboot', args: [0xfee1dead, 672274793, 0x01234567] },
    ];
    for (const profile of [except(['chdir'], 'SCMP_ACT_ERRNO'), except(['chdir'], 'SCMP_ACT_NOTIFY')]) {
      expect(answers(profile, calls)).toEqual(calls.map(() => 'allowed'));
    }
    expect(readdirSync(directory)).toEqual(['stays']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe.each<AbiName>(isX86_64 ? ['x86_64', 'x86', 'x32'] : [native])('on %s the kernel answers', (abi) => {
  const calls = [...new Set(syscallsOf(abi).values())].map((number) => ({ number, abi }));
  const allAbis = isX86_64 ? (['x86', 'x32'] as const) : [];

  test.for<[string, string | ProfileDocument]>([
    ['docker-default', 'docker-default'],
    ['compute', 'compute'],
    ['a profile that kills', { ...except(['statmount', 'read'], 'SCMP_ACT_ALLOW'), defaultAction: 'SCMP_ACT_KILL' }],
    ['a profile that traps', { ...except(['statmount', 'read'], 'SCMP_ACT_ALLOW'), defaultAction: 'SCMP_ACT_TRAP' }],
  ])('as the evaluator does, for %s', ([, source], { skip }) => {
    const profile = loadProfile(source);
    const policy = resolve(profile, thisHost([], allAbis));
    const meant = calls.map(({ number }) =>
      outcomeOf(evaluate(policy, { arch: abiOf(abi).audit, number, args: [0n, 0n, 0n, 0n, 0n, 0n] })),
    );
    const answered = askOrWhy(source, calls, allAbis);
    if (typeof answered === 'string') {
      expect(answered).toMatch(/CONFIG_IA32_EMULATION/);
      return skip(answered);
    }
    const wrong = answered.flatMap(({ call, outcome }, i) => {
      const isAskedNoFilter = isX86_64 && (call === 'uprobe' || call === 'uretprobe');
      return outcome === meant[i] || isAskedNoFilter ? [] : [`${call}: ${outcome}, not ${meant[i]}`];
    });
    expect(wrong).toEqual([]);
    expect(answered.length).toBeGreaterThan(250);
  });
});

function askOrWhy(profile: string | ProfileDocument, calls: readonly ProbeCall[], abis: readonly AbiName[]) {
  try {
    return probe(profile, calls, { abis });
  } catch (error) {
    return String(error);
  }
}

function outcomeOf(action: Action): ProbeAnswer['outcome'] {
  switch (action.kind) {
    case 'errno':
      return 'errno';
    case 'trap':
      return 'trapped';
    case 'allow':
    case 'log':
      return 'allowed';
    default:
      return returnValue(action) === 0 || action.kind === 'kill-process' ? 'killed' : 'notified';
  }
}

test('calls that the kernel does not filter are allowed under every profile', ({ skip }) => {
  skip(!isX86_64, 'needs x86_64');
  const profile: ProfileDocument = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] };
  expect(answers(profile, ['uretprobe', 'read'])).toEqual(['allowed', 'EPERM']);
});

describe('refuses', () => {
  test.each<[string, () => unknown, string, RegExp]>([
    [
      'a call that there is not',
      () => probe('compute', 'mouth' as never),
      'ERR_INVALID_ARG_VALUE',
      /x86_64 has no syscall mouth|aarch64 has no/,
    ],
    [
      'a group that there is not',
      () => probe('compute', '@netwrok' as never),
      'ERR_INVALID_ARG_VALUE',
      /unknown group @netwrok.*@network/,
    ],
    ['no call', () => probe('compute', []), 'ERR_INVALID_ARG_VALUE', /list is empty/],
    [
      'something else',
      () => probe('compute', 1 as never),
      'ERR_INVALID_ARG_TYPE',
      /a call is a syscall's or a group's name/,
    ],
    ['a number of more bits', () => probe('compute', { number: 2 ** 32 }), 'ERR_INVALID_ARG_VALUE', /32 bits/],
    [
      'seven arguments',
      () => probe('compute', { syscall: 'read', args: [0, 0, 0, 0, 0, 0, 0] }),
      'ERR_INVALID_ARG_VALUE',
      /up to six/,
    ],
    [
      'an unknown option',
      () => probe('compute', 'read', { caps: [] } as never),
      'ERR_SECCOMP_OPTION',
      /options\.caps: unknown option/,
    ],
    [
      'a CPU that this is not',
      () => probe('compute', { syscall: 'read', abi: 's390' }),
      'ERR_SECCOMP_UNSUPPORTED',
      /can’t make calls of s390/,
    ],
    [
      'a filter for another CPU',
      () => probe(compile('compute', { host: { ...thisHost(), abi: 's390x' } }), 'read'),
      'ERR_SECCOMP_UNSUPPORTED',
      /the filter is for s390x/,
    ],
  ])('%s', (_, ask, code, message) => {
    expect(ask).toThrowError(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });
});

test('answers are JSON, with arguments as decimal strings', () => {
  const answers = probe('unconfined', { syscall: 'socket', args: [2n ** 64n - 1n] });
  expect(JSON.parse(JSON.stringify(answers))).toMatchObject([
    { outcome: 'allowed', args: ['18446744073709551615', '0', '0', '0', '0', '0'] },
  ]);
});

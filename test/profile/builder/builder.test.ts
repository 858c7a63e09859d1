import { describe, expect, expectTypeOf, test } from 'vitest';
import { type ArgumentTest, arg } from '../../../lib/profile/builder/argument.js';
import type { SyscallSelector } from '../../../lib/profile/builder/builder.js';
import { Profile } from '../../../lib/profile/profile.js';
import { resolve } from '../../../lib/profile/resolve/resolve.js';
import { extend } from '../../../lib/profile/source.js';
import { ABIS, type AbiName } from '../../../lib/syscalls/abi.js';
import { type ConstantName, constants } from '../../../lib/syscalls/constants.js';
import { answer, machine, refusal } from '../../support/answers.js';

describe('clauses', () => {
  test('an allowlist allows what it names, and nothing else', () => {
    const profile = Profile.allowlist().allow('read', 'exit_group');
    expect(['read', 'exit_group', 'mmap'].map((name) => answer(profile, name))).toEqual(['allow', 'allow', 'errno 1']);
  });

  test('syscalls newer than every one that an allowlist names get ENOSYS, as in container runtimes, or the default action', () => {
    expect(answer(Profile.allowlist().allow('read'), 'mmap')).toBe('errno 38');
    expect(answer(Profile.allowlist({ newerCalls: 'default' }).allow('read'), 'mmap')).toBe('errno 1');
  });

  test('a clause with the default action is left out, unless it is the only clause', () => {
    const said = Profile.allowlist().deny('clone3').allow('clone').deny('clone', arg(0).hasFlags('CLONE_NEWUSER'));
    expect(said.document.syscalls.map(({ names, action }) => [...names, action])).toEqual([
      ['clone3', 'SCMP_ACT_ERRNO'],
      ['clone', 'SCMP_ACT_ALLOW'],
    ]);
  });

  test('a denylist denies what it names, with the errno that it names', () => {
    const profile = Profile.denylist().deny('ptrace').deny('@mount', { errno: 'ENOENT' });
    expect(['ptrace', 'umount2', 'read'].map((name) => answer(profile, name))).toEqual(['errno 1', 'errno 2', 'allow']);
  });

  test('log, kill, trap and notify have the actions of their names', () => {
    const profile = Profile.allowlist().log('read').kill('ptrace').trap('kill').notify('openat');
    expect(['read', 'ptrace', 'kill', 'openat'].map((name) => answer(profile, name))).toEqual([
      'log',
      'kill-process',
      'trap',
      'notify',
    ]);
  });

  test('each returns a new profile and does not change the old one', () => {
    const before = Profile.allowlist();
    before.allow('read');
    expect(before.document.syscalls).toEqual([]);
  });

  test('the default action of an allowlist can be chosen', () => {
    expect(answer(Profile.allowlist({ action: 'kill-process' }).allow('exit'), 'mmap')).toBe('kill-process');
    expect(answer(Profile.allowlist({ errno: 'EACCES' }).allow('exit'), 'mmap')).toBe('errno 13');
  });

  test('a call must pass all tests of a clause; several clauses are alternatives', () => {
    const profile = Profile.allowlist()
      .allow('socket', arg(0).eq('AF_UNIX'), arg(1).eq('SOCK_STREAM'))
      .allow('socket', arg(0).eq('AF_INET'));
    const calls = [
      [1, 1],
      [1, 2],
      [2, 2],
    ];
    expect(calls.map((args) => answer(profile, 'socket', args))).toEqual(['allow', 'errno 1', 'allow']);
  });

  test.each([
    ['eq', arg(0).eq(3), [3]],
    ['ne', arg(0).ne(3), [0, 1, 2, 4, 5, 6, 7]],
    ['lt', arg(0).lt(3), [0, 1, 2]],
    ['le', arg(0).le(3), [0, 1, 2, 3]],
    ['gt', arg(0).gt(3), [4, 5, 6, 7]],
    ['ge', arg(0).ge(3), [3, 4, 5, 6, 7]],
    ['masked', arg(0).masked(6, 2), [2, 3]],
    ['in', arg(0).in([1, 5, 7]), [1, 5, 7]],
    ['hasFlags', arg(0).hasFlags(1, 4), [5, 7]],
    ['hasNoFlags', arg(0).hasNoFlags(1, 4), [0, 2]],
  ])('%s', (_, passes, values) => {
    const profile = Profile.allowlist().allow('socket', passes);
    const passed = [0, 1, 2, 3, 4, 5, 6, 7].filter((value) => answer(profile, 'socket', [value]) === 'allow');
    expect(passed).toEqual(values);
  });

  test('one argument can be tested twice, though a rule of a profile compares it only once', () => {
    const profile = Profile.allowlist().allow('socket', arg(0).ge(3), arg(0).le(12), arg(0).ne(7));
    const passed = Array.from({ length: 20 }, (_, i) => i).filter((i) => answer(profile, 'socket', [i]) === 'allow');
    expect(passed).toEqual([3, 4, 5, 6, 8, 9, 10, 11, 12]);
  });

  test('when and unless limit the clause before them', () => {
    const profile = Profile.allowlist()
      .allow('mount')
      .when({ capability: 'CAP_SYS_ADMIN', minKernel: '5.8' })
      .unless({ arch: ['s390x', 's390'] })
      .allow('read', 'exit_group');
    const root = new Set(['CAP_SYS_ADMIN']);
    expect(answer(profile, 'mount', [], { capabilities: root })).toBe('allow');
    expect(answer(profile, 'mount')).toBe('errno 1');
    expect(answer(profile, 'mount', [], { capabilities: root, kernel: { major: 5, minor: 7 } })).toBe('errno 1');
    expect(answer(profile, 'mount', [], { capabilities: root, abi: 's390x' })).toBe('errno 1');
    expect(answer(profile, 'read')).toBe('allow');
  });

  test('a comment belongs to its clause', () => {
    const { document } = Profile.allowlist().allow('read').comment('It reads its input.').allow('write');
    expect(document.syscalls.map(({ comment }) => comment)).toEqual(['It reads its input.', undefined]);
  });

  test('abis replaces the ABIs other than the native one', () => {
    const names = (profile: Profile) => resolve(profile, machine).abis.map(({ abi }) => abi.name);
    expect(names(extend('docker-default').abis('x86'))).toEqual(['x86_64', 'x86']);
    expect(names(extend('docker-default').abis())).toEqual(['x86_64']);
  });
});

describe('constants', () => {
  test('that differ are compared on each ABI by a rule of its own, which lists ABIs in the order of the table', () => {
    const { syscalls } = Profile.denylist().deny('read', { errno: 'ENOSYS' }).document;
    const listed = syscalls.flatMap(({ includes, excludes }) => includes?.arches ?? excludes?.arches ?? []);
    const order = [...ABIS.values()].map(({ docker }) => docker);
    expect(listed.length).toBeGreaterThan(1);
    for (const { includes } of syscalls) {
      const arches = includes?.arches ?? [];
      expect(arches).toEqual(order.filter((name) => arches.includes(name)));
    }
  });

  test('those with one value on every ABI are numbers', () => {
    expect(constants.AF_INET).toBe(2);
    expect(constants.CLONE_NEWUSER).toBe(0x1000_0000);
    expect(constants.PR_SET_NO_NEW_PRIVS).toBe(38);
  });

  test('others have the value of the native ABI', () => {
    const profile = Profile.denylist().deny('ioctl', arg(1).eq('TIOCSTI'));
    const values: readonly [AbiName, number][] = [
      ['x86_64', 0x5412],
      ['aarch64', 0x5412],
      ['mips64', 0x5472],
      ['sh', 0x4001_5412],
    ];
    for (const [abi, value] of values) {
      const answers = values.map(([, each]) => answer(profile, 'ioctl', [0, each], { abi }));
      expect(answers, abi).toEqual(values.map(([, each]) => (each === value ? 'errno 1' : 'allow')));
    }
  });

  test('so do errnos', () => {
    const profile = Profile.denylist().deny('clone3', { errno: 'ENOSYS' });
    const errnos = (['x86_64', 'riscv64', 'mipsel', 'parisc'] as const).map((abi) =>
      answer(profile, 'clone3', [], { abi }),
    );
    expect(errnos).toEqual(['errno 38', 'errno 38', 'errno 89', 'errno 251']);
  });

  test('a clause has no effect on an ABI that lacks the constant', () => {
    const profile = Profile.denylist().deny('personality', arg(0).eq('ARCH_SET_FS'));
    expect(answer(profile, 'personality', [0x1002])).toBe('errno 1');
    expect(answer(profile, 'personality', [0x1002], { abi: 'aarch64' })).toBe('allow');
  });

  test('several flags are combined', () => {
    const profile = Profile.denylist().deny('openat', arg(2).hasFlags('O_WRONLY', 'O_CREAT'));
    expect([1, 0o100, 0o101].map((flags) => answer(profile, 'openat', [0, 0, flags]))).toEqual([
      'allow',
      'allow',
      'errno 1',
    ]);
    expect(answer(profile, 'openat', [0, 0, 0x101], { abi: 'mips' })).toBe('errno 1');
  });
});

describe('mistakes', () => {
  const name = (text: string) => text as SyscallSelector;
  test.each<readonly [string, () => unknown, RegExp]>([
    [
      'a syscall',
      () => Profile.allowlist().allow(name('openatt')),
      /unknown syscall "openatt" \(did you mean openat or openat2\?\)/,
    ],
    ['a group', () => Profile.allowlist().allow(name('@mounts')), /unknown group "@mounts" \(did you mean @mount\?\)/],
    ['a constant', () => arg(0).eq('AF_INTE' as ConstantName), /unknown constant "AF_INTE" \(did you mean AF_INET\?\)/],
    ['no syscall', () => Profile.allowlist().allow(arg(0).eq(1)), /name at least one syscall/],
    [
      'an argument that there is not',
      () => Profile.allowlist().allow('socket', arg(3).eq(1)),
      /socket has 3 arguments/,
    ],
    ['an index', () => arg(6), /the index must be an integer from 0 to 5/],
    ['a negative number', () => arg(0).eq(-1), /negative: give the unsigned value/],
    ['a fraction', () => arg(0).eq(0.5), /not an exact integer/],
    ['65 bits', () => arg(0).eq(2n ** 64n), /more than 64 bits/],
    ['no flag', () => arg(0).hasFlags(0), /give at least one flag/],
    ['no value', () => arg(0).in([]), /give an array of at least one value/],
    ['an errno', () => Profile.denylist().deny('read', { errno: 'EPREM' as 'EPERM' }), /"EPREM" is not an errno/],
    ['errno 0, which would be success', () => Profile.denylist().deny('read', { errno: 0 }), /0 is not an errno/],
    [
      'an option',
      () => Profile.denylist().deny('read', { errn: 1 } as object),
      /unknown option "errn" \(did you mean errno\?\)/,
    ],
    [
      'a default errno of many numbers',
      () => Profile.allowlist({ errno: 'ENOSYS' }),
      /ENOSYS has different numbers .*38 on all architectures but/,
    ],
    [
      'an errno with a default that has none',
      () => Profile.allowlist({ action: 'log', errno: 1 }),
      /the action log returns no errno/,
    ],
    [
      'a capability',
      () =>
        Profile.allowlist()
          .allow('bpf')
          .when({ capability: 'CAP_BFP' as 'CAP_BPF' }),
      /did you mean CAP_BPF/,
    ],
    ['an ABI', () => Profile.allowlist().abis('amd64' as AbiName), /unknown ABI "amd64"/],
    [
      'a kernel version',
      () =>
        Profile.allowlist()
          .allow('bpf')
          .when({ minKernel: '5.8.1' as '5.8' }),
      /not a kernel version/,
    ],
    ['circumstances of nothing', () => Profile.allowlist().when({ capability: 'CAP_BPF' }), /must follow a clause/],
    [
      'circumstances that hold everywhere',
      () => Profile.allowlist().allow('bpf').when({}),
      /give a capability, an arch or/,
    ],
    [
      'an empty list of them',
      () => Profile.denylist().deny('bpf').unless({ arch: [] }),
      /give a capability, an arch or/,
    ],
    [
      'circumstances that contradict',
      () => Profile.allowlist().allow('bpf').when({ capability: 'CAP_BPF' }).unless({ capability: 'CAP_BPF' }),
      /contradict each other/,
    ],
    [
      'tests that contradict',
      () => Profile.allowlist().allow('socket', arg(0).eq(1), arg(0).eq(2)),
      /no call of socket/,
    ],
    ['unconfined', () => extend('unconfined'), /Profile\.denylist\(\)/],
    [
      'a part that no rule can state',
      () => Profile.allowlist().allow('read', arg(2).ge(3), arg(2).le(12)),
      /argument 2 is wider on some ABIs/,
    ],
  ])('%s', (_, build, message) => {
    expect(refusal(build)).toMatch(/^ERR_(SECCOMP_OPTION|INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE) /);
    expect(refusal(build)).toMatch(message);
  });
});

describe('of another type than they should be', () => {
  const denied = () => Profile.denylist().deny('read');
  const nameless = Object.create(null);
  const asText = { toString: () => 'log', toJSON: () => 'log' };
  test.each<readonly [string, (given: never) => unknown, RegExp, readonly unknown[]]>([
    [
      'comments',
      (given) => denied().comment(given),
      /^comment: must be a string, not/,
      [5, { a: 1 }, null, undefined, asText],
    ],
    [
      'subjects',
      (given) => Profile.allowlist().allow(given),
      /must be the name of a syscall or group/,
      [5n, nameless, asText],
    ],
    [
      'tests',
      (given) => denied().deny('read', given),
      /^deny: must be a plain object, not an instance of ArgumentTest/,
      [Object.assign(Object.create(Object.getPrototypeOf(arg(0).eq(1))), { index: 0 })],
    ],
    ['errnos', (given) => denied().deny('read', { errno: given }), /is not an errno/, [null, 1n, nameless, asText]],
    ['default errnos', (given) => Profile.allowlist({ errno: given }), /is not an errno/, [null, 1n, nameless]],
    [
      'default actions',
      (given) => Profile.allowlist({ action: given }),
      /unknown action/,
      [null, 1n, nameless, asText],
    ],
    ['facts', (given) => denied().when(given), /when\(\) and unless\(\): must be an object, not/, [null, undefined, 5]],
    [
      'capabilities',
      (given) => denied().when({ capability: given }),
      /^capability: must be a name or an array/,
      [null, 5],
    ],
    [
      'listed capabilities',
      (given) => denied().when({ capability: [given] }),
      /^capability\.0: must be a name/,
      [null, asText],
    ],
    [
      'versions',
      (given) => denied().unless({ minKernel: given }),
      /is not a kernel version/,
      [5.8, 5n, nameless, asText],
    ],
    ['ABIs', (given) => denied().abis(given), /unknown ABI/, [null, 1n, nameless]],
    ['indices', (given) => arg(given), /the index must be an integer from 0 to 5/, [Symbol('0'), nameless]],
  ])('%s are refused', (_, build, message, values) => {
    for (const given of values)
      expect(() => build(given as never)).toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE)$/),
          message: expect.stringMatching(message),
        }),
      );
  });
});

test('the types accept only known syscalls, groups, constants, errnos and capabilities', () => {
  const profile = Profile.allowlist();
  expectTypeOf<'read' | '@network' | ArgumentTest>().toExtend<SyscallSelector>();
  expectTypeOf(constants.AF_INET).toEqualTypeOf<2>();
  expectTypeOf<'O_CREAT' | 'TIOCSTI' | 'AF_INET'>().toExtend<ConstantName>();
  expectTypeOf(profile.deny('read')).toEqualTypeOf<Profile>();
  const wrong = () => [
    // @ts-expect-error a misspelt syscall
    profile.allow('raed'),
    // @ts-expect-error a misspelt group
    profile.allow('@netwrok'),
    // @ts-expect-error a misspelt constant
    arg(0).eq('AF_INTE'),
    // @ts-expect-error a constant that differs between ABIs is no number
    constants.O_CREAT,
    // @ts-expect-error an errno that there is not
    profile.deny('read', { errno: 'EPREM' }),
    // @ts-expect-error allow fails with no errno
    profile.allow('read', { errno: 'EPERM' }),
    // @ts-expect-error a misspelt capability
    profile.allow('bpf').when({ capability: 'CAP_BFP' }),
  ];
  expect(wrong).toBeTypeOf('function');
});

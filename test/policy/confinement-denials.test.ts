/** The calls that are denied to isolated and supervised children, and to those with paths, against the evaluator. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareRestriction, returnValue } from '../../lib/policy/action.js';
import { compare, intersect } from '../../lib/policy/algebra.js';
import { denialOf, denialsPolicy, supervisedDenials, withDenials } from '../../lib/policy/confinement-denials.js';
import { denialsFor, NO_DENIALS } from '../../lib/policy/denials.js';
import { evaluate, decide as evaluation } from '../../lib/policy/evaluate.js';
import type { Action, Policy } from '../../lib/policy/policy.js';
import { ABIS, type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { constantOn } from '../../lib/syscalls/constants.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { call, host, policyOfAny, profile } from '../support/arbitrary.js';

const ISOLATED = denialsFor(true);
const ALL = {
  isolated: true,
  withoutTerminal: true,
  supervised: true,
  connections: true,
  paths: true,
  grouped: true,
  network: true,
  unixSockets: true,
  truncation: true,
  deviceIoctls: true,
};
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
          calls: fc.array(call(denialsPolicy([...policy.abis.map(({ abi }) => abi.name)], ALL)), { minLength: 20 }),
        }),
      ),
  );
  fc.assert(
    fc.property(policies, ({ policy, calls }) => {
      const abis = policy.abis.map(({ abi }) => abi.name);
      const narrow = withDenials(policy, abis, ALL);
      expect(compare(narrow, intersect(policy, denialsPolicy(abis, ALL))).relation).toBe('equal');
      for (const each of calls) {
        const [before, after] = [evaluate(policy, each), evaluate(narrow, each)];
        expect(compareRestriction(after, before)).toBeLessThanOrEqual(0);
      }
    }),
    { numRuns: 30 },
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

/** The value of a constant on an ABI, by the generated table: the source has it written out. */
const valueOn = (abi: AbiName, name: string) => BigInt(constantOn(abi, name) ?? -1);
const HIGH = 1n << 32n; // The kernel reads 32 bits of these arguments.

describe.each([...ABIS.keys()])('isolated, on %s', (abi) => {
  const policy = denialsPolicy([abi], ISOLATED);
  const withoutTerminal = denialsPolicy([abi], { ...ISOLATED, withoutTerminal: true });
  /** clone's arguments with these flags: only s390 has the stack first. */
  const cloneWith = (flags: bigint) => (abi.startsWith('s390') ? [HIGH | 0x8000n, flags] : [flags, HIGH | 0x8000n]);

  test.each(['TIOCSTI', 'TIOCLINUX'] as const)('%s is denied, with any bits that the kernel does not read', (name) => {
    for (const high of [0n, HIGH]) expect(decide(policy, abi, 'ioctl', 0n, high | valueOn(abi, name))).toEqual(EPERM);
  });

  test('TIOCSPGRP is denied to a program without a terminal, and to no other', () => {
    const request = valueOn(abi, 'TIOCSPGRP');
    expect(request).toBeGreaterThan(0n);
    for (const args of [
      [0n, request],
      [7n, HIGH | request, 1n],
    ]) {
      expect(decide(withoutTerminal, abi, 'ioctl', ...args)).toEqual(EPERM);
      expect(decide(policy, abi, 'ioctl', ...args)).toEqual({ kind: 'allow' });
      expect(denialOf(abi, 'ioctl', args, { ...NO_DENIALS, withoutTerminal: true })).toMatchObject({
        ...{ by: 'isolation', action: EPERM },
        why: expect.stringMatching(/^isolate denies ioctl TIOCSPGRP, .*: pass one in stdio$/),
      });
      expect(denialOf(abi, 'ioctl', args, ISOLATED)).toBe(undefined);
    }
    for (const other of ['TIOCGPGRP', 'TIOCSCTTY', 'TCGETS', 'TCSETS', 'TIOCSWINSZ'])
      expect([other, decide(withoutTerminal, abi, 'ioctl', 0n, valueOn(abi, other))]).toEqual([
        other,
        { kind: 'allow' },
      ]);
  });

  test('clone makes no children of the parent, but its own and threads', () => {
    const parent = valueOn(abi, 'CLONE_PARENT');
    for (const flags of [parent, parent | 17n, HIGH | parent | 17n, parent | valueOn(abi, 'CLONE_VM')]) {
      expect(decide(policy, abi, 'clone', ...cloneWith(flags))).toEqual(EPERM);
      expect(denialOf(abi, 'clone', cloneWith(flags), ISOLATED)).toMatchObject({ by: 'isolation', action: EPERM });
    }
    const THREAD = ['CLONE_VM', 'CLONE_FS', 'CLONE_FILES', 'CLONE_SIGHAND', 'CLONE_THREAD', 'CLONE_PARENT_SETTID'];
    const thread = THREAD.reduce((all, name) => all | valueOn(abi, name), 0n);
    for (const flags of [17n, thread, valueOn(abi, 'CLONE_VM') | valueOn(abi, 'CLONE_VFORK') | 17n])
      expect(decide(policy, abi, 'clone', ...cloneWith(flags))).toEqual({ kind: 'allow' });
    expect(decide(policy, abi, 'clone3')).toEqual({ kind: 'allow' }); // A filter can't read its flags.
  });

  test.each(['keyctl', 'add_key', 'request_key'])('%s is denied', (name) => {
    for (const args of [[], [11n, BigInt.asUintN(64, -3n)]]) {
      expect(decide(policy, abi, name, ...args)).toEqual(EPERM);
      expect(denialOf(abi, name, args, ISOLATED)).toMatchObject({ by: 'isolation', action: EPERM });
    }
    expect(decide(denialsPolicy([abi], denialsFor(false, GAPS)), abi, name)).toEqual({ kind: 'allow' });
  });
});

const GAPS = { unixSockets: true, truncation: true, deviceIoctls: true };
/** What a kernel denies to a child with paths if its Landlock checks only what the first one did. */
const ALL_GAPS = denialsFor(false, GAPS);

/** Calls, with the errno that they get with all gaps; null for an allowed call. */
const CALLS_UNDER_PATHS: readonly (readonly [
  title: string,
  errno: string | null,
  gap: 'unixSockets' | 'truncation' | 'deviceIoctls',
  syscall: string,
  args: (value: (name: string) => bigint) => readonly bigint[],
])[] = [
  ['a Unix socket', 'EAFNOSUPPORT', 'unixSockets', 'socket', (v) => [v('AF_UNIX'), v('SOCK_STREAM')]],
  ['a Unix socket, with more bits', 'EAFNOSUPPORT', 'unixSockets', 'socket', (v) => [HIGH | v('AF_UNIX')]],
  ['a TCP socket', null, 'unixSockets', 'socket', (v) => [v('AF_INET'), v('SOCK_STREAM')]],
  ['a pair of streams', null, 'unixSockets', 'socketpair', (v) => [v('AF_UNIX'), v('SOCK_STREAM')]],
  ['one of packets', null, 'unixSockets', 'socketpair', (v) => [v('AF_UNIX'), v('SOCK_SEQPACKET')]],
  ['one of datagrams', 'EAFNOSUPPORT', 'unixSockets', 'socketpair', (v) => [v('AF_UNIX'), v('SOCK_DGRAM')]],
  [
    'one of datagrams, with flags',
    'EAFNOSUPPORT',
    'unixSockets',
    'socketpair',
    (v) => [v('AF_UNIX'), v('SOCK_DGRAM') | v('SOCK_CLOEXEC') | v('SOCK_NONBLOCK')],
  ],
  [
    'one of datagrams, with more bits',
    'EAFNOSUPPORT',
    'unixSockets',
    'socketpair',
    (v) => [HIGH | v('AF_UNIX'), HIGH | v('SOCK_DGRAM')],
  ],
  ['one of raw sockets', 'EAFNOSUPPORT', 'unixSockets', 'socketpair', (v) => [v('AF_UNIX'), v('SOCK_RAW')]],
  ['a pair of another family', null, 'unixSockets', 'socketpair', (v) => [v('AF_TIPC'), v('SOCK_DGRAM')]],
  ['any socket by socketcall', 'EAFNOSUPPORT', 'unixSockets', 'socketcall', () => [HIGH | 1n]],
  ['any pair by socketcall', 'EAFNOSUPPORT', 'unixSockets', 'socketcall', () => [8n]],
  ['connecting by socketcall', null, 'unixSockets', 'socketcall', () => [3n]],
  ['io_uring', 'ENOSYS', 'unixSockets', 'io_uring_setup', () => [8n]],
  ['truncate', 'EACCES', 'truncation', 'truncate', () => []],
  ['truncate64', 'EACCES', 'truncation', 'truncate64', () => []],
  ['ftruncate', null, 'truncation', 'ftruncate', () => []],
  ['openat2', 'ENOSYS', 'truncation', 'openat2', () => []],
  ['openat2', 'ENOSYS', 'deviceIoctls', 'openat2', () => []],
  ['io_uring', 'ENOSYS', 'truncation', 'io_uring_setup', () => []],
  ['io_uring', 'ENOSYS', 'deviceIoctls', 'io_uring_setup', () => []],
  ...(['open', 'openat'] as const).flatMap((name) => {
    const flags = (names: string, more = 0n) =>
      [
        (v: (name: string) => bigint) => {
          const all = names.split(' ').reduce((sum, each) => sum | v(each), more);
          return name === 'open' ? [7n, all] : [0n, 7n, all];
        },
      ] as const;
    const truncation = (title: string, errno: string | null, names: string, more?: bigint) =>
      [`${name} ${title}`, errno, 'truncation', name, ...flags(names, more)] as const;
    return [
      truncation('to truncate, for reading', 'EACCES', 'O_RDONLY O_TRUNC'),
      truncation('to create or truncate, for reading', 'EACCES', 'O_RDONLY O_TRUNC O_CREAT O_CLOEXEC'),
      truncation('to truncate, with more bits', 'EACCES', 'O_RDONLY O_TRUNC', HIGH),
      truncation('to truncate, with access mode 3', 'EACCES', 'O_WRONLY O_RDWR O_TRUNC'),
      truncation('to truncate, for writing', null, 'O_WRONLY O_TRUNC'),
      truncation('to truncate, for both', null, 'O_RDWR O_TRUNC'),
      truncation('for reading', null, 'O_RDONLY O_CLOEXEC'),
      [`${name} with access mode 3`, 'EACCES', 'deviceIoctls', name, ...flags('O_WRONLY O_RDWR O_CLOEXEC')] as const,
      [`${name} for both`, null, 'deviceIoctls', name, ...flags('O_RDWR O_CLOEXEC')] as const,
    ];
  }),
];

describe.each([...ABIS.keys()])('with paths, on %s', (abi) => {
  const calls = CALLS_UNDER_PATHS.filter(([, , , syscall]) => syscallNumber(abi, syscall) !== undefined);
  test.each(calls)('%s: %s', (_, errno, gap, syscall, argumentsFor) => {
    const args = argumentsFor((name) => valueOn(abi, name));
    const expected: Action = errno === null ? { kind: 'allow' } : { kind: 'errno', errno: Number(valueOn(abi, errno)) };
    const one = { ...NO_DENIALS, [gap]: true };
    expect(decide(denialsPolicy([abi], one), abi, syscall, ...args)).toEqual(expected);
    const all = decide(denialsPolicy([abi], ALL_GAPS), abi, syscall, ...args);
    if (errno !== null) expect(all).toEqual(expected);
    const denial = denialOf(abi, syscall, args, one);
    expect(denial?.action ?? { kind: 'allow' }).toEqual(expected);
    if (denial !== undefined) {
      expect(denial.by).toBe('paths');
      expect(denial.why).toMatch(new RegExp(`^paths denies .*\\b${syscall}\\b.*: \\w+`));
    }
  });

  test.each(['open_by_handle_at', 'mount_setattr', 'open_tree_attr', 'fsopen'])(
    '%s is denied on any kernel',
    (syscall) => {
      const none = denialsFor(false, { unixSockets: false, truncation: false, deviceIoctls: false });
      expect(decide(denialsPolicy([abi], none), abi, syscall)).toEqual(EPERM);
      expect(denialOf(abi, syscall, [], none)).toMatchObject({ by: 'paths', action: EPERM });
      expect(decide(denialsPolicy([abi], NO_DENIALS), abi, syscall)).toEqual({ kind: 'allow' });
    },
  );
});

/** Calls, with the errno that they get with `network: 'none'`; null for an allowed call. */
const CALLS_WITHOUT_NETWORK: readonly (readonly [
  title: string,
  errno: string | null,
  syscall: string,
  args: (value: (name: string) => bigint) => readonly bigint[],
])[] = [
  ['a Unix socket', 'EAFNOSUPPORT', 'socket', (v) => [HIGH | v('AF_UNIX'), v('SOCK_STREAM')]],
  ['a TCP socket', 'EACCES', 'socket', (v) => [v('AF_INET'), v('SOCK_STREAM')]],
  ['a socket of a family that does not exist', 'EACCES', 'socket', () => [1000n]],
  ['a pair of streams', null, 'socketpair', (v) => [HIGH | v('AF_UNIX'), v('SOCK_STREAM') | v('SOCK_CLOEXEC')]],
  ['one of packets', null, 'socketpair', (v) => [v('AF_UNIX'), v('SOCK_SEQPACKET')]],
  ['one of datagrams', 'EAFNOSUPPORT', 'socketpair', (v) => [v('AF_UNIX'), HIGH | v('SOCK_DGRAM') | v('SOCK_CLOEXEC')]],
  ['one of raw sockets', 'EAFNOSUPPORT', 'socketpair', (v) => [v('AF_UNIX'), v('SOCK_RAW')]],
  ['one of another family', 'EACCES', 'socketpair', (v) => [v('AF_TIPC'), v('SOCK_SEQPACKET')]],
  ...['connect', 'bind', 'listen'].map((name) => [`a given socket`, 'EACCES', name, () => [3n]] as const),
  ['an address', 'EACCES', 'sendto', () => [3n, 0n, 0n, 0n, 1n]],
  ['no address', null, 'sendto', () => [3n, 1n, 1n, 0x4000n, 0n, 16n]],
  ['fast open', 'EACCES', 'sendto', (v) => [3n, 1n, 1n, HIGH | v('MSG_FASTOPEN') | 0x4000n]],
  ['fast open', 'EACCES', 'sendmsg', (v) => [3n, 1n, v('MSG_FASTOPEN')]],
  ['fast open', 'EACCES', 'sendmmsg', (v) => [3n, 1n, 1n, v('MSG_FASTOPEN')]],
  ['other flags', null, 'sendmsg', () => [3n, 1n, 0x4000n]],
  ['other flags', null, 'sendmmsg', () => [3n, 1n, 1n, 0x4000n]],
  ...['accept', 'accept4', 'recvmsg', 'shutdown', 'getsockopt'].map((name) => ['it', null, name, () => [3n]] as const),
  ...[1n, 8n].map((call) => ['by socketcall', 'EAFNOSUPPORT', 'socketcall', () => [HIGH | call]] as const),
  ...[2n, 3n, 4n, 11n, 16n, 20n].map((call) => ['by socketcall', 'EACCES', 'socketcall', () => [call]] as const),
  ...[5n, 9n, 10n, 12n, 13n, 17n].map((call) => ['by socketcall', null, 'socketcall', () => [call]] as const),
  ['io_uring', 'ENOSYS', 'io_uring_setup', () => [8n]],
  ['io_uring', 'ENOSYS', 'io_uring_enter', () => [3n]],
  // Requests about interfaces and routes: SIOCADDRT is the first one of linux/sockios.h, SIOCSIWCOMMIT of wireless.h.
  ...[0x890bn, HIGH | 0x890bn, 0x89ffn, 0x8b00n, 0x8bffn].map(
    (request) => [`request ${request}`, 'EACCES', 'ioctl', () => [3n, request]] as const,
  ),
  ...[0x890an, 0x8a00n, 0x8affn, 0x8c00n].map(
    (request) => [`request ${request}`, null, 'ioctl', () => [3n, request]] as const,
  ),
];

describe.each([...ABIS.keys()])("with network: 'none', on %s", (abi) => {
  const calls = CALLS_WITHOUT_NETWORK.filter(([, , syscall]) => syscallNumber(abi, syscall) !== undefined);
  const denials = { ...NO_DENIALS, network: true };
  test.each(calls)('%s: %s by %s', (_, errno, syscall, argumentsFor) => {
    const args = argumentsFor((name) => valueOn(abi, name));
    const expected: Action = errno === null ? { kind: 'allow' } : { kind: 'errno', errno: Number(valueOn(abi, errno)) };
    expect(decide(denialsPolicy([abi], denials), abi, syscall, ...args)).toEqual(expected);
    expect(decide(denialsPolicy([abi], NO_DENIALS), abi, syscall, ...args)).toEqual({ kind: 'allow' });
    const denial = denialOf(abi, syscall, args, { ...denials, unixSockets: true });
    expect(denial?.action ?? { kind: 'allow' }).toEqual(expected);
    if (denial !== undefined) {
      expect(denial.by).toBe('network');
      expect(denial.why).toMatch(new RegExp(`^network: 'none' denies .*\\b${syscall}\\b.*: \\w+`));
    }
  });
});

test.each(['TIOCSTI', 'TIOCLINUX'])('%s is denied with paths, also without isolation', (name) => {
  const none = denialsFor(false, { unixSockets: false, truncation: false, deviceIoctls: false });
  for (const abi of ABIS.keys()) {
    const request = constantOn(abi, name);
    if (request === undefined) continue;
    const args = [0n, HIGH | BigInt(request)];
    expect([abi, decide(denialsPolicy([abi], none), abi, 'ioctl', ...args)]).toEqual([abi, EPERM]);
    expect(denialOf(abi, 'ioctl', args, none)).toMatchObject({ by: 'paths', action: EPERM });
    expect(denialOf(abi, 'ioctl', args, { ...none, isolated: true })).toMatchObject({ by: 'isolation' });
  }
});

test('a child whose tree is a process group is denied to leave it, on every ABI', () => {
  const grouped = denialsFor(false, undefined, true);
  for (const abi of ABIS.keys()) {
    const policy = denialsPolicy([abi], grouped);
    for (const name of ['setsid', 'setpgid']) expect([abi, decide(policy, abi, name)]).toEqual([abi, EPERM]);
    expect(decide(policy, abi, 'getpgid')).toEqual({ kind: 'allow' });
    expect(denialOf(abi, 'setsid', [], grouped)).toMatchObject({ by: 'descendants', action: EPERM });
  }
});

test('a child without paths is denied nothing of what paths denies', () => {
  expect(denialsFor(true)).toEqual({ ...NO_DENIALS, isolated: true });
  expect(denialsFor(false, GAPS)).toEqual({ ...NO_DENIALS, ...GAPS, paths: true });
});

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
      const both = intersect(open, denialsPolicy(names, ALL));
      expect(compare(withDenials(open, others, ALL), both).relation).toBe('equal');
    }),
    { numRuns: 20 },
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

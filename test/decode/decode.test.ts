/** One table determines how the arguments of a call are written, captured and distinguished. */
import { expect, test } from 'vitest';
import { familiesInTable, functionsInTable } from '../../lib/decode/argument-meanings.js';
import { capturesOf, distinguishing } from '../../lib/decode/captures.js';
import { namesOfFamilies } from '../../lib/decode/constant-names.js';
import { decode } from '../../lib/decode/decode.js';
import type { ObservedCall } from '../../lib/decode/observed-call.js';
import { ABIS, type AbiName } from '../../lib/syscalls/abi.js';
import { entryPoint, syscallsOf } from '../../lib/syscalls/table.js';

function written(
  syscall: string,
  args: readonly (bigint | number)[],
  captured: ObservedCall['captured'] = [],
  abi: AbiName = 'x86_64',
): string {
  return decode({ abi, syscall, args: args.map(BigInt), captured }).join(', ');
}

const text = (value: string) => Buffer.from(`${value}\0`);

test.each<readonly [string, Parameters<typeof written>, string]>([
  [
    'a path and flags',
    ['openat', [0xffffff9c, 1, 0x80000, 0o777], [undefined, text('/etc/pa"th')]],
    'AT_FDCWD, "/etc/pa\\"th", O_RDONLY|O_CLOEXEC',
  ],
  [
    'a sign-extended AT_FDCWD',
    ['unlinkat', [0xffff_ffff_ffff_ff9cn, 1, 0x200], [undefined, text('x')]],
    'AT_FDCWD, "x", AT_REMOVEDIR',
  ],
  [
    'a mode where a file is created',
    ['open', [1, 0o1101, 0o644], [text('new')]],
    '"new", O_WRONLY|O_CREAT|O_TRUNC, 0644',
  ],
  [
    'O_TMPFILE rather than O_DIRECTORY, which it contains',
    ['open', [1, 0x410002, 0o600], [text('/tmp')]],
    '"/tmp", O_RDWR|O_TMPFILE, 0600',
  ],
  ['a string that was not captured', ['chdir', [0x7fff0000]], '0x7fff0000'],
  ['AT_FDCWD as -100 where it is no directory', ['close', [0xffff_ff9c]], '-100'],
  ['a descriptor of a directory', ['mkdirat', [5, 1, 0o700], [undefined, text('x')]], '5, "x", 0700'],
  ['AT_FDCWD on x86', ['mkdirat', [0xffff_ff9cn, 1, 0o700], [undefined, text('x')], 'x86'], 'AT_FDCWD, "x", 0700'],
  [
    'no mode where only a directory is opened',
    ['open', [1, 0o200000, 0o600], [text('/tmp')]],
    '"/tmp", O_RDONLY|O_DIRECTORY',
  ],
  ['no mode where a queue is opened', ['mq_open', [1, 2, 0o600, 0], [text('/q')]], '"/q", O_RDWR, NULL'],
  [
    'a string without its end that was not cut at the limit',
    ['chdir', [1], [Buffer.alloc(255, 'a')]],
    `"${'a'.repeat(255)}"`,
  ],
  ['a string that ends at the limit', ['chdir', [1], [text('a'.repeat(255))]], `"${'a'.repeat(255)}"`],
  ['an empty string', ['chdir', [1], [text('')]], '""'],
  ['a path that was cut short', ['chdir', [1], [Buffer.alloc(256, 'a')]], `"${'a'.repeat(256)}"…`],
  ['a buffer, which is not a string', ['write', [1, 4096, 5]], '1, 0x1000, 5'],
  ['a socket', ['socket', [10, 0x80801, 6]], 'AF_INET6, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, IPPROTO_TCP'],
  ['a netlink socket with its own protocols', ['socket', [16, 3, 9]], 'AF_NETLINK, SOCK_RAW, NETLINK_AUDIT'],
  ['a socket on mips', ['socket', [2, 2, 0], [], 'mipsel64'], 'AF_INET, SOCK_STREAM, IPPROTO_IP'],
  ['an option of a socket', ['setsockopt', [3, 6, 1, 0, 4]], '3, IPPROTO_TCP, TCP_NODELAY, NULL, 4'],
  [
    'SOL_SOCKET rather than IPPROTO_ICMP, which has the same value',
    ['getsockopt', [3, 1, 4, 0, 0]],
    '3, SOL_SOCKET, SO_ERROR, NULL, NULL',
  ],
  [
    'the protection and flags of a mapping',
    ['mmap', [0, 8192, 3, 0x22, 0xffffffffn, 0]],
    '0, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0',
  ],
  ['no access at all', ['mprotect', [4096, 4096, 0]], '4096, 4096, PROT_NONE'],
  [
    'clone for a thread',
    ['clone', [0x3d0f00, 0x1000000, 0, 0, 0]],
    'CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM|CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID, 0x1000000, NULL, NULL, 0',
  ],
  [
    'clone for a process',
    ['clone', [0x1200011, 0, 0, 0, 0]],
    'SIGCHLD|CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID, 0, NULL, NULL, 0',
  ],
  [
    'clone on s390x, where the flags are the second argument',
    ['clone', [0, 0x4111, 0, 0, 0], [], 's390x'],
    '0, SIGCHLD|CLONE_VM|CLONE_VFORK, NULL, NULL, 0',
  ],
  [
    'a namespace whose flag is among the signal bits of clone',
    ['unshare', [0x10000080]],
    'CLONE_NEWTIME|CLONE_NEWUSER',
  ],
  ['a signal', ['kill', [0xffffffffn, 9]], '-1, SIGKILL'],
  ['an ioctl', ['ioctl', [0, 0x5413, 4096]], '0, TIOCGWINSZ, 4096'],
  ['an ioctl without a name', ['ioctl', [0, 0xc0ffee00n, 0]], '0, 0xc0ffee00, 0'],
  ['prctl', ['prctl', [38, 1, 0, 0, 0]], 'PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0'],
  ['fcntl and the flags that it sets', ['fcntl', [3, 4, 0x800]], '3, F_SETFL, O_RDONLY|O_NONBLOCK'],
  [
    'a futex',
    ['futex', [4096, 0x189, 1, 0, 0, 0xffffffffn]],
    '0x1000, FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 4294967295',
  ],
  ['an owner that stays the same', ['chown', [1, 0xffffffffn, 0], [text('f')]], '"f", -1, 0'],
  ['a mode in octal', ['fchmod', [3, 0xffff_0000_01edn]], '3, 0755'],
  [
    'a call by int 0x80 in a 64-bit process',
    ['socket', [0xdead_0000_0002n, 1, 0], [], 'x86'],
    'AF_INET, SOCK_STREAM, IPPROTO_IP',
  ],
  ['an option of IP', ['getsockopt', [3, 0, 1, 0, 0]], '3, IPPROTO_IP, IP_TOS, NULL, NULL'],
  ['an option of IPv6', ['getsockopt', [3, 41, 26, 0, 0]], '3, IPPROTO_IPV6, IPV6_V6ONLY, NULL, NULL'],
  ['an option of a level without names', ['getsockopt', [3, 255, 1, 0, 0]], '3, IPPROTO_RAW, 1, NULL, NULL'],
  ['a protocol of a family without names', ['socket', [1, 1, 6]], 'AF_UNIX, SOCK_STREAM, 6'],
  ['the flag that fcntl sets of a descriptor', ['fcntl', [3, 2, 1]], '3, F_SETFD, FD_CLOEXEC'],
  ['fcntl and an argument without names', ['fcntl', [3, 0, 10]], '3, F_DUPFD, 10'],
  ['a mode where openat creates a file', ['openat', [3, 1, 0x41, 0o640]], '3, 0x1, O_WRONLY|O_CREAT, 0640'],
  ['no mode where only the address has such a bit', ['openat', [3, 0x40, 1, 0o640]], '3, 0x40, O_WRONLY'],
  [
    'a mode where a queue is created',
    ['mq_open', [1, 0x42, 0o600, 0], [text('/q')]],
    '"/q", O_RDWR|O_CREAT, 0600, NULL',
  ],
  ['flags without a name as a number', ['unshare', [0x2000_0001]], 'CLONE_NEWPID|1'],
  ['a size in decimal', ['read', [3, 4096, 100_000]], '3, 0x1000, 100000'],
  ['a negative offset', ['lseek', [3, 0xffff_ffff_ffff_fff0n, 2]], '3, -16, SEEK_END'],
  ['an offset in decimal', ['lseek', [3, 100_000, 0]], '3, 100000, SEEK_SET'],
  ['numbers that may be counts in decimal', ['no_such_call', [65_535, 65_536]], '65535, 0x10000, 0, 0, 0, 0'],
  ['an unknown syscall of 32 bits', ['no_such_call', [1n << 32n], [], 'arm'], '0, 0, 0, 0, 0, 0'],
  [
    'an unknown syscall',
    ['no_such_call', [1, 2, 3, 4, 5, 0xffff_ffff_ffff_ffffn]],
    '1, 2, 3, 4, 5, 0xffffffffffffffff',
  ],
])('writes %s', (_, call, expected) => {
  expect(written(...call)).toBe(expected);
});

test('writes a socket address', () => {
  const bytes = Buffer.from('020000507f0000010000000000000000', 'hex');
  expect(written('connect', [3, 4096, bytes.length], [undefined, bytes])).toBe('3, {AF_INET 127.0.0.1:80}, 16');
});

test('writes the structs that calls point to', () => {
  const longs = (...values: number[]) => Buffer.from(BigUint64Array.from(values.map(BigInt)).buffer);
  expect(written('clone3', [1, 88], [longs(0x4100, 0, 0, 0, 17)])).toBe(
    '{CLONE_VM|CLONE_VFORK, exit_signal SIGCHLD}, 88',
  );
  expect(written('openat2', [3, 1, 1, 24], [undefined, text('d'), longs(0o101, 0o644, 8)])).toBe(
    '3, "d", {O_WRONLY|O_CREAT, 0644, resolve 8}, 24',
  );
  const socketcall = Buffer.from(Uint32Array.of(2, 1, 0).buffer);
  expect(written('socketcall', [1, 4096], [undefined, socketcall], 'x86')).toBe('SYS_SOCKET, {2, 1, 0}');
  const bigEndian = Buffer.from('000000020000000100000000', 'hex');
  expect(written('socketcall', [1, 4096], [undefined, bigEndian], 's390')).toBe('SYS_SOCKET, {2, 1, 0}');
});

test('writes structs that were cut short as far as they go', () => {
  const words = Buffer.from('0001000000000000ff', 'hex');
  expect(written('clone3', [1, 9], [words])).toBe('{CLONE_VM, exit_signal 0}, 9');
  expect(written('openat2', [3, 1, 1, 9], [undefined, text('d'), words])).toBe(
    '3, "d", {O_RDONLY|O_NOCTTY, 00, resolve 0}, 9',
  );
  expect(written('socketcall', [1, 4096], [undefined, words], 'x86')).toBe('SYS_SOCKET, {256, 0}');
});

test('captures strings, addresses and structs, but no buffers', () => {
  expect(capturesOf('x86_64', 'openat')).toEqual([{ argument: 1, kind: 'string', length: 256 }]);
  expect(capturesOf('x86_64', 'connect')).toEqual([{ argument: 1, kind: 'bytes', length: { argument: 2 } }]);
  expect(capturesOf('x86', 'socketcall')).toEqual([{ argument: 1, kind: 'bytes', length: 24 }]);
  expect(capturesOf('x86_64', 'mount').map(({ argument }) => argument)).toEqual([0, 1, 2]);
  expect(capturesOf('x86_64', 'write')).toEqual([]);
  expect(capturesOf('x86_64', 'no_such_call')).toEqual([]);
});

test('distinguishes kinds of calls by the arguments that select what the kernel does', () => {
  expect(distinguishing('x86_64', 'socket')).toEqual([0, 1, 2]);
  expect(distinguishing('x86_64', 'ioctl')).toEqual([1]);
  expect(distinguishing('x86_64', 'clone')).toEqual([0]);
  expect(distinguishing('s390x', 'clone')).toEqual([1]);
  expect(distinguishing('x86', 'mmap')).toEqual([]); // The arguments are in a struct in memory.
  expect(distinguishing('x86', 'mmap2')).toEqual([2]);
  expect(distinguishing('x86_64', 'read')).toEqual([]);
});

test.each([...ABIS.keys()])('has one name for each value of a family on %s', (abi) => {
  const synonyms = namesOfFamilies(abi).flatMap(([family, part, names]) => {
    const values = [...names.values()];
    const repeated = [...names].filter(([, value]) => values.indexOf(value) !== values.lastIndexOf(value));
    return repeated.length === 0 ? [] : [`${family} ${part}: ${repeated.map(([name]) => name)}`];
  });
  expect(synonyms).toEqual([]);
});

test('has constants for every family in the table, and knows every kernel function in it', () => {
  const known = new Set(namesOfFamilies('x86_64').flatMap(([family, , names]) => (names.size > 0 ? [family] : [])));
  expect([...familiesInTable()].filter((family) => !known.has(family))).toEqual([]);
  const functions = new Set(
    [...ABIS.keys()].flatMap((abi) =>
      [...syscallsOf(abi).keys()].map((name) => entryPoint(abi, name)?.replace(/^compat_/, '')),
    ),
  );
  expect(functionsInTable().filter((name) => !functions.has(name))).toEqual([]);
});

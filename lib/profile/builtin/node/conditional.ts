/**
 * The rules of the built-ins for Node that depend on arguments (threads, programs, sockets, terminals), and those
 * with an errno of their own.
 */

import type { AbiName } from '../../../syscalls/abi.js';
import { EACCES, ENOSYS } from '../../../syscalls/errno.js';
import { AF_INET, AF_INET6, AF_NETLINK, AF_UNIX } from '../../../syscalls/socket-families.js';
import { NAMESPACES } from '../common/conditional.js';
import type { Group } from '../definition.js';

/** Source: linux/netlink.h. */
const NETLINK_ROUTE = 0;

/** The bits of a socket's type that are not flags. Source: linux/net.h. */
const SOCK_TYPE_MASK = 0xf;

/** Source: linux/sched.h. */
const CLONE_THREAD = 0x1_0000;

/**
 * A bit that the type of a character or block device has, and that of a FIFO, a regular file or a socket lacks.
 * Source: linux/stat.h.
 */
const S_IFCHR = 0o2_0000;

/** Source: linux/fcntl.h. */
const AT_EMPTY_PATH = 0x1000;

const S390: readonly AbiName[] = ['s390', 's390x'];
const MIPS: readonly AbiName[] = ['mips', 'mips64', 'mips64n32', 'mipsel', 'mipsel64', 'mipsel64n32'];
const PPC: readonly AbiName[] = ['ppc', 'ppc64', 'ppc64le'];
const SH: readonly AbiName[] = ['sh', 'sheb'];

const TIOCSTI = 'All requests but TIOCSTI, which inserts input into the terminal, such as commands for the shell.';

/** Syscalls that fail as on a kernel that lacks them. */
const ALWAYS: readonly Group[] = [
  {
    why: 'Its flags are in memory, which a filter cannot read. With ENOSYS, C libraries fall back to clone, whose flags can be tested.',
    names: 'clone3',
    errno: ENOSYS,
  },
  {
    why: 'Node and other programs try io_uring, and use threads if it does not exist.',
    names: 'io_uring_setup io_uring_enter io_uring_register',
    errno: ENOSYS,
  },
  {
    why: 'They make other calls, whose number or arguments a filter cannot read. C libraries can make those calls directly.',
    names: 'socketcall ipc syscall',
    errno: ENOSYS,
  },
];

/** Limits a group to these CPUs. */
function on(native: readonly AbiName[], group: Group): Group {
  return { ...group, when: { native } };
}

/** Limits a group to all CPUs but these. */
function but(native: readonly AbiName[], group: Group): Group {
  return { ...group, unless: { native } };
}

/** clone's flags are its first argument, and its second on s390. */
function clones(mask: number, bits: number, group: Omit<Group, 'names'>): readonly Group[] {
  return [
    but(S390, { ...group, names: 'clone', args: [{ argument: 0, mask, bits }] }),
    on(S390, { ...group, names: 'clone', args: [{ argument: 1, mask, bits }] }),
  ];
}

/** Threads and processes. */
const PROCESSES = clones(NAMESPACES, 0, {
  why: 'It starts threads and processes, if its flags create no namespace.',
});

/** Threads, but no processes. With EACCES, node:child_process emits `error`; with EPERM it would throw. */
const THREADS: readonly Group[] = [
  ...clones(NAMESPACES | CLONE_THREAD, CLONE_THREAD, { why: 'It starts threads, but no processes.' }),
  ...clones(CLONE_THREAD, 0, {
    why: 'With EACCES, programs report the same error as for a file that is not executable.',
    errno: EACCES,
  }),
  {
    why: 'They fail as for a file that is not executable.',
    names: 'fork vfork execve execveat',
    errno: EACCES,
  },
];

/** The two ends of a stream. The type of a stream is 2 on MIPS. */
const PAIRS = [on(MIPS, pair(2)), but(MIPS, pair(1))];

function pair(stream: number): Group {
  return {
    why: 'Stream pairs connect a process with its children. Datagram pairs are denied, because they can send to any Unix socket.',
    names: 'socketpair',
    args: [
      [
        { argument: 0, equals: AF_UNIX },
        { argument: 1, mask: SOCK_TYPE_MASK, bits: stream },
      ],
    ],
  };
}

const FAMILIES: readonly Group[] = [
  {
    why: 'Unix and internet sockets, and netlink sockets that list network interfaces and addresses.',
    names: 'socket',
    args: [
      ...[AF_UNIX, AF_INET, AF_INET6].map((equals) => ({ argument: 0, equals })),
      [
        { argument: 0, equals: AF_NETLINK },
        { argument: 2, equals: NETLINK_ROUTE },
      ],
    ],
  },
  {
    why: 'Two connected Unix sockets.',
    names: 'socketpair',
    args: [{ argument: 0, equals: AF_UNIX }],
  },
];

/** Checks that come with files. */
const WITH_FILES: readonly Group[] = [
  {
    why: 'It creates FIFOs, sockets and regular files, but no devices.',
    names: 'mknod',
    args: [{ argument: 1, noneOf: S_IFCHR }],
  },
  {
    why: 'The same relative to a directory: FIFOs, sockets and regular files, but no devices.',
    names: 'mknodat',
    args: [{ argument: 2, noneOf: S_IFCHR }],
  },
  but([...MIPS, ...SH], {
    why: 'All requests but TIOCSTI and TIOCLINUX, which insert input into the terminal, such as commands for the shell.',
    names: 'ioctl',
    args: [
      { argument: 1, below: 0x5412 },
      { argument: 1, equals: 0x5413 },
      { argument: 1, mask: 0xffff_fffc, bits: 0x5414 },
      { argument: 1, mask: 0xffff_fffc, bits: 0x5418 },
      { argument: 1, above: 0x541c },
    ],
  }),
  on(MIPS, { why: TIOCSTI, names: 'ioctl', args: [{ argument: 1, differs: 0x5472 }] }),
  on(SH, { why: TIOCSTI, names: 'ioctl', args: [{ argument: 1, differs: 0x4004_5412 }] }),
];

/**
 * Checks for a program that computes. Source of the numbers: asm-generic/ioctls.h and the headers of the CPUs,
 * linux/fcntl.h, linux/prctl.h.
 */
const COMPUTING: readonly Group[] = [
  but([...MIPS, ...PPC], requests(0x5401, 0x5413, 0x541b, 0x5421, 0x5451)),
  on(PPC, requests(0x402c_7413, 0x4008_7468, 0x4004_667f, 0x8004_667e, 0x2000_6601)),
  on(MIPS, requests(0x540d, 0x4008_7468, 0x467f, 0x667e, 0x6601)),
  {
    why: 'Programs duplicate descriptors, set O_NONBLOCK and FD_CLOEXEC, and set the size of pipes.',
    names: 'fcntl fcntl64',
    args: [{ argument: 1, below: 5 }, ...[1030, 1031, 1032].map((equals) => ({ argument: 1, equals }))],
  },
  {
    why: 'Programs name threads and memory, and restrict themselves: PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, PR_GET_SECCOMP, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS.',
    names: 'prctl',
    args: [15, 16, 0x5356_4d41, 21, 22, 38, 39].map((equals) => ({ argument: 0, equals })),
  },
  {
    why: 'A process queries and lowers its own limits.',
    names: 'prlimit64',
    args: [{ argument: 0, equals: 0 }],
  },
  {
    why: 'Older C libraries use it to query the metadata of a descriptor.',
    names: 'newfstatat fstatat64',
    args: [{ argument: 3, mask: AT_EMPTY_PATH, bits: AT_EMPTY_PATH }],
  },
  {
    why: 'On architectures without fstat, C libraries use it to query the metadata of a descriptor.',
    names: 'statx',
    args: [{ argument: 2, mask: AT_EMPTY_PATH, bits: AT_EMPTY_PATH }],
  },
];

/** TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO and FIOCLEX, by their numbers on a CPU. */
function requests(...numbers: readonly number[]): Group {
  return {
    why: 'Programs query whether a stream is a terminal, its size and the amount of readable data, and set O_NONBLOCK and FD_CLOEXEC.',
    names: 'ioctl',
    args: numbers.map((equals) => ({ argument: 1, equals })),
  };
}

/** For each built-in, the rules that depend on arguments or have an errno of their own. */
export const NODE_CONDITIONAL = {
  node: [...ALWAYS, ...PROCESSES, ...FAMILIES, ...WITH_FILES],
  noNetwork: [...ALWAYS, ...PROCESSES, ...PAIRS, ...WITH_FILES],
  noExec: [...ALWAYS, ...THREADS, ...FAMILIES, ...WITH_FILES],
  compute: [...ALWAYS, ...THREADS, ...COMPUTING],
} as const satisfies Readonly<Record<string, readonly Group[]>>;

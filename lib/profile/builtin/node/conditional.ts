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

const TIOCSTI = 'All but TIOCSTI, by which a program types into its terminal: commands for the shell after it.';

/** Syscalls that fail as on a kernel that lacks them. */
const ALWAYS: readonly Group[] = [
  {
    why: 'Flags behind a pointer can not be tested, and those of clone can; ENOSYS makes C libraries fall back to clone.',
    names: 'clone3',
    errno: ENOSYS,
  },
  {
    why: 'Node and others try it, and go on with threads where there is none.',
    names: 'io_uring_setup io_uring_enter io_uring_register',
    errno: ENOSYS,
  },
  {
    why: 'They make other calls, with arguments behind a pointer or a number of its own; C libraries have those calls too.',
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
  why: 'Threads and processes start by it, as long as no namespace is asked for.',
});

/** Threads, but no processes. With EACCES, node:child_process emits `error`; with EPERM it would throw. */
const THREADS: readonly Group[] = [
  ...clones(NAMESPACES | CLONE_THREAD, CLONE_THREAD, { why: 'Threads start by it, and no processes.' }),
  ...clones(CLONE_THREAD, 0, {
    why: 'Programs that can not start another report what they do for one that may not be executed.',
    errno: EACCES,
  }),
  {
    why: 'It fails as for a program that may not be executed.',
    names: 'fork vfork execve execveat',
    errno: EACCES,
  },
];

/** The two ends of a stream. The type of a stream is 2 on MIPS. */
const PAIRS = [on(MIPS, pair(2)), but(MIPS, pair(1))];

function pair(stream: number): Group {
  return {
    why: 'Child processes are reached by the two ends of a stream; ends for datagrams could send to any socket of this machine.',
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
    why: 'Sockets of this machine and of the internet, and the question which interfaces and addresses there are.',
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
    why: 'Two connected sockets of this machine.',
    names: 'socketpair',
    args: [{ argument: 0, equals: AF_UNIX }],
  },
];

/** Checks that come with files. */
const WITH_FILES: readonly Group[] = [
  {
    why: 'FIFOs, sockets and plain files are made, and no devices.',
    names: 'mknod',
    args: [{ argument: 1, noneOf: S_IFCHR }],
  },
  {
    why: 'FIFOs, sockets and plain files are made, and no devices, in any directory.',
    names: 'mknodat',
    args: [{ argument: 2, noneOf: S_IFCHR }],
  },
  but([...MIPS, ...SH], {
    why: 'All but TIOCSTI and TIOCLINUX, by which a program types into its terminal: commands for the shell after it.',
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
    why: 'Descriptors are copied, set not to block and not to be inherited, and pipes get their size.',
    names: 'fcntl fcntl64',
    args: [{ argument: 1, below: 5 }, ...[1030, 1031, 1032].map((equals) => ({ argument: 1, equals }))],
  },
  {
    why: 'Threads and memory get names, and a process takes rights from itself; PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, PR_GET_SECCOMP, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS.',
    names: 'prctl',
    args: [15, 16, 0x5356_4d41, 21, 22, 38, 39].map((equals) => ({ argument: 0, equals })),
  },
  {
    why: 'A process asks for and lowers its own limits.',
    names: 'prlimit64',
    args: [{ argument: 0, equals: 0 }],
  },
  {
    why: 'Older C libraries ask by it what a descriptor is.',
    names: 'newfstatat fstatat64',
    args: [{ argument: 3, mask: AT_EMPTY_PATH, bits: AT_EMPTY_PATH }],
  },
  {
    why: 'Where there is no fstat, C libraries ask by it what a descriptor is.',
    names: 'statx',
    args: [{ argument: 2, mask: AT_EMPTY_PATH, bits: AT_EMPTY_PATH }],
  },
];

/** TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO and FIOCLEX, by their numbers on a CPU. */
function requests(...numbers: readonly number[]): Group {
  return {
    why: 'Streams are asked whether they are a terminal, its size, and how much can be read; they are set not to block and not to be inherited.',
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

/**
 * The calls that are denied to a child whatever its profile allows: those that affect other processes without a signal,
 * and those that affect files in a way that the kernel's Landlock does not check.
 */
import type { AbiName } from '../syscalls/abi.js';
import { constants } from '../syscalls/constants.js';
import { EACCES, EPERM, errnoOn } from '../syscalls/errno.js';
import { multiplexersOf } from '../syscalls/multiplexers.js';
import { argumentWidth } from '../syscalls/table.js';
import type { Condition } from './policy.js';

/** Which of the calls are denied to a child. */
export interface Denials extends LandlockGaps {
  /** Whether to deny what isolation denies: setting limits of other processes, and putting input into a terminal. */
  readonly isolated: boolean;
  /**
   * Whether to deny what supervision denies: taking descriptors of other processes, such as the supervisor's listener.
   */
  readonly supervised: boolean;
  /**
   * Whether to deny leaving the process group: to a child whose tree is one. Only these calls leave it; a group is also
   * what clone(2) and execve(2) keep, for children of a parent's parent and in other namespaces as well.
   */
  readonly grouped: boolean;
  /**
   * Whether to deny what Landlock checks on no kernel so far: opening files by handles, and changing the attributes of
   * mounts.
   */
  readonly paths: boolean;
}

/** What the Landlock of a kernel does not check, so that the filter of a child with `paths` denies it. */
export interface LandlockGaps {
  /** Connecting Unix sockets to paths: it is checked with LANDLOCK_ACCESS_FS_RESOLVE_UNIX, since Linux 7.1. */
  readonly unixSockets: boolean;
  /** Truncating files that are not opened for writing: checked with LANDLOCK_ACCESS_FS_TRUNCATE, since Linux 6.2. */
  readonly truncation: boolean;
  /**
   * ioctl(2) on devices that are opened for nothing else, with access mode 3: checked with
   * LANDLOCK_ACCESS_FS_IOCTL_DEV, since Linux 6.10.
   */
  readonly deviceIoctls: boolean;
}

/** No denials. */
export const NO_DENIALS: Denials = Object.freeze({
  isolated: false,
  supervised: false,
  grouped: false,
  unixSockets: false,
  truncation: false,
  deviceIoctls: false,
  paths: false,
});

/**
 * Returns the denials for a child without a supervisor.
 *
 * @param isolated - Whether it is isolated.
 * @param gaps - The gaps of Landlock, if the child is restricted to paths.
 * @param grouped - Whether its tree is a process group.
 */
export function denialsFor(isolated: boolean, gaps?: LandlockGaps, grouped = false): Denials {
  return { ...NO_DENIALS, ...gaps, isolated, grouped, paths: gaps !== undefined };
}

/** What denies a call: isolation, supervision, the restriction to paths, or what ends the child's descendants. */
export type DeniedBy = 'isolation' | 'supervision' | 'paths' | 'descendants';

/** A call that is denied, if its arguments meet all conditions. */
export interface DeniedCall {
  readonly syscall: string;
  /** The call is denied if one of these denials is wanted. */
  readonly to: readonly (keyof Denials)[];
  readonly by: DeniedBy;
  readonly errno: (abi: AbiName) => number;
  readonly conditions: (abi: AbiName) => readonly Condition[];
  readonly why: string;
}

const equals = (index: number, value: number): Condition => ({ index, width: 32, op: 'eq', value: BigInt(value) });

const masked = (index: number, mask: number, value: number): Condition => ({
  index,
  width: 32,
  op: 'masked-eq',
  mask: BigInt(mask),
  value: BigInt(value),
});

/** What the requests of a terminal have on SuperH beside their generic number. */
const ON_SH = 0x4001_0000;

/**
 * Returns the condition for a request of ioctl(2), whose number differs on MIPS and SuperH. The kernel reads 32 bits of
 * it. Source of TIOCSTI and TIOCLINUX: asm-generic/ioctls.h, and asm/ioctls.h of MIPS and SuperH.
 */
const ioctl = (generic: number, mips: number) => (abi: AbiName) => {
  const isSh = abi === 'sh' || abi === 'sheb';
  return [equals(1, abi.startsWith('mips') ? mips : isSh ? ON_SH + generic : generic)];
};

const OF_ISOLATION: readonly DeniedCall[] = [
  {
    syscall: 'prlimit64',
    conditions: (abi: AbiName): readonly Condition[] => [
      { index: 0, width: 32, op: 'ne', value: 0n },
      { index: 2, width: argumentWidth(abi, 'prlimit64', 2), op: 'ne', value: 0n },
    ],
    why: "isolate denies prlimit64 with new limits and a process ID: to set the caller's own limits, pass 0 as pid",
  },
  {
    syscall: 'ioctl',
    conditions: ioctl(0x5412, 0x5472),
    why: 'isolate denies ioctl TIOCSTI, which inserts input into a terminal that other processes read',
  },
  {
    syscall: 'ioctl',
    conditions: ioctl(0x541c, 0x5483),
    why: 'isolate denies ioctl TIOCLINUX, which pastes input into a console that other processes read',
  },
].map((call) => ({ ...call, to: ['isolated'], by: 'isolation', errno: () => EPERM }));

const OF_SUPERVISION: DeniedCall = {
  syscall: 'pidfd_getfd',
  to: ['supervised'],
  by: 'supervision',
  errno: () => EPERM,
  conditions: () => [],
  why: 'supervision denies pidfd_getfd, by which a child could take the listener of its own filter',
};

const OF_GROUPS: readonly DeniedCall[] = ['setsid', 'setpgid'].map((syscall) => ({
  syscall,
  to: ['grouped'],
  by: 'descendants',
  errno: () => EPERM,
  conditions: () => [],
  why: `descendants: 'kill' denies ${syscall}, by which a process leaves its process group, and so its tree: before Linux 6.12, only the group tells which processes to end`,
}));

type PathDenial = Pick<DeniedCall, 'syscall' | 'to' | 'why'> & Partial<DeniedCall>;

/** A call that `paths` denies: by default with EACCES, the errno of Landlock's denials. */
const ofPaths = (call: PathDenial): DeniedCall => ({ by: 'paths', errno: () => EACCES, conditions: () => [], ...call });

/** Programs take it to mean that the kernel lacks the call, and make another one. */
const notThere = (abi: AbiName) => errnoOn(abi, 'ENOSYS');

/**
 * Programs take it to mean that there are no Unix sockets, and do without. With EACCES or EPERM, getgrouplist(3) of musl
 * fails, and getpwnam_r(3) for users that do not exist: they try to connect to nscd.
 */
const noUnixSockets = (abi: AbiName) => errnoOn(abi, 'EAFNOSUPPORT');

/** The bits of a socket's type without flags. Source: SOCK_TYPE_MASK of linux/net.h. */
const SOCKET_TYPE = 0xf;

/** SOCK_DGRAM and SOCK_RAW. Source: asm-generic/socket.h, asm/socket.h of MIPS, and linux/net.h. */
const DATAGRAM_TYPES: readonly (readonly [name: string, type: (abi: AbiName) => number])[] = [
  ['SOCK_DGRAM', (abi) => (abi.startsWith('mips') ? 1 : 2)],
  ['SOCK_RAW', () => 3],
];

/**
 * A datagram socket of a pair can be connected again, and send to any path. A stream socket and one of sequential
 * packets can't. The kernel takes SOCK_RAW as SOCK_DGRAM. Source: unix(7), and net/unix/af_unix.c.
 */
const datagramPairs = DATAGRAM_TYPES.map(([name, type]) =>
  ofPaths({
    syscall: 'socketpair',
    to: ['unixSockets'],
    errno: noUnixSockets,
    conditions: (abi) => [equals(0, constants.AF_UNIX), masked(1, SOCKET_TYPE, type(abi))],
    why: `paths denies socketpair of AF_UNIX with ${name}, whose sockets can send to any path: use SOCK_STREAM or SOCK_SEQPACKET`,
  }),
);

/** The arguments of socketcall(2) are in memory, where a filter can't read them, so that all families are denied. */
const multiplexed = ['socket', 'socketpair'].map((call) =>
  ofPaths({
    syscall: 'socketcall',
    to: ['unixSockets'],
    errno: noUnixSockets,
    conditions: (abi) => {
      const { calls } = multiplexersOf(abi).find(({ name }) => name === 'socketcall') ?? {};
      return [equals(0, Number(calls?.get(call) ?? 0))];
    },
    why: `paths denies ${call} by socketcall, whose arguments a filter can't read: make the syscall ${call} itself`,
  }),
);

/** The access mode with which open(2) checks for permission to read and write, and allows ioctl(2) only. */
const MODE_3 = 3;

/** The calls that open a file by path with flags in a register, and which argument that is. */
const OPENING: readonly (readonly [syscall: string, flags: number])[] = [
  ['open', 1],
  ['openat', 2],
];

/**
 * To Landlock, opening a file is reading or writing it according to the access mode. O_TRUNC is neither, and with mode 3
 * it sees no access at all. A descriptor for writing needs the right to write, so that ftruncate is not denied.
 */
const opening = OPENING.flatMap(([syscall, flags]) => [
  ...[constants.O_RDONLY, MODE_3].map((mode) =>
    ofPaths({
      syscall,
      to: ['truncation'],
      conditions: () => [masked(flags, MODE_3 | constants.O_TRUNC, mode | constants.O_TRUNC)],
      why: `paths denies ${syscall} with O_TRUNC and no write access, which Landlock checks only since Linux 6.2: add O_WRONLY or O_RDWR`,
    }),
  ),
  ofPaths({
    syscall,
    to: ['deviceIoctls'],
    conditions: () => [masked(flags, MODE_3, MODE_3)],
    why: `paths denies ${syscall} with access mode 3, for ioctl on devices, which Landlock checks only since Linux 6.10: use O_RDONLY, O_WRONLY or O_RDWR`,
  }),
]);

/**
 * Calls of root that Landlock does not check. It denies mount(2) and the like with EPERM. By a handle, a file is read
 * that is outside of a granted directory, if something is mounted on the directory.
 */
const OF_ROOT: readonly (readonly [syscall: string, why: string])[] = [
  ['open_by_handle_at', 'opens files outside of the granted directories: open files by their paths'],
  ['mount_setattr', 'changes mounts of other processes: leave them as they are'],
  ['open_tree_attr', 'changes mounts of other processes: use open_tree'],
  ['fsopen', 'makes file systems such as overlayfs, which copies files to any directory: use the mounted ones'],
];

/** By these, a child types commands into a shell that is not restricted, without a right to the terminal's device. */
const TYPING: readonly (readonly [name: string, conditions: DeniedCall['conditions']])[] = [
  ['TIOCSTI', ioctl(0x5412, 0x5472)],
  ['TIOCLINUX', ioctl(0x541c, 0x5483)],
];

const OF_PATHS: readonly DeniedCall[] = [
  ...TYPING.map(([name, conditions]) =>
    ofPaths({
      syscall: 'ioctl',
      to: ['paths'],
      errno: () => EPERM,
      conditions,
      why: `paths denies ioctl ${name}, which types commands into a terminal's shell: write to the terminal instead`,
    }),
  ),
  ...OF_ROOT.map(([syscall, why]) =>
    ofPaths({ syscall, to: ['paths'], errno: () => EPERM, why: `paths denies ${syscall}, which ${why}` }),
  ),
  ofPaths({
    syscall: 'socket',
    to: ['unixSockets'],
    errno: noUnixSockets,
    conditions: () => [equals(0, constants.AF_UNIX)],
    why: 'paths denies socket of AF_UNIX, as Landlock checks the paths of Unix sockets only since Linux 7.1: use socketpair or TCP. C libraries try nscd so when they look up users, groups and hosts, and do without it',
  }),
  ...datagramPairs,
  ...multiplexed,
  ...['truncate', 'truncate64'].map((syscall) =>
    ofPaths({
      syscall,
      to: ['truncation'],
      why: `paths denies ${syscall}, which Landlock checks only since Linux 6.2: open the file for writing and use ftruncate`,
    }),
  ),
  ...opening,
  ofPaths({
    syscall: 'openat2',
    to: ['truncation', 'deviceIoctls'],
    errno: notThere,
    why: "paths denies openat2, whose flags a filter can't read, and Landlock checks in full only since Linux 6.10: use openat",
  }),
  ofPaths({
    syscall: 'io_uring_setup',
    to: ['unixSockets', 'truncation', 'deviceIoctls'],
    errno: notThere,
    why: 'paths denies io_uring_setup, since no filter sees the requests of io_uring: make syscalls instead',
  }),
];

/** All of these calls. Of several for one syscall, the first whose conditions hold is the reason. */
export const DENIED: readonly DeniedCall[] = [...OF_ISOLATION, OF_SUPERVISION, ...OF_GROUPS, ...OF_PATHS];

/**
 * The calls that are denied to a child whatever its profile allows: those that affect other processes without a signal,
 * those that affect files in a way that the kernel's Landlock does not check, and those that make and connect sockets.
 */
import type { AbiName } from '../syscalls/abi.js';
import { constants } from '../syscalls/constants.js';
import { EACCES, EPERM } from '../syscalls/errno.js';
import { argumentWidth } from '../syscalls/table.js';
import { type DeniedCall, deniedRings, equals, masked, notThere, type OneDeniedCall } from './denials.js';
import { DIVERTING } from './denied-options.js';
import { OF_NETWORK, UNIX_SOCKETS_OF_PATHS } from './denied-sockets.js';

/** The requests of ioctl(2) for a terminal, by architecture. Source: asm/ioctls.h. A test compares them with constants.ts. */
const TERMINAL_REQUESTS = {
  TIOCSTI: { others: 0x5412, mips: 0x5472, sh: 0x4001_5412 },
  TIOCLINUX: { others: 0x541c, mips: 0x5483, sh: 0x4001_541c },
  TIOCSPGRP: { others: 0x5410, mips: 0x8004_7476, ppc: 0x8004_7476, parisc: 0x8004_541d, sh: 0x4004_7476 },
} as const;

/** The condition for a request of ioctl(2), of which the kernel reads 32 bits. */
const ioctl = (name: keyof typeof TERMINAL_REQUESTS) => (abi: AbiName) => {
  const { others, ...exceptions } = TERMINAL_REQUESTS[name];
  const [, value = others] = Object.entries(exceptions).find(([architecture]) => abi.startsWith(architecture)) ?? [];
  return [equals(1, value)];
};

/** clone's flags are its first argument, and its second on s390. */
const withCloneFlags = (flags: number) => (abi: AbiName) => [masked(abi.startsWith('s390') ? 1 : 0, flags, flags)];

const OF_ISOLATION: readonly OneDeniedCall[] = [
  {
    syscall: 'prlimit64',
    conditions: (abi) => [
      { index: 0, width: 32, op: 'ne', value: 0n },
      { index: 2, width: argumentWidth(abi, 'prlimit64', 2), op: 'ne', value: 0n },
    ],
    why: "isolate denies prlimit64 with new limits and a process ID: to set the caller's own limits, pass 0 as pid",
  },
  {
    syscall: 'ioctl',
    conditions: ioctl('TIOCSTI'),
    why: 'isolate denies ioctl TIOCSTI, which inserts input into a terminal that other processes read',
  },
  {
    syscall: 'ioctl',
    conditions: ioctl('TIOCLINUX'),
    why: 'isolate denies ioctl TIOCLINUX, which pastes input into a console that other processes read',
  },
  {
    syscall: 'ioctl',
    to: ['withoutTerminal'],
    conditions: ioctl('TIOCSPGRP'),
    why: 'isolate denies ioctl TIOCSPGRP, by which a program that was given no terminal takes that of its parent: pass one in stdio',
  },
  {
    syscall: 'clone',
    conditions: withCloneFlags(constants.CLONE_PARENT),
    why: 'isolate denies clone with CLONE_PARENT, which makes children of the parent that it does not know: leave it out',
  },
  // A keyring of the session is shared with the parent, and a key is found by its number alone.
  ...['keyctl', 'add_key', 'request_key'].map((syscall) => ({
    syscall,
    why: `isolate denies ${syscall}, by which a program reads and replaces the session keyring of its parent`,
  })),
];

const OF_SUPERVISION: OneDeniedCall = {
  syscall: 'pidfd_getfd',
  why: 'supervision denies pidfd_getfd, by which a child could take the listener of its own filter',
};

const OF_GROUPS: readonly OneDeniedCall[] = ['setsid', 'setpgid'].map((syscall) => ({
  syscall,
  why: `descendants: 'kill' denies ${syscall}, by which a process leaves its process group, and so its tree: before Linux 6.12, only the group tells which processes to end`,
}));

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
const opening = OPENING.flatMap(([syscall, flags]): readonly OneDeniedCall[] => [
  ...[constants.O_RDONLY, MODE_3].map(
    (mode): OneDeniedCall => ({
      syscall,
      to: ['truncation'],
      conditions: () => [masked(flags, MODE_3 | constants.O_TRUNC, mode | constants.O_TRUNC)],
      why: `paths denies ${syscall} with O_TRUNC and no write access, which Landlock checks only since Linux 6.2: add O_WRONLY or O_RDWR`,
    }),
  ),
  {
    syscall,
    to: ['deviceIoctls'],
    conditions: () => [masked(flags, MODE_3, MODE_3)],
    why: `paths denies ${syscall} with access mode 3, for ioctl on devices, which Landlock checks only since Linux 6.10: use O_RDONLY, O_WRONLY or O_RDWR`,
  },
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
const TYPING = ['TIOCSTI', 'TIOCLINUX'] as const;

const OF_PATHS: readonly OneDeniedCall[] = [
  ...TYPING.map((name) => ({
    syscall: 'ioctl',
    errno: () => EPERM,
    conditions: ioctl(name),
    why: `paths denies ioctl ${name}, which types commands into a terminal's shell: write to the terminal instead`,
  })),
  ...OF_ROOT.map(([syscall, why]) => ({ syscall, errno: () => EPERM, why: `paths denies ${syscall}, which ${why}` })),
  ...UNIX_SOCKETS_OF_PATHS,
  ...['truncate', 'truncate64'].map(
    (syscall): OneDeniedCall => ({
      syscall,
      to: ['truncation'],
      why: `paths denies ${syscall}, which Landlock checks only since Linux 6.2: open the file for writing and use ftruncate`,
    }),
  ),
  ...opening,
  {
    syscall: 'openat2',
    to: ['truncation', 'deviceIoctls'],
    errno: notThere,
    why: "paths denies openat2, whose flags a filter can't read, and Landlock checks in full only since Linux 6.10: use openat",
  },
  ...deniedRings('paths').map(
    (call): OneDeniedCall => ({ ...call, to: ['unixSockets', 'truncation', 'deviceIoctls'] }),
  ),
];

/** The kinds of denials, with what their calls share unless one says otherwise. EACCES is the errno of Landlock's denials. */
const KINDS: readonly (readonly [shared: Pick<DeniedCall, 'to' | 'by' | 'errno'>, calls: readonly OneDeniedCall[]])[] =
  [
    [{ to: ['isolated'], by: 'isolation', errno: () => EPERM }, OF_ISOLATION],
    [{ to: ['supervised'], by: 'supervision', errno: () => EPERM }, [OF_SUPERVISION]],
    [{ to: ['grouped'], by: 'descendants', errno: () => EPERM }, OF_GROUPS],
    [{ to: ['connections'], by: 'supervision', errno: () => EPERM }, DIVERTING],
    [{ to: ['network'], by: 'network', errno: () => EACCES }, OF_NETWORK],
    [{ to: ['paths'], by: 'paths', errno: () => EACCES }, OF_PATHS],
  ];

/** All of these calls. Of several for one syscall, the first whose conditions hold is the reason. */
export const DENIED: readonly DeniedCall[] = KINDS.flatMap(([shared, calls]) =>
  calls.map((call) => ({ conditions: () => [], ...shared, ...call })),
);

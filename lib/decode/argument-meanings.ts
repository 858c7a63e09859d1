/**
 * The meanings of syscalls' arguments, in one table: how to write an argument, whether to capture the memory that it
 * points to, and whether it distinguishes kinds of calls.
 */
import type { AbiName } from '../syscalls/abi.js';
import { type ArgumentRegister, argumentsOf, entryPoint } from '../syscalls/table.js';
import type { FamilyName } from './constant-families.js';

/** The meaning of an argument, beyond its C type. */
export type Meaning =
  | { readonly kind: 'constants'; readonly family: FamilyName }
  /** Constants of a family that depends on another argument: argument 0 for a protocol, argument 1 for the others. */
  | { readonly kind: 'protocol-of-family' | 'option-of-level' | 'argument-of-command' }
  | { readonly kind: 'string' | 'pointer' }
  /**
   * A pointer to memory with a known layout. `size` is a number of bytes, or the index of the argument that holds it.
   */
  | { readonly kind: StructKind; readonly size: Size };

export type StructKind = 'sockaddr' | 'clone-args' | 'open-how' | 'longs';
type Size = number | { readonly argument: number };

/** The meanings of a syscall's arguments by index, and the indices of those that tell kinds of calls apart. */
export interface Meanings {
  readonly byIndex: ReadonlyMap<number, Meaning>;
  readonly distinguishing: readonly number[];
}

/** An argument in the table. */
interface Entry {
  readonly meaning: Meaning;
  readonly isDistinguishing: boolean;
}
type Row = { readonly [Index in 0 | 1 | 2 | 3 | 4 | 5]?: Entry };

function entry(meaning: Meaning): Entry {
  return { meaning, isDistinguishing: false };
}

function constants(family: FamilyName): Entry {
  return entry({ kind: 'constants', family });
}

function struct(kind: StructKind, size: Size): Entry {
  return entry({ kind, size });
}

const STRING = entry({ kind: 'string' });
const POINTER = entry({ kind: 'pointer' });
const PROTOCOL_OF_FAMILY = entry({ kind: 'protocol-of-family' });
const OPTION_OF_LEVEL = entry({ kind: 'option-of-level' });
const ARGUMENT_OF_COMMAND = entry({ kind: 'argument-of-command' });

/**
 * Marks an argument that distinguishes kinds of calls: it decides what the kernel does, programs use few values for it,
 * and these do not depend on the data that a program works with.
 */
function distinct({ meaning }: Entry): Entry {
  return { meaning, isDistinguishing: true };
}

/** Kernel functions, without `sys_`, and their arguments by index. Source: the man pages of section 2. */
const TABLE: readonly (readonly [functions: readonly string[], row: Row])[] = [
  [['access'], { 1: constants('access') }],
  [['faccessat', 'faccessat2'], { 2: constants('access'), 3: constants('at-access') }],
  [['fstatat64', 'newfstatat', 'fchmodat2', 'utimensat'], { 3: constants('at') }],
  [['statx'], { 2: constants('at') }],
  [['fchownat', 'linkat', 'name_to_handle_at', 'execveat'], { 4: constants('at') }],
  [['unlinkat'], { 2: constants('at-unlink') }],
  [['renameat2'], { 4: constants('rename') }],
  [['open', 'mq_open'], { 1: distinct(constants('open')) }],
  [['openat', 'open_by_handle_at'], { 2: distinct(constants('open')) }],
  [['openat2'], { 2: struct('open-how', { argument: 3 }) }],
  [['pipe2'], { 1: constants('open') }],
  [['dup3'], { 2: constants('open') }],
  [['userfaultfd'], { 0: constants('open') }],
  [['fcntl', 'fcntl64'], { 1: distinct(constants('fcntl')), 2: ARGUMENT_OF_COMMAND }],
  [['flock'], { 1: constants('lock') }],
  [['ioctl'], { 1: distinct(constants('ioctl')) }],
  [['lseek'], { 2: constants('seek') }],
  [['llseek'], { 4: constants('seek') }],
  [['fallocate'], { 1: constants('fallocate') }],
  [['fadvise64', 'fadvise64_64'], { 3: constants('fadvise') }],
  [['setxattr', 'lsetxattr', 'fsetxattr'], { 4: constants('xattr') }],
  [['memfd_create'], { 1: distinct(constants('memfd')) }],
  [['close_range'], { 2: constants('close-range') }],
  [['utime', 'utimes'], { 0: STRING }],
  [['mount'], { 0: STRING, 1: STRING, 2: STRING, 3: distinct(constants('mount')) }],
  [['umount'], { 0: STRING, 1: distinct(constants('umount')) }],
  [['oldumount'], { 0: STRING }],
  [['open_tree'], { 2: distinct(constants('open-tree')) }],
  [['move_mount'], { 4: constants('move-mount') }],
  [['write', 'pwrite64', 'pwrite_wrapper', 'mq_timedsend'], { 1: POINTER }],
  [
    ['socket'],
    { 0: distinct(constants('family')), 1: distinct(constants('socktype')), 2: distinct(PROTOCOL_OF_FAMILY) },
  ],
  [
    ['socketpair'],
    { 0: distinct(constants('family')), 1: distinct(constants('socktype')), 2: distinct(PROTOCOL_OF_FAMILY) },
  ],
  [['bind', 'connect'], { 1: struct('sockaddr', { argument: 2 }) }],
  [['accept4'], { 3: constants('socket-flags') }],
  [['send', 'recv', 'recvfrom', 'sendmmsg', 'recvmmsg', 'recvmmsg_time64'], { 3: constants('message') }],
  [['sendto'], { 3: constants('message'), 4: struct('sockaddr', { argument: 5 }) }],
  [['sendmsg', 'recvmsg'], { 2: constants('message') }],
  [['setsockopt', 'getsockopt'], { 1: distinct(constants('socket-level')), 2: distinct(OPTION_OF_LEVEL) }],
  [['socketcall'], { 0: distinct(constants('socketcall')), 1: struct('longs', 24) }],
  [['mmap', 'mmap2'], { 2: distinct(constants('prot')), 3: constants('map') }],
  [['mprotect', 'pkey_mprotect'], { 2: distinct(constants('prot')) }],
  [['mremap'], { 3: constants('mremap') }],
  [['madvise'], { 2: constants('madvise') }],
  [['process_madvise'], { 3: constants('madvise') }],
  [['msync'], { 2: constants('msync') }],
  [['mlock2'], { 2: constants('mlock') }],
  [['mlockall'], { 0: constants('mlockall') }],
  [['clone', 'clone_backwards'], { 0: distinct(constants('clone')) }],
  [['clone_backwards2'], { 1: distinct(constants('clone')) }],
  [['clone3'], { 0: struct('clone-args', { argument: 1 }) }],
  [['unshare'], { 0: distinct(constants('namespaces')) }],
  [['setns'], { 1: distinct(constants('namespaces')) }],
  [['wait4', 'waitpid'], { 2: constants('wait') }],
  [['waitid'], { 0: constants('idtype'), 3: constants('wait') }],
  [['kill', 'tkill', 'pidfd_send_signal', 'rt_sigqueueinfo'], { 1: constants('signal') }],
  [['tgkill', 'rt_tgsigqueueinfo'], { 2: constants('signal') }],
  [['rt_sigaction', 'sigaction', 'signal'], { 0: constants('signal') }],
  [['rt_sigprocmask', 'sigprocmask'], { 0: constants('sigmask') }],
  [['signalfd4'], { 3: constants('signalfd') }],
  [['prctl'], { 0: distinct(constants('prctl')) }],
  [['arch_prctl'], { 0: distinct(constants('arch-prctl')) }],
  [['personality'], { 0: distinct(constants('personality')) }],
  [['ptrace'], { 0: distinct(constants('ptrace')) }],
  [['seccomp'], { 0: distinct(constants('seccomp-op')), 1: constants('seccomp-flags') }],
  [['bpf'], { 0: distinct(constants('bpf')) }],
  [['keyctl'], { 0: distinct(constants('keyctl')) }],
  [['membarrier'], { 0: constants('membarrier') }],
  [['landlock_add_rule'], { 1: constants('landlock-rule') }],
  [['reboot'], { 2: distinct(constants('reboot')) }],
  [['futex'], { 1: constants('futex') }],
  [['getrandom'], { 2: constants('getrandom') }],
  [['sched_setscheduler'], { 1: constants('schedule') }],
  [['sched_get_priority_max', 'sched_get_priority_min'], { 0: constants('schedule') }],
  [['getrlimit', 'old_getrlimit', 'setrlimit'], { 0: constants('rlimit') }],
  [['prlimit64'], { 1: constants('rlimit') }],
  [['getrusage'], { 0: constants('rusage') }],
  [['getpriority', 'setpriority'], { 0: constants('priority') }],
  [['getitimer', 'setitimer'], { 0: constants('itimer') }],
  [['clock_gettime', 'clock_settime', 'clock_getres', 'clock_adjtime', 'timer_create'], { 0: constants('clock') }],
  [['clock_nanosleep'], { 0: constants('clock'), 1: constants('timer-flags') }],
  [['timer_settime'], { 1: constants('timer-flags') }],
  [['timerfd_create'], { 0: constants('clock'), 1: constants('timerfd') }],
  [['timerfd_settime'], { 1: constants('timerfd-time') }],
  [['eventfd2'], { 1: constants('eventfd') }],
  [['epoll_create1'], { 0: constants('epoll') }],
  [['epoll_ctl'], { 1: constants('epoll-op') }],
  [['inotify_init1'], { 0: constants('inotify') }],
  [['ipc', 's390_ipc'], { 0: distinct(constants('ipc')) }],
  [['shmget', 'msgget', 'semget'], { 2: constants('shared-memory') }],
];

const meaningsByFunction: ReadonlyMap<string, Meanings> = new Map(
  TABLE.flatMap(([functions, row]) => {
    const meanings = readRow(row);
    return functions.map((name) => [name, meanings] as const);
  }),
);

function readRow(row: Row): Meanings {
  const entries = Object.entries<Entry>(row).map(([index, each]) => ({ index: Number(index), ...each }));
  return {
    byIndex: new Map(entries.map(({ index, meaning }) => [index, meaning])),
    distinguishing: entries.filter(({ isDistinguishing }) => isDistinguishing).map(({ index }) => index),
  };
}

const NONE: Meanings = { byIndex: new Map(), distinguishing: [] };

/** The meanings in the table for a syscall of an ABI. */
export function meaningsOf(abi: AbiName, syscall: string): Meanings {
  const name = entryPoint(abi, syscall)?.replace(/^compat_/, '') ?? syscall;
  return meaningsByFunction.get(name) ?? NONE;
}

/** The meaning of an argument in the table. A `const char *` that the table lacks is a string. */
export function meaningOfArgument(abi: AbiName, syscall: string, index: number): Meaning | undefined {
  const known = meaningsOf(abi, syscall).byIndex.get(index);
  if (known !== undefined) return known;
  return isString(argumentsOf(abi, syscall)?.at(index)) ? STRING.meaning : undefined;
}

function isString(argument: ArgumentRegister | undefined): boolean {
  return argument?.type === 'const char *';
}

/** For tests: the families in the table. */
export function familiesInTable(): ReadonlySet<string> {
  const all = [...meaningsByFunction.values()].flatMap(({ byIndex }) => [...byIndex.values()]);
  return new Set(all.flatMap((meaning) => (meaning.kind === 'constants' ? [meaning.family] : [])));
}

/** For tests: the kernel functions in the table. */
export function functionsInTable(): readonly string[] {
  return [...meaningsByFunction.keys()];
}

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
interface MeaningEntry {
  readonly meaning: Meaning;
  readonly isDistinguishing: boolean;
}
type Row = { readonly [Index in 0 | 1 | 2 | 3 | 4 | 5]?: MeaningEntry };

function entry(meaning: Meaning): MeaningEntry {
  return { meaning, isDistinguishing: false };
}

function constantsEntry(family: FamilyName): MeaningEntry {
  return entry({ kind: 'constants', family });
}

function structEntry(kind: StructKind, size: Size): MeaningEntry {
  return entry({ kind, size });
}

const STRING = entry({ kind: 'string' });
const POINTER_ENTRY = entry({ kind: 'pointer' });
const PROTOCOL_OF_FAMILY = entry({ kind: 'protocol-of-family' });
const OPTION_OF_LEVEL = entry({ kind: 'option-of-level' });
const ARGUMENT_OF_COMMAND = entry({ kind: 'argument-of-command' });
/** Of posix_fadvise(2), in a register that depends on the ABI: offset and length may have two registers each. */
const ADVICE = constantsEntry('fadvise');

/**
 * Marks an argument that distinguishes kinds of calls: it decides what the kernel does, programs use few values for it,
 * and these do not depend on the data that a program works with.
 */
function distinct({ meaning }: MeaningEntry): MeaningEntry {
  return { meaning, isDistinguishing: true };
}

/** Kernel functions, without `sys_`, and their arguments by index. Source: the man pages of section 2. */
const TABLE: readonly (readonly [functions: readonly string[], row: Row])[] = [
  [['access'], { 1: constantsEntry('access') }],
  [['faccessat', 'faccessat2'], { 2: constantsEntry('access'), 3: constantsEntry('at-access') }],
  [['fstatat64', 'newfstatat', 'fchmodat2', 'utimensat'], { 3: constantsEntry('at') }],
  [['statx'], { 2: constantsEntry('at') }],
  [['fchownat', 'linkat', 'name_to_handle_at', 'execveat'], { 4: constantsEntry('at') }],
  [['unlinkat'], { 2: constantsEntry('at-unlink') }],
  [['renameat2'], { 4: constantsEntry('rename') }],
  [['open', 'mq_open'], { 1: distinct(constantsEntry('open')) }],
  [['openat', 'open_by_handle_at'], { 2: distinct(constantsEntry('open')) }],
  [['openat2'], { 2: structEntry('open-how', { argument: 3 }) }],
  [['pipe2'], { 1: constantsEntry('open') }],
  [['dup3'], { 2: constantsEntry('open') }],
  [['userfaultfd'], { 0: constantsEntry('open') }],
  [['fcntl', 'fcntl64'], { 1: distinct(constantsEntry('fcntl')), 2: ARGUMENT_OF_COMMAND }],
  [['flock'], { 1: constantsEntry('lock') }],
  [['ioctl'], { 1: distinct(constantsEntry('ioctl')) }],
  [['lseek'], { 2: constantsEntry('seek') }],
  [['llseek'], { 4: constantsEntry('seek') }],
  [['fallocate'], { 1: constantsEntry('fallocate') }],
  [['setxattr', 'lsetxattr', 'fsetxattr'], { 4: constantsEntry('xattr') }],
  [['memfd_create'], { 1: distinct(constantsEntry('memfd')) }],
  [['close_range'], { 2: constantsEntry('close-range') }],
  [['utime', 'utimes'], { 0: STRING }],
  [['mount'], { 0: STRING, 1: STRING, 2: STRING, 3: distinct(constantsEntry('mount')) }],
  [['umount'], { 0: STRING, 1: distinct(constantsEntry('umount')) }],
  [['oldumount'], { 0: STRING }],
  [['open_tree'], { 2: distinct(constantsEntry('open-tree')) }],
  [['move_mount'], { 4: constantsEntry('move-mount') }],
  [['write', 'pwrite64', 'pwrite_wrapper', 'mq_timedsend'], { 1: POINTER_ENTRY }],
  [
    ['socket'],
    { 0: distinct(constantsEntry('family')), 1: distinct(constantsEntry('socktype')), 2: distinct(PROTOCOL_OF_FAMILY) },
  ],
  [
    ['socketpair'],
    { 0: distinct(constantsEntry('family')), 1: distinct(constantsEntry('socktype')), 2: distinct(PROTOCOL_OF_FAMILY) },
  ],
  [['bind', 'connect'], { 1: structEntry('sockaddr', { argument: 2 }) }],
  [['accept4'], { 3: constantsEntry('socket-flags') }],
  [['send', 'recv', 'recvfrom', 'sendmmsg', 'recvmmsg', 'recvmmsg_time64'], { 3: constantsEntry('message') }],
  [['sendto'], { 3: constantsEntry('message'), 4: structEntry('sockaddr', { argument: 5 }) }],
  [['sendmsg', 'recvmsg'], { 2: constantsEntry('message') }],
  [['setsockopt', 'getsockopt'], { 1: distinct(constantsEntry('socket-level')), 2: distinct(OPTION_OF_LEVEL) }],
  [['socketcall'], { 0: distinct(constantsEntry('socketcall')), 1: structEntry('longs', 24) }],
  [['mmap', 'mmap2'], { 2: distinct(constantsEntry('prot')), 3: constantsEntry('map') }],
  [['mprotect', 'pkey_mprotect'], { 2: distinct(constantsEntry('prot')) }],
  [['mremap'], { 3: constantsEntry('mremap') }],
  [['madvise'], { 2: constantsEntry('madvise') }],
  [['process_madvise'], { 3: constantsEntry('madvise') }],
  [['msync'], { 2: constantsEntry('msync') }],
  [['mlock2'], { 2: constantsEntry('mlock') }],
  [['mlockall'], { 0: constantsEntry('mlockall') }],
  [['clone', 'clone_backwards'], { 0: distinct(constantsEntry('clone')) }],
  [['clone_backwards2'], { 1: distinct(constantsEntry('clone')) }],
  [['clone3'], { 0: structEntry('clone-args', { argument: 1 }) }],
  [['unshare'], { 0: distinct(constantsEntry('namespaces')) }],
  [['setns'], { 1: distinct(constantsEntry('namespaces')) }],
  [['wait4', 'waitpid'], { 2: constantsEntry('wait') }],
  [['waitid'], { 0: constantsEntry('idtype'), 3: constantsEntry('wait') }],
  [['kill', 'tkill', 'pidfd_send_signal', 'rt_sigqueueinfo'], { 1: constantsEntry('signal') }],
  [['tgkill', 'rt_tgsigqueueinfo'], { 2: constantsEntry('signal') }],
  [['rt_sigaction', 'sigaction', 'signal'], { 0: constantsEntry('signal') }],
  [['rt_sigprocmask', 'sigprocmask'], { 0: constantsEntry('sigmask') }],
  [['signalfd4'], { 3: constantsEntry('signalfd') }],
  [['prctl'], { 0: distinct(constantsEntry('prctl')) }],
  [['arch_prctl'], { 0: distinct(constantsEntry('arch-prctl')) }],
  [['personality'], { 0: distinct(constantsEntry('personality')) }],
  [['ptrace'], { 0: distinct(constantsEntry('ptrace')) }],
  [['seccomp'], { 0: distinct(constantsEntry('seccomp-op')), 1: constantsEntry('seccomp-flags') }],
  [['bpf'], { 0: distinct(constantsEntry('bpf')) }],
  [['keyctl'], { 0: distinct(constantsEntry('keyctl')) }],
  [['membarrier'], { 0: constantsEntry('membarrier') }],
  [['landlock_add_rule'], { 1: constantsEntry('landlock-rule') }],
  [['reboot'], { 2: distinct(constantsEntry('reboot')) }],
  [['futex'], { 1: constantsEntry('futex') }],
  [['getrandom'], { 2: constantsEntry('getrandom') }],
  [['sched_setscheduler'], { 1: constantsEntry('schedule') }],
  [['sched_get_priority_max', 'sched_get_priority_min'], { 0: constantsEntry('schedule') }],
  [['getrlimit', 'old_getrlimit', 'setrlimit'], { 0: constantsEntry('rlimit') }],
  [['prlimit64'], { 1: constantsEntry('rlimit') }],
  [['getrusage'], { 0: constantsEntry('rusage') }],
  [['getpriority', 'setpriority'], { 0: constantsEntry('priority') }],
  [['getitimer', 'setitimer'], { 0: constantsEntry('itimer') }],
  [['clock_gettime', 'clock_settime', 'clock_getres', 'clock_adjtime', 'timer_create'], { 0: constantsEntry('clock') }],
  [['clock_nanosleep'], { 0: constantsEntry('clock'), 1: constantsEntry('timer-flags') }],
  [['timer_settime'], { 1: constantsEntry('timer-flags') }],
  [['timerfd_create'], { 0: constantsEntry('clock'), 1: constantsEntry('timerfd') }],
  [['timerfd_settime'], { 1: constantsEntry('timerfd-time') }],
  [['eventfd2'], { 1: constantsEntry('eventfd') }],
  [['epoll_create1'], { 0: constantsEntry('epoll') }],
  [['epoll_ctl'], { 1: constantsEntry('epoll-op') }],
  [['inotify_init1'], { 0: constantsEntry('inotify') }],
  [['ipc', 's390_ipc'], { 0: distinct(constantsEntry('ipc')) }],
  [['shmget', 'semget'], { 2: constantsEntry('shared-memory') }],
  [['msgget'], { 1: constantsEntry('shared-memory') }],
];

const meaningsByFunction: ReadonlyMap<string, Meanings> = new Map(
  TABLE.flatMap(([functions, row]) => {
    const meanings = readRow(row);
    return functions.map((name) => [name, meanings] as const);
  }),
);

function readRow(row: Row): Meanings {
  const entries = Object.entries<MeaningEntry>(row).map(([index, each]) => ({ index: Number(index), ...each }));
  return {
    byIndex: new Map(entries.map(({ index, meaning }) => [index, meaning])),
    distinguishing: entries.filter(({ isDistinguishing }) => isDistinguishing).map(({ index }) => index),
  };
}

const NO_MEANINGS: Meanings = { byIndex: new Map(), distinguishing: [] };

/** The meanings in the table for a syscall of an ABI. */
export function meaningsOf(abi: AbiName, syscall: string): Meanings {
  const name = entryPoint(abi, syscall)?.replace(/^compat_/, '') ?? syscall;
  return meaningsByFunction.get(name) ?? NO_MEANINGS;
}

/** The meaning of an argument in the table, of a `const char *`, which is a string, or of an `advice`. */
export function meaningOfArgument(abi: AbiName, syscall: string, index: number): Meaning | undefined {
  const known = meaningsOf(abi, syscall).byIndex.get(index);
  if (known !== undefined) return known;
  const argument = argumentsOf(abi, syscall)?.at(index);
  if (isString(argument)) return STRING.meaning;
  return argument?.name === 'advice' ? ADVICE.meaning : undefined;
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

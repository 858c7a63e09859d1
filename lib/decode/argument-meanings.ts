/** What the arguments of syscalls mean: one table, by which they are written, read from memory and told apart. */
import type { AbiName } from '../syscalls/abi.js';
import { type ArgumentRegister, argumentsOf, entryPoint } from '../syscalls/table.js';
import type { FamilyName } from './constant-families.js';

/** What an argument is, beyond what its C type says. */
export type Meaning =
  | { readonly kind: 'constants'; readonly family: FamilyName }
  /** `socket`'s third argument, by its first; `setsockopt`'s third, by its second; `fcntl`'s third, by its second. */
  | { readonly kind: 'protocol' | 'socket-option' | 'fcntl-argument' }
  | { readonly kind: 'string' | 'pointer' }
  /** Memory with a known form, and the argument that holds its size; else `size` bytes. */
  | { readonly kind: Struct; readonly size: number | { readonly argument: number } };

export type Struct = (typeof STRUCTS)[number];
const STRUCTS = ['sockaddr', 'clone-args', 'open-how', 'longs'] as const;

/** The meanings of a syscall's arguments by index, and the indices of those that tell kinds of calls apart. */
export interface Meanings {
  readonly byIndex: ReadonlyMap<number, Meaning>;
  readonly distinguishing: readonly number[];
}

/**
 * By kernel function, without `sys_`: index=meaning; `!` after it tells kinds of calls apart: it decides what the kernel does,
 * programs have few values for it, and these don't hang on what the program works with. A meaning is a family of
 * families.ts, or of the above; `:n` is the argument that holds a size, `:n bytes` the size. Source: man pages, section 2.
 */
const TABLE = `
access 1=access
faccessat faccessat2 2=access 3=at-access
fstatat64 newfstatat fchmodat2 utimensat 3=at
statx 2=at
fchownat linkat name_to_handle_at execveat 4=at
unlinkat 2=at-unlink
renameat2 4=rename
open mq_open 1=open!
openat open_by_handle_at 2=open!
openat2 2=open-how:3
pipe2 1=open
dup3 2=open
userfaultfd 0=open
fcntl fcntl64 1=fcntl! 2=fcntl-argument
flock 1=lock
ioctl 1=ioctl!
lseek 2=seek
llseek 4=seek
fallocate 1=fallocate
fadvise64 fadvise64_64 3=fadvise
setxattr lsetxattr fsetxattr 4=xattr
memfd_create 1=memfd!
close_range 2=close-range
utime utimes 0=string
mount 0=string 1=string 2=string 3=mount!
umount 0=string 1=umount!
oldumount 0=string
open_tree 2=open-tree!
move_mount 4=move-mount
write pwrite64 pwrite_wrapper mq_timedsend 1=pointer
socket 0=family! 1=socktype! 2=protocol!
socketpair 0=family! 1=socktype! 2=protocol!
bind connect 1=sockaddr:2
accept4 3=socket-flags
send recv recvfrom sendmmsg recvmmsg recvmmsg_time64 3=message
sendto 3=message 4=sockaddr:5
sendmsg recvmsg 2=message
setsockopt getsockopt 1=socket-level! 2=socket-option!
socketcall 0=socketcall! 1=longs:24bytes
mmap mmap2 2=prot! 3=map
mprotect pkey_mprotect 2=prot!
mremap 3=mremap
madvise 2=madvise
process_madvise 3=madvise
msync 2=msync
mlock2 2=mlock
mlockall 0=mlockall
clone clone_backwards 0=clone!
clone_backwards2 1=clone!
clone3 0=clone-args:1
unshare 0=namespaces!
setns 1=namespaces!
wait4 waitpid 2=wait
waitid 0=idtype 3=wait
kill tkill pidfd_send_signal rt_sigqueueinfo 1=signal
tgkill rt_tgsigqueueinfo 2=signal
rt_sigaction sigaction signal 0=signal
rt_sigprocmask sigprocmask 0=sigmask
signalfd4 3=signalfd
prctl 0=prctl!
arch_prctl 0=arch-prctl!
personality 0=personality!
ptrace 0=ptrace!
seccomp 0=seccomp-op! 1=seccomp-flags
bpf 0=bpf!
keyctl 0=keyctl!
membarrier 0=membarrier
landlock_add_rule 1=landlock-rule
reboot 2=reboot!
futex 1=futex
getrandom 2=getrandom
sched_setscheduler 1=schedule
sched_get_priority_max sched_get_priority_min 0=schedule
getrlimit old_getrlimit setrlimit 0=rlimit
prlimit64 1=rlimit
getrusage 0=rusage
getpriority setpriority 0=priority
getitimer setitimer 0=itimer
clock_gettime clock_settime clock_getres clock_adjtime timer_create 0=clock
clock_nanosleep 0=clock 1=timer-flags
timer_settime 1=timer-flags
timerfd_create 0=clock 1=timerfd
timerfd_settime 1=timerfd-time
eventfd2 1=eventfd
epoll_create1 0=epoll
epoll_ctl 1=epoll-op
inotify_init1 0=inotify
ipc s390_ipc 0=ipc!
shmget msgget semget 2=shared-memory
`;

const meanings: ReadonlyMap<string, Meanings> = new Map(TABLE.trim().split('\n').flatMap(readLine));

function readLine(line: string): (readonly [entry: string, meanings: Meanings])[] {
  const words = line.split(' ');
  const entries = words.filter((word) => !word.includes('='));
  const parts = words.filter((word) => word.includes('=')).map((word) => readPart(word));
  const byIndex = new Map(parts.map(({ index, meaning }) => [index, meaning]));
  const distinguishing = parts.filter(({ distinguishes }) => distinguishes).map(({ index }) => index);
  return entries.map((entry) => [entry, { byIndex, distinguishing }]);
}

function readPart(part: string) {
  const [, index, name = '', size, bytes, mark] = /^(\d)=([\w-]+)(?::(\d+)(bytes)?)?(!)?$/.exec(part) ?? [];
  return { index: Number(index), meaning: meaningOf(name, size, bytes), distinguishes: mark !== undefined };
}

function meaningOf(name: string, size: string | undefined, bytes: string | undefined): Meaning {
  const struct = STRUCTS.find((each) => each === name);
  if (struct) return { kind: struct, size: bytes ? Number(size) : { argument: Number(size) } };
  if (name === 'string' || name === 'pointer' || name === 'protocol') return { kind: name };
  if (name === 'socket-option' || name === 'fcntl-argument') return { kind: name };
  return { kind: 'constants', family: name as FamilyName }; // A test holds every name in the table against the families.
}

const NONE: Meanings = { byIndex: new Map(), distinguishing: [] };

/** What the table says of a syscall. */
export function meaningsOf(abi: AbiName, syscall: string): Meanings {
  const entry = entryPoint(abi, syscall)?.replace(/^compat_/, '') ?? syscall;
  return meanings.get(entry) ?? NONE;
}

/** What an argument is by the table; a `const char *` of which it says nothing is a string. */
export function meaningOfArgument(abi: AbiName, syscall: string, index: number): Meaning | undefined {
  const known = meaningsOf(abi, syscall).byIndex.get(index);
  if (known !== undefined) return known;
  return isString(argumentsOf(abi, syscall)?.at(index)) ? { kind: 'string' } : undefined;
}

function isString(argument: ArgumentRegister | undefined): boolean {
  return argument?.type === 'const char *';
}

/** For tests: the families that the table names. */
export function familiesInTable(): ReadonlySet<string> {
  const all = [...meanings.values()].flatMap(({ byIndex }) => [...byIndex.values()]);
  return new Set(all.flatMap((meaning) => (meaning.kind === 'constants' ? [meaning.family] : [])));
}

/** For tests: the kernel functions that the table has a line for. */
export function entriesInTable(): readonly string[] {
  return [...meanings.keys()];
}

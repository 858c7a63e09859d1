/** Families of constants: how the values of one kind of argument are written by name. */

import type { AbiName } from '../syscalls/abi.js';
import { constantNames, constantOn } from '../syscalls/constants.js';
import { own } from '../util/own-data.js';

/** What the bits of an argument are: a number that has a name, flags that have names, or both. */
interface Family {
  /** The bits of the number. */
  readonly mask: bigint;
  readonly numbers?: RegExp;
  readonly flags?: RegExp;
}

const ALL = (1n << 64n) - 1n;
const numbers = (names: RegExp): Family => ({ mask: ALL, numbers: names });
const flags = (names: RegExp): Family => ({ mask: 0n, flags: names });

/**
 * Every family. A test holds that no two names of one have the same value on an ABI, but for synonyms. Sources: the man
 * pages of the calls that take them, in section 2, and the UAPI headers.
 */
const FAMILIES = {
  access: { mask: 0n, numbers: /^F_OK$/, flags: /^[RWX]_OK$/ },
  'arch-prctl': numbers(/^ARCH_(?!XCOMP_|SHSTK_(SHSTK|WRSS)$)/),
  at: flags(/^AT_(SYMLINK_|EMPTY_PATH|NO_AUTOMOUNT|RECURSIVE|STATX_(FORCE|DONT)|HANDLE_)/),
  'at-access': flags(/^AT_(SYMLINK_|EMPTY_PATH|EACCESS)/),
  'at-unlink': flags(/^AT_REMOVEDIR$/),
  bpf: numbers(/^BPF_/),
  clock: numbers(/^CLOCK_/),
  clone: { mask: 0xffn, numbers: /^SIG(?!_|CLD|IOT|POLL|UNUSED)/, flags: /^CLONE_(?!ARGS|NEWTIME)/ },
  'close-range': flags(/^CLOSE_RANGE_/),
  epoll: flags(/^EPOLL_CLOEXEC$/),
  'epoll-op': numbers(/^EPOLL_CTL_/),
  eventfd: flags(/^EFD_/),
  fadvise: numbers(/^POSIX_FADV_/),
  fallocate: flags(/^FALLOC_FL_/),
  family: numbers(/^AF_(?!LOCAL|ROUTE)/),
  fcntl: numbers(/^F_(?!OK$|.*LCK$|SEAL_|OWNER_|LINUX_|.*64)|^F_(CANCELLK|.*GETLK|.*SETLK)$/),
  'fd-flags': flags(/^FD_CLOEXEC$/),
  futex: {
    mask: 0x7fn,
    numbers: /^FUTEX_(?!.*(PRIVATE|FLAG|MASK|OP_|CLOCK|MATCH|WAITERS|DIED|_?32))/,
    flags: /^FUTEX_(PRIVATE_FLAG|CLOCK_REALTIME)$/,
  },
  getrandom: flags(/^GRND_/),
  idtype: numbers(/^P_/),
  inotify: flags(/^IN_/),
  ioctl: numbers(
    /^(TC(GET|SET|SB|XO|FL)|TIOC(?!INQ|SLTC)|FIO|SIOC(?!INQ|OUTQ$)|FS_IOC_|FI[BCDFGT]|BLK|TUN|LOOP_|NS_GET_|UFFDIO_|KVM_|KD[GS]|VT_|RND|PERF_EVENT_IOC_|SECCOMP_IOCTL_|USERFAULTFD_IOC)/,
  ),
  'ip-option': numbers(/^IP_(?!ORIGDSTADDR|RECVRETOPTS)/),
  'ip-protocol': numbers(/^IPPROTO_(?!HOPOPTS|BEETPH$)/),
  'ipv6-option': numbers(/^IPV6_(?!FL_|ORIGDSTADDR)/),
  ipc: { mask: 0xffffn, numbers: /^(SEM|MSG|SHM)(OP|GET|CTL|TIMEDOP|SND|RCV|AT|DT)$/ },
  itimer: numbers(/^ITIMER_/),
  keyctl: numbers(/^KEYCTL_(?!MOVE_|WATCH_)|^KEYCTL_(MOVE|WATCH_KEY)$/),
  'landlock-rule': numbers(/^LANDLOCK_RULE_/),
  lock: flags(/^LOCK_(SH|EX|NB|UN)$/),
  madvise: numbers(/^MADV_/),
  map: {
    mask: 0xfn,
    numbers: /^MAP_(SHARED|PRIVATE|SHARED_VALIDATE|DROPPABLE)$/,
    flags: /^MAP_(?!SHARED|PRIVATE|TYPE|FILE|DROPPABLE|UNINIT|RENAME)/,
  },
  membarrier: numbers(/^MEMBARRIER_CMD_(?!FLAG|SHARED)/),
  memfd: flags(/^MFD_/),
  mlock: flags(/^MLOCK_ONFAULT$/),
  mlockall: flags(/^MCL_/),
  mount: flags(/^MS_(?!ASYNC|SYNC$|INVALIDATE|RMT|MGC|VERBOSE)/),
  'move-mount': flags(/^MOVE_MOUNT_(?!_)/),
  mremap: flags(/^MREMAP_/),
  message: flags(/^MSG_(?!SND|RCV|GET|CTL)/),
  msync: flags(/^MS_(ASYNC|SYNC|INVALIDATE)$/),
  namespaces: flags(/^CLONE_(?!ARGS)/),
  netlink: numbers(/^NETLINK_(?!INET_DIAG)/),
  open: { mask: 3n, numbers: /^O_(RDONLY|WRONLY|RDWR)$/, flags: /^O_(?!RDONLY|WRONLY|RDWR|ACCMODE|NDELAY)/ },
  'open-tree': flags(/^OPEN_TREE_|^AT_(EMPTY_PATH|NO_AUTOMOUNT|RECURSIVE|SYMLINK_NOFOLLOW)$/),
  personality: {
    mask: 0xffn,
    numbers: /^PER_(LINUX|BSD|LINUX32)$/,
    flags: /^(ADDR_|READ_IMPLIES_EXEC|UNAME26|MMAP_PAGE_ZERO|SHORT_INODE|WHOLE_SECONDS|STICKY_TIMEOUTS|FDPIC)/,
  },
  prctl: numbers(
    /^PR_((SET|GET)_(?!MM_)\w+|CAPBSET_\w+|CAP_AMBIENT|MCE_KILL(_GET)?|MPX_\w+|PAC_[GRS]\w+|S[MV]E_[GS]ET_VL|RISCV_(V_[GS]ET_CONTROL|SET_ICACHE_FLUSH_CTX)|PPC_[GS]ET_DEXCR|TASK_PERF_EVENTS_\w+|SCHED_CORE)$/,
  ),
  priority: numbers(/^PRIO_(PROCESS|PGRP|USER)$/),
  prot: { mask: 0n, numbers: /^PROT_NONE$/, flags: /^PROT_(?!NONE)/ },
  ptrace: numbers(/^PTRACE_(?!O_|SYSCALL_INFO|PEEKSIGINFO_|PROT)/),
  reboot: numbers(/^LINUX_REBOOT_CMD_/),
  rename: flags(/^RENAME_/),
  rlimit: numbers(/^RLIMIT_/),
  rusage: numbers(/^RUSAGE_/),
  schedule: numbers(/^SCHED_(?!FLAG|RESET)/),
  'seccomp-flags': flags(/^SECCOMP_FILTER_FLAG_/),
  'seccomp-op': numbers(/^SECCOMP_(SET|GET)_/),
  seek: numbers(/^SEEK_/),
  'shared-memory': flags(/^IPC_(CREAT|EXCL|NOWAIT)$/),
  signal: numbers(/^SIG(?!_|CLD|IOT|POLL|UNUSED)/),
  signalfd: flags(/^SFD_/),
  sigmask: numbers(/^SIG_/),
  socketcall: numbers(/^SYS_/),
  'socket-flags': flags(/^SOCK_(CLOEXEC|NONBLOCK)$/),
  'socket-level': numbers(/^(SOL_SOCKET|IPPROTO_(IP|TCP|UDP|IPV6|ICMPV6|RAW|SCTP|MPTCP))$/),
  'socket-option': numbers(/^SO_(?!GET_FILTER|DETACH_BPF|STYLE)/),
  socktype: { mask: 0xfn, numbers: /^SOCK_(?!CLOEXEC|NONBLOCK)/, flags: /^SOCK_(CLOEXEC|NONBLOCK)$/ },
  'tcp-option': numbers(/^TCP_(?!REPAIR_O|MSS_D|CA_)/),
  'timer-flags': flags(/^TIMER_ABSTIME$/),
  timerfd: flags(/^TFD_(CLOEXEC|NONBLOCK)$/),
  'timerfd-time': flags(/^TFD_TIMER_/),
  umount: flags(/^(MNT_(FORCE|DETACH|EXPIRE)|UMOUNT_NOFOLLOW)$/),
  wait: flags(/^W(NOHANG|UNTRACED|EXITED|CONTINUED|NOWAIT)$/),
  xattr: flags(/^XATTR_(CREATE|REPLACE)$/),
} as const satisfies Readonly<Record<string, Family>>;

export type FamilyName = keyof typeof FAMILIES;

interface Names {
  readonly numbers: ReadonlyMap<bigint, string>;
  /** Those with most bits first: O_TMPFILE has O_DIRECTORY in it. */
  readonly flags: readonly (readonly [name: string, bits: bigint])[];
}

const known = new Map<string, Names>();

function namesOn(family: FamilyName, abi: AbiName): Names {
  const key = `${family} ${abi}`;
  const names = known.get(key) ?? readNames(FAMILIES[family], abi);
  known.set(key, names);
  return names;
}

function readNames(family: Family, abi: AbiName): Names {
  const { numbers, flags: bits } = own(family);
  const flags = valuesOf(bits, abi).filter(([, bits]) => bits !== 0n);
  return {
    // Of two names for a value the first one counts.
    numbers: new Map(
      valuesOf(numbers, abi)
        .map(([name, value]) => [value, name] as const)
        .reverse(),
    ),
    flags: flags.sort(([, a], [, b]) => bitCount(b) - bitCount(a)),
  };
}

/** The constants of a family on an ABI, by name. */
function valuesOf(names: RegExp | undefined, abi: AbiName): (readonly [name: string, value: bigint])[] {
  if (names === undefined) return [];
  return constantNames().flatMap((name) => {
    const value = names.test(name) ? constantOn(abi, name) : undefined;
    return value === undefined ? [] : [[name, BigInt(value)] as const];
  });
}

function bitCount(bits: bigint): number {
  return bits.toString(2).replaceAll('0', '').length;
}

/** Writes a value by its names: `O_RDONLY|O_CLOEXEC`, `SIGTERM`; what has no name is a number. */
export function writeByName(family: FamilyName, abi: AbiName, value: bigint): string {
  const { mask } = FAMILIES[family];
  const names = namesOn(family, abi);
  const number = value & mask;
  const taken: (readonly [string, bigint])[] = [];
  let left = value & ~mask;
  for (const [name, bits] of names.flags) {
    if ((left & bits) !== bits) continue;
    taken.push([name, bits]);
    left &= ~bits;
  }
  const parts = taken.sort(([, a], [, b]) => (a < b ? -1 : 1)).map(([name]) => name);
  if (left !== 0n) parts.push(writeNumber(left));
  const first = names.numbers.get(number) ?? (number === 0n ? undefined : writeNumber(number));
  // A name of 0 says nothing beside flags, unless the number has bits of its own.
  if (first !== undefined && (mask !== 0n || parts.length === 0)) parts.unshift(first);
  return parts.length === 0 ? '0' : parts.join('|');
}

/** The bits of a value that are a number; the others are flags. */
export function numberBits(family: FamilyName): bigint {
  return FAMILIES[family].mask;
}

/** In decimal what is small enough to be a count; in hexadecimal all else. */
export function writeNumber(value: bigint): string {
  return value < 65_536n ? String(value) : `0x${value.toString(16)}`;
}

/** For tests: every family, and the constants that have a name in it on an ABI. */
export function namesOfFamilies(
  abi: AbiName,
): readonly (readonly [family: string, part: 'numbers' | 'flags', names: ReadonlyMap<string, bigint>])[] {
  return Object.entries<Family>(FAMILIES).flatMap(([family, { numbers, flags }]) => [
    [family, 'numbers', new Map(valuesOf(numbers, abi))] as const,
    [family, 'flags', new Map(valuesOf(flags, abi))] as const,
  ]);
}

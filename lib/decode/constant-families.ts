/** Families of constants: the names by which the values of an argument are written. */
import type { ConstantName } from '../syscalls/constants.js';

/**
 * An argument's value is a number, flags, or both: for `clone`, the low 8 bits are a signal and the others are flags.
 */
export interface Family {
  /** The bits that are the number. The others are flags. */
  readonly mask: bigint;
  /** The names of the number. */
  readonly numbers: Selection | undefined;
  /** The names of the flags. */
  readonly flags: Selection | undefined;
}

/** A selection of constants: those that match one of `patterns`, except those that match one of `except`. */
export interface Selection {
  readonly patterns: readonly string[];
  readonly except: readonly string[];
}

/**
 * Patterns between spaces: a constant's name, or the beginning of names followed by `*`. `!` is before one whose constants
 * are left out. A pattern that no constant matches does not compile.
 */
type Patterns<Text extends string> = [UnknownIn<Text>] extends [never] ? Text : never;
type UnknownIn<Text extends string> = Text extends `${infer First} ${infer Rest}`
  ? UnknownIn<First> | UnknownIn<Rest>
  : Text extends `!${infer Left}`
    ? UnknownIn<Left>
    : Text extends `${infer Beginning}*`
      ? Extract<ConstantName, `${Beginning}${string}`> extends never
        ? Text
        : never
      : Exclude<Text, ConstantName>;
type Lines<Texts extends readonly string[]> = Texts & { readonly [Index in keyof Texts]: Patterns<Texts[Index]> };

/** Selects constants by patterns. */
function select<const Texts extends readonly string[]>(...lines: Lines<Texts>): Selection {
  const words = lines.flatMap((line) => line.split(' '));
  return {
    patterns: words.filter((word) => !word.startsWith('!')),
    except: words.filter((word) => word.startsWith('!')).map((word) => word.slice(1)),
  };
}

function family(mask: bigint, numbers: Selection | undefined, flags: Selection | undefined): Family {
  return { mask, numbers, flags };
}

const ALL = (1n << 64n) - 1n;

/** A family of numbers. */
function numbers<const Texts extends readonly string[]>(...lines: Lines<Texts>): Family {
  return family(ALL, select(...lines), undefined);
}

/** A family of flags. */
function flags<const Texts extends readonly string[]>(...lines: Lines<Texts>): Family {
  return family(0n, undefined, select(...lines));
}

const SIGNALS = select('SIG* !SIG_* !SIGCLD !SIGIOT !SIGPOLL !SIGUNUSED');

/**
 * The families by name. No two names of a family have the same value on an ABI: synonyms, masks and constants of other
 * arguments are left out. Sources: the man pages of the calls that take the constants, in section 2, and the UAPI
 * headers of Linux.
 */
export const FAMILIES = {
  access: family(0n, select('F_OK'), select('R_OK W_OK X_OK')),
  'arch-prctl': numbers('ARCH_* !ARCH_XCOMP_* !ARCH_SHSTK_SHSTK !ARCH_SHSTK_WRSS'),
  at: flags(
    'AT_SYMLINK_* AT_EMPTY_PATH AT_NO_AUTOMOUNT AT_RECURSIVE AT_STATX_FORCE_SYNC AT_STATX_DONT_SYNC',
    'AT_HANDLE_*',
  ),
  'at-access': flags('AT_SYMLINK_* AT_EMPTY_PATH AT_EACCESS'),
  'at-unlink': flags('AT_REMOVEDIR'),
  bpf: numbers('BPF_*'),
  clock: numbers('CLOCK_*'),
  clone: family(0xffn, SIGNALS, select('CLONE_* !CLONE_ARGS_* !CLONE_NEWTIME')),
  'close-range': flags('CLOSE_RANGE_*'),
  epoll: flags('EPOLL_CLOEXEC'),
  'epoll-op': numbers('EPOLL_CTL_*'),
  eventfd: flags('EFD_*'),
  fadvise: numbers('POSIX_FADV_*'),
  fallocate: flags('FALLOC_FL_*'),
  family: numbers('AF_* !AF_LOCAL !AF_ROUTE'),
  fcntl: numbers('F_* !F_OK !F_EXLCK !F_RDLCK !F_SHLCK !F_UNLCK !F_WRLCK !F_SEAL_* !F_OWNER_* !F_LINUX_*'),
  'fd-flags': flags('FD_CLOEXEC'),
  futex: family(
    0x7fn,
    select(
      'FUTEX_CMP_REQUEUE FUTEX_CMP_REQUEUE_PI FUTEX_FD FUTEX_LOCK_PI FUTEX_LOCK_PI2 FUTEX_REQUEUE',
      'FUTEX_TRYLOCK_PI FUTEX_UNLOCK_PI FUTEX_WAIT FUTEX_WAIT_BITSET FUTEX_WAIT_REQUEUE_PI FUTEX_WAKE',
      'FUTEX_WAKE_BITSET FUTEX_WAKE_OP',
    ),
    select('FUTEX_PRIVATE_FLAG FUTEX_CLOCK_REALTIME'),
  ),
  getrandom: flags('GRND_*'),
  idtype: numbers('P_*'),
  inotify: flags('IN_*'),
  ioctl: numbers(
    'BLK* FIB* FIC* FID* FIF* FIG* FIO* FIT* FS_IOC_* KDG* KDS* LOOP_* NS_GET_* PERF_EVENT_IOC_* RND*',
    'SECCOMP_IOCTL_* SIOC* TCFL* TCGET* TCSB* TCSET* TCXO* TIOC* TUN* UFFDIO_* USERFAULTFD_IOC* VT_*',
    '!SIOCINQ !SIOCOUTQ !TIOCINQ !TIOCSLTC',
  ),
  'ip-option': numbers('IP_* !IP_ORIGDSTADDR !IP_RECVRETOPTS'),
  'ip-protocol': numbers('IPPROTO_* !IPPROTO_HOPOPTS !IPPROTO_BEETPH'),
  'ipv6-option': numbers('IPV6_* !IPV6_FL_* !IPV6_ORIGDSTADDR'),
  ipc: family(
    0xffffn,
    select('SEMOP SEMGET SEMCTL SEMTIMEDOP MSGSND MSGRCV MSGGET MSGCTL SHMAT SHMDT SHMGET SHMCTL'),
    undefined,
  ),
  itimer: numbers('ITIMER_*'),
  keyctl: numbers('KEYCTL_* !KEYCTL_MOVE_EXCL'),
  'landlock-rule': numbers('LANDLOCK_RULE_*'),
  lock: flags('LOCK_SH LOCK_EX LOCK_NB LOCK_UN'),
  madvise: numbers('MADV_*'),
  map: family(
    0xfn,
    select('MAP_SHARED MAP_PRIVATE MAP_SHARED_VALIDATE MAP_DROPPABLE'),
    select('MAP_* !MAP_SHARED* !MAP_PRIVATE !MAP_DROPPABLE !MAP_TYPE !MAP_FILE !MAP_UNINITIALIZED !MAP_RENAME'),
  ),
  membarrier: numbers('MEMBARRIER_CMD_* !MEMBARRIER_CMD_FLAG_* !MEMBARRIER_CMD_SHARED'),
  memfd: flags('MFD_*'),
  mlock: flags('MLOCK_ONFAULT'),
  mlockall: flags('MCL_*'),
  mount: flags('MS_* !MS_ASYNC !MS_SYNC !MS_INVALIDATE !MS_RMT_MASK !MS_MGC_* !MS_VERBOSE'),
  'move-mount': flags('MOVE_MOUNT_* !MOVE_MOUNT__MASK'),
  mremap: flags('MREMAP_*'),
  message: flags('MSG_*'),
  msync: flags('MS_ASYNC MS_SYNC MS_INVALIDATE'),
  namespaces: flags('CLONE_* !CLONE_ARGS_*'),
  netlink: numbers('NETLINK_* !NETLINK_INET_DIAG'),
  open: family(3n, select('O_RDONLY O_WRONLY O_RDWR'), select('O_* !O_RDONLY !O_WRONLY !O_RDWR !O_ACCMODE !O_NDELAY')),
  'open-tree': flags('OPEN_TREE_* AT_EMPTY_PATH AT_NO_AUTOMOUNT AT_RECURSIVE AT_SYMLINK_NOFOLLOW'),
  personality: family(
    0xffn,
    select('PER_LINUX PER_BSD PER_LINUX32'),
    select('ADDR_* FDPIC_* MMAP_PAGE_ZERO READ_IMPLIES_EXEC SHORT_INODE WHOLE_SECONDS'),
  ),
  prctl: numbers(
    'PR_GET_* PR_SET_* PR_CAPBSET_* PR_CAP_AMBIENT PR_MCE_KILL PR_MCE_KILL_GET PR_MPX_*',
    'PR_PAC_GET_ENABLED_KEYS PR_PAC_RESET_KEYS PR_PAC_SET_ENABLED_KEYS PR_PPC_GET_DEXCR PR_PPC_SET_DEXCR',
    'PR_RISCV_SET_ICACHE_FLUSH_CTX PR_RISCV_V_GET_CONTROL PR_RISCV_V_SET_CONTROL PR_SCHED_CORE',
    'PR_SME_GET_VL PR_SME_SET_VL PR_SVE_GET_VL PR_SVE_SET_VL PR_TASK_PERF_EVENTS_* !PR_SET_MM_*',
  ),
  priority: numbers('PRIO_PROCESS PRIO_PGRP PRIO_USER'),
  prot: family(0n, select('PROT_NONE'), select('PROT_* !PROT_NONE')),
  ptrace: numbers('PTRACE_* !PTRACE_O_* !PTRACE_SYSCALL_INFO_* !PTRACE_PEEKSIGINFO_* !PTRACE_PROT'),
  reboot: numbers('LINUX_REBOOT_CMD_*'),
  rename: flags('RENAME_*'),
  rlimit: numbers('RLIMIT_*'),
  rusage: numbers('RUSAGE_*'),
  schedule: numbers('SCHED_* !SCHED_FLAG_* !SCHED_RESET_ON_FORK'),
  'seccomp-flags': flags('SECCOMP_FILTER_FLAG_*'),
  'seccomp-op': numbers('SECCOMP_SET_* SECCOMP_GET_*'),
  seek: numbers('SEEK_*'),
  'shared-memory': flags('IPC_CREAT IPC_EXCL IPC_NOWAIT'),
  signal: family(ALL, SIGNALS, undefined),
  signalfd: flags('SFD_*'),
  sigmask: numbers('SIG_*'),
  socketcall: numbers('SYS_*'),
  'socket-flags': flags('SOCK_CLOEXEC SOCK_NONBLOCK'),
  'socket-level': numbers(
    'SOL_SOCKET IPPROTO_IP IPPROTO_TCP IPPROTO_UDP IPPROTO_IPV6 IPPROTO_ICMPV6 IPPROTO_RAW IPPROTO_SCTP',
    'IPPROTO_MPTCP',
  ),
  'socket-option': numbers('SO_* !SO_GET_FILTER !SO_DETACH_BPF !SO_STYLE'),
  socktype: family(0xfn, select('SOCK_* !SOCK_CLOEXEC !SOCK_NONBLOCK'), select('SOCK_CLOEXEC SOCK_NONBLOCK')),
  'tcp-option': numbers('TCP_* !TCP_REPAIR_OFF* !TCP_REPAIR_ON !TCP_REPAIR_OPTIONS !TCP_MSS_D*'),
  'timer-flags': flags('TIMER_ABSTIME'),
  timerfd: flags('TFD_CLOEXEC TFD_NONBLOCK'),
  'timerfd-time': flags('TFD_TIMER_*'),
  umount: flags('MNT_FORCE MNT_DETACH MNT_EXPIRE UMOUNT_NOFOLLOW'),
  wait: flags('WNOHANG WUNTRACED WEXITED WCONTINUED WNOWAIT'),
  xattr: flags('XATTR_CREATE XATTR_REPLACE'),
} satisfies Readonly<Record<string, Family>>;

/** The name of a family. */
export type FamilyName = keyof typeof FAMILIES;

/** The bits of a value that are a number. The others are flags. */
export function numberBits(family: FamilyName): bigint {
  return FAMILIES[family].mask;
}

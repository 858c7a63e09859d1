/** Denials that programs expect: the C library or the language runtime then makes an older call instead, or does without. */
import { constants } from 'node:os';
import type { Action } from '../../policy/policy.js';
import { ABIS } from '../../syscalls/abi.js';
import { syscallNumber } from '../../syscalls/table.js';

/**
 * Calls that programs try first. If the call fails with ENOSYS, they make an older one, or do without it. Sources:
 * glibc (clone3, close_range, faccessat2, fchmodat2, preadv2, pwritev2, renameat2, rseq, set_robust_list, and the calls
 * with 64-bit times of 32-bit ABIs), libuv (copy_file_range, statx), Go (pidfd_open, pidfd_send_signal), crun
 * (openat2), systemd (epoll_pwait2), .NET (membarrier).
 */
const REPLACED: ReadonlySet<string> = new Set([
  'clone3',
  'close_range',
  'copy_file_range',
  'epoll_pwait2',
  'faccessat2',
  'fchmodat2',
  'membarrier',
  'openat2',
  'pidfd_open',
  'pidfd_send_signal',
  'preadv2',
  'pwritev2',
  'renameat2',
  'rseq',
  'set_robust_list',
  'statx',
]);

/** libuv, and so Node, tries io_uring at its start, and does without it if the call fails with ENOSYS or with EPERM. */
const IO_URING: ReadonlySet<string> = new Set(['io_uring_setup', 'io_uring_enter', 'io_uring_register']);

/** Calls of 32-bit ABIs with 64-bit times, such as clock_gettime64 and futex_time64. */
const WIDE_TIME = /^clock_\w+64$|^timerf?d?_[gs]ettime64$|_time64$/;

/**
 * The number of sched_setattr in asm-generic/unistd.h, the first call of Linux 3.14 (2014). ABIs that begin with that
 * table, such as aarch64, number their calls by age from there on.
 */
const FIRST_OF_LINUX_3_14 = 274;

/**
 * Whether a call is so old that programs have nothing to use instead. A profile that names few calls answers ENOSYS to
 * these as well: to openat, if it names only read and write.
 */
function isOld(syscall: string): boolean {
  const number = syscallNumber('aarch64', syscall);
  if (number !== undefined) return number < FIRST_OF_LINUX_3_14;
  return [...ABIS.keys()].some((abi) => syscallNumber(abi, syscall) !== undefined);
}

/**
 * Whether programs expect this action for a call, and continue without the call. `isNewer`: the call gets ENOSYS
 * because the syscall is newer than every one that the profile names.
 */
export function isFallback(syscall: string, action: Action, isNewer: boolean): boolean {
  if (action.kind !== 'errno') return false;
  const { ENOSYS, EPERM } = constants.errno;
  if (IO_URING.has(syscall)) return action.errno === ENOSYS || action.errno === EPERM;
  if (action.errno !== ENOSYS) return false;
  return REPLACED.has(syscall) || WIDE_TIME.test(syscall) || (isNewer && !isOld(syscall));
}

/** A call with its arguments as a person reads them. */
interface CallInWords {
  readonly syscall: string;
  readonly decoded: readonly string[];
}

/** Whether a call connects to nscd, where C libraries look for a cache of names. They do without. */
export const connectsToNscd = ({ syscall, decoded: [, address = ''] }: CallInWords): boolean =>
  syscall === 'connect' && address.includes('"/var/run/nscd/socket"');

/**
 * Whether C libraries make such a call to ask nscd for a user, a group or a host. It is no fallback: the call for the socket
 * may also be the program's own, and musl fails if EPERM denies the connection.
 */
export const isPerhapsForNscd = (call: CallInWords): boolean =>
  connectsToNscd(call) ||
  (call.syscall === 'socket' && call.decoded[0] === 'AF_UNIX' && /^SOCK_STREAM\b/.test(call.decoded[1] ?? ''));

/** The violations that are no fallbacks. Last are those that a C library does without, if it made the calls. */
export function denialsIn<Each extends CallInWords & { readonly fallback: boolean }>(
  violations: readonly Each[],
): readonly Each[] {
  const denials = violations.filter(({ fallback }) => !fallback);
  return [...denials.filter((each) => !isPerhapsForNscd(each)), ...denials.filter(isPerhapsForNscd)];
}

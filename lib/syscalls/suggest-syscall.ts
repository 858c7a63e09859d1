/**
 * Suggests names of syscalls for a mistyped one. They are more alike than other names, so the rules are stricter than
 * those of util/suggest.
 */
import { distance } from 'fastest-levenshtein';
import { asQuestion, sameAs } from '../util/suggest.js';
import { syscallNames } from './table.js';

/** Functions of the C library, and the syscall that they make if it has another name. */
const KERNEL_NAMES: ReadonlyMap<string, string> = new Map([
  ...['execl', 'execle', 'execlp', 'execv', 'execvp', 'execvpe'].map((name) => [name, 'execve'] as const),
  ...['action', 'pending', 'procmask', 'suspend', 'timedwait'].map((name) => [`sig${name}`, `rt_sig${name}`] as const),
  ['_Exit', 'exit_group'],
  ['_exit', 'exit_group'],
  ['fadvise', 'fadvise64'],
  ['fexecve', 'execveat'],
  ['fstatat', 'newfstatat'],
  ['fstatvfs', 'fstatfs'],
  ['futimens', 'utimensat'],
  ['killpg', 'kill'],
  ['llseek', '_llseek'],
  ['mq_receive', 'mq_timedreceive'],
  ['mq_send', 'mq_timedsend'],
  ['newselect', '_newselect'],
  ['ntp_adjtime', 'adjtimex'],
  ['posix_fadvise', 'fadvise64'],
  ['posix_fallocate', 'fallocate'],
  ['posix_madvise', 'madvise'],
  ['pread', 'pread64'],
  ['prlimit', 'prlimit64'],
  ['pselect', 'pselect6'],
  ['pwrite', 'pwrite64'],
  ['recv', 'recvfrom'],
  ['send', 'sendto'],
  ['setegid', 'setresgid'],
  ['seteuid', 'setresuid'],
  ['sigqueue', 'rt_sigqueueinfo'],
  ['sigwaitinfo', 'rt_sigtimedwait'],
  ['statvfs', 'statfs'],
  ['sysctl', '_sysctl'],
  ['umount', 'umount2'],
  ['wait', 'wait4'],
  ['wait3', 'wait4'],
  ['waitpid', 'wait4'],
]);

/** The suffixes that distinguish a syscall from a variant of it: `preadv2`, `openat`, `getdents64`. */
const VARIANT = /(?:at|v)?\d*$/;

/**
 * Returns ` (did you mean X?)` if `input` is the C library's name of a syscall in `names`, or differs from one by a
 * letter or by two exchanged letters; else an empty string. Related syscalls differ in their first letter (`stat`,
 * `lstat`) or at their end (`preadv`, `preadv2`). Such a name is written on purpose, so a related syscall is never
 * suggested.
 */
export function suggestSyscall(input: unknown, names: readonly string[]): string {
  if (typeof input !== 'string' || input.length > 100) return '';
  const known = KERNEL_NAMES.get(input);
  if (known !== undefined) return names.includes(known) ? asQuestion(known) : '';
  const isVariant = [input, input.slice(1), input.replace(VARIANT, '')].some((name) => syscallNames().has(name));
  if (isVariant) return '';
  const same = sameAs(input, names);
  const near = same === undefined ? names.filter((name) => isMistyped(input, name)) : [same];
  return near.length > 0 && near.length <= MOST_NAMED ? asQuestion(near.join(' or ')) : '';
}

/** The limit on the names in a suggestion. */
const MOST_NAMED = 3;

/** Whether `input` differs from `name` in one letter, and is not a variant of it. */
function isMistyped(input: string, name: string): boolean {
  if (input.at(0) !== name.at(0) || Math.abs(input.length - name.length) > 1 || distance(input, name) !== 1)
    return false;
  return input.replace(VARIANT, '') !== name.replace(VARIANT, '');
}

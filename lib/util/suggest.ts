/** "Did you mean": the known name that is nearest to a misspelt one. */
import { closest, distance } from 'fastest-levenshtein';
import { syscallNames } from '../syscalls/table.js';

/** The last answer: a mistake is seldom made once. */
let last: { readonly input: unknown; readonly names: readonly string[]; readonly answer: string } | undefined;

/** What is in front of names, or is thought to be. */
const PREFIX = /^(?:scmp_(?:act|arch|cmp)|cap|seccomp_filter_flag|__nr)_/;

/** A name by what sets it apart from others of its kind, without case. */
function bare(name: string): string {
  return name.toLowerCase().replace(PREFIX, '');
}

/** What Go, Debian and the kernel call the same machine. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['amd64', 'x86_64'],
  ['x86_64', 'amd64'],
  ['arm64', 'aarch64'],
  ['aarch64', 'arm64'],
  ['i386', 'x86'],
]);

function sameAs(input: string, names: readonly string[]): string | undefined {
  const written = bare(input);
  const same = [written, SYNONYMS.get(written), written.replace(/^sys_/, '')];
  return names.find((name) => same.includes(bare(name))) ?? names.find((name) => isSwapped(written, bare(name)));
}

/** Whether two neighbours have changed places, as fingers are often faster than they should be. */
function isSwapped(written: string, known: string): boolean {
  if (written.length !== known.length) return false;
  const at = [...written].findIndex((letter, i) => letter !== known.at(i));
  return written === `${known.slice(0, at)}${known.at(at + 1)}${known.at(at)}${known.slice(at + 2)}`;
}

/** The only name that begins with `input`, as in `@net` for `@network`; undefined if there are several or none. */
function completion(input: string, names: readonly string[]): string | undefined {
  const written = bare(input);
  if (written.length < SHORTEST_BEGINNING) return undefined;
  const [name, ...others] = names.filter((each) => bare(each).startsWith(written));
  return others.length === 0 ? name : undefined;
}

const SHORTEST_BEGINNING = 3;

function isNear(input: string, name: string): boolean {
  const [written, known] = [bare(input), bare(name)];
  if (written.startsWith(known)) return true;
  // The mistake may be in what is in front.
  const hasPrefix = known !== name.toLowerCase();
  if (hasPrefix && written === input.toLowerCase() && distance(input, name) <= 2) return true;
  const most = Math.max(1, Math.min(Math.floor(name.length / 3), Math.ceil(known.length / 2)));
  return distance(written, known) <= Math.min(most, written.length - 1);
}

/** Functions of the C library, and the syscall that makes the same call of the kernel where its name is another one. */
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

/** What the names of syscalls end with if they are other calls than those without: `preadv2`, `openat`, `getdents64`. */
const VARIANT = /(?:at|v)?\d*$/;

/**
 * ` (did you mean X?)` if `input` is the C library's name of a syscall in `names`, or mistyped by one letter or by two that
 * changed places, else nothing. Syscalls of one family differ in their first letter (`stat`, `lstat`) or at their end
 * (`preadv`, `preadv2`): who writes such a name means another call, so that one is never suggested in its place.
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

/** More names than that are no help. */
const MOST_NAMED = 3;

/** Whether `input` differs from `name` in one letter, and is no other call of its family. */
function isMistyped(input: string, name: string): boolean {
  if (input.at(0) !== name.at(0) || Math.abs(input.length - name.length) > 1 || distance(input, name) !== 1)
    return false;
  return input.replace(VARIANT, '') !== name.replace(VARIANT, '');
}

function asQuestion(name: string): string {
  return ` (did you mean ${name}?)`;
}

/** ` (did you mean X?)` if one of `names` is near enough to `input`, else nothing. */
export function suggest(input: unknown, names: readonly string[]): string {
  if (typeof input !== 'string' || input.length > 100 || names.length === 0) return '';
  if (last?.input === input && last.names === names) return last.answer;
  const same = sameAs(input, names) ?? completion(input, names);
  const name = same ?? closest(input, names);
  const answer = same !== undefined || isNear(input, name) ? asQuestion(name) : '';
  last = { input, names, answer };
  return answer;
}

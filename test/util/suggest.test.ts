/** Suggestions for unknown names: never one that would allow a call that was to be denied. */
import { describe, expect, test } from 'vitest';
import { Profile } from '../../lib/profile/profile.js';
import { groupNames } from '../../lib/syscalls/groups.js';
import { suggestSyscall } from '../../lib/syscalls/suggest-syscall.js';
import { syscallNames, syscallsOf } from '../../lib/syscalls/table.js';
import { suggest } from '../../lib/util/suggest.js';

const names = [...syscallNames()];

/** Returns the name in a suggestion; empty if there is none. */
const suggested = (text: string) => /\(did you mean (.*)\?\)/.exec(text)?.[1] ?? '';

describe('of a syscall', () => {
  // Source: the SYNOPSIS and NOTES of the functions' man pages, in sections 2 and 3.
  const FUNCTIONS = `
    execl=execve execle=execve execlp=execve execv=execve execvp=execve execvpe=execve fexecve=execveat
    sigaction=rt_sigaction sigpending=rt_sigpending sigprocmask=rt_sigprocmask sigsuspend=rt_sigsuspend
    sigtimedwait=rt_sigtimedwait sigwaitinfo=rt_sigtimedwait sigqueue=rt_sigqueueinfo killpg=kill
    _Exit=exit_group _exit=exit_group wait=wait4 wait3=wait4 waitpid=wait4
    fadvise=fadvise64 posix_fadvise=fadvise64 posix_fallocate=fallocate posix_madvise=madvise
    fstatat=newfstatat fstatvfs=fstatfs statvfs=statfs futimens=utimensat umount=umount2
    llseek=_llseek newselect=_newselect sysctl=_sysctl pselect=pselect6 pread=pread64 pwrite=pwrite64
    mq_receive=mq_timedreceive mq_send=mq_timedsend recv=recvfrom send=sendto
    ntp_adjtime=adjtimex prlimit=prlimit64 setegid=setresgid seteuid=setresuid`;
  const pairs = FUNCTIONS.trim()
    .split(/\s+/)
    .map((pair) => pair.split('='));
  test.each(pairs)('%s, a function of the C library: %s, which makes the same call', (input, expected) => {
    expect(suggested(suggestSyscall(input, names))).toBe(expected);
  });

  test('only if the ABI has it', () => {
    expect(suggested(suggestSyscall('umount', [...syscallsOf('x86_64').keys()]))).toBe('umount2');
    expect(suggested(suggestSyscall('newselect', [...syscallsOf('x86_64').keys()]))).toBe('');
  });

  test.each([
    ['opnat', 'openat'],
    ['raed', 'read'],
    ['unsharee', 'unshare'],
    ['opena', 'open or openat'],
  ])('%s, mistyped: %s', (input, expected) => {
    expect(suggested(suggestSyscall(input, names))).toBe(expected);
  });

  test.each(['openat3', 'preadv3', 'clone4', 'setuid2', 'fopen', 'epoll', 'readfile', 'mmap3', 'futex_time32'])(
    '%s, another call: none',
    (input) => {
      expect(suggestSyscall(input, names)).toBe('');
    },
  );

  test.each<[string, string, readonly string[], string]>([
    ['three names', 'abcde', ['abcdx', 'abcdy', 'abxde'], 'abcdx or abcdy or abxde'],
    ['more than three names', 'abcde', ['abcdx', 'abcdy', 'abcdz', 'abxde'], ''],
    ['a name with another first letter', 'abcde', ['xbcde'], ''],
    ['a name with two other letters', 'abcde', ['abcxy'], ''],
    ['a name of 100 letters', `${'a'.repeat(99)}x`, [`${'a'.repeat(98)}bx`], `${'a'.repeat(98)}bx`],
    ['a name of 101 letters', `${'a'.repeat(100)}x`, [`${'a'.repeat(99)}bx`], ''],
  ])('%s', (_, input, known, expected) => {
    expect(suggested(suggestSyscall(input, known))).toBe(expected);
  });

  test('a syscall of another ABI: no suggestion', () => {
    expect(suggestSyscall('stat', [...syscallsOf('aarch64').keys()])).toBe('');
  });

  test('does not suggest related syscalls, whose names contain each other', () => {
    const wrong: string[] = [];
    for (const name of names) {
      const variants = ['f', 'l', 'm', 'p', 'r'].map((letter) => letter + name);
      for (const variant of [...variants, `${name}at`, `${name}v`, `${name}2`, `${name}64`]) {
        if (suggested(suggestSyscall(variant, names)) === name) wrong.push(variant);
      }
    }
    expect(wrong).toEqual([]);
  });
});

test('for a group: the only one with this prefix', () => {
  expect(suggested(suggest('@net', groupNames()))).toBe('@network');
  expect(suggest('@file', groupNames())).toBe(''); // Three begin so.
});

/** Names of several kinds, each tested with the names in both orders. */
test.each<[string, readonly string[], string]>([
  ['allow', ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'], 'SCMP_ACT_ALLOW'],
  ['eq', ['SCMP_CMP_EQ', 'SCMP_CMP_NE'], 'SCMP_CMP_EQ'],
  ['X86', ['SCMP_ARCH_X86', 'SCMP_ARCH_X86_64'], 'SCMP_ARCH_X86'],
  ['scmp_act_log', ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'], 'SCMP_ACT_LOG'],
  ['chown', ['CAP_CHOWN', 'CAP_KILL'], 'CAP_CHOWN'],
  ['__NR_read', ['read', 'write'], 'read'],
  ['sys_read', ['read', 'write'], 'read'],
  ['log', ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC'], 'SECCOMP_FILTER_FLAG_LOG'],
  ['amd64', ['x86', 'x86_64', 'aarch64'], 'x86_64'],
  ['x86_64', ['amd64', 'arm64'], 'amd64'],
  ['arm64', ['x86_64', 'aarch64', 'arm'], 'aarch64'],
  ['aarch64', ['amd64', 'arm64'], 'arm64'],
  ['i386', ['x86', 'x86_64'], 'x86'],
  // Two letters that are transposed come before a name that is as near.
  ['wirte', ['wite', 'write'], 'write'],
  ['ab', ['ba', 'xy'], 'ba'],
  // Beginnings, of three letters at least, of one name only.
  ['net', ['network', 'process'], 'network'],
  ['ne', ['network', 'process'], ''],
  ['netw', ['network', 'networking'], ''],
  // What begins with a name.
  ['readable_file', ['read', 'write'], 'read'],
  // A mistake in the prefix.
  ['SCMP_ATC_LOG', ['SCMP_ACT_LOG'], 'SCMP_ACT_LOG'],
  ['SMP_AT_LOG', ['SCMP_ACT_LOG'], 'SCMP_ACT_LOG'],
  ['SMP_AT_OG', ['SCMP_ACT_LOG'], ''],
  // A third of the letters may differ, half of those after a prefix, and one in a short name, but not all.
  ['abcdxx', ['abcdef'], 'abcdef'],
  ['abcxxx', ['abcdef'], ''],
  ['abx', ['abc'], 'abc'],
  ['axx', ['abc'], ''],
  ['x', ['a'], ''],
  ['ax', ['ab'], 'ab'],
  ['xb', ['SCMP_ACT_ab'], 'SCMP_ACT_ab'],
  ['xy', ['SCMP_ACT_ab'], ''],
  ['axx', ['SCMP_ACT_abc'], 'SCMP_ACT_abc'],
  ['xxx', ['SCMP_ACT_abc'], ''],
  ['unlike', ['read', 'write'], ''],
])('for %j among %j: %j', (input, names, expected) => {
  expect(suggested(suggest(input, names))).toBe(expected);
  expect(suggested(suggest(input, names.toReversed()))).toBe(expected);
});

test('there is none for a value that is not a text, for a long text, or without names', () => {
  expect(suggest(5, ['5'])).toBe('');
  expect(suggest('read', [])).toBe('');
  const name = 'x'.repeat(100);
  expect(suggested(suggest(`${name.slice(1)}y`, [name]))).toBe(name);
  expect(suggest(`${name}y`, [name])).toBe('');
});

test('the last answer is that of its text and its names', () => {
  const [first, second] = [['read'], ['raed']];
  expect(suggested(suggest('raed', first))).toBe('read');
  expect(suggested(suggest('raed', second))).toBe('raed');
  expect(suggested(suggest('rdea', second))).toBe('');
  expect(suggested(suggest('raed', second))).toBe('raed');
});

test.each([
  ['EACESS', 'EACCES'],
  ['EPREM', 'EPERM'],
])('for an errno: %s is %s', (errno, expected) => {
  const deny = () => Profile.denylist().deny('mount', { errno: errno as 'EPERM' });
  expect(deny).toThrow(`"${errno}" is not an errno (did you mean ${expected}?)`);
});

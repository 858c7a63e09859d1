/** Suggestions for unknown names of syscalls: never one that would allow a call that was to be denied. */
import { describe, expect, test } from 'vitest';
import { suggestSyscall } from '../../lib/syscalls/suggest-syscall.js';
import { syscallNames, syscallsOf } from '../../lib/syscalls/table.js';

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

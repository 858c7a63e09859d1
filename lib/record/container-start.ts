/** The calls that a container runtime makes under a container's filter before the program starts. */
import type { RuleDocument } from '../profile/document/types.js';

/**
 * The first three lines: calls that strace shows of runc 1.1.15 and crun 1.21, as root and as another user, with and
 * without no_new_privs. Without no_new_privs, a runtime attaches the filter before it changes its user and
 * capabilities. The other lines: calls of Go's runtime, which depend on its scheduler, its memory and signals, and so
 * on chance.
 */
export const CONTAINER_START: RuleDocument = {
  names: `
    capget capset chdir close close_range epoll_ctl execve faccessat2 fchown fcntl fstat fstatfs futex getcwd getdents64
    getpid getppid newfstatat openat prctl read rt_sigaction rt_sigprocmask setgid setgroups setresgid setresuid setuid
    write
    clone clone3 epoll_pwait getrandom gettid madvise mmap mprotect munmap nanosleep sched_getaffinity sched_yield
    sigaltstack tgkill
  `
    .trim()
    .split(/\s+/)
    .sort(),
  action: 'SCMP_ACT_ALLOW',
  comment: 'Calls of runc and crun between attaching the filter and starting the program',
};

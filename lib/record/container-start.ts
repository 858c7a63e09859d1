/** What a container runtime calls under a container's filter before the program runs. */
import type { RuleDocument } from '../profile/document/types.js';

/**
 * The first line: seen with strace in runc 1.1.15 and crun 1.21, as root and as another user, with no_new_privs and without:
 * then they put the filter on first and change user and capabilities after. The second: what Go's runtime calls when its
 * scheduler, its memory or a signal asks for it, which is chance.
 */
export const CONTAINER_START: RuleDocument = {
  names: `
    capget capset chdir close close_range epoll_ctl execve faccessat2 fchown fcntl fstat fstatfs futex getcwd getdents64
    getpid getppid newfstatat openat prctl read rt_sigaction rt_sigprocmask setgid setgroups setresgid setresuid setuid write
    clone clone3 epoll_pwait getrandom gettid madvise mmap mprotect munmap nanosleep sched_getaffinity sched_yield
    sigaltstack tgkill
  `
    .trim()
    .split(/\s+/)
    .sort(),
  action: 'SCMP_ACT_ALLOW',
  comment: 'What runc and crun call between putting the filter on and starting the program',
};

/**
 * The always-allowed syscalls of the built-ins for Node: those that all of them allow, and those for files, sockets and
 * programs that some of them add. Based on recordings by scripts/generate/node-syscalls.mjs, and on the sources of libuv
 * and V8, and of C libraries for other CPUs and kernels.
 */
import type { Topics } from '../definition.js';

/** For every profile: syscalls that affect only the process itself and its open descriptors. */
export const ESSENTIAL = {
  'Open descriptors': {
    'Programs read from and write to open descriptors.': `
      read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek sendfile sendfile64
      copy_file_range splice tee`,
    'Programs duplicate, close and query descriptors, and create pipes, which reach no other process by themselves.':
      'dup dup2 dup3 close close_range pipe pipe2 fstat fstat64',
    'Event loops wait for events on descriptors, and other threads wake them.': `
      select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_create epoll_create1 epoll_ctl
      epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2`,
    'Standard streams and IPC channels are often inherited sockets: Node queries their type, reads from them and shuts them down.':
      'getsockname getpeername getsockopt recvfrom recvmsg shutdown',
  },
  Memory: {
    'A process maps and protects its own memory, and makes parts of it executable for compiled JavaScript.': `
      brk mmap mmap2 munmap mremap mprotect madvise mincore msync mseal map_shadow_stack mlock mlock2 mlockall munlock
      munlockall pkey_alloc pkey_free pkey_mprotect`,
  },
  'Threads and signals': {
    'Threads synchronize and use thread-local storage.': `
      futex futex_time64 futex_wait futex_waitv futex_wake futex_requeue get_robust_list set_robust_list rseq
      membarrier set_tid_address get_thread_area set_thread_area get_tls set_tls arch_prctl`,
    'Some CPUs need a call to run newly written code, to switch stacks or to report their features.':
      'cacheflush riscv_flush_icache riscv_hwprobe swapcontext',
    'A process handles, blocks and waits for its signals.': `
      rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_sigreturn
      sigaltstack sigprocmask sigreturn signalfd signalfd4 pause restart_syscall uretprobe`,
    'Threads and processes exit, and a parent waits for its children.': 'exit exit_group wait4 waitid waitpid',
    'Threads query their scheduling and yield the CPU.': `
      sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_getattr getcpu sched_get_priority_max
      sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 getpriority`,
    'A process may restrict itself further: these calls can only remove rights.':
      'seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self',
  },
  'Information and time': {
    'A process queries its IDs, working directory, capabilities, limits and resource usage, and the system’s name and random numbers.': `
      getpid getppid gettid getpgid getpgrp getsid getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32
      getgroups getgroups32 getresuid getresuid32 getresgid getresgid32 capget getcwd getrlimit ugetrlimit getrusage
      times sysinfo uname getrandom`,
    'Programs read clocks, sleep and set their own timers.': `
      time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 nanosleep clock_nanosleep
      clock_nanosleep_time64 alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime
      timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
      timerfd_settime64`,
  },
} as const satisfies Topics;

/** For `node:fs`, and for the libraries and programs that are used with it. */
export const FILES = {
  Files: {
    'Programs open files. File permissions and mounts decide which ones they can open.':
      'open openat openat2 creat memfd_create',
    'Programs query the metadata of files and the free space of file systems.': `
      stat stat64 lstat lstat64 newfstatat fstatat64 statx access faccessat faccessat2 readlink readlinkat statfs
      statfs64 fstatfs fstatfs64`,
    'Programs list, enter, create and remove directories.': 'chdir fchdir getdents getdents64 mkdir mkdirat rmdir',
    'Programs link, rename and unlink files.':
      'link linkat symlink symlinkat unlink unlinkat rename renameat renameat2',
    'Programs change the owner, mode, times and extended attributes of files, under the kernel’s permission checks.': `
      chmod fchmod fchmodat fchmodat2 umask chown fchown lchown chown32 fchown32 lchown32 fchownat utime utimes
      futimesat utimensat utimensat_time64 getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr listxattr
      llistxattr flistxattr removexattr lremovexattr fremovexattr`,
    'Programs duplicate and configure descriptors, and lock parts of files.': 'fcntl fcntl64',
    'Programs lock, truncate and allocate files, and flush them to the disk.': `
      flock truncate truncate64 ftruncate ftruncate64 fallocate fadvise64 fadvise64_64 arm_fadvise64_64 readahead sync
      syncfs fsync fdatasync sync_file_range sync_file_range2 arm_sync_file_range`,
    'Programs watch files that they can read.': 'inotify_init inotify_init1 inotify_add_watch inotify_rm_watch',
  },
  'The process itself': {
    'A process sets its own attributes, such as its name. The kernel checks capabilities where an attribute requires one.':
      'prctl prlimit64 setrlimit setpgid setsid',
    'A server that root started changes to another user and drops capabilities.': `
      setuid setuid32 setgid setgid32 setgroups setgroups32 setreuid setreuid32 setregid setregid32 setresuid
      setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 capset`,
    'Programs set their scheduling, within their resource limits and capabilities.':
      'setpriority sched_setaffinity sched_setattr sched_setparam sched_setscheduler ioprio_get ioprio_set',
    'Programs send signals, under the kernel’s permission checks.':
      'kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal',
  },
} as const satisfies Topics;

/** For sockets of the network. Arguments decide which sockets can be created. */
export const SOCKETS = {
  Sockets: {
    'Servers listen, and clients connect.': 'bind listen accept accept4 connect',
    'Programs send, receive and configure sockets.':
      'setsockopt send sendto sendmsg sendmmsg recv recvmmsg recvmmsg_time64',
  },
} as const satisfies Topics;

/** For pairs of sockets, which connect a process with its children. */
export const CHANNELS = {
  Sockets: {
    'Programs send and receive on existing sockets: those to child processes, and inherited ones.':
      'setsockopt send sendto sendmsg sendmmsg recv recvmmsg recvmmsg_time64',
  },
} as const satisfies Topics;

/** For starting programs, besides the checks of clone's flags. */
export const PROGRAMS = {
  'Other programs': {
    'Processes start other processes and execute programs.': 'fork vfork execve execveat',
  },
} as const satisfies Topics;

/** The syscalls that every built-in always allows: they only affect what the process has or can reach anyway. */
import type { BuiltinDefinition, Topics } from '../definition.js';

export const COMMON = {
  Files: {
    'Programs open files. File permissions and mounts decide which ones they can open.':
      'open openat openat2 creat close close_range',
    'Programs read from and write to open descriptors.': `
      read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek sendfile sendfile64
      copy_file_range splice tee`,
    'Programs duplicate, configure and lock descriptors, and create pipes.':
      'dup dup2 dup3 fcntl fcntl64 flock ioctl pipe pipe2',
    'Programs query the metadata of paths and descriptors.': `
      stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx access faccessat faccessat2 readlink
      readlinkat`,
    'Programs query the free space of file systems.': 'statfs statfs64 fstatfs fstatfs64',
    'Programs list, enter, create and remove directories.':
      'getcwd chdir fchdir getdents getdents64 mkdir mkdirat rmdir',
    'Programs link, rename and unlink files. Creating device nodes requires CAP_MKNOD, and the device cgroup controls access to them.':
      'link linkat symlink symlinkat unlink unlinkat rename renameat renameat2 mknod mknodat',
    'Programs change the owner, mode and times of files, under the kernel’s permission checks.': `
      chmod fchmod fchmodat fchmodat2 umask chown fchown lchown chown32 fchown32 lchown32 fchownat utime utimes
      futimesat utimensat utimensat_time64`,
    'Programs truncate and allocate files, and flush them to the disk.': `
      truncate truncate64 ftruncate ftruncate64 fallocate fadvise64 fadvise64_64 readahead sync syncfs fsync fdatasync
      sync_file_range`,
    'Programs read and write extended attributes. The kernel has permission checks for each of their namespaces.': `
      getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr listxattr llistxattr flistxattr removexattr
      lremovexattr fremovexattr`,
    'It returns a handle of a file that the program can already look up. The handle alone does not open a file.':
      'name_to_handle_at',
    'Programs watch files that they can read.':
      'inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark',
  },

  Memory: {
    'A process maps and protects its own memory.': `
      brk mmap mmap2 munmap mremap remap_file_pages mprotect madvise mincore msync mlock mlock2 mlockall munlock
      munlockall pkey_alloc pkey_free pkey_mprotect`,
    'They create memory with a descriptor, which only holders of the descriptor can map.': 'memfd_create memfd_secret',
  },

  'Processes and threads': {
    'Processes start, execute programs, exit and wait for children. These calls cannot create namespaces.':
      'fork vfork execve execveat exit exit_group wait4 waitid waitpid',
    'A process queries the IDs of itself and its parent, and sets its process group and session.':
      'getpid getppid gettid getpgid getpgrp getsid setpgid setsid set_tid_address',
    'A process queries its user and group IDs. Other IDs require CAP_SETUID, CAP_SETGID or a set-user-ID program.': `
      getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32 getresuid getresuid32
      getresgid getresgid32 setuid setuid32 setgid setgid32 setgroups setgroups32 setreuid setreuid32 setregid
      setregid32 setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32`,
    'A process can drop capabilities, but not gain ones outside of its permitted set.': 'capget capset',
    'A process sets its own attributes, such as its name. The kernel checks capabilities where an attribute requires one.':
      'prctl',
    'A process may restrict itself further: these calls can only remove rights.':
      'seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self',
    'Programs send signals, under the kernel’s permission checks.': `
      kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal process_mrelease sigaltstack
      sigprocmask sigreturn rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait
      rt_sigtimedwait_time64 signalfd signalfd4 pause restart_syscall`,
    'Threads synchronize and use thread-local storage.': `
      futex futex_time64 futex_wait futex_waitv futex_wake futex_requeue get_robust_list set_robust_list rseq
      membarrier get_thread_area set_thread_area`,
    'Programs set their scheduling, within their resource limits and capabilities.': `
      sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam
      sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval
      sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set getcpu`,
    'Programs query their limits, resource usage and the system, and lower their own limits.':
      'getrlimit ugetrlimit setrlimit prlimit64 getrusage times sysinfo uname getrandom',
  },

  Time: {
    'Programs read clocks and sleep.': `
      time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 nanosleep clock_nanosleep
      clock_nanosleep_time64`,
    'They read the adjustment of the clock. Changing it requires CAP_SYS_TIME.':
      'adjtimex clock_adjtime clock_adjtime64',
    'Programs set timers, which affect only themselves.': `
      alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime
      timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64`,
  },

  'Events and communication': {
    'Event loops wait for events on descriptors.': `
      select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_create epoll_create1 epoll_ctl
      epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2`,
    'The older asynchronous I/O only reads and writes open descriptors, unlike io_uring.':
      'io_setup io_destroy io_submit io_cancel io_getevents',
    'Programs use existing sockets. Separate rules decide the families of new ones.': `
      socketpair bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt send sendto
      sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64`,
    'Older 32-bit C libraries make all socket calls through it. A filter cannot read the family, which is in memory.':
      'socketcall',
    'System V and POSIX message queues, semaphores and shared memory are separate in each IPC namespace.': `
      ipc semget semctl semop semtimedop semtimedop_time64 shmget shmctl shmat shmdt msgget msgctl msgsnd msgrcv
      mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive
      mq_timedreceive_time64`,
  },
} as const satisfies Topics;

/** For each native ABI, the other ABIs that its CPUs run and that every built-in covers as well. */
export const BESIDES: BuiltinDefinition['besides'] = {
  x86_64: ['x86', 'x32'],
  aarch64: ['arm'],
  s390x: ['s390'],
  mips64: ['mips', 'mips64n32'],
  mips64n32: ['mips', 'mips64'],
  mipsel64: ['mipsel', 'mipsel64n32'],
  mipsel64n32: ['mipsel', 'mipsel64'],
};

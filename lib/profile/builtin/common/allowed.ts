/** The syscalls that every built-in always allows: they only affect what the process has or can reach anyway. */
import type { BuiltinDefinition, Group, Topics } from '../definition.js';

export const COMMON = {
  Files: [
    {
      why: 'Programs open files; whether they may is for permissions and mounts to decide.',
      names: 'open openat openat2 creat close close_range',
    },
    {
      why: 'Data is read from and written to descriptors that are already open.',
      names: `read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek
        sendfile sendfile64 copy_file_range splice tee`,
    },
    {
      why: 'Descriptors are copied, piped, locked and controlled.',
      names: 'dup dup2 dup3 fcntl fcntl64 flock ioctl pipe pipe2',
    },
    {
      why: 'Programs ask what a path or a descriptor is.',
      names: `stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx access faccessat faccessat2
        readlink readlinkat`,
    },
    {
      why: 'Programs ask how full a file system is.',
      names: 'statfs statfs64 fstatfs fstatfs64',
    },
    {
      why: 'Directories are listed, entered, made and removed.',
      names: 'getcwd chdir fchdir getdents getdents64 mkdir mkdirat rmdir',
    },
    {
      why: 'Names are given to files and taken away; device nodes need CAP_MKNOD and a device list that allows them.',
      names: 'link linkat symlink symlinkat unlink unlinkat rename renameat renameat2 mknod mknodat',
    },
    {
      why: 'Owners, modes and times of files change under the usual permission checks.',
      names: `chmod fchmod fchmodat fchmodat2 umask chown fchown lchown chown32 fchown32 lchown32 fchownat
        utime utimes futimesat utimensat utimensat_time64`,
    },
    {
      why: 'Files get their size and space, and reach the disk.',
      names: `truncate truncate64 ftruncate ftruncate64 fallocate fadvise64 fadvise64_64 readahead
        sync syncfs fsync fdatasync sync_file_range`,
    },
    {
      why: 'Extended attributes are read and written under checks of their own for each namespace of names.',
      names: `getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr
        listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr`,
    },
    {
      why: 'A handle alone opens nothing: it names a file that could be looked up anyway.',
      names: 'name_to_handle_at',
    },
    {
      why: 'Programs wait for changes of files that they can read.',
      names: 'inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark',
    },
  ],

  Memory: [
    {
      why: 'A process lays out its own memory.',
      names: `brk mmap mmap2 munmap mremap remap_file_pages mprotect madvise mincore msync
        mlock mlock2 mlockall munlock munlockall pkey_alloc pkey_free pkey_mprotect`,
    },
    {
      why: 'Memory that has a descriptor, or is hidden even from the kernel, belongs to the process that made it.',
      names: 'memfd_create memfd_secret',
    },
  ],

  'Processes and threads': [
    {
      why: 'Processes start, become programs, end and are waited for; namespaces can not be made this way.',
      names: 'fork vfork execve execveat exit exit_group wait4 waitid waitpid',
    },
    {
      why: 'A process asks for the ids of itself and its relatives, and arranges its groups and sessions.',
      names: 'getpid getppid gettid getpgid getpgrp getsid setpgid setsid set_tid_address',
    },
    {
      why: 'A process asks who it is; to become someone else takes CAP_SETUID, CAP_SETGID or a set-user-ID program.',
      names: `getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32
        getresuid getresuid32 getresgid getresgid32 setuid setuid32 setgid setgid32 setgroups setgroups32
        setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32
        setfsuid setfsuid32 setfsgid setfsgid32`,
    },
    {
      why: 'A process can drop capabilities, never gain what it is not permitted.',
      names: 'capget capset',
    },
    {
      why: 'A process sets what concerns itself, such as its name; what of it needs a capability asks for one.',
      names: 'prctl',
    },
    {
      why: 'A process may tie its own hands further: each of these only ever takes rights away.',
      names: 'seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self',
    },
    {
      why: 'Signals go to processes that the sender may signal.',
      names: `kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal process_mrelease
        sigaltstack sigprocmask sigreturn rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend
        rt_sigtimedwait rt_sigtimedwait_time64 signalfd signalfd4 pause restart_syscall`,
    },
    {
      why: 'Threads wait for each other and keep data of their own.',
      names: `futex futex_time64 futex_wait futex_waitv futex_wake futex_requeue get_robust_list set_robust_list
        rseq membarrier get_thread_area set_thread_area`,
    },
    {
      why: 'Programs choose how they are scheduled, within what rlimits and capabilities grant.',
      names: `sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam
        sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min
        sched_rr_get_interval sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set getcpu`,
    },
    {
      why: 'Programs ask for limits, usage and the system they run on, and lower their own limits.',
      names: 'getrlimit ugetrlimit setrlimit prlimit64 getrusage times sysinfo uname getrandom',
    },
  ],

  Time: [
    {
      why: 'Clocks are read and slept on.',
      names: `time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64
        nanosleep clock_nanosleep clock_nanosleep_time64`,
    },
    {
      why: 'Anyone may read how a clock is disciplined; to change it the kernel itself asks for CAP_SYS_TIME.',
      names: 'adjtimex clock_adjtime clock_adjtime64',
    },
    {
      why: 'Timers belong to the process that sets them.',
      names: `alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
        timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64`,
    },
  ],

  'Waiting and talking': [
    {
      why: 'Event loops wait for descriptors.',
      names: `select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64
        epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2
        eventfd eventfd2`,
    },
    {
      why: 'The old asynchronous I/O acts on open descriptors only; io_uring, which does far more, is not among it.',
      names: 'io_setup io_destroy io_submit io_cancel io_getevents',
    },
    {
      why: 'Sockets that exist are used; which family a new one may be of is decided apart.',
      names: `socketpair bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt
        send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64`,
    },
    {
      why: 'Older 32-bit C libraries make all their socket calls by it; a filter can not see the family behind its pointer.',
      names: 'socketcall',
    },
    {
      why: 'System V and POSIX queues, semaphores and shared memory are those of the IPC namespace.',
      names: `ipc semget semctl semop semtimedop semtimedop_time64 shmget shmctl shmat shmdt msgget msgctl msgsnd msgrcv
        mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64`,
    },
  ],
} as const satisfies Topics<Group>;

/** The ABIs that CPUs run besides their native one, and that every built-in decides as well. */
export const BESIDES: BuiltinDefinition['besides'] = {
  x86_64: ['x86', 'x32'],
  aarch64: ['arm'],
  s390x: ['s390'],
  mips64: ['mips', 'mips64n32'],
  mips64n32: ['mips', 'mips64'],
  mipsel64: ['mipsel', 'mipsel64n32'],
  mipsel64n32: ['mipsel', 'mipsel64'],
};

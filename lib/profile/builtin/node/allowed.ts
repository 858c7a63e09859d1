/**
 * The parts of the built-ins for Node: what each of them allows, and the files, sockets and programs that some add.
 * Made from recordings by scripts/record-node-syscalls.mjs, and from the sources of libuv, V8 and C libraries for
 * other CPUs and kernels.
 */
import type { Group, Topics } from '../definition.js';

/** For a program that computes: syscalls that affect the process itself and what it has open. */
export const ESSENTIAL = {
  'Open descriptors': [
    {
      why: 'Data is read from and written to descriptors that are open.',
      names: `read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek
        sendfile sendfile64 copy_file_range splice tee`,
    },
    {
      why: 'Descriptors are copied, closed and asked about, and pipes made, which lead nowhere else.',
      names: 'dup dup2 dup3 close close_range pipe pipe2 fstat fstat64',
    },
    {
      why: 'Event loops wait for descriptors, and threads wake them.',
      names: `select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64
        epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2`,
    },
    {
      why: 'Standard streams and IPC channels are often sockets that were made before: Node asks of which kind, reads and ends them.',
      names: 'getsockname getpeername getsockopt recvfrom recvmsg shutdown',
    },
  ],
  Memory: [
    {
      why: 'A process lays out its own memory, and makes some of it executable for compiled JavaScript.',
      names: `brk mmap mmap2 munmap mremap mprotect madvise mincore msync mseal map_shadow_stack
        mlock mlock2 mlockall munlock munlockall pkey_alloc pkey_free pkey_mprotect`,
    },
  ],
  'Threads and signals': [
    {
      why: 'Threads wait for each other and keep data of their own.',
      names: `futex futex_time64 futex_wait futex_waitv futex_wake futex_requeue get_robust_list set_robust_list rseq
        membarrier set_tid_address get_thread_area set_thread_area get_tls set_tls arch_prctl`,
    },
    {
      why: 'Some CPUs need a call before code that was just written runs, to switch stacks, or to tell what they can do.',
      names: 'cacheflush riscv_flush_icache riscv_hwprobe swapcontext',
    },
    {
      why: 'A process handles, blocks and awaits the signals that it gets.',
      names: `rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_sigreturn
        sigaltstack sigprocmask sigreturn signalfd signalfd4 pause restart_syscall uretprobe`,
    },
    {
      why: 'Threads and processes end, and a parent learns of the end of children that it has.',
      names: 'exit exit_group wait4 waitid waitpid',
    },
    {
      why: 'Threads ask how they are scheduled, and step aside.',
      names: `sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_getattr getcpu
        sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 getpriority`,
    },
    {
      why: 'A process may tie its own hands further: each of these only ever takes rights away.',
      names: 'seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self',
    },
  ],
  'Questions and time': [
    {
      why: 'A process asks who it is, where it is, what it may and what it has used.',
      names: `getpid getppid gettid getpgid getpgrp getsid getuid getuid32 geteuid geteuid32 getgid getgid32
        getegid getegid32 getgroups getgroups32 getresuid getresuid32 getresgid getresgid32 capget
        getcwd getrlimit ugetrlimit getrusage times sysinfo uname getrandom`,
    },
    {
      why: 'Clocks are read and slept on; timers belong to the process that sets them.',
      names: `time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 nanosleep
        clock_nanosleep clock_nanosleep_time64 alarm getitimer setitimer
        timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
        timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64`,
    },
  ],
} as const satisfies Topics<Group>;

/** For `node:fs`, and for the libraries and programs that are used with it. */
export const FILES = {
  Files: [
    {
      why: 'Files are opened; whether they may is for permissions and mounts to decide.',
      names: 'open openat openat2 creat memfd_create',
    },
    {
      why: 'Programs ask what a path is, and how full a file system is.',
      names: `stat stat64 lstat lstat64 newfstatat fstatat64 statx access faccessat faccessat2 readlink readlinkat
        statfs statfs64 fstatfs fstatfs64`,
    },
    {
      why: 'Directories are listed, entered, made and removed.',
      names: 'chdir fchdir getdents getdents64 mkdir mkdirat rmdir',
    },
    {
      why: 'Names are given to files and taken away.',
      names: 'link linkat symlink symlinkat unlink unlinkat rename renameat renameat2',
    },
    {
      why: 'Owners, modes, times and attributes of files change under the usual permission checks.',
      names: `chmod fchmod fchmodat fchmodat2 umask chown fchown lchown chown32 fchown32 lchown32 fchownat
        utime utimes futimesat utimensat utimensat_time64 getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr
        listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr`,
    },
    {
      why: 'Descriptors are copied and set up, and parts of files locked.',
      names: 'fcntl fcntl64',
    },
    {
      why: 'Files are locked, get their size and space, and reach the disk.',
      names: `flock truncate truncate64 ftruncate ftruncate64 fallocate fadvise64 fadvise64_64 arm_fadvise64_64 readahead
        sync syncfs fsync fdatasync sync_file_range sync_file_range2 arm_sync_file_range`,
    },
    {
      why: 'Programs wait for changes of files that they can read.',
      names: 'inotify_init inotify_init1 inotify_add_watch inotify_rm_watch',
    },
  ],
  'The process itself': [
    {
      why: 'A process sets what concerns itself, such as its name; what of it needs a capability asks for one.',
      names: 'prctl prlimit64 setrlimit setpgid setsid',
    },
    {
      why: 'A server that was started by root becomes someone else, and drops capabilities.',
      names: `setuid setuid32 setgid setgid32 setgroups setgroups32 setreuid setreuid32 setregid setregid32
        setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 capset`,
    },
    {
      why: 'Programs choose how they are scheduled, within what limits and capabilities grant.',
      names: `setpriority sched_setaffinity sched_setattr sched_setparam sched_setscheduler ioprio_get ioprio_set`,
    },
    {
      why: 'Signals go to processes that the sender may signal.',
      names: 'kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal',
    },
  ],
} as const satisfies Topics<Group>;

/** For sockets of the network. Arguments decide which sockets can be created. */
export const SOCKETS = {
  Sockets: [
    {
      why: 'Servers listen and clients connect.',
      names: 'bind listen accept accept4 connect',
    },
    {
      why: 'Sockets send, receive and are set up.',
      names: 'setsockopt send sendto sendmsg sendmmsg recv recvmmsg recvmmsg_time64',
    },
  ],
} as const satisfies Topics<Group>;

/** For pairs of sockets, which connect a process with its children. */
export const CHANNELS = {
  Sockets: [
    {
      why: 'Sockets that exist send and receive: those that lead to child processes, and those that were there from the start.',
      names: 'setsockopt send sendto sendmsg sendmmsg recv recvmmsg recvmmsg_time64',
    },
  ],
} as const satisfies Topics<Group>;

/** For starting programs, besides the checks of clone's flags. */
export const PROGRAMS = {
  'Other programs': [{ why: 'Processes start, and become other programs.', names: 'fork vfork execve execveat' }],
} as const satisfies Topics<Group>;

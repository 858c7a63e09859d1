/**
 * The definitions of the groups: a purpose, then names of syscalls and of other groups. They follow the kernel's
 * manual, man-pages 6.9 section 2. A group that systemd 257 also has means the same as there, except for the
 * differences that test/syscalls/groups.test.ts lists with reasons.
 */
export const GROUP_TEXT = {
  // Calls of nearly every program
  default: [
    'Calls that nearly every program makes to start, query its own identity and exit; and calls by which it restricts itself.',
    `@sandbox @identity arch_prctl brk cacheflush clock_getres clock_getres_time64 clock_gettime clock_gettime64
    clock_nanosleep clock_nanosleep_time64 execve exit exit_group futex futex_time64 futex_waitv get_robust_list
    get_thread_area get_tls getrandom getrlimit gettimeofday lsm_get_self_attr lsm_list_modules membarrier mmap mmap2
    mprotect mseal munmap nanosleep pause prlimit64 restart_syscall riscv_flush_icache riscv_hwprobe rseq rt_sigreturn
    sched_getaffinity sched_yield set_robust_list set_thread_area set_tid_address set_tls sigreturn time ugetrlimit
    uprobe uretprobe`,
  ],
  identity: [
    'Getting the IDs of the process, its user, its groups and its session.',
    `getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid getresgid
    getresgid32 getresuid getresuid32 getsid gettid getuid getuid32`,
  ],
  'system-info': [
    'Getting the name, version, memory and load of the system, the current CPU, and random numbers.',
    'getcpu getpagesize getrandom oldolduname olduname sysinfo uname',
  ],
  'system-service': [
    'Calls that most services make, without those by which only root changes the system.',
    `@aio @basic-io @chown @copy @default @file-system @io-event @ipc @keyring @memlock @network @process @resources
    @setuid @signal @sync @system-info @timer arm_fadvise64_64 capset fadvise64 fadvise64_64 get_mempolicy getpriority
    ioctl ioprio_get kcmp madvise mremap name_to_handle_at personality readahead remap_file_pages
    sched_get_priority_max sched_get_priority_min sched_getattr sched_getparam sched_getscheduler
    sched_rr_get_interval sched_rr_get_interval_time64 setfsgid setfsgid32 setfsuid setfsuid32 setpgid setsid
    userfaultfd`,
  ],

  // Files and data
  'basic-io': [
    'Reading, writing and seeking in open files; duplicating and closing descriptors.',
    `_llseek close close_range dup dup2 dup3 lseek pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readv write
    writev`,
  ],
  copy: [
    'Moving data from one descriptor to another inside the kernel.',
    'copy_file_range sendfile sendfile64 splice tee vmsplice',
  ],
  'io-event': [
    'Waiting until one of many descriptors is ready.',
    `_newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old
    eventfd eventfd2 poll ppoll ppoll_time64 pselect6 pselect6_time64 select`,
  ],
  'io-uring': [
    'io_uring: requests that the kernel executes asynchronously, out of sight of a filter.',
    'io_uring_enter io_uring_register io_uring_setup',
  ],
  aio: [
    'Asynchronous input and output.',
    '@io-uring io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit',
  ],
  io: [
    'All operations on open descriptors: data, events, hints and controls.',
    `@aio @basic-io @copy @io-event arm_fadvise64_64 cachestat fadvise64 fadvise64_64 fcntl fcntl64 ioctl readahead`,
  ],
  'file-watch': [
    'Getting notified of events on files.',
    'fanotify_init fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch',
  ],
  'file-system': [
    'Opening, creating, renaming, listing and removing files and directories; reading and setting their metadata.',
    `access chdir chmod creat close faccessat faccessat2 fallocate fchdir fchmod fchmodat fchmodat2 fcntl fcntl64
    fgetxattr file_getattr file_setattr flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs
    fstatfs64 ftruncate ftruncate64 futimesat getcwd getdents getdents64 getxattr getxattrat inotify_add_watch
    inotify_init inotify_init1 inotify_rm_watch lgetxattr link linkat listmount listxattr listxattrat llistxattr
    lremovexattr lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat newfstatat oldfstat oldlstat
    oldstat open openat openat2 readdir readlink readlinkat removexattr removexattrat rename renameat renameat2 rmdir
    setxattr setxattrat stat stat64 statfs statfs64 statmount statx symlink symlinkat truncate truncate64 umask unlink
    unlinkat utime utimensat utimensat_time64 utimes`,
  ],
  chown: ['Changing the owner and the group of files.', 'chown chown32 fchown fchown32 fchownat lchown lchown32'],
  sync: [
    'Writing cached data to the disk.',
    'arm_sync_file_range fdatasync fsync msync sync sync_file_range sync_file_range2 syncfs',
  ],
  'file-handle': [
    'File handles, by which files are opened regardless of the permissions of directories.',
    'name_to_handle_at open_by_handle_at',
  ],

  // Communication
  network: [
    'Sockets of all families. Node writes to pipes of its parent by these calls: to deny the network, name `socket` and `@io-uring`.',
    `accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64
    recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socket socketcall socketpair`,
  ],
  ipc: [
    'Pipes, message queues, semaphores and shared memory; reading and writing the memory of other processes.',
    `ipc memfd_create mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
    mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd pipe pipe2 process_madvise process_vm_readv
    process_vm_writev semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget`,
  ],
  keyring: ["The kernel's keyrings.", 'add_key keyctl request_key'],

  // Processes and threads
  process: [
    'Starting, waiting for, signaling and controlling processes; moving between namespaces.',
    `capget clone clone3 execveat fork getrusage kill pidfd_open pidfd_send_signal prctl process_mrelease
    rt_sigqueueinfo rt_tgsigqueueinfo setns swapcontext tgkill times tkill unshare vfork wait4 waitid waitpid`,
  ],
  namespace: ['Creating, entering and listing namespaces; clone and clone3 create them too.', 'listns setns unshare'],
  thread: [
    'Synchronization and thread-local storage.',
    `arch_prctl atomic_barrier atomic_cmpxchg_32 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake
    get_robust_list get_thread_area get_tls gettid membarrier rseq sched_yield set_robust_list
    set_thread_area set_tid_address set_tls`,
  ],
  signal: [
    'Handling signals and waiting for them.',
    `rt_sigaction rt_sigpending rt_sigprocmask rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 sigaction
    sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigsuspend`,
  ],
  session: ['Process groups, sessions and terminals.', 'getpgid getpgrp getsid setpgid setsid vhangup'],
  resources: [
    'Setting priorities, resource limits, CPU affinity and NUMA memory policy.',
    `ioprio_set mbind migrate_pages move_pages nice sched_setaffinity sched_setattr sched_setparam sched_setscheduler
    set_mempolicy set_mempolicy_home_node setpriority setrlimit`,
  ],
  scheduling: [
    'Getting and setting scheduling policy, priority and CPU affinity.',
    `getpriority ioprio_get ioprio_set nice rseq_slice_yield sched_get_priority_max sched_get_priority_min sched_getaffinity
    sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield setpriority`,
  ],
  sandbox: [
    'Restricting the calling process by seccomp and Landlock, neither of which can add rights.',
    'landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp',
  ],

  // Memory
  memory: [
    'Mapping and protecting memory, and advising the kernel about its use.',
    `@memlock @pkey brk get_mempolicy madvise map_shadow_stack mbind memfd_create memfd_secret migrate_pages mincore
    mmap mmap2 move_pages mprotect mremap mseal msync munmap process_madvise process_mrelease remap_file_pages
    set_mempolicy set_mempolicy_home_node userfaultfd`,
  ],
  memlock: ['Locking memory, which keeps it from being swapped out.', 'mlock mlock2 mlockall munlock munlockall'],
  pkey: ['Memory protection keys.', 'pkey_alloc pkey_free pkey_mprotect'],

  // Time
  time: [
    'Reading clocks, and sleeping.',
    `clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 gettimeofday
    nanosleep pause time times`,
  ],
  timer: [
    'Timers and alarms.',
    `alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime
    timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times`,
  ],
  clock: [
    "Setting the system's clocks.",
    'adjtimex clock_adjtime clock_adjtime64 clock_settime clock_settime64 settimeofday stime',
  ],

  // Credentials and privileges
  setuid: [
    'Changing the user and group IDs of the process.',
    `setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid
    setreuid32 setuid setuid32`,
  ],
  credentials: [
    'Changing the credentials of the process: user and group IDs, capabilities, security labels.',
    '@setuid capset lsm_set_self_attr setfsgid setfsgid32 setfsuid setfsuid32',
  ],
  mount: [
    'Mounting and unmounting file systems, and changing the root directory.',
    `chroot fchroot fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree open_tree_attr pivot_root umount
    umount2`,
  ],
  module: ['Loading and unloading kernel modules.', 'delete_module finit_module init_module'],
  reboot: ['Rebooting the machine, and starting another kernel.', 'kexec_file_load kexec_load reboot'],
  swap: ['Enabling and disabling swap areas.', 'swapoff swapon'],
  'raw-io': [
    'Accessing devices directly, without their drivers.',
    'ioperm iopl pciconfig_iobase pciconfig_read pciconfig_write s390_pci_mmio_read s390_pci_mmio_write',
  ],
  bpf: ['Loading BPF programs and maps into the kernel.', 'bpf'],
  administration: [
    'Administering the whole system: host name, quotas, process accounting, kernel log.',
    'acct quotactl quotactl_fd setdomainname sethostname syslog vhangup',
  ],
  debug: [
    'Debugging, tracing and profiling other processes.',
    `kcmp lookup_dcookie perf_event_open pidfd_getfd process_vm_readv process_vm_writev ptrace rtas s390_runtime_instr
    sys_debug_setcontext`,
  ],
  privileged: [
    'Calls that are useless without a capability, or whose main use requires one.',
    `@administration @bpf @chown @clock @module @raw-io @reboot @swap _sysctl capset chroot fanotify_init fanotify_mark
    fchroot nfsservctl open_by_handle_at pivot_root setfsuid setfsuid32 setgroups setgroups32 setresuid
    setresuid32 setreuid setreuid32 setuid setuid32`,
  ],

  // The rest
  'cpu-emulation': ['CPU modes for programs of other kinds.', 'modify_ldt subpage_prot switch_endian vm86 vm86old'],
  architecture: [
    'Calls that only some CPU architectures have or need.',
    `@cpu-emulation arch_prctl arm_fadvise64_64 arm_sync_file_range atomic_barrier atomic_cmpxchg_32 breakpoint
    cachectl cacheflush get_thread_area get_tls getpagesize map_shadow_stack multiplexer pciconfig_iobase
    pciconfig_read pciconfig_write personality riscv_flush_icache riscv_hwprobe rtas s390_guarded_storage
    s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr s390_sthyi set_thread_area set_tls spu_create spu_run
    swapcontext sys_debug_setcontext syscall sysmips uprobe uretprobe usr26 usr32`,
  ],
  obsolete: [
    'Calls that current programs do not make: superseded, reserved or removed.',
    `_sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle lock lookup_dcookie mpx
    multiplexer nfsservctl prof profil putpmsg query_module security sgetmask ssetmask stime stty sysfs timerfd tuxcall
    ulimit uselib ustat vserver`,
  ],
} as const;

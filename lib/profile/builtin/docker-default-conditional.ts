/** What `docker-default` decides by circumstance: by arguments, kernel version, CPU or capabilities. */
import type { Group } from './form.js';

/** The bits of clone's flags that make a namespace. Source: linux/sched.h. */
const NAMESPACES =
  0x0002_0000 | // CLONE_NEWNS
  0x0200_0000 | // CLONE_NEWCGROUP
  0x0400_0000 | // CLONE_NEWUTS
  0x0800_0000 | // CLONE_NEWIPC
  0x1000_0000 | // CLONE_NEWUSER
  0x2000_0000 | // CLONE_NEWPID
  0x4000_0000; // CLONE_NEWNET

/** Source: linux/socket.h. */
const AF_ALG = 38;
const AF_VSOCK = 40;

/** Source: linux/personality.h. */
const PER_LINUX = 0;
const PER_LINUX32 = 8;
const UNAME26 = 0x2_0000;
const ONLY_ASK = 0xffff_ffff;

const ENOSYS = 38;

/** Processes with this capability decide about namespaces and mounts: the rules that guard those are lifted. */
const CAP_SYS_ADMIN = { capability: 'CAP_SYS_ADMIN' } as const;

export const CONDITIONAL: readonly Group[] = [
  // By arguments
  {
    why: 'Threads and processes start by it, as long as no namespace is asked for.',
    names: 'clone',
    unless: { ...CAP_SYS_ADMIN, native: ['s390', 's390x'] },
    args: [{ argument: 0, noneOf: NAMESPACES }],
  },
  {
    why: 'The same on s390, where the flags are the second argument.',
    names: 'clone',
    when: { native: ['s390', 's390x'] },
    unless: CAP_SYS_ADMIN,
    args: [{ argument: 1, noneOf: NAMESPACES }],
  },
  {
    why: 'Its flags are behind a pointer, where no filter sees them; ENOSYS makes C libraries fall back to clone.',
    names: 'clone3',
    unless: CAP_SYS_ADMIN,
    errno: ENOSYS,
  },
  {
    why: 'Every family but two: AF_ALG opens the kernel’s ciphers, AF_VSOCK leads to the hypervisor, past all namespaces.',
    names: 'socket',
    args: [
      { argument: 0, below: AF_ALG },
      { argument: 0, equals: 39 }, // the one between
      { argument: 0, above: AF_VSOCK },
    ],
  },
  {
    why: 'Plain Linux, its 32-bit face, the version number that old programs want, and the question which of these it is.',
    names: 'personality',
    args: [PER_LINUX, PER_LINUX32, UNAME26, UNAME26 | PER_LINUX32, ONLY_ASK].map((equals) => ({ argument: 0, equals })),
  },

  // By kernel version
  {
    why: 'A debugger reaches only what it could signal; since Linux 4.8 a tracer can not undo what a filter decides.',
    names: 'ptrace process_vm_readv process_vm_writev',
    when: { kernel: '4.8' },
  },

  // By CPU
  {
    why: 'The C library of x86 sets up threads and segments of its own memory by these.',
    names: 'modify_ldt',
    when: { native: ['x86_64', 'x32', 'x86'] },
  },
  {
    why: 'Thread-local storage of 64-bit x86 lives in a register that is set by this.',
    names: 'arch_prctl',
    when: { native: ['x86_64', 'x32'] },
  },
  {
    why: 'On ARM, calls of everyday use have another shape, and caches and thread registers are set by calls.',
    names: 'arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls',
    when: { native: ['aarch64', 'arm'] },
  },
  {
    why: 'On POWER, files are written back and user contexts switched by calls of its own.',
    names: 'sync_file_range2 swapcontext',
    when: { native: ['ppc64le'] },
  },
  {
    why: 'On s390, devices that the process has mapped are reached, and its own instructions sampled, by calls.',
    names: 's390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr',
    when: { native: ['s390x', 's390'] },
  },
  {
    why: 'On RISC-V, code that was just written becomes visible to instruction fetch by this.',
    names: 'riscv_flush_icache',
    when: { native: ['riscv64'] },
  },

  // By capability: whoever was given it on purpose gets the calls that it is for
  {
    why: 'CAP_SYS_ADMIN was given to make containers: mounts, namespaces, quotas and host names.',
    names: `clone clone3 unshare setns mount umount umount2 mount_setattr move_mount open_tree
      fsopen fsconfig fsmount fspick sethostname setdomainname quotactl quotactl_fd`,
    when: CAP_SYS_ADMIN,
  },
  {
    why: 'CAP_SYS_ADMIN was given to watch the system, and still covers what got capabilities of its own later.',
    names: `bpf perf_event_open syslog lookup_dcookie fanotify_init
      lsm_get_self_attr lsm_set_self_attr lsm_list_modules`,
    when: CAP_SYS_ADMIN,
  },
  { why: 'CAP_BPF is for this.', names: 'bpf', when: { capability: 'CAP_BPF' } },
  { why: 'CAP_PERFMON is for this.', names: 'perf_event_open', when: { capability: 'CAP_PERFMON' } },
  { why: 'CAP_SYSLOG is for this.', names: 'syslog', when: { capability: 'CAP_SYSLOG' } },
  {
    why: 'CAP_DAC_READ_SEARCH opens files past directory permissions already.',
    names: 'open_by_handle_at',
    when: { capability: 'CAP_DAC_READ_SEARCH' },
  },
  {
    why: 'CAP_SYS_PTRACE is for looking into and acting on other processes.',
    names: 'ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp',
    when: { capability: 'CAP_SYS_PTRACE' },
  },
  {
    why: 'CAP_SYS_NICE places memory on NUMA nodes.',
    names: 'get_mempolicy set_mempolicy set_mempolicy_home_node mbind',
    when: { capability: 'CAP_SYS_NICE' },
  },
  {
    why: 'CAP_SYS_TIME is for setting clocks.',
    names: 'settimeofday stime clock_settime clock_settime64',
    when: { capability: 'CAP_SYS_TIME' },
  },
  {
    why: 'CAP_SYS_MODULE is for kernel modules.',
    names: 'init_module finit_module delete_module',
    when: { capability: 'CAP_SYS_MODULE' },
  },
  { why: 'CAP_SYS_RAWIO is for I/O ports.', names: 'ioperm iopl', when: { capability: 'CAP_SYS_RAWIO' } },
  { why: 'CAP_SYS_PACCT is for this.', names: 'acct', when: { capability: 'CAP_SYS_PACCT' } },
  { why: 'CAP_SYS_BOOT is for this.', names: 'reboot', when: { capability: 'CAP_SYS_BOOT' } },
  { why: 'CAP_SYS_CHROOT is for this.', names: 'chroot', when: { capability: 'CAP_SYS_CHROOT' } },
  { why: 'CAP_SYS_TTY_CONFIG is for this.', names: 'vhangup', when: { capability: 'CAP_SYS_TTY_CONFIG' } },
];

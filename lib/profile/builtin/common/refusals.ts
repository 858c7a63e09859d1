/** The reasons why no built-in always allows these syscalls, one sentence each. */
import type { Refusal, Topics } from '../definition.js';

export const REFUSED = {
  'Namespaces and mounts': [
    {
      names: 'chroot',
      why: 'It changes the root directory: containers are created by this, and can be escaped by it.',
    },
    {
      names: 'sethostname setdomainname',
      why: 'They change the name of the host, unless the process has its own UTS namespace.',
    },
  ],
  'The kernel itself': [
    {
      names: 'init_module finit_module delete_module create_module',
      why: 'Code that is loaded into the kernel is beyond every boundary.',
    },
    { names: 'get_kernel_syms query_module', why: 'Only old module tools use them to read kernel symbols.' },
    { names: 'kexec_load kexec_file_load', why: 'They start another kernel in place of the running one.' },
    { names: 'bpf', why: 'BPF programs run in the kernel, and can observe or change what all processes do.' },
    {
      names: 'perf_event_open',
      why: 'It measures the kernel and other processes closely enough to leak their secrets.',
    },
    {
      names: 'userfaultfd',
      why: 'It lets a process pause the kernel at a page fault, which makes race conditions in the kernel easy to exploit.',
    },
    {
      names: 'lookup_dcookie',
      why: 'It reveals paths of the host’s files. Only kernel profilers used it.',
    },
    {
      names: 'lsm_get_self_attr lsm_set_self_attr lsm_list_modules',
      why: 'They query and set attributes of the security modules that confine the container.',
    },
    { names: 'ioperm iopl', why: 'They give access to I/O ports, and so to hardware, without the kernel.' },
    {
      names: 'pciconfig_iobase pciconfig_read pciconfig_write rtas',
      why: 'They access PCI devices and firmware without the kernel’s drivers.',
    },
    { names: '_sysctl sysfs ustat', why: 'They are long obsolete, and each one exposes more kernel code.' },
    { names: 'nfsservctl', why: 'It ran the kernel’s NFS server until Linux 3.1.' },
    { names: 'uselib', why: 'It loads libraries in an obsolete format, and has been exploited.' },
    {
      names: 'vm86 vm86old',
      why: 'They run DOS programs in virtual-8086 mode, by kernel code that is rarely used and tested.',
    },
    {
      names: 'io_uring_setup io_uring_enter io_uring_register',
      why: 'With io_uring, a program makes requests that a filter does not see. It has also had many vulnerabilities.',
    },
    { names: 'syscall', why: 'It makes any other call, whose number is one of its arguments.' },
  ],
  'Shared by all containers': [
    { names: 'clock_settime clock_settime64 settimeofday stime', why: 'Setting the clock affects the whole host.' },
    { names: 'swapon swapoff', why: 'Changing swap areas affects the whole host.' },
    { names: 'acct', why: 'It could disable process accounting, or fill the host’s disk with its records.' },
    { names: 'quotactl quotactl_fd', why: 'They could raise the quota of the container, or lower that of others.' },
    { names: 'vhangup', why: 'It hangs up the terminal for all processes that use it.' },
  ],
  'Other processes and files': [
    { names: 'kcmp', why: 'It compares kernel objects of other processes. Only checkpointing needs it.' },
    { names: 'process_madvise', why: 'It can page out the memory of another process.' },
    {
      names: 'open_by_handle_at',
      why: 'File handles can be guessed, and open any file of the file system, even outside of the container.',
    },
  ],
  'By arguments': [
    {
      names: 'personality',
      why: 'Some personalities disable protections, such as address space layout randomization.',
    },
  ],
  'Of one CPU': [
    {
      names: `modify_ldt arch_prctl arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls
        swapcontext s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr riscv_flush_icache`,
      why: 'Each is allowed only on the CPU architectures that need it.',
    },
    {
      names: `usr26 usr32 get_tls s390_guarded_storage s390_sthyi cachectl sysmips getpagesize
        atomic_cmpxchg_32 atomic_barrier spu_run spu_create subpage_prot switch_endian sys_debug_setcontext`,
      why: 'They exist on single CPU architectures, and the upstream profile does not mention them.',
    },
  ],
  'Old, reserved or new': [
    {
      names: `break stty gtty ftime prof lock mpx ulimit profil idle bdflush timerfd
        multiplexer afs_syscall getpmsg putpmsg security tuxcall vserver`,
      why: 'Linux reserves these numbers, but does not implement the calls, or no longer does.',
    },
    {
      names: `oldstat oldfstat oldlstat olduname oldolduname readdir nice sgetmask ssetmask
        sigaction sigpending sigsuspend`,
      why: 'C libraries of 32-bit ABIs have long used their successors.',
    },
  ],
} as const satisfies Topics<Refusal>;

/** The reasons why no built-in always allows these syscalls, one sentence each. */
import type { Topics } from '../definition.js';

export const REFUSED = {
  'Namespaces and mounts': {
    'It changes the root directory, which is how containers are set up, and how programs escape from them.': 'chroot',
    'They change the name of the host, unless the process has its own UTS namespace.': 'sethostname setdomainname',
  },
  'The kernel itself': {
    'Code that is loaded into the kernel is beyond every boundary.':
      'init_module finit_module delete_module create_module',
    'Only old module tools use them to read kernel symbols.': 'get_kernel_syms query_module',
    'They start another kernel in place of the running one.': 'kexec_load kexec_file_load',
    'BPF programs run in the kernel, and can observe or change what all processes do.': 'bpf',
    'It measures the kernel and other processes closely enough to leak their secrets.': 'perf_event_open',
    'It lets a process pause the kernel at a page fault, which makes race conditions in the kernel easy to exploit.':
      'userfaultfd',
    'It reveals paths of the host’s files. Only kernel profilers used it.': 'lookup_dcookie',
    'They query and set attributes of the security modules that confine the container.':
      'lsm_get_self_attr lsm_set_self_attr lsm_list_modules',
    'They give access to I/O ports, and so to hardware, without the kernel.': 'ioperm iopl',
    'They access PCI devices and firmware without the kernel’s drivers.':
      'pciconfig_iobase pciconfig_read pciconfig_write rtas',
    'They are long obsolete, and each one exposes more kernel code.': '_sysctl sysfs ustat',
    'It ran the kernel’s NFS server until Linux 3.1.': 'nfsservctl',
    'It loads libraries in an obsolete format, and has been exploited.': 'uselib',
    'They run DOS programs in virtual-8086 mode, by kernel code that is rarely used and tested.': 'vm86 vm86old',
    'With io_uring, a program makes requests that a filter does not see. It has also had many vulnerabilities.':
      'io_uring_setup io_uring_enter io_uring_register',
    'It makes any other call, whose number is one of its arguments.': 'syscall',
  },
  'Shared by all containers': {
    'Setting the clock affects the whole host.': 'clock_settime clock_settime64 settimeofday stime',
    'Changing swap areas affects the whole host.': 'swapon swapoff',
    'It could disable process accounting, or fill the host’s disk with its records.': 'acct',
    'They could raise the quota of the container, or lower that of others.': 'quotactl quotactl_fd',
    'It hangs up the terminal for all processes that use it.': 'vhangup',
  },
  'Other processes and files': {
    'It compares kernel objects of other processes. Only checkpointing needs it.': 'kcmp',
    'It can page out the memory of another process.': 'process_madvise',
    'File handles can be guessed, and open any file of the file system, even outside of the container.':
      'open_by_handle_at',
  },
  'By arguments': {
    'Some personalities disable protections, such as address space layout randomization.': 'personality',
  },
  'Of one CPU': {
    'Each is allowed only on the CPU architectures that need it.': `
      modify_ldt arch_prctl arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls
      swapcontext s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr riscv_flush_icache`,
    'They exist on single CPU architectures, and the upstream profile does not mention them.': `
      usr26 usr32 get_tls s390_guarded_storage s390_sthyi cachectl sysmips getpagesize atomic_cmpxchg_32
      atomic_barrier spu_run spu_create subpage_prot switch_endian sys_debug_setcontext`,
  },
  'Old, reserved or new': {
    'Linux reserves these numbers, but does not implement the calls, or no longer does.': `
      break stty gtty ftime prof lock mpx ulimit profil idle bdflush timerfd multiplexer afs_syscall getpmsg putpmsg
      security tuxcall vserver`,
    'C libraries of 32-bit ABIs have long used their successors.':
      'oldstat oldfstat oldlstat olduname oldolduname readdir nice sgetmask ssetmask sigaction sigpending sigsuspend',
  },
} as const satisfies Topics;

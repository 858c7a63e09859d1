/** The reasons why no built-in always allows these syscalls, one sentence each. */
import type { Refusal, Topics } from '../definition.js';

export const REFUSED = {
  'Namespaces and mounts': [
    { names: 'chroot', why: 'It changes what / means, which is how containers are made and left.' },
    { names: 'sethostname setdomainname', why: 'The name is that of the host, unless there is a namespace for it.' },
  ],
  'The kernel itself': [
    {
      names: 'init_module finit_module delete_module create_module',
      why: 'Code in the kernel is above every boundary.',
    },
    { names: 'get_kernel_syms query_module', why: 'Old calls of module tools; none but them needs kernel symbols.' },
    { names: 'kexec_load kexec_file_load', why: 'It starts another kernel in place of this one.' },
    { names: 'bpf', why: 'Programs in the kernel persist, and see or change what all processes do.' },
    {
      names: 'perf_event_open',
      why: 'It watches the kernel and other processes closely enough to learn their secrets.',
    },
    { names: 'userfaultfd', why: 'It lets a process halt the kernel mid-way, which makes its races easy to win.' },
    {
      names: 'lookup_dcookie',
      why: 'It tells where files of the whole host are; profilers of the kernel were its users.',
    },
    {
      names: 'lsm_get_self_attr lsm_set_self_attr lsm_list_modules',
      why: 'Security modules confine the container; it has no part in how.',
    },
    { names: 'ioperm iopl', why: 'I/O ports reach hardware past the kernel.' },
    {
      names: 'pciconfig_iobase pciconfig_read pciconfig_write rtas',
      why: 'They reach PCI devices and firmware past the kernel’s drivers.',
    },
    { names: '_sysctl sysfs ustat', why: 'Long obsolete, and the less code is reached the better.' },
    { names: 'nfsservctl', why: 'It ran the kernel’s NFS server until Linux 3.1.' },
    { names: 'uselib', why: 'It loads libraries in a format that is gone; only its bugs were of use.' },
    { names: 'vm86 vm86old', why: 'Real mode for DOS programs: rarely used code deep in the kernel.' },
    {
      names: 'io_uring_setup io_uring_enter io_uring_register',
      why: 'It makes other calls out of a filter’s sight, and its code has been a way into the kernel.',
    },
    { names: 'syscall', why: 'It makes any other call, whose number is then only an argument.' },
  ],
  'What all containers share': [
    { names: 'clock_settime clock_settime64 settimeofday stime', why: 'The clock is that of the whole host.' },
    { names: 'swapon swapoff', why: 'Swap is that of the whole host.' },
    { names: 'acct', why: 'It could switch accounting off, or fill the host’s disk with it.' },
    { names: 'quotactl quotactl_fd', why: 'A container could lift its own quota, or lower that of others.' },
    { names: 'vhangup', why: 'It takes the terminal from others.' },
  ],
  'Other processes and files': [
    { names: 'kcmp', why: 'It compares kernel objects of other processes, which only checkpointing needs.' },
    { names: 'process_madvise', why: 'It drops pages of another process.' },
    {
      names: 'open_by_handle_at',
      why: 'Handles can be guessed, and open any file of the file system, in the container or not.',
    },
  ],
  'By arguments': [
    { names: 'personality', why: 'Some personalities switch protections off, such as random addresses.' },
  ],
  'Of one CPU': [
    {
      names: `modify_ldt arch_prctl arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls
        swapcontext s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr riscv_flush_icache`,
      why: 'Each is allowed where the CPUs are that need it, and nowhere else.',
    },
    {
      names: `usr26 usr32 get_tls s390_guarded_storage s390_sthyi cachectl sysmips getpagesize
        atomic_cmpxchg_32 atomic_barrier spu_run spu_create subpage_prot switch_endian sys_debug_setcontext`,
      why: 'Calls of one kind of CPU that the profile has not looked at.',
    },
  ],
  'Old, reserved or new': [
    {
      names: `break stty gtty ftime prof lock mpx ulimit profil idle bdflush timerfd
        multiplexer afs_syscall getpmsg putpmsg security tuxcall vserver`,
      why: 'Numbers that Linux has reserved and does not, or no longer, implement.',
    },
    {
      names: `oldstat oldfstat oldlstat olduname oldolduname readdir nice sgetmask ssetmask
        sigaction sigpending sigsuspend`,
      why: 'C libraries left these of 32-bit ABIs for their successors long ago.',
    },
  ],
} as const satisfies Topics<Refusal>;

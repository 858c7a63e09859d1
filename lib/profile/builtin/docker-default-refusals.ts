/** Why `docker-default` does not plainly allow what it does not: one sentence each. */
import type { Refusal } from './form.js';

export const REFUSALS: readonly Refusal[] = [
  // Namespaces and mounts
  {
    names: 'clone clone3 unshare',
    why: 'A new user namespace gives every capability inside it, and with them far more of the kernel to attack.',
  },
  { names: 'setns', why: 'It enters namespaces, and so leaves the container’s.' },
  {
    names: 'mount umount umount2 mount_setattr move_mount open_tree open_tree_attr fsopen fsconfig fsmount fspick',
    why: 'Mounts decide what a container sees of the host.',
  },
  { names: 'pivot_root chroot', why: 'It changes what / means, which is how containers are made and left.' },
  { names: 'sethostname setdomainname', why: 'The name is that of the host, unless there is a namespace for it.' },

  // The kernel itself
  {
    names: 'init_module finit_module delete_module create_module',
    why: 'Code in the kernel is above every boundary.',
  },
  { names: 'get_kernel_syms query_module', why: 'Old calls of module tools; none but them needs kernel symbols.' },
  { names: 'kexec_load kexec_file_load', why: 'It starts another kernel in place of this one.' },
  { names: 'reboot', why: 'It stops or restarts the whole machine.' },
  { names: 'bpf', why: 'Programs in the kernel persist, and see or change what all processes do.' },
  { names: 'perf_event_open', why: 'It watches the kernel and other processes closely enough to learn their secrets.' },
  { names: 'userfaultfd', why: 'It lets a process halt the kernel mid-way, which makes its races easy to win.' },
  {
    names: 'lookup_dcookie',
    why: 'It tells where files of the whole host are; profilers of the kernel were its users.',
  },
  { names: 'syslog', why: 'The kernel’s log is of the whole host, and tells addresses.' },
  {
    names: 'lsm_get_self_attr lsm_set_self_attr lsm_list_modules',
    why: 'Security modules confine the container; it has no part in how.',
  },
  { names: 'ioperm iopl', why: 'I/O ports reach hardware past the kernel.' },
  { names: '_sysctl sysfs ustat', why: 'Long obsolete, and the less code is reached the better.' },
  { names: 'nfsservctl', why: 'It ran the kernel’s NFS server until Linux 3.1.' },
  { names: 'uselib', why: 'It loads libraries in a format that is gone; only its bugs were of use.' },
  { names: 'vm86 vm86old', why: 'Real mode for DOS programs: rarely used code deep in the kernel.' },
  {
    names: 'io_uring_setup io_uring_enter io_uring_register',
    why: 'It makes other calls out of a filter’s sight, and its code has been a way into the kernel.',
  },

  {
    names: `break stty gtty ftime prof lock mpx ulimit profil idle bdflush
      afs_syscall getpmsg putpmsg security tuxcall vserver`,
    why: 'Numbers that Linux has reserved and does not, or no longer, implement.',
  },
  {
    names: `oldstat oldfstat oldlstat olduname oldolduname readdir nice signal sgetmask ssetmask
      sigaction sigpending sigsuspend`,
    why: 'C libraries left these of 32-bit ABIs for their successors long ago.',
  },
  {
    names: 'uprobe file_getattr file_setattr',
    why: 'They are newer than the profile, which allows only what has been looked at.',
  },

  // What all containers share
  { names: 'clock_settime clock_settime64 settimeofday stime', why: 'The clock is that of the whole host.' },
  { names: 'swapon swapoff', why: 'Swap is that of the whole host.' },
  { names: 'acct', why: 'It could switch accounting off, or fill the host’s disk with it.' },
  { names: 'quotactl quotactl_fd', why: 'A container could lift its own quota, or lower that of others.' },
  { names: 'add_key keyctl request_key', why: 'The kernel’s keyrings know no namespaces.' },
  {
    names: 'get_mempolicy set_mempolicy set_mempolicy_home_node mbind move_pages migrate_pages',
    why: 'It decides about the memory of the host’s NUMA nodes.',
  },
  { names: 'vhangup', why: 'It takes the terminal from others.' },
  { names: 'fanotify_init', why: 'It watches, and can hold up, accesses to a whole file system.' },

  // Other processes and files
  {
    names: 'ptrace process_vm_readv process_vm_writev',
    why: 'Before Linux 4.8 a tracer could change a call after the filter had passed it.',
  },
  { names: 'kcmp', why: 'It compares kernel objects of other processes, which only checkpointing needs.' },
  {
    names: 'pidfd_getfd process_madvise',
    why: 'It acts inside another process: takes its descriptors, drops its pages.',
  },
  {
    names: 'open_by_handle_at',
    why: 'Handles can be guessed, and open any file of the file system, in the container or not.',
  },

  // By arguments
  { names: 'socket', why: 'AF_ALG and AF_VSOCK reach kernel and hypervisor code that containers have no use for.' },
  { names: 'personality', why: 'Some personalities switch protections off, such as random addresses.' },
];

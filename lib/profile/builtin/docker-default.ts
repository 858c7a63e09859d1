/**
 * The built-in profile `docker-default`: what Docker allows a container, as groups with reasons. It decides every
 * call as moby/profiles seccomp v0.2.3 (commit cd3bed8) does; test/profile/builtin/docker-default.test.ts compares
 * the two.
 */
import { EPERM } from '../../syscalls/errno.js';
import { BESIDES, COMMON } from './common/allowed.js';
import { REFUSED } from './common/refusals.js';
import type { BuiltinDefinition } from './definition.js';
import { DOCKER_CONDITIONAL } from './docker-default-conditional.js';

export const DOCKER_DEFAULT: BuiltinDefinition = {
  allowed: {
    ...COMMON,
    Files: {
      ...COMMON.Files,
      'Newer variants of calls on extended attributes, mounts and pipes.':
        'getxattrat setxattrat listxattrat removexattrat statmount listmount vmsplice',
      'It returns how much of an open file is in the page cache.': 'cachestat',
    },
    Memory: {
      ...COMMON.Memory,
      'A process adds protections to its own memory.': 'mseal map_shadow_stack',
    },
    'Processes and threads': {
      ...COMMON['Processes and threads'],
      'The C library or the kernel itself uses them. They give no access to anything.': 'riscv_hwprobe uretprobe',
    },
    'Events and communication': {
      ...COMMON['Events and communication'],
      'Programs wait for asynchronous I/O with a signal mask.': 'io_pgetevents io_pgetevents_time64',
    },
  },
  conditional: DOCKER_CONDITIONAL,
  refusals: {
    'Namespaces and mounts': {
      'In a new user namespace, a process has every capability, which exposes far more kernel code to attack.':
        'clone unshare',
      'Its flags are in memory, which a filter cannot read. With ENOSYS, C libraries fall back to clone.': 'clone3',
      'It enters other namespaces than the container’s.': 'setns',
      'Mounts determine which files of the host a container sees.':
        'mount umount umount2 mount_setattr move_mount open_tree open_tree_attr fsopen fsconfig fsmount fspick',
      ...REFUSED['Namespaces and mounts'],
      'It changes the root directory, which is how containers are set up, and how programs escape from them.':
        'pivot_root chroot',
    },
    'The kernel itself': {
      ...REFUSED['The kernel itself'],
      'It stops or restarts the whole machine.': 'reboot',
      'The kernel log is that of the whole host, and reveals kernel addresses.': 'syslog',
    },
    'Shared by all containers': {
      ...REFUSED['Shared by all containers'],
      'Namespaces do not separate kernel keyrings.': 'add_key keyctl request_key',
      'They affect the memory of the host’s NUMA nodes.':
        'get_mempolicy set_mempolicy set_mempolicy_home_node mbind move_pages migrate_pages',
      'It reports, and can block, accesses to a whole file system.': 'fanotify_init',
    },
    'Other processes and files': {
      'Before Linux 4.8, a tracer could change a call after the filter had allowed it.':
        'ptrace process_vm_readv process_vm_writev',
      'It duplicates descriptors of another process.': 'pidfd_getfd',
      ...REFUSED['Other processes and files'],
    },
    'By arguments': {
      'AF_ALG and AF_VSOCK reach kernel and hypervisor code that containers do not need.': 'socket',
      ...REFUSED['By arguments'],
    },
    'Of one CPU': REFUSED['Of one CPU'],
    'Old, reserved or new': {
      ...REFUSED['Old, reserved or new'],
      'C libraries have long used rt_sigaction instead.': 'signal',
      'They are newer than the upstream profile.': 'uprobe file_getattr file_setattr listns rseq_slice_yield fchroot',
    },
  },
  defaultErrno: EPERM,
  besides: BESIDES,
};

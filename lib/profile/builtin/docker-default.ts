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
    Files: [
      ...COMMON.Files,
      {
        why: 'Newer variants of calls on extended attributes, mounts and pipes.',
        names: 'getxattrat setxattrat listxattrat removexattrat statmount listmount vmsplice',
      },
      { why: 'It returns how much of an open file is in the page cache.', names: 'cachestat' },
    ],
    Memory: [
      ...COMMON.Memory,
      { why: 'A process adds protections to its own memory.', names: 'mseal map_shadow_stack' },
    ],
    'Processes and threads': [
      ...COMMON['Processes and threads'],
      {
        why: 'The C library or the kernel itself uses them. They give no access to anything.',
        names: 'riscv_hwprobe uretprobe',
      },
    ],
    'Events and communication': [
      ...COMMON['Events and communication'],
      { why: 'Programs wait for asynchronous I/O with a signal mask.', names: 'io_pgetevents io_pgetevents_time64' },
    ],
  },
  conditional: DOCKER_CONDITIONAL,
  refusals: {
    'Namespaces and mounts': [
      {
        names: 'clone unshare',
        why: 'In a new user namespace, a process has every capability, which exposes far more kernel code to attack.',
      },
      {
        names: 'clone3',
        why: 'Its flags are in memory, which a filter cannot read. With ENOSYS, C libraries fall back to clone.',
      },
      { names: 'setns', why: 'It enters other namespaces than the container’s.' },
      {
        names: `mount umount umount2 mount_setattr move_mount open_tree open_tree_attr
          fsopen fsconfig fsmount fspick`,
        why: 'Mounts determine which files of the host a container sees.',
      },
      {
        names: 'pivot_root',
        why: 'It changes the root directory: containers are created by this, and can be escaped by it.',
      },
      ...REFUSED['Namespaces and mounts'],
    ],
    'The kernel itself': [
      ...REFUSED['The kernel itself'],
      { names: 'reboot', why: 'It stops or restarts the whole machine.' },
      { names: 'syslog', why: 'The kernel log is that of the whole host, and reveals kernel addresses.' },
    ],
    'Shared by all containers': [
      ...REFUSED['Shared by all containers'],
      { names: 'add_key keyctl request_key', why: 'Namespaces do not separate kernel keyrings.' },
      {
        names: 'get_mempolicy set_mempolicy set_mempolicy_home_node mbind move_pages migrate_pages',
        why: 'They affect the memory of the host’s NUMA nodes.',
      },
      { names: 'fanotify_init', why: 'It reports, and can block, accesses to a whole file system.' },
    ],
    'Other processes and files': [
      {
        names: 'ptrace process_vm_readv process_vm_writev',
        why: 'Before Linux 4.8, a tracer could change a call after the filter had allowed it.',
      },
      { names: 'pidfd_getfd', why: 'It duplicates descriptors of another process.' },
      ...REFUSED['Other processes and files'],
    ],
    'By arguments': [
      {
        names: 'socket',
        why: 'AF_ALG and AF_VSOCK reach kernel and hypervisor code that containers do not need.',
      },
      ...REFUSED['By arguments'],
    ],
    'Of one CPU': REFUSED['Of one CPU'],
    'Old, reserved or new': [
      ...REFUSED['Old, reserved or new'],
      { names: 'signal', why: 'C libraries have long used rt_sigaction instead.' },
      {
        names: 'uprobe file_getattr file_setattr listns rseq_slice_yield fchroot',
        why: 'They are newer than the upstream profile.',
      },
    ],
  },
  defaultErrno: EPERM,
  besides: BESIDES,
};

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
        why: 'The newer faces of calls on attributes, mounts and pipes.',
        names: 'getxattrat setxattrat listxattrat removexattrat statmount listmount vmsplice',
      },
      { why: 'It tells how much of an open file is in the page cache.', names: 'cachestat' },
    ],
    Memory: [...COMMON.Memory, { why: 'A process protects its own memory further.', names: 'mseal map_shadow_stack' }],
    'Processes and threads': [
      ...COMMON['Processes and threads'],
      {
        why: 'Used by the C library or placed by the kernel itself, these give no access to anything.',
        names: 'riscv_hwprobe uretprobe',
      },
    ],
    'Waiting and talking': [
      ...COMMON['Waiting and talking'],
      { why: 'Asynchronous I/O is waited for with a signal mask.', names: 'io_pgetevents io_pgetevents_time64' },
    ],
  },
  conditional: DOCKER_CONDITIONAL,
  refusals: {
    'Namespaces and mounts': [
      {
        names: 'clone unshare',
        why: 'A new user namespace gives every capability inside it, and with them far more of the kernel to attack.',
      },
      {
        names: 'clone3',
        why: 'Its flags are behind a pointer, where no filter sees them; ENOSYS makes C libraries fall back to clone.',
      },
      { names: 'setns', why: 'It enters namespaces, and so leaves the container’s.' },
      {
        names: `mount umount umount2 mount_setattr move_mount open_tree open_tree_attr
          fsopen fsconfig fsmount fspick`,
        why: 'Mounts decide what a container sees of the host.',
      },
      { names: 'pivot_root', why: 'It changes what / means, which is how containers are made and left.' },
      ...REFUSED['Namespaces and mounts'],
    ],
    'The kernel itself': [
      ...REFUSED['The kernel itself'],
      { names: 'reboot', why: 'It stops or restarts the whole machine.' },
      { names: 'syslog', why: 'The kernel’s log is of the whole host, and tells addresses.' },
    ],
    'What all containers share': [
      ...REFUSED['What all containers share'],
      { names: 'add_key keyctl request_key', why: 'The kernel’s keyrings know no namespaces.' },
      {
        names: 'get_mempolicy set_mempolicy set_mempolicy_home_node mbind move_pages migrate_pages',
        why: 'It decides about the memory of the host’s NUMA nodes.',
      },
      { names: 'fanotify_init', why: 'It watches, and can hold up, accesses to a whole file system.' },
    ],
    'Other processes and files': [
      {
        names: 'ptrace process_vm_readv process_vm_writev',
        why: 'Before Linux 4.8 a tracer could change a call after the filter had passed it.',
      },
      { names: 'pidfd_getfd', why: 'It takes the open files of another process.' },
      ...REFUSED['Other processes and files'],
    ],
    'By arguments': [
      {
        names: 'socket',
        why: 'AF_ALG and AF_VSOCK reach kernel and hypervisor code that containers have no use for.',
      },
      ...REFUSED['By arguments'],
    ],
    'Of one CPU': REFUSED['Of one CPU'],
    'Old, reserved or new': [
      ...REFUSED['Old, reserved or new'],
      { names: 'signal', why: 'C libraries left it for rt_sigaction long ago.' },
      {
        names: 'uprobe file_getattr file_setattr',
        why: 'They are newer than the profile, which allows only what has been looked at.',
      },
    ],
  },
  defaultErrno: EPERM,
  besides: BESIDES,
};

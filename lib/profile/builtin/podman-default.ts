/**
 * The built-in profile `podman-default`: what Podman and CRI-O allow a container, as groups with reasons. It decides
 * every call as containers/container-libs' seccomp.json (commit f0ddf1a) does;
 * test/profile/builtin/podman-default.test.ts compares the two.
 */
import { ENOSYS } from '../../syscalls/errno.js';
import { BESIDES, COMMON } from './common/allowed.js';
import { REFUSED } from './common/refusals.js';
import type { BuiltinDefinition } from './definition.js';
import { PODMAN_CONDITIONAL } from './podman-default-conditional.js';

const NEWER = 'They are newer than the profile, which allows only what has been looked at.';

export const PODMAN_DEFAULT: BuiltinDefinition = {
  allowed: {
    ...COMMON,
    Memory: [
      ...COMMON.Memory,
      {
        why: 'A process places its own memory on NUMA nodes; to move that of others takes CAP_SYS_NICE.',
        names: 'get_mempolicy set_mempolicy mbind',
      },
    ],
    'Processes and threads': [
      ...COMMON['Processes and threads'],
      {
        why: 'Containers are made in user namespaces, and may make more; what that grants ends where the namespace does.',
        names: 'clone clone3 unshare setns',
      },
      {
        why: 'A debugger reaches processes of its own user that hold no capability which it lacks itself.',
        names: 'ptrace process_vm_readv process_vm_writev pidfd_getfd',
      },
      { why: 'Keys are those of the session and the user that the process has.', names: 'keyctl' },
      { why: 'It is the oldest form of rt_sigaction.', names: 'signal' },
    ],
    'What the kernel itself asks a capability for': [
      {
        why: 'To change mounts takes CAP_SYS_ADMIN over their namespace; in one of its own, a process changes what it sees itself.',
        names: `mount umount umount2 pivot_root mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick`,
      },
      {
        why: 'CAP_SYS_BOOT of the PID namespace is asked for; in any but the first, only that namespace ends.',
        names: 'reboot',
      },
      {
        why: 'The kernel’s log is read with CAP_SYSLOG, or without it where the machine’s owner lets all.',
        names: 'syslog',
      },
      { why: 'Most of what it can watch takes CAP_SYS_ADMIN; the rest is what inotify shows.', names: 'fanotify_init' },
    ],
  },
  conditional: PODMAN_CONDITIONAL,
  refusals: {
    'Namespaces and mounts': [
      ...REFUSED['Namespaces and mounts'],
      { names: 'open_tree_attr statmount listmount', why: NEWER },
    ],
    'The kernel itself': REFUSED['The kernel itself'],
    'What all containers share': [
      ...REFUSED['What all containers share'],
      { names: 'add_key request_key', why: 'The kernel’s keyrings know no namespaces.' },
      {
        names: 'set_mempolicy_home_node move_pages migrate_pages',
        why: 'It moves memory between the host’s NUMA nodes.',
      },
      { names: 'cachestat', why: 'It tells what of a file is in the page cache, which all who read the file share.' },
    ],
    'Other processes and files': REFUSED['Other processes and files'],
    'By arguments': [
      ...REFUSED['By arguments'],
      {
        names: 'socket',
        why: 'AF_VSOCK leads to the hypervisor, past all namespaces; audit messages go to the log of the whole host.',
      },
    ],
    'Of one CPU': REFUSED['Of one CPU'],
    'Old, reserved or new': [
      ...REFUSED['Old, reserved or new'],
      { names: 'vmsplice', why: 'It lends memory of a process to a pipe, which few programs need.' },
      {
        names: 'io_pgetevents io_pgetevents_time64',
        why: 'The older io_getevents does the same but for the signal mask.',
      },
      {
        names: `getxattrat setxattrat listxattrat removexattrat file_getattr file_setattr
          mseal map_shadow_stack riscv_hwprobe uprobe uretprobe`,
        why: NEWER,
      },
    ],
  },
  defaultErrno: ENOSYS,
  besides: BESIDES,
};

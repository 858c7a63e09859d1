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

const NEWER = 'They are newer than the upstream profile.';

export const PODMAN_DEFAULT: BuiltinDefinition = {
  allowed: {
    ...COMMON,
    Memory: {
      ...COMMON.Memory,
      'A process places its own memory on NUMA nodes. Moving that of others requires CAP_SYS_NICE.':
        'get_mempolicy set_mempolicy mbind',
    },
    'Processes and threads': {
      ...COMMON['Processes and threads'],
      'Processes may create user namespaces, as rootless containers do. Capabilities there apply only inside the namespace.':
        'clone clone3 unshare setns',
      'A debugger can trace processes of its own user, unless they have capabilities that it lacks.':
        'ptrace process_vm_readv process_vm_writev pidfd_getfd',
      'It accesses the keys of the process’s session and user.': 'keyctl',
      'It is the oldest form of rt_sigaction.': 'signal',
    },
    'Calls for which the kernel requires a capability': {
      'Changing mounts requires CAP_SYS_ADMIN in the mount namespace. In its own namespace, a process only changes what it sees itself.':
        'mount umount umount2 pivot_root mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick',
      'It requires CAP_SYS_BOOT. In a PID namespace other than the initial one, it only ends that namespace.': 'reboot',
      'Reading the kernel log requires CAP_SYSLOG, unless kernel.dmesg_restrict is 0.': 'syslog',
      'Without CAP_SYS_ADMIN, it reports no more than inotify does.': 'fanotify_init',
    },
  },
  conditional: PODMAN_CONDITIONAL,
  refusals: {
    'Namespaces and mounts': {
      ...REFUSED['Namespaces and mounts'],
      [NEWER]: 'open_tree_attr statmount listmount',
    },
    'The kernel itself': REFUSED['The kernel itself'],
    'Shared by all containers': {
      ...REFUSED['Shared by all containers'],
      'Namespaces do not separate kernel keyrings.': 'add_key request_key',
      'They move memory between the host’s NUMA nodes.': 'set_mempolicy_home_node move_pages migrate_pages',
      'It reveals which parts of a file are in the page cache, which all readers of the file share.': 'cachestat',
    },
    'Other processes and files': REFUSED['Other processes and files'],
    'By arguments': {
      ...REFUSED['By arguments'],
      'AF_VSOCK reaches the hypervisor regardless of namespaces, and audit messages go to the log of the whole host.':
        'socket',
    },
    'Of one CPU': REFUSED['Of one CPU'],
    'Old, reserved or new': {
      ...REFUSED['Old, reserved or new'],
      'It maps memory of the process into a pipe, which few programs need.': 'vmsplice',
      'The older io_getevents does the same, except for the signal mask.': 'io_pgetevents io_pgetevents_time64',
      [NEWER]: `
        getxattrat setxattrat listxattrat removexattrat file_getattr file_setattr mseal map_shadow_stack riscv_hwprobe
        uprobe uretprobe listns rseq_slice_yield fchroot`,
    },
  },
  defaultErrno: ENOSYS,
  besides: BESIDES,
};

/** The rules of `docker-default` that depend on arguments, kernel version, CPU or capabilities. */
import { ENOSYS } from '../../syscalls/errno.js';
import { AF_ALG, AF_VSOCK } from '../../syscalls/socket-families.js';
import { BY_CAPABILITY, BY_CPU, NAMESPACES, PERSONALITIES } from './common/conditional.js';
import type { Group, HostRequirement } from './definition.js';

/**
 * Processes with this capability may create namespaces and mounts, so the rules that deny these do not apply to them.
 */
const CAP_SYS_ADMIN: HostRequirement = { capabilities: ['CAP_SYS_ADMIN'] };

export const DOCKER_CONDITIONAL: readonly Group[] = [
  // By arguments
  {
    why: 'It starts threads and processes, if its flags create no namespace.',
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
    why: 'Its flags are in memory, which a filter cannot read. Those of clone can be tested.',
    names: 'clone3',
    unless: CAP_SYS_ADMIN,
    errno: ENOSYS,
  },
  {
    why: 'All families but AF_ALG, which exposes the kernel’s crypto code, and AF_VSOCK, which reaches the hypervisor regardless of namespaces.',
    names: 'socket',
    args: [
      { argument: 0, below: AF_ALG },
      { argument: 0, equals: 39 }, // the one between
      { argument: 0, above: AF_VSOCK },
    ],
  },
  PERSONALITIES,

  // By kernel version
  {
    why: 'A debugger can only trace processes that the kernel permits. Since Linux 4.8, a tracer cannot bypass the filter.',
    names: 'ptrace process_vm_readv process_vm_writev',
    when: { kernel: '4.8' },
  },

  ...BY_CPU,

  // By capability
  {
    why: 'CAP_SYS_ADMIN permits creating containers: mounts, namespaces, quotas and host names.',
    names: `clone clone3 unshare setns mount umount umount2 mount_setattr move_mount open_tree
      fsopen fsconfig fsmount fspick sethostname setdomainname quotactl quotactl_fd`,
    when: CAP_SYS_ADMIN,
  },
  {
    why: 'CAP_SYS_ADMIN permits observing the system, including operations that later got separate capabilities.',
    names: `bpf perf_event_open syslog lookup_dcookie fanotify_init
      lsm_get_self_attr lsm_set_self_attr lsm_list_modules`,
    when: CAP_SYS_ADMIN,
  },
  { why: 'CAP_SYSLOG permits reading the kernel log.', names: 'syslog', when: { capabilities: ['CAP_SYSLOG'] } },
  {
    why: 'CAP_SYS_PTRACE permits inspecting and manipulating other processes.',
    names: 'ptrace process_vm_readv process_vm_writev pidfd_getfd',
    when: { capabilities: ['CAP_SYS_PTRACE'] },
  },
  {
    why: 'CAP_SYS_NICE permits placing memory on NUMA nodes.',
    names: 'get_mempolicy set_mempolicy set_mempolicy_home_node mbind',
    when: { capabilities: ['CAP_SYS_NICE'] },
  },
  { why: 'CAP_SYS_BOOT permits rebooting.', names: 'reboot', when: { capabilities: ['CAP_SYS_BOOT'] } },
  ...BY_CAPABILITY,
];

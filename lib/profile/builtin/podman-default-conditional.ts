/** The rules of `podman-default` that depend on arguments, CPU or capabilities, and those that fail with EPERM. */
import { EINVAL, EPERM } from '../../syscalls/errno.js';
import { AF_NETLINK, AF_VSOCK } from '../../syscalls/socket-families.js';
import { BY_CAPABILITY, BY_CPU, PERSONALITIES } from './common/conditional.js';
import { type Group, type HostRequirement, namesOf } from './definition.js';

/** The protocol of the audit subsystem. Source: linux/netlink.h. */
const NETLINK_AUDIT = 9;

const CAP_SYS_ADMIN: HostRequirement = { capabilities: ['CAP_SYS_ADMIN'] };
const CAP_AUDIT_WRITE: HostRequirement = { capabilities: ['CAP_AUDIT_WRITE'] };

const WITH_CAPABILITY: readonly Group[] = [
  {
    why: 'CAP_SYS_ADMIN permits administration: quotas, host names, and operations that later got separate capabilities.',
    names: 'bpf perf_event_open lookup_dcookie quotactl quotactl_fd sethostname setdomainname',
    when: CAP_SYS_ADMIN,
  },
  {
    why: 'CAP_SYS_MODULE permits managing kernel modules.',
    names: 'query_module',
    when: { capabilities: ['CAP_SYS_MODULE'] },
  },
  ...BY_CAPABILITY,
];

export const PODMAN_CONDITIONAL: readonly Group[] = [
  // By arguments
  {
    why: 'AF_VSOCK reaches the hypervisor regardless of namespaces.',
    names: 'socket',
    args: [{ argument: 0, equals: AF_VSOCK }],
    errno: EPERM,
  },
  {
    why: 'With EINVAL, programs that write to the audit log assume that the kernel has no audit support.',
    names: 'socket',
    unless: CAP_AUDIT_WRITE,
    args: [
      [
        { argument: 0, equals: AF_NETLINK },
        { argument: 2, equals: NETLINK_AUDIT },
      ],
    ],
    errno: EINVAL,
  },
  {
    why: 'All other families; of netlink, all protocols but that of the audit log.',
    names: 'socket',
    unless: CAP_AUDIT_WRITE,
    args: [
      [
        { argument: 0, equals: AF_NETLINK },
        { argument: 2, differs: NETLINK_AUDIT },
      ],
      { argument: 0, differs: AF_NETLINK }, // AF_VSOCK as well, but the more restrictive of two rules takes precedence
    ],
  },
  {
    why: 'All other families. CAP_AUDIT_WRITE permits writing to the audit log.',
    names: 'socket',
    when: CAP_AUDIT_WRITE,
    args: [{ argument: 0, differs: AF_VSOCK }],
  },
  PERSONALITIES,

  ...BY_CPU,

  ...WITH_CAPABILITY,
  ...refusalsWithout(WITH_CAPABILITY),

  // EPERM instead of ENOSYS: the call is not permitted, rather than missing in the kernel.
  {
    why: 'The kernel may implement these calls, but the profile denies them.',
    names: `kexec_load kexec_file_load swapon swapoff userfaultfd pciconfig_iobase pciconfig_read pciconfig_write
      move_pages migrate_pages cachestat map_shadow_stack vmsplice io_pgetevents io_pgetevents_time64 syscall`,
    errno: EPERM,
  },
  {
    why: 'They are obsolete.',
    names: `bdflush nfsservctl nice oldstat oldfstat oldlstat olduname oldolduname sgetmask ssetmask
      sysfs uselib ustat vm86 vm86old`,
    errno: EPERM,
  },
];

/** Rules with EPERM for processes without the capabilities with which `groups` allow the calls. */
function refusalsWithout(groups: readonly Group[]): readonly Group[] {
  return [...new Set(groups.flatMap(namesOf))].map((name) => {
    const allowing = groups.filter((group) => namesOf(group).includes(name));
    const capabilities = allowing.flatMap(({ when }) => when?.capabilities ?? []);
    return { why: `They require ${capabilities.join(' or ')}.`, names: name, unless: { capabilities }, errno: EPERM };
  });
}

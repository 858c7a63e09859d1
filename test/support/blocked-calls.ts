/**
 * The calls that Docker's documentation lists as blocked by its default profile, with arguments that do no harm.
 * Source: https://docs.docker.com/engine/security/seccomp/
 */
import type { AbiName } from '../../lib/syscalls/abi.js';

export interface Row {
  readonly name: string;
  /** Arguments with which the kernel refuses the call before it does anything. Default none. */
  readonly args?: readonly number[];
  /** A description of the arguments, where a name has several rows. */
  readonly label?: string;
  /** The result under docker-default. Default: the call fails with EPERM. */
  readonly now?: 'allowed' | 'ENOSYS';
  /** ABIs of x86 that never had the call. */
  readonly absent?: readonly AbiName[];
  /** The kernel executes the call, which changes only the child process that makes it. */
  readonly harmless?: true;
}

/** An address at which nothing is mapped: below vm.mmap_min_addr. */
const NOWHERE = 1;
const NO_FD = -1;
const NO_PID = -1;
const NO_CLOCK = 100;
/** All bits of flags, or a command that does not exist. */
const INVALID = -1;

/** CLONE_THREAD without CLONE_SIGHAND: clone refuses it before it checks anything else. Source: clone(2), EINVAL. */
const HALF_A_THREAD = 0x0001_0000;

/** The flags are in both arguments, as s390 swaps them. */
function cloneRow(label: string, flag: number): Row {
  return { name: 'clone', label, args: [flag | HALF_A_THREAD, flag | HALF_A_THREAD] };
}

function personalityRow(label: string, persona: number): Row {
  return { name: 'personality', label, args: [persona], harmless: true };
}

/** One row or more for each call, in the order of their names. */
export const ROWS: readonly Row[] = [
  { name: 'acct', args: [NOWHERE] },
  { name: 'add_key', args: [NOWHERE, NOWHERE, NOWHERE, 1, 0] },
  { name: 'bpf', args: [INVALID, 0, 0] },
  { name: 'clock_adjtime', args: [NO_CLOCK, NOWHERE], now: 'allowed' },
  { name: 'clock_settime', args: [NO_CLOCK, NOWHERE] },
  cloneRow('CLONE_NEWNS', 0x0002_0000),
  cloneRow('CLONE_NEWCGROUP', 0x0200_0000),
  cloneRow('CLONE_NEWUTS', 0x0400_0000),
  cloneRow('CLONE_NEWIPC', 0x0800_0000),
  cloneRow('CLONE_NEWUSER', 0x1000_0000),
  cloneRow('CLONE_NEWPID', 0x2000_0000),
  cloneRow('CLONE_NEWNET', 0x4000_0000),
  { ...cloneRow('no namespace', 0), now: 'allowed' },
  { name: 'clone3', args: [0, 0], now: 'ENOSYS' },
  { name: 'create_module', args: [NOWHERE, 0] },
  { name: 'delete_module', args: [NOWHERE, INVALID] },
  { name: 'finit_module', args: [NO_FD, NOWHERE, INVALID] },
  { name: 'get_kernel_syms', args: [NOWHERE] },
  { name: 'get_mempolicy', args: [NOWHERE, NOWHERE, 0, 0, INVALID] },
  { name: 'init_module', args: [NOWHERE, 0, NOWHERE] },
  { name: 'ioperm', args: [0, 0, 0] }, // no ports
  { name: 'iopl', args: [4] }, // there are 0 to 3
  { name: 'kcmp', args: [NO_PID, NO_PID, INVALID, 0, 0] },
  { name: 'kexec_file_load', args: [NO_FD, NO_FD, 0, 0, INVALID], absent: ['x86'] },
  { name: 'kexec_load', args: [0, 17, NOWHERE, INVALID] }, // 16 segments at most
  { name: 'keyctl', args: [INVALID] },
  { name: 'lookup_dcookie', args: [0, NOWHERE, 0] },
  { name: 'mbind', args: [NOWHERE, 0, INVALID, NOWHERE, 0, INVALID] },
  { name: 'mount', args: [NOWHERE, NOWHERE, NOWHERE, 0, NOWHERE] },
  { name: 'move_pages', args: [0, 1, NOWHERE, NOWHERE, NOWHERE, INVALID] },
  { name: 'name_to_handle_at', args: [NO_FD, NOWHERE, NOWHERE, NOWHERE, INVALID], now: 'allowed' },
  { name: 'nfsservctl', args: [INVALID, NOWHERE, NOWHERE] },
  { name: 'open_by_handle_at', args: [NO_FD, NOWHERE, 0] },
  { name: 'perf_event_open', args: [NOWHERE, 0, -1, NO_FD, INVALID] },
  personalityRow('ADDR_NO_RANDOMIZE', 0x0004_0000),
  personalityRow('READ_IMPLIES_EXEC', 0x0040_0000),
  personalityRow('PER_LINUX32 and ADDR_NO_RANDOMIZE', 0x0004_0008),
  { ...personalityRow('PER_LINUX', 0), now: 'allowed' },
  { ...personalityRow('PER_LINUX32', 8), now: 'allowed' },
  { ...personalityRow('UNAME26', 0x0002_0000), now: 'allowed' },
  { ...personalityRow('PER_LINUX32 and UNAME26', 0x0002_0008), now: 'allowed' },
  { ...personalityRow('to ask', 0xffff_ffff), now: 'allowed' },
  { name: 'pivot_root', args: [NOWHERE, NOWHERE] },
  { name: 'process_vm_readv', args: [NO_PID, NOWHERE, 0, NOWHERE, 0, INVALID], now: 'allowed' },
  { name: 'process_vm_writev', args: [NO_PID, NOWHERE, 0, NOWHERE, 0, INVALID], now: 'allowed' },
  { name: 'ptrace', args: [INVALID, NO_PID, 0, 0], now: 'allowed' },
  { name: 'query_module', args: [NOWHERE, INVALID, NOWHERE, 0, NOWHERE] },
  { name: 'quotactl', args: [INVALID, NOWHERE, 0, NOWHERE] },
  { name: 'reboot', args: [0, 0, 1, NOWHERE] }, // neither magic number, no command
  { name: 'request_key', args: [NOWHERE, NOWHERE, NOWHERE, 0] },
  { name: 'set_mempolicy', args: [INVALID, NOWHERE, 0] },
  { name: 'setns', args: [NO_FD, 0] },
  { name: 'settimeofday', args: [NOWHERE, NOWHERE] },
  { name: 'stime', args: [NOWHERE], absent: ['x86_64'] },
  { name: 'swapoff', args: [NOWHERE] },
  { name: 'swapon', args: [NOWHERE, INVALID] },
  { name: '_sysctl', args: [NOWHERE] },
  { name: 'sysfs', args: [INVALID, NOWHERE, NOWHERE] },
  { name: 'umount', args: [NOWHERE], absent: ['x86_64'] },
  { name: 'umount2', args: [NOWHERE, INVALID] },
  { name: 'unshare', args: [1] }, // no CLONE_ flag
  { name: 'uselib', args: [NOWHERE] },
  { name: 'userfaultfd', args: [INVALID] },
  { name: 'ustat', args: [INVALID, NOWHERE] },
  { name: 'vm86', args: [INVALID, NOWHERE], absent: ['x86_64'] },
  { name: 'vm86old', args: [NOWHERE], absent: ['x86_64'] },
];

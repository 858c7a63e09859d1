/**
 * Syscalls newer than a profile. They get ENOSYS, as on a kernel without them, so that C libraries and language
 * runtimes fall back to older ones. runc does the same in code before its filter
 * (libcontainer/seccomp/patchbpf/enosys_linux.go).
 */
import { type Action, type NumberRange, numbersOf } from '../../policy/policy.js';
import type { Abi, AbiName } from '../../syscalls/abi.js';
import { ENOSYS } from '../../syscalls/errno.js';
import { NEWEST_KERNEL } from '../../syscalls/generated/numbers.js';
import { ABOVE_EVERY_KERNEL, compareKernelVersions, parseKernelVersion } from '../../util/kernel-version.js';
import type { Host } from './host-match.js';
import type { ResolveContext } from './rule-precedence.js';

/** The answer of a kernel that lacks a call. */
export const NOT_IMPLEMENTED: Action = Object.freeze({ kind: 'errno', errno: ENOSYS });

/** Default actions under which a newer call is executed, so that ENOSYS is not needed. */
const CARRIED_OUT: ReadonlySet<Action['kind']> = new Set(['allow', 'log', 'trace']);

/** ABIs on which no call has the number 0: the kernel then reads the number from another register. */
const WITHOUT_ZERO: ReadonlySet<AbiName> = new Set(['s390', 's390x']);

/**
 * Returns the ranges of an ABI's numbers that get ENOSYS: those above `largest`, the largest number that the profile
 * names. Numbers are unsigned, so −1 is among them. If `largest` is undefined, the age of the profile is unknown, and
 * the list is empty.
 */
export function newerSyscalls(abi: Abi, largest: number | undefined, defaultAction: Action): readonly NumberRange[] {
  if (largest === undefined || CARRIED_OUT.has(defaultAction.kind)) return [];
  const decisions = [{ conditions: [], action: NOT_IMPLEMENTED, rule: undefined }];
  const zero = WITHOUT_ZERO.has(abi.name) ? [{ first: 0, last: 0, decisions }] : [];
  const above = numbersOf(abi).flatMap(({ first, last }) =>
    last <= largest ? [] : [{ first: Math.max(first, largest + 1), last, decisions }],
  );
  return [...zero, ...above];
}

/**
 * Reports a denylist on a kernel that is newer than the syscall tables, and so can have calls that no rule can name.
 */
export function reportUnnamed({ kernel }: Host, { defaultAction, diagnostics }: ResolveContext): void {
  const isKnown = compareKernelVersions(kernel, parseKernelVersion(NEWEST_KERNEL)) <= 0;
  const isLinux = compareKernelVersions(kernel, ABOVE_EVERY_KERNEL) < 0;
  if (isKnown || !isLinux || !CARRIED_OUT.has(defaultAction.kind)) return;
  const message =
    `applies to every call that was added after Linux ${NEWEST_KERNEL}: this kernel, Linux ${kernel.major}.${kernel.minor}, can ` +
    'have such calls, and this version of seccomp does not know their names. Update seccomp, or write an allowlist';
  diagnostics.report('notice', ['defaultAction'], message);
}

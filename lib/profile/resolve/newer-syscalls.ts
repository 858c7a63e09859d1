/**
 * Calls newer than a profile: they answer ENOSYS, as on a kernel without them, so that C libraries and language runtimes
 * fall back to older ones. By the rule of runc (libcontainer/seccomp/patchbpf/enosys_linux.go), inside the filter's tree.
 */
import { type Action, type NumberRange, numbersOf } from '../../policy/policy.js';
import type { Abi, AbiName } from '../../syscalls/abi.js';

const ENOSYS: Action = Object.freeze({ kind: 'errno', errno: 38 });

/** Default actions that let a newer call go on, so that there is nothing to answer. */
const GOES_ON: ReadonlySet<Action['kind']> = new Set(['allow', 'log', 'trace']);

/** ABIs whose number 0 is no call's: the kernel reads another register for it. */
const WITHOUT_ZERO: ReadonlySet<AbiName> = new Set(['s390', 's390x']);

/**
 * The numbers of an ABI above `largest`, the largest one that the profile names there. −1 is the largest of all. None if
 * it is undefined, since then there is no telling how new the profile is.
 */
export function newerSyscalls(abi: Abi, largest: number | undefined, defaultAction: Action): readonly NumberRange[] {
  if (largest === undefined || GOES_ON.has(defaultAction.kind)) return [];
  const decisions = [{ conditions: [], action: ENOSYS, rule: undefined }];
  const zero = WITHOUT_ZERO.has(abi.name) ? [{ first: 0, last: 0, decisions }] : [];
  const above = numbersOf(abi).flatMap(({ first, last }) =>
    last <= largest ? [] : [{ first: Math.max(first, largest + 1), last, decisions }],
  );
  return [...zero, ...above];
}

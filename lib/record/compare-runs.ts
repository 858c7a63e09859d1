/** How a recording and a profile differ: what the run needed and does not get, and what it gets and did not need. */
import { type Decision, decisionsOf, type Policy } from '../policy/policy.js';
import { syscallName, syscallsOf } from '../syscalls/table.js';
import { notAllowed, type SeenCall } from './synthesize.js';

export interface RunDifference<Seen extends SeenCall> {
  /** Calls that were made and that the profile does not let through. */
  readonly denied: readonly Seen[];
  /** Syscalls that the profile lets through, if only with some arguments, and that were not made; by the native ABI's names. */
  readonly unused: readonly string[];
}

export function compareWithPolicy<Seen extends SeenCall>(policy: Policy, calls: readonly Seen[]): RunDifference<Seen> {
  const made = new Set(calls.map(({ syscall }) => syscall));
  const [native] = policy.abis;
  if (native === undefined) return { denied: notAllowed(policy, calls), unused: [] };
  const { name } = native.abi;
  const unused = [...syscallsOf(name)].flatMap(([syscall, number]) => {
    if (syscallName(name, number) !== syscall || made.has(syscall)) return [];
    const byDefault: Decision = { conditions: [], action: policy.defaultAction, rule: undefined };
    return reachable([...decisionsOf(native, number), byDefault]).some(letsThrough) ? [syscall] : [];
  });
  return { denied: notAllowed(policy, calls), unused: unused.sort() };
}

/** Those up to the first that holds for every call. */
function reachable(decisions: readonly Decision[]): readonly Decision[] {
  const last = decisions.findIndex(({ conditions }) => conditions.length === 0);
  return decisions.slice(0, last + 1);
}

function letsThrough({ action }: Decision): boolean {
  return action.kind === 'allow' || action.kind === 'log';
}

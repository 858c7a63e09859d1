/** Compares a recorded run with a profile: the calls that the profile denies, and those that it allows without need. */
import { isAllowing } from '../policy/action.js';
import { type Decision, decisionsOf, type Policy } from '../policy/policy.js';
import { syscallName, syscallsOf } from '../syscalls/table.js';
import { EXITS, notAllowed, type SeenCall } from './synthesize.js';

export interface RunDifference<Seen extends SeenCall> {
  /** The recorded calls that the profile does not allow. */
  readonly denied: readonly Seen[];
  /**
   * The syscalls that the profile allows, at least with some arguments, and that were not made, except those that every
   * run needs. Names of the native ABI.
   */
  readonly unused: readonly string[];
}

/** Syscalls that every run needs, although a recording may lack them: the first execve is never recorded. */
const ALWAYS_NEEDED = ['execve', ...EXITS];

export function compareWithPolicy<Seen extends SeenCall>(policy: Policy, calls: readonly Seen[]): RunDifference<Seen> {
  const made = new Set([...ALWAYS_NEEDED, ...calls.map(({ syscall }) => syscall)]);
  const [native] = policy.abis;
  if (native === undefined) return { denied: notAllowed(policy, calls), unused: [] };
  const { name } = native.abi;
  const unused = [...syscallsOf(name)].flatMap(([syscall, number]) => {
    if (syscallName(name, number) !== syscall || made.has(syscall)) return [];
    const byDefault: Decision = { conditions: [], action: policy.defaultAction, rule: undefined };
    return reachableDecisions([...decisionsOf(native, number), byDefault]).some(({ action }) => isAllowing(action))
      ? [syscall]
      : [];
  });
  return { denied: notAllowed(policy, calls), unused: unused.sort() };
}

/** The decisions up to the first one without conditions, after which no other is reached. */
function reachableDecisions(decisions: readonly Decision[]): readonly Decision[] {
  const last = decisions.findIndex(({ conditions }) => conditions.length === 0);
  return decisions.slice(0, last + 1);
}

/** Compares a recorded run with a profile: the calls that the profile denies, and those that it allows without need. */
import { isFallback } from '../notify/violations/fallback.js';
import { isAllowing } from '../policy/action.js';
import { decide } from '../policy/evaluate.js';
import { type Decision, decisionsOf, type Policy } from '../policy/policy.js';
import { abiOf } from '../syscalls/abi.js';
import { syscallName, syscallNumber, syscallsOf } from '../syscalls/table.js';
import { EXITS, notAllowed, type SeenCall } from './synthesize.js';

export interface RunDifference<Seen extends SeenCall> {
  /** The recorded calls that the profile does not allow, except the fallbacks. */
  readonly denied: readonly Seen[];
  /** The recorded calls that the profile denies as programs expect: they then make older calls, or do without. */
  readonly fallbacks: readonly Seen[];
  /**
   * The syscalls that the profile allows, at least with some arguments, and that were not made, except those that every
   * run needs. Names of the native ABI.
   */
  readonly unused: readonly string[];
}

/** Syscalls that every run needs, although a recording may lack them: the first execve is never recorded. */
const ALWAYS_NEEDED = ['execve', ...EXITS];

/** Calls on an io_uring that io_uring_setup has made. */
const USES_OF_RINGS: readonly string[] = ['io_uring_enter', 'io_uring_register'];

export function compareWithPolicy<Seen extends SeenCall>(policy: Policy, calls: readonly Seen[]): RunDifference<Seen> {
  const made = new Set([...ALWAYS_NEEDED, ...calls.map(({ syscall }) => syscall)]);
  const missing = notAllowed(policy, calls);
  const expected = missing.filter((call) => isExpectedDenial(policy, call));
  // A program that could make an io_uring aborts if it can't use it.
  const hasRing = !expected.some(({ syscall }) => syscall === 'io_uring_setup');
  const fallbacks = expected.filter(({ syscall }) => !(hasRing && USES_OF_RINGS.includes(syscall)));
  const denied = missing.filter((call) => !fallbacks.includes(call));
  const [native] = policy.abis;
  if (native === undefined) return { denied, fallbacks, unused: [] };
  const { name } = native.abi;
  const unused = [...syscallsOf(name)].flatMap(([syscall, number]) => {
    if (syscallName(name, number) !== syscall || made.has(syscall)) return [];
    const byDefault: Decision = { conditions: [], action: policy.defaultAction, rule: undefined };
    return reachableDecisions([...decisionsOf(native, number), byDefault]).some(({ action }) => isAllowing(action))
      ? [syscall]
      : [];
  });
  return { denied, fallbacks, unused: unused.sort() };
}

/** Whether the program would continue without the call under the policy. */
function isExpectedDenial(policy: Policy, { abi, syscall, args }: SeenCall): boolean {
  const number = syscallNumber(abi, syscall);
  if (number === undefined) return false;
  const { action, by } = decide(policy, { arch: abiOf(abi).audit, number, args });
  return isFallback(syscall, action, by === 'range');
}

/** The decisions up to the first one without conditions, after which no other is reached. */
function reachableDecisions(decisions: readonly Decision[]): readonly Decision[] {
  const last = decisions.findIndex(({ conditions }) => conditions.length === 0);
  return decisions.slice(0, last + 1);
}

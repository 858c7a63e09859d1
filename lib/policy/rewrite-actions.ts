/** Policies for a filter whose listener is answered by a supervisor. */
import type { AbiName } from '../syscalls/abi.js';
import { type AbiPolicy, type Action, type Decision, type NumberRange, type Policy, rangesOf } from './policy.js';

const NOTIFY: Action = Object.freeze({ kind: 'notify' });

/** The same with every action put through `change`. */
export function mapActions(policy: Policy, change: (action: Action) => Action): Policy {
  // The syscalls of a rule without conditions share one list, and that is made use of.
  const known = new Map<readonly Decision[], readonly Decision[]>();
  const list = (decisions: readonly Decision[]) => {
    const before = known.get(decisions);
    if (before !== undefined) return before;
    const changed = decisions.map((decision) => ({ ...decision, action: change(decision.action) }));
    known.set(decisions, changed);
    return changed;
  };
  return {
    abis: policy.abis.map((each) => ({
      abi: each.abi,
      syscalls: new Map([...each.syscalls].map(([number, decisions]) => [number, list(decisions)])),
      ranges: rangesOf(each).map((range): NumberRange => ({ ...range, decisions: list(range.decisions) })),
    })),
    defaultAction: change(policy.defaultAction),
    foreignAction: change(policy.foreignAction),
  };
}

/**
 * Asks the supervisor about calls that `policy` answers with an errno. The kernel itself kills and traps: a supervisor would do so
 * later, and what it sends may be caught. `trace` is left to the tracer.
 */
export function notifyOnErrno(policy: Policy): Policy {
  return mapActions(policy, (action) => (action.kind === 'errno' ? NOTIFY : action));
}

/** Asks about every call of every ABI. */
export function notifyAlways(policy: Policy): Policy {
  const abis = policy.abis.map(({ abi }) => ({ abi, syscalls: new Map(), ranges: [] }));
  return { abis, defaultAction: NOTIFY, foreignAction: NOTIFY };
}

/** What is decided for some numbers of an ABI instead, before all else. */
export type Overrides = (abi: AbiName) => ReadonlyMap<number, readonly Decision[]>;

export function overrideDecisions(policy: Policy, overrides: Overrides): Policy {
  const abis = policy.abis.map((each): AbiPolicy => {
    const changed = overrides(each.abi.name);
    return changed.size === 0 ? each : { ...each, syscalls: new Map([...each.syscalls, ...changed]) };
  });
  return { ...policy, abis };
}

/** Rewrites policies for filters with a listener, whose notifications a supervisor answers. */
import type { AbiName } from '../syscalls/abi.js';
import { type AbiPolicy, type Action, type Decision, type NumberRange, type Policy, rangesOf } from './policy.js';

const NOTIFY: Action = Object.freeze({ kind: 'notify' });

/** Returns a policy with each action replaced by `change`. */
export function mapActions(policy: Policy, change: (action: Action) => Action): Policy {
  // Syscalls of one rule share a list of decisions. They still do in the result: the compiler relies on it for speed.
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
 * Notifies the supervisor of calls that `policy` denies with an errno. Calls that end the process or trap stay with the
 * kernel: a supervisor would act later, and only by signals, which can be caught. `trace` stays with the tracer.
 */
export function notifyOnErrno(policy: Policy): Policy {
  return mapActions(policy, (action) => (action.kind === 'errno' ? NOTIFY : action));
}

/** Notifies the supervisor of every call of every ABI. */
export function notifyAlways(policy: Policy): Policy {
  const abis = policy.abis.map(({ abi }) => ({ abi, syscalls: new Map(), ranges: [] }));
  return { abis, defaultAction: NOTIFY, foreignAction: NOTIFY };
}

/** Returns the decisions on an ABI that replace those of a policy, by syscall number. */
export type Overrides = (abi: AbiName, decided: AbiPolicy) => ReadonlyMap<number, readonly Decision[]>;

/** Replaces the decisions of some numbers. */
export function overrideDecisions(policy: Policy, overrides: Overrides): Policy {
  const abis = policy.abis.map((each): AbiPolicy => {
    const changed = overrides(each.abi.name, each);
    return changed.size === 0 ? each : { ...each, syscalls: new Map([...each.syscalls, ...changed]) };
  });
  return { ...policy, abis };
}

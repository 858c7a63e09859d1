/** Warns of rules that deny a call while another call with the same effect is allowed. */
import { isAllowing, permissiveness } from '../../policy/action.js';
import { type AbiPolicy, type Action, decisionsOf, type Policy, ruleOf } from '../../policy/policy.js';
import { ENOSYS } from '../../syscalls/errno.js';
import { type SyscallFamily, syscallFamilies } from '../../syscalls/same-effect.js';
import { syscallNumber } from '../../syscalls/table.js';
import { type Diagnostic, Diagnostics } from '../document/diagnostics.js';
import type { ProfileMode } from '../document/options.js';

/** The calls that a rule denies, and the allowed calls with the same effect, on any ABI. */
interface Evaded {
  readonly denied: Set<string>;
  readonly allowed: Set<string>;
}

/** The action for a call, whatever its arguments. */
interface Outcome {
  readonly name: string;
  readonly action: Action;
  /** Undefined if no rule decides on the call. */
  readonly rule: number | undefined;
}

/**
 * Returns a warning for each rule and each list of calls by which programs get around it. An allowlist that leaves out some
 * calls of a family has no rule that denies these.
 */
export function evadedDenials({ abis, defaultAction }: Policy, mode: ProfileMode): readonly Diagnostic[] {
  const diagnostics = new Diagnostics(mode);
  for (const family of syscallFamilies()) {
    const byRule = new Map<number, Evaded>();
    for (const abi of abis) addEvaded(byRule, family, abi, defaultAction);
    for (const [rule, evaded] of byRule) report(rule, evaded, diagnostics);
  }
  return diagnostics.all();
}

function addEvaded(byRule: Map<number, Evaded>, family: SyscallFamily, abi: AbiPolicy, defaultAction: Action): void {
  const calls = outcomesOf(family.calls, abi, defaultAction);
  const detours = outcomesOf(family.detours, abi, defaultAction);
  const allowed = [...calls, ...detours].filter(({ action }) => isAllowing(action));
  if (allowed.length === 0) return;
  for (const [i, { name, action, rule }] of calls.entries()) {
    if (rule === undefined || permissiveness(action) > 0 || isFallback(action, calls.slice(0, i))) continue;
    const evaded = byRule.get(rule) ?? { denied: new Set(), allowed: new Set() };
    evaded.denied.add(name);
    for (const each of allowed) evaded.allowed.add(each.name);
    byRule.set(rule, evaded);
  }
}

/** The outcomes of those calls that the ABI has, and whose outcome does not depend on the arguments. */
export function outcomesOf(names: readonly string[], policy: AbiPolicy, defaultAction: Action): readonly Outcome[] {
  return names.flatMap((name) => outcomeOf(name, policy, defaultAction));
}

function outcomeOf(name: string, policy: AbiPolicy, defaultAction: Action): readonly Outcome[] {
  const number = syscallNumber(policy.abi.name, name);
  if (number === undefined) return [];
  const [first] = decisionsOf(policy, number);
  if (first === undefined) return [{ name, action: defaultAction, rule: undefined }];
  return first.conditions.length > 0 ? [] : [{ name, action: first.action, rule: ruleOf(first) }];
}

/** Whether a denial makes programs use an older call, as ENOSYS for clone3 does. */
function isFallback(action: Action, older: readonly Outcome[]): boolean {
  return action.kind === 'errno' && action.errno === ENOSYS && older.some((each) => isAllowing(each.action));
}

function report(rule: number, { denied, allowed }: Evaded, diagnostics: Diagnostics): void {
  const others = [...allowed].join(', ');
  const message = (names: string) => `denies ${names}, but programs can do the same by ${others}: deny all of them`;
  for (const name of denied) diagnostics.reportOnce('notice', ['syscalls', rule], others, message, name);
}

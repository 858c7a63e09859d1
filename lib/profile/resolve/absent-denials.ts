/** Warns of rules that deny nothing on a host, as its ABIs have none of their calls. */
import { isAllowing } from '../../policy/action.js';
import type { AbiPolicy, Policy } from '../../policy/policy.js';
import { abisOfMachine } from '../../syscalls/abi.js';
import { ENOSYS } from '../../syscalls/errno.js';
import { multiplexersOf } from '../../syscalls/multiplexers.js';
import { syscallFamilies } from '../../syscalls/same-effect.js';
import { syscallNames, syscallsOf } from '../../syscalls/table.js';
import { type Diagnostic, Diagnostics, effectOf } from '../document/diagnostics.js';
import type { Rule } from '../document/types.js';
import type { Profile } from '../profile.js';
import { outcomesOf } from './evaded-denials.js';
import { type Host, ruleApplies } from './host-match.js';

/**
 * Returns a warning for each rule that denies calls which no ABI of the host has, unless the profile denies all that programs
 * could make instead: `openat` and `openat2` in place of `open` on aarch64. Names that no ABI has are reported elsewhere.
 */
export function absentDenials({ document, mode }: Profile, policy: Policy, host: Host): readonly Diagnostic[] {
  const diagnostics = new Diagnostics(mode);
  const machine = abisOfMachine(host.abi);
  const abis = policy.abis.filter(({ abi }) => machine.includes(abi.name));
  for (const [index, rule] of document.syscalls.entries()) {
    const names = rule.names.filter((name) => syscallNames().has(name));
    if (names.length === 0 || !denies(rule) || !ruleApplies(rule, host)) continue;
    if (abis.some((each) => names.some((name) => hasCall(each, name)))) continue;
    const others = names.map((name) => othersOf(name, abis, policy));
    const allowed = new Set(others.flat().flatMap(({ name, action }) => (isAllowing(action) ? [name] : [])));
    const isDenied = !isAllowing(policy.defaultAction) || others.every(({ length }) => length > 0);
    if (allowed.size === 0 && isDenied) continue;
    const remedy = allowed.size === 0 ? '' : `. Programs do the same by ${[...allowed].join(', ')}: deny all of them`;
    const place = `${abis.map(({ abi }) => abi.name).join(' and ')}, which ${abis.length === 1 ? 'lacks' : 'lack'}`;
    const message = (list: string) => `has no effect on ${place} ${list}${remedy}`;
    for (const name of names) diagnostics.reportOnce('notice', ['syscalls', index], 'absent', message, name);
  }
  return diagnostics.all();
}

/** Whether a rule denies what the kernel would do. ENOSYS is its own answer to calls that it lacks. */
const denies = ({ action, errnoRet }: Rule): boolean => !effectOf(action).allows && errnoRet !== ENOSYS;

function hasCall({ abi }: AbiPolicy, name: string): boolean {
  return syscallsOf(abi.name).has(name) || multiplexersOf(abi.name).some(({ calls }) => calls.has(name));
}

/** What a policy does with the calls that have the effect of one that the ABIs lack. */
function othersOf(name: string, abis: readonly AbiPolicy[], { defaultAction }: Policy) {
  const family = syscallFamilies().find(({ calls }) => calls.includes(name));
  return abis.flatMap((abi) => outcomesOf(family?.calls ?? [], abi, defaultAction));
}

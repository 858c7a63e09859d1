/**
 * The meaning of a policy: what it decides for one call. The compiler, the prover, the interpreter and the kernel are
 * all tested against it.
 */
import type { Abi } from '../syscalls/abi.js';
import { isX32 } from '../syscalls/abi.js';
import {
  type AbiPolicy,
  type Action,
  type Condition,
  decisionsOf,
  type Policy,
  type PolicyCall,
  ruleOf,
} from './policy.js';

/** The outcome for one call, and which part of the policy led to it. */
export interface Evaluation {
  readonly action: Action;
  /**
   * `syscall`: a decision on the call's number; `range`: a decision on a range of numbers; `default`: the default
   * action; `foreign`: the action for ABIs that the policy does not list.
   */
  readonly by: 'syscall' | 'range' | 'default' | 'foreign';
  /** The index of the rule that made the decision; undefined if no rule did. */
  readonly rule: number | undefined;
}

/** The action for a call: that of the first decision whose conditions all hold, else the default action. */
export function evaluate(policy: Policy, call: PolicyCall): Action {
  return decide(policy, call).action;
}

/** Evaluates a call as `evaluate` does, and keeps which part of the policy decided it. */
export function decide(policy: Policy, call: PolicyCall): Evaluation {
  const abi = policy.abis.find((each) => isOf(each, call));
  if (abi === undefined) return { action: policy.foreignAction, by: 'foreign', rule: undefined };
  const decision = decisionsOf(abi, call.number).find(({ conditions }) =>
    conditions.every((condition) => holds(condition, call.args)),
  );
  if (decision === undefined) return { action: policy.defaultAction, by: 'default', rule: undefined };
  const by = abi.syscalls.has(call.number) ? 'syscall' : 'range';
  return { action: decision.action, by, rule: ruleOf(decision) };
}

/** Whether a call is made by an ABI. */
export function isOf({ abi }: AbiPolicy, { arch, number }: Pick<PolicyCall, 'arch' | 'number'>): boolean {
  return abi.audit === arch && hasNumber(abi, number);
}

/** x86_64 and x32 share an AUDIT_ARCH; a bit of the number tells them apart. */
function hasNumber(abi: Abi, number: number): boolean {
  if (abi.name === 'x32') return isX32(number);
  return abi.name !== 'x86_64' || !isX32(number);
}

/** Whether the registers of a call meet a condition. */
export function holds(condition: Condition, args: readonly bigint[]): boolean {
  const argument = BigInt.asUintN(condition.width, args.at(condition.index) ?? 0n);
  switch (condition.op) {
    case 'eq':
      return argument === condition.value;
    case 'ne':
      return argument !== condition.value;
    case 'lt':
      return argument < condition.value;
    case 'le':
      return argument <= condition.value;
    case 'gt':
      return argument > condition.value;
    case 'ge':
      return argument >= condition.value;
    case 'masked-eq':
      return (argument & condition.mask) === (condition.value & condition.mask);
  }
}

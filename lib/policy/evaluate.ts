/** The meaning of a policy: what it decides for one call. Compiler, prover, interpreter and kernel are held against it. */
import type { Abi } from '../syscalls/abi.js';
import { isX32 } from '../syscalls/abi.js';
import {
  type AbiPolicy,
  type Action,
  type Call,
  type Condition,
  type Decision,
  decisionsOf,
  type Policy,
} from './policy.js';

/** Decides a call: the first decision whose conditions all hold, else the default. */
export function evaluate(policy: Policy, call: Call): Action {
  const abi = abiDeciding(policy, call);
  if (abi === undefined) return policy.foreignAction;
  return decisionTaken(abi, call)?.action ?? policy.defaultAction;
}

/** The part of `policy` that decides a call; undefined if that is its `foreignAction`. */
export function abiDeciding({ abis }: Policy, { arch, number }: Call): AbiPolicy | undefined {
  return abis.find(({ abi }) => abi.audit === arch && hasNumber(abi, number));
}

/** The first decision whose conditions all hold; undefined if the default action is taken. */
export function decisionTaken(abi: AbiPolicy, { number, args }: Call): Decision | undefined {
  return decisionsOf(abi, number).find(({ conditions }) => conditions.every((condition) => holds(condition, args)));
}

/** x86_64 and x32 share an AUDIT_ARCH; a bit of the number tells which is meant. */
function hasNumber(abi: Abi, number: number): boolean {
  if (abi.name === 'x32') return isX32(number);
  return abi.name !== 'x86_64' || !isX32(number);
}

/** Whether registers fulfil a condition. */
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

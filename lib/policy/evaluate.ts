/** The meaning of a policy: what it decides for one call. Compiler, prover, interpreter and kernel are held against it. */
import type { Abi } from '../syscalls/abi.js';
import { type Action, type Call, type Condition, decisionsOf, isX32, type Policy } from './policy.js';

/** Decides a call: the first decision whose conditions all hold, else the default. */
export function evaluate(policy: Policy, call: Call): Action {
  const abi = policy.abis.find(({ abi }) => abi.audit === call.arch && hasNumber(abi, call.number));
  if (abi === undefined) return policy.foreignAction;
  const taken = decisionsOf(abi, call.number).find(({ conditions }) =>
    conditions.every((condition) => holds(condition, call.args)),
  );
  return taken?.action ?? policy.defaultAction;
}

/** x86_64 and x32 share an AUDIT_ARCH; a bit of the number tells which is meant. */
function hasNumber(abi: Abi, number: number): boolean {
  if (abi.name === 'x32') return isX32(number);
  return abi.name !== 'x86_64' || !isX32(number);
}

function holds(condition: Condition, args: readonly bigint[]): boolean {
  const argument = BigInt.asUintN(condition.width, args[condition.index] ?? 0n);
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

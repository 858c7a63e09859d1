import { evaluate } from '../../lib/policy/evaluate.js';
import type { Action, Policy } from '../../lib/policy/policy.js';
import type { Profile } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { syscallNumber } from '../../lib/syscalls/table.js';

export const machine: Host = { abi: 'x86_64', kernel: { major: 6, minor: 1 }, capabilities: new Set() };

export function answerOf(policy: Policy, abi: AbiName, name: string, args: readonly (number | bigint)[]): string {
  const number = syscallNumber(abi, name);
  if (number === undefined) throw new Error(`${abi} has no ${name}`);
  const action: Action = evaluate(policy, { arch: abiOf(abi).audit, number, args: args.map(BigInt) });
  return action.kind === 'errno' ? `errno ${action.errno}` : action.kind;
}

/** The action of a profile for a call on a host. */
export function answer(
  profile: Profile,
  name: string,
  args: readonly (number | bigint)[] = [],
  host: Partial<Host> = {},
): string {
  const on = { ...machine, ...host };
  return answerOf(resolve(profile, on), on.abi, name, args);
}

/** The code and message with which a mistake is refused, or `accepted`. */
export const refusal = (build: () => unknown) => {
  try {
    build();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
};

/** evaluate(): what a policy decides for one call. */
import { refuseIn } from '../errors.js';
import { evaluate as evaluateTrusted } from '../policy/evaluate.js';
import type { Action, Policy, PolicyCall } from '../policy/policy.js';
import { readCall, readPolicy } from '../policy/read-policy.js';

/**
 * Returns the action of a policy for one call: that of the first decision whose conditions all hold, else the default
 * action. This is the reference meaning, which every compiled filter is proven against.
 *
 * @param policy - A policy, as `resolve`, `decompile` or `Filter.policy` has it.
 * @param call - The call as the kernel shows it to a filter: `arch` is an AUDIT_ARCH_* value, `number` the syscall
 * number of that ABI, and `args` up to six registers. Missing registers are 0.
 * @returns The action.
 * @throws {TypeError | RangeError} if an argument is not a policy, or not a call.
 * @example
 * import { evaluate, Profile, resolve } from 'seccomp';
 *
 * const policy = resolve(Profile.allowlist().allow('read', 'write'), {
 *   abi: 'x86_64',
 *   kernel: { major: 6, minor: 1 },
 *   capabilities: new Set(),
 * });
 *
 * const AUDIT_ARCH_X86_64 = 0xc000003e;
 * evaluate(policy, { arch: AUDIT_ARCH_X86_64, number: 0, args: [] }); // read: { kind: 'allow' }
 */
export function evaluate(policy: Policy, call: PolicyCall): Action {
  const checked = readCall(call, refuseIn('call'));
  return evaluateTrusted(readPolicy(policy, refuseIn('policy'), checked), checked);
}

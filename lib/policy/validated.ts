/**
 * The public functions on policies. Each one validates and copies its arguments, and then calls the function of the
 * same name in evaluate.ts or algebra.ts, which trusts them.
 */
import { refuseIn } from '../errors.js';
import * as algebra from './algebra.js';
import { evaluate as evaluateTrusted } from './evaluate.js';
import type { Action, Policy, PolicyCall } from './policy.js';
import { readCall, readPolicy } from './read-policy.js';

/**
 * Returns the action of a policy for one call: that of the first decision whose conditions all hold, else the default
 * action. This is the reference meaning, which every compiled filter is proven against.
 *
 * @param call - The call as the kernel shows it to a filter: `arch` is an AUDIT_ARCH_* value, `number` the syscall
 * number of that ABI, and `args` up to six registers. Missing registers are 0.
 * @throws {SeccompError} ERR_SECCOMP_OPTION if an argument is not a policy, or not a call.
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

/**
 * Compares two policies exactly: for every ABI, every number and all values of the arguments. Of two actions, the more
 * restrictive one is the one that the kernel takes if two filters return them. Two errnos are equally restrictive.
 *
 * @returns How `a` relates to `b`, and a call for each difference.
 * @throws {SeccompError} ERR_SECCOMP_OPTION if an argument is not a policy.
 * @example
 * import { compare, Profile, resolve } from 'seccomp';
 *
 * const policyOf = (profile) =>
 *   resolve(profile, { abi: 'x86_64', kernel: { major: 6, minor: 1 }, capabilities: new Set() });
 * const narrow = policyOf(Profile.allowlist().allow('read', 'openat2'));
 * const wide = policyOf(Profile.allowlist().allow('read', 'open', 'openat2'));
 *
 * const { relation, differences } = compare(narrow, wide);
 * console.log(relation); // 'subset': `narrow` lets nothing through that `wide` does not
 * for (const { abi, call, a, b } of differences) console.log(abi, call.number, a, b);
 */
export function compare(a: Policy, b: Policy): algebra.PolicyComparison {
  return algebra.compare(readPolicy(a, refuseIn('a')), readPolicy(b, refuseIn('b')));
}

/**
 * Returns the policy that takes, for each call, the more restrictive action of two policies, as the kernel does with
 * two filters.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION if an argument is not a policy; ERR_SECCOMP_TOO_LARGE if both have hundreds
 * of argument rules on one syscall.
 * @example
 * import { compare, intersect, Profile, resolve } from 'seccomp';
 *
 * const policyOf = (profile) =>
 *   resolve(profile, { abi: 'x86_64', kernel: { major: 6, minor: 1 }, capabilities: new Set() });
 * const a = policyOf(Profile.allowlist().allow('read', 'write', 'openat2'));
 * const b = policyOf(Profile.allowlist().allow('read', 'open', 'openat2'));
 * const both = policyOf(Profile.allowlist().allow('read', 'openat2'));
 *
 * compare(intersect(a, b), both).relation; // 'equal'
 */
export function intersect(a: Policy, b: Policy): Policy {
  return algebra.intersect(readPolicy(a, refuseIn('a')), readPolicy(b, refuseIn('b')));
}

/**
 * Returns the policy that takes, for each call, the less restrictive action of two policies.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION if an argument is not a policy; ERR_SECCOMP_TOO_LARGE if both have hundreds
 * of argument rules on one syscall.
 * @example
 * import { compare, Profile, resolve, union } from 'seccomp';
 *
 * const policyOf = (profile) =>
 *   resolve(profile, { abi: 'x86_64', kernel: { major: 6, minor: 1 }, capabilities: new Set() });
 * const a = policyOf(Profile.allowlist().allow('read', 'write', 'openat2'));
 * const b = policyOf(Profile.allowlist().allow('read', 'open', 'openat2'));
 *
 * compare(a, union(a, b)).relation; // 'subset'
 */
export function union(a: Policy, b: Policy): Policy {
  return algebra.union(readPolicy(a, refuseIn('a')), readPolicy(b, refuseIn('b')));
}

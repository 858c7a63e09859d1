/** intersect() and union(): combine two profiles or policies. */
import { refuseIn } from '../errors.js';
import * as algebra from '../policy/algebra.js';
import type { Policy } from '../policy/policy.js';
import { readPolicy } from '../policy/read-policy.js';

/**
 * Returns the policy that takes, for each call, the more restrictive action of two policies, as the kernel does with
 * two filters.
 *
 * @throws {TypeError | RangeError} if an argument is not a policy.
 * @throws {SeccompError} ERR_SECCOMP_TOO_LARGE if both have hundreds
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
 * @throws {TypeError | RangeError} if an argument is not a policy.
 * @throws {SeccompError} ERR_SECCOMP_TOO_LARGE if both have hundreds
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

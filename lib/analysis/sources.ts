/** The policies of what compare() takes. */
import { refuseIn } from '../errors.js';
import type { Policy } from '../policy/policy.js';
import { isPolicy, readPolicy } from '../policy/read-policy.js';
import { refuseOptions } from '../profile/document/options.js';
import { Profile } from '../profile/profile.js';
import { resolve } from '../profile/resolve/resolve.js';
import type { CompileOptions } from '../sandbox/options/types.js';
import { HOST_OPTIONS, resolveSources } from '../sandbox/plan/resolve-sources.js';

/**
 * Returns the policies of two sources.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION for host options if neither source has a profile that they could apply to.
 */
export function policiesOf(a: unknown, b: unknown, options: CompileOptions): readonly [Policy, Policy] {
  const [inA, inB] = [policyOf(a, 'a', options), policyOf(b, 'b', options)];
  if (!inA.isResolved && !inB.isResolved)
    refuseOptions(options, HOST_OPTIONS, 'policies, filters and unconfined, which no host changes');
  return [inA.policy, inB.policy];
}

/** `isResolved`: whether the source has a profile, which was resolved for the host. */
function policyOf(
  source: unknown,
  name: string,
  options: CompileOptions,
): { readonly policy: Policy; readonly isResolved: boolean } {
  if (isPolicy(source)) return { policy: readPolicy(source, refuseIn(name)), isResolved: false };
  const { policy, profiles, host } = resolveSources(source, options, [], name);
  if (policy === undefined) return { policy: resolve(Profile.unconfined, host), isResolved: false };
  return { policy, isResolved: profiles.length > 0 };
}

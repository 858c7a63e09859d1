/** The functions of policies that users call: each reads what it is given once, as compile does. */
import * as algebra from './algebra.js';
import { evaluate as decide } from './evaluate.js';
import type { Action, Call, Policy } from './policy.js';
import { readCall, readPolicy, refuseIn } from './read-policy.js';

/**
 * Decides a call: the first decision whose conditions all hold, else the default.
 * @throws SeccompError ERR_SECCOMP_OPTION for what is no policy or no call.
 */
export function evaluate(policy: Policy, call: Call): Action {
  const asked = readCall(call, refuseIn('call'));
  return decide(readPolicy(policy, refuseIn('policy'), asked), asked);
}

/**
 * Compares two policies, call by call, by what the kernel counts as more restrictive. Two errnos differ both ways.
 * @throws SeccompError ERR_SECCOMP_OPTION for what is no policy.
 */
export function compare(a: Policy, b: Policy): algebra.Comparison {
  return algebra.compare(readPolicy(a, refuseIn('a')), readPolicy(b, refuseIn('b')));
}

/**
 * The policy that takes, for each call, the more restrictive action of the two.
 * @throws SeccompError ERR_SECCOMP_OPTION for what is no policy; ERR_SECCOMP_TOO_LARGE if both have hundreds of argument rules
 * on one syscall.
 */
export function intersect(a: Policy, b: Policy): Policy {
  return algebra.intersect(readPolicy(a, refuseIn('a')), readPolicy(b, refuseIn('b')));
}

/**
 * The policy that takes, for each call, the less restrictive action of the two.
 * @throws SeccompError as intersect does.
 */
export function union(a: Policy, b: Policy): Policy {
  return algebra.union(readPolicy(a, refuseIn('a')), readPolicy(b, refuseIn('b')));
}

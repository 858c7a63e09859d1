/** The types of the results of a proof. */
import type { Action, PolicyCall } from '../../policy/policy.js';

/** A proof that a filter and a policy decide every call alike, with its size. */
export interface Proof {
  /** The number of ranges of syscall numbers that the program distinguishes. */
  readonly ranges: number;
  /** The number of steps to build the decision diagrams. */
  readonly steps: number;
}

/** A call that a filter and a policy decide differently. */
export interface Counterexample {
  /** The call. */
  readonly call: PolicyCall;
  /** The filter's return value, SECCOMP_RET_*. */
  readonly returned: number;
  /** The action of the policy. */
  readonly meant: Action;
}

/** The result of a proof. */
import type { Action, Call } from '../../policy/policy.js';

/** What was shown, and how much there was to show. */
export interface Proof {
  /** Ranges of syscall numbers that the program tells apart. */
  readonly ranges: number;
  /** Steps that it took to build the diagrams. */
  readonly steps: number;
}

/** A call that the filter decides otherwise than its policy. */
export interface Counterexample {
  readonly call: Call;
  /** What the filter returns, a SECCOMP_RET_* value. */
  readonly returned: number;
  readonly meant: Action;
}

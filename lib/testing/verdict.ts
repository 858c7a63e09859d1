/** Whether an assertion holds. */
export interface Verdict {
  /** Undefined if that can't be told: then its negation fails too. */
  readonly holds: boolean | undefined;
  /** Why the assertion fails; if it holds, why its negation fails. */
  readonly message: string;
  /** Why the negation fails too, where `holds` is undefined. Default: `message`. */
  readonly unproven?: string;
}

/** Whether an assertion holds. */
export interface Verdict {
  readonly holds: boolean;
  /** Why the assertion fails; if it holds, why its negation fails. */
  readonly message: string;
}

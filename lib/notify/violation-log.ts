/** The violations of one filter: each kind of calls is read from the addon and explained once. */
import type { Listener } from './listener.js';
import { type Judges, type Violation, violationOf } from './violation.js';

/** Violations by now, and how many calls are of kinds that are not among them. */
export interface Violations {
  readonly violations: readonly Violation[];
  /** The calls beyond the kinds that a listener keeps apart. */
  readonly unlistedViolations: number;
}

export class ViolationLog {
  readonly #listener: Listener;
  readonly #judges: Judges;
  readonly #made = new Map<number, Violation>();

  constructor(listener: Listener, judges: Judges) {
    this.#listener = listener;
    this.#judges = judges;
  }

  /** The violation of the kind with this index, as of its first call; undefined: there is no such kind. */
  at(index: number): Violation | undefined {
    const known = this.#made.get(index);
    if (known !== undefined) return known;
    const kind = this.#listener.kindAt(index);
    if (kind === undefined) return undefined;
    const violation = violationOf(kind, this.#judges);
    this.#made.set(index, violation);
    return violation;
  }

  /** How many calls are of kinds that are not among `violations`, by now. */
  get unlisted(): number {
    return this.#listener.counts.others;
  }

  /** All of them, with their counts by now. */
  read(): Violations {
    const { kinds, others } = this.#listener.counts;
    const violations = kinds.flatMap((count, index): readonly Violation[] => {
      const violation = this.at(index);
      return violation === undefined ? [] : [{ ...violation, count }];
    });
    return { violations, unlistedViolations: others };
  }
}

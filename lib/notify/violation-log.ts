/** The violations of one filter, as its listener counts them. Reads the first call of each kind from the addon once. */
import type { Listener } from './listener.js';
import { type DeniedKind, deniedKind, type Violation, type ViolationContext, violationOf } from './violation.js';

/** The violations so far. */
export interface Violations {
  readonly violations: readonly Violation[];
  /**
   * How many calls were denied of kinds that `violations` does not list, as a listener keeps a bounded number of kinds.
   */
  readonly unlistedViolations: number;
}

export class ViolationLog {
  readonly #listener: Listener;
  readonly #context: ViolationContext;
  readonly #kinds = new Map<number, DeniedKind>();

  constructor(listener: Listener, context: ViolationContext) {
    this.#listener = listener;
    this.#context = context;
  }

  /** The violation of the kind with this index, counting its first call only; undefined if there is no such kind. */
  at(index: number): Violation | undefined {
    const kind = this.#kindAt(index);
    return kind && violationOf(kind, 1);
  }

  /** How many calls were denied of kinds that `violations` does not list. */
  get unlisted(): number {
    return this.#listener.counts.others;
  }

  /** All violations so far, with their current counts. */
  read(): Violations {
    const { kinds, others } = this.#listener.counts;
    const violations = kinds.flatMap((count, index): readonly Violation[] => {
      const kind = this.#kindAt(index);
      return kind === undefined ? [] : [violationOf(kind, count)];
    });
    return { violations, unlistedViolations: others };
  }

  #kindAt(index: number): DeniedKind | undefined {
    const known = this.#kinds.get(index);
    if (known !== undefined) return known;
    const native = this.#listener.kindAt(index);
    if (native === undefined) return undefined;
    const kind = deniedKind(native, this.#context);
    this.#kinds.set(index, kind);
    return kind;
  }
}

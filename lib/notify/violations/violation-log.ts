/** The violations of one filter, as its listener counts them. Reads the first call of each kind from the addon once. */
import { observedCall } from '../../decode/observed-call.js';
import type { FindPathDenial } from '../../landlock/denials/path-denial.js';
import type { NativeKind } from '../../native.js';
import { actionOf } from '../../policy/action.js';
import type { Listener } from '../listener.js';
import { deniedByPaths } from './path-violation.js';
import { hiddenBy, unseenText } from './unseen-calls.js';
import { type DeniedKind, deniedKind, type Violation, type ViolationContext, violationOf } from './violation.js';

/** The violations so far. */
export interface Violations {
  readonly violations: readonly Violation[];
  /**
   * How many calls were denied of kinds that `violations` does not list, as a bounded number of kinds is kept.
   */
  readonly unlistedViolations: number;
  /** Why further calls may have been denied, one sentence each. Empty if no reason is known. */
  readonly unseenCalls: readonly string[];
}

/** The most kinds of denied files that are listed. A violation takes a few kilobytes. */
const MOST_FILES = 2048;

/** A kind of denied calls beyond these. */
const UNLISTED = 'unlisted';

export class ViolationLog {
  readonly #listener: Listener;
  readonly #context: ViolationContext;
  readonly #findPathDenial: FindPathDenial | undefined;
  /** By index. Undefined for kinds of allowed calls: those that name files, and those that hide others. */
  readonly #kinds = new Map<number, DeniedKind | typeof UNLISTED | undefined>();
  #listedFiles = 0;
  /** The means by which the program hides its calls. */
  readonly #hidden = new Set<ReturnType<typeof hiddenBy>>();

  /** @param findPathDenial - Predicts what Landlock denies, if that is reported. */
  constructor(listener: Listener, context: ViolationContext, findPathDenial?: FindPathDenial) {
    this.#listener = listener;
    this.#context = context;
    this.#findPathDenial = findPathDenial;
  }

  /** The violation of the kind with this index, counting its first call only; undefined if there is no such kind. */
  at(index: number): Violation | undefined {
    const kind = this.#kindAt(index);
    return kind === undefined || kind === UNLISTED ? undefined : violationOf(kind, 1);
  }

  /** All violations so far, with their current counts. */
  read(): Violations {
    const { kinds, others, unseen } = this.#listener.counts;
    let unlistedViolations = others;
    const violations = kinds.flatMap((count, index): readonly Violation[] => {
      const kind = this.#kindAt(index);
      if (kind === UNLISTED) unlistedViolations += count;
      return kind === undefined || kind === UNLISTED ? [] : [violationOf(kind, count)];
    });
    const unseenCalls = unseenText(this.#context.unreported, this.#hidden, unseen);
    return { violations, unlistedViolations, unseenCalls };
  }

  #kindAt(index: number): DeniedKind | typeof UNLISTED | undefined {
    if (this.#kinds.has(index)) return this.#kinds.get(index);
    const native = this.#listener.kindAt(index);
    if (native === undefined) return undefined;
    const kind = this.#denied(native);
    this.#kinds.set(index, kind);
    return kind;
  }

  #denied(native: NativeKind): DeniedKind | typeof UNLISTED | undefined {
    if (native.files.length > 0) {
      const kind = this.#findPathDenial && deniedByPaths(native, this.#findPathDenial);
      return kind === undefined || this.#listedFiles++ < MOST_FILES ? kind : UNLISTED;
    }
    if (actionOf(native.answer).kind !== 'allow') return deniedKind(native, this.#context);
    this.#hidden.add(hiddenBy(observedCall(native)));
    return undefined;
  }
}

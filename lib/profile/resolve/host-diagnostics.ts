/** Remarks: what is to be said about a profile on a host, gathered over ABIs and names so that each is said once. */

import type { ProfileMode } from '../document/options.js';
import type { Finding } from '../document/types.js';

/**
 * How serious a remark is. What the runtime `refused` is an error in both modes; what would let more through than the
 * author wrote is an `error` in strict, and a warning in compat, which does as the runtime does.
 */
export type Grade = 'refused' | 'error' | 'warning';

/** `names` are those of the syscalls that it is about, in words. */
type Words = (names: string) => string;

interface Remark {
  readonly grade: Grade;
  readonly keys: Finding['keys'];
  readonly names: Set<string>;
  readonly words: Words;
}

/** How many names a remark lists. */
const LISTED = 5;

/** How many remarks are told apart; of those beyond, one of each grade remains. */
const MOST = 10_000;

export class Remarks {
  readonly #remarks = new Map<string, Remark>();

  /** Says it; again for another syscall if it is `about` one. `kind` tells apart what has the same place. */
  add(grade: Grade, keys: Finding['keys'], kind: string, words: Words, about?: string): void {
    const isOneTooMany = this.#remarks.size >= MOST;
    const key = isOneTooMany ? andMore(grade) : `${grade} ${keys.join('.')} ${kind}`;
    const remark = this.#remarks.get(key) ?? { grade, keys, names: new Set<string>(), words };
    if (about !== undefined) remark.names.add(about);
    this.#remarks.set(key, remark);
  }

  /** Whether it makes no difference any more what else of that grade is said. */
  isFull(grade: Grade): boolean {
    return this.#remarks.size >= MOST && this.#remarks.has(andMore(grade));
  }

  /** All of them, in the order in which they came up. */
  findings(mode: ProfileMode): readonly Finding[] {
    return [...this.#remarks.values()].map(({ grade, keys, names, words }) => ({
      keys,
      message: words(list([...names])),
      severity: grade === 'refused' || (grade === 'error' && mode === 'strict') ? 'error' : 'warning',
    }));
  }
}

/** The key of what is not told apart. */
function andMore(grade: Grade): string {
  return `${grade} and more`;
}

function list(names: readonly string[]): string {
  const more = names.length - LISTED;
  return more > 1 ? `${names.slice(0, LISTED).join(', ')} and ${more} more` : names.join(', ');
}

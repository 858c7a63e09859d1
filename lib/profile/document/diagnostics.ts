/**
 * Collects the diagnostics of a profile document, or of a profile on a host: errors and warnings, each with its path.
 */

import type { ProfileIssue } from '../../errors.js';
import { member } from '../../util/foreign-text.js';
import type { Path } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';
import { type JsonText, offsetsOf, positionFinder } from '../json/positions.js';

import type { ProfileMode } from './options.js';

export type Severity = ProfileIssue['severity'];

/** A problem at a path of keys and indices. It gets its position in the text when it is converted to an issue. */
export interface Diagnostic {
  readonly path: Path;
  readonly message: string;
  readonly severity: Severity;
}

/**
 * What a problem means, from which its severity follows.
 *
 * - `refused`: container runtimes reject the profile. An error in both modes.
 * - `mistake`: an error in strict mode, a warning in compat mode, which does as the runtime does.
 * - `notice`: a warning in both modes.
 * - `drops`: the rule, or a part of it, has no effect. A mistake if the rule denies, else a notice.
 * - `widens`: the rule matches more than is written. A mistake if the rule allows, else a notice.
 */
export type ProblemKind = 'refused' | 'mistake' | 'notice' | 'drops' | 'widens';

/**
 * What a rule with an action does to a call. With notify and trace, the supervisor or the tracer may allow or deny it.
 */
interface Effect {
  readonly allows: boolean;
  readonly denies: boolean;
}

export function effectOf(action: unknown): Effect {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
    case 'SCMP_ACT_LOG':
      return { allows: true, denies: false };
    case 'SCMP_ACT_TRACE':
    case 'SCMP_ACT_NOTIFY':
      return { allows: true, denies: true };
    default:
      return { allows: false, denies: true };
  }
}

function severityOf(kind: ProblemKind, mode: ProfileMode, { allows, denies }: Effect): Severity {
  switch (kind) {
    case 'refused':
      return 'error';
    case 'notice':
      return 'warning';
    case 'mistake':
      return mode === 'strict' ? 'error' : 'warning';
    case 'drops':
      return mode === 'strict' && denies ? 'error' : 'warning';
    case 'widens':
      return mode === 'strict' && allows ? 'error' : 'warning';
  }
}

/** Limit on the errors, and on the warnings, that are kept. */
export const MOST_DIAGNOSTICS = 10_000;

/** How many syscalls a message lists by name. */
const LISTED_NAMES = 5;

/** Completes a message with the names of the syscalls that it is about. */
export type NamesToMessage = (names: string) => string;

interface Entry extends Omit<Diagnostic, 'message'> {
  readonly message: NamesToMessage;
  readonly names: Set<string>;
}

/** The diagnostics of one profile. Collectors made by `forRule` share it. */
class Log {
  readonly entries: Entry[] = [];
  readonly byTopic = new Map<string, Entry>();
  readonly counts = { error: 0, warning: 0 };
}

/** Collects the diagnostics of a profile, in the order in which they are reported. */
export class Diagnostics {
  readonly mode: ProfileMode;
  readonly #log: Log;
  readonly #effect: Effect;

  /** `log` and `action` are only passed by `forRule`. */
  constructor(mode: ProfileMode, log = new Log(), action?: unknown) {
    this.mode = mode;
    this.#log = log;
    this.#effect = effectOf(action);
  }

  /** Returns a collector that judges `drops` and `widens` by the action of a rule, and adds to the same diagnostics. */
  forRule(action: unknown): Diagnostics {
    return new Diagnostics(this.mode, this.#log, action);
  }

  /** The number of problems reported so far, including those that were not kept. */
  get count(): number {
    return this.#log.counts.error + this.#log.counts.warning;
  }

  get hasErrors(): boolean {
    return this.#log.counts.error > 0;
  }

  /** Whether there are so many errors that no more are kept, so that there is no need to look for others. */
  get full(): boolean {
    return this.#log.counts.error > MOST_DIAGNOSTICS;
  }

  /** Whether a problem of this kind would be kept, so that it is worth looking for one. */
  accepts(kind: ProblemKind): boolean {
    return !this.full && this.#log.counts[this.#severityOf(kind)] <= MOST_DIAGNOSTICS;
  }

  /** Adds a problem at `path`. */
  report(kind: ProblemKind, path: Path, message: string): void {
    this.#add(kind, path, () => message);
  }

  /**
   * Adds a problem once for each path and topic. `message` receives the names of all syscalls for which it was
   * reported.
   */
  reportOnce(kind: ProblemKind, path: Path, topic: string, message: NamesToMessage, syscall?: string): void {
    const key = `${kind} ${path.join('.')} ${topic}`;
    const known = this.#log.byTopic.get(key);
    const entry = known ?? this.#add(kind, path, message);
    if (entry === undefined) return;
    if (known === undefined) this.#log.byTopic.set(key, entry);
    if (syscall !== undefined) entry.names.add(syscall);
  }

  /** All diagnostics. */
  all(): readonly Diagnostic[] {
    return this.#log.entries.map(({ path, severity, message, names }) => ({
      path,
      message: message(listOf([...names])),
      severity,
    }));
  }

  #severityOf(kind: ProblemKind): Severity {
    return severityOf(kind, this.mode, this.#effect);
  }

  /** Adds an entry. Returns undefined if there are too many entries of its severity. */
  #add(kind: ProblemKind, path: Path, message: NamesToMessage): Entry | undefined {
    if (this.full) return undefined;
    const { entries, counts } = this.#log;
    const severity = this.#severityOf(kind);
    const count = ++counts[severity];
    if (count > MOST_DIAGNOSTICS + 1) return undefined;
    const limit = `there are more than ${MOST_DIAGNOSTICS} ${severity}s: the others are not reported`;
    const isLast = count > MOST_DIAGNOSTICS;
    const entry = { path, severity, message: isLast ? () => limit : message, names: new Set<string>() };
    entries.push(entry);
    return isLast ? undefined : entry;
  }
}

/**
 * Returns diagnostics as issues. If there is a text, they have positions in it, and are in the order of the text; the
 * position of something that is missing is that of the innermost value around it.
 */
export function toIssues(diagnostics: readonly Diagnostic[], json: JsonText | undefined): readonly ProfileIssue[] {
  const issues = diagnostics.map(
    ({ path, message, severity }): ProfileIssue => ({ severity, path: jsonPath(path), message }),
  );
  if (json === undefined || issues.length === 0) return issues;
  const positionOf = positionFinder(json.text);
  const offsets = offsetsOf(
    json,
    diagnostics.map(({ path }) => path),
  );
  return issues
    .map((issue, i) => ({ issue, offset: offsets[i] ?? 0 }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ issue, offset }) => ({ ...issue, ...positionOf(offset) }));
}

/** `syscalls[3].args[0].op` */
function jsonPath(path: Path): string {
  return path.map(member).join('').replace(/^\./, '');
}

function listOf(names: readonly string[]): string {
  const more = names.length - LISTED_NAMES;
  return more > 1 ? `${names.slice(0, LISTED_NAMES).join(', ')} and ${more} more` : names.join(', ');
}

/**
 * Limit on the diagnostics that get a suggestion: looking for one is slow, and a document may have any number of
 * problems.
 */
const MOST_HINTS = 100;

/** Whether the next diagnostic comes with a suggestion. */
export function givesHints(diagnostics: Diagnostics): boolean {
  return diagnostics.count < MOST_HINTS;
}

/** ` (did you mean X?)`, or nothing. */
export function hint(diagnostics: Diagnostics, input: unknown, names: () => readonly string[]): string {
  return givesHints(diagnostics) ? suggest(input, names()) : '';
}

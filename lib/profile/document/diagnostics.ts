/** What is found in a document before it is known how much it matters. */

import { suggest } from '../../util/suggest.js';
import { JsonNumber } from '../json/parser.js';
import type { ProfileMode } from './options.js';
import type { Finding } from './types.js';

/**
 * How much a remark matters. A runtime refuses what is `refused`, so both modes do; `strict` refuses a `mistake`; a
 * `notice` is a warning. What `drops` a rule is a mistake if that rule restricts, and what `widens` one, so that it counts
 * where it should not, if that rule allows: else more would be let through than was written.
 */
export type Weight = 'refused' | 'mistake' | 'notice' | 'drops' | 'widens';

export interface Remark {
  readonly keys: Finding['keys'];
  readonly message: string;
  readonly weight: Weight;
}

/** What a rule does that has an action by this name. One that asks somebody else does both. */
interface Effect {
  readonly allows: boolean;
  readonly restricts: boolean;
}

function effectOf(action: unknown): Effect {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
    case 'SCMP_ACT_LOG':
      return { allows: true, restricts: false };
    case 'SCMP_ACT_TRACE':
    case 'SCMP_ACT_NOTIFY':
      return { allows: true, restricts: true };
    default:
      return { allows: false, restricts: true };
  }
}

/** How many errors are found before the rest of a document is not read, and how many warnings are kept. */
export const MOST_FINDINGS = 10_000;

/** There are more errors than anybody reads. */
export class TooManyErrors extends Error {}

/** Takes remarks, and keeps the findings that they come to. */
export class Found {
  readonly findings: Finding[] = [];
  /** Tells the action of the rule that remarks are on; undefined while they are on no rule. */
  action: () => unknown = () => undefined;
  readonly #mode: ProfileMode;
  #errors = 0;
  #warnings = 0;

  constructor(mode: ProfileMode) {
    this.#mode = mode;
  }

  /** How many remarks there were. */
  get length(): number {
    return this.#errors + this.#warnings;
  }

  /** Whether a mistake still counts: not if it is a warning, and there are enough of them. */
  get takesMistakes(): boolean {
    return this.#mode === 'strict' || this.#warnings <= MOST_FINDINGS;
  }

  /** @throws TooManyErrors */
  push({ keys, message, weight }: Remark): void {
    if (isError(weight, this.#mode, this.action)) this.#add('error', keys, message, ++this.#errors);
    else this.#add('warning', keys, message, ++this.#warnings);
    if (this.#errors > MOST_FINDINGS) throw new TooManyErrors();
  }

  #add(severity: 'error' | 'warning', keys: Finding['keys'], message: string, count: number): void {
    if (count <= MOST_FINDINGS) this.findings.push({ keys, message, severity });
    if (count !== MOST_FINDINGS + 1) return;
    const more = `there are more than ${MOST_FINDINGS} ${severity}s`;
    const rest = severity === 'error' ? 'what follows is not read' : 'those from here on are left out';
    this.findings.push({ keys, message: `${more}: ${rest}`, severity });
  }
}

function isError(weight: Weight, mode: ProfileMode, action: () => unknown): boolean {
  if (weight === 'refused') return true;
  if (weight === 'notice' || mode === 'compat') return false;
  if (weight === 'mistake') return true;
  const { allows, restricts } = effectOf(action());
  return weight === 'drops' ? restricts : allows;
}

/** A value in a message: short, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (value instanceof JsonNumber) return value.literal.slice(0, 60);
  return typeof value === 'object' && value !== null ? 'this' : String(value ?? null);
}

/** How many remarks come with a suggestion: to look for one takes long, and a document may have any number. */
const HINTED = 100;

/** Whether there are `remarks` enough to see what is wrong without suggestions. */
export function isHinted(remarks: Found): boolean {
  return remarks.length < HINTED;
}

/** ` (did you mean X?)` */
export function hint(remarks: Found, input: unknown, names: () => readonly string[]): string {
  return isHinted(remarks) ? suggest(input, names()) : '';
}

/** What is found in a document before it is known how much it matters. */
import type { Finding } from './document.js';
import { JsonNumber } from './json.js';
import type { ProfileMode } from './options.js';
import { suggest } from './suggest.js';

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

/** The finding that a remark on a rule with this action comes to. */
export function toFinding({ keys, message, weight }: Remark, mode: ProfileMode, action: unknown): Finding {
  return { keys, message, severity: isError(weight, mode, action) ? 'error' : 'warning' };
}

function isError(weight: Weight, mode: ProfileMode, action: unknown): boolean {
  if (weight === 'refused') return true;
  if (weight === 'notice' || mode === 'compat') return false;
  if (weight === 'mistake') return true;
  const { allows, restricts } = effectOf(action);
  return weight === 'drops' ? restricts : allows;
}

/** A value in a message: short, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (value instanceof JsonNumber) return value.literal.slice(0, 60);
  return typeof value === 'object' && value !== null ? 'this' : String(value);
}

/** How many remarks come with a suggestion: to look for one takes long, and a document may have any number. */
const HINTED = 100;

/** ` (did you mean X?)`, unless there are `remarks` enough to see what is wrong. */
export function hint(remarks: readonly Remark[], input: unknown, names: readonly string[]): string {
  return remarks.length < HINTED ? suggest(input, names) : '';
}

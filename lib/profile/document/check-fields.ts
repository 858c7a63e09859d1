/**
 * Checks the types, names and ranges of a document's fields by the table of fields, and converts each value to its form
 * in a checked document.
 *
 * No validation library is used, because properties of `Object.prototype` must not change the result: only own
 * properties are read.
 */
import { recordFor } from '../../util/own-data.js';
import { isObject, shown } from '../json/value.js';
import { type Diagnostics, hint, type ProblemKind } from './diagnostics.js';
import { type FieldTable, KERNEL_VERSION, type Kind, type List, type Name, type Struct } from './fields.js';
import type { CheckedFields } from './types.js';

/** Where the value that is checked is, and the collector of problems. */
export interface CheckPlace {
  /** Leads to the value. It changes as the check descends. */
  readonly path: (string | number)[];
  readonly diagnostics: Diagnostics;
}

/**
 * Checks an object whose unknown keys have been reported before, and reports what is wrong with it. Returns its checked
 * fields, with its return data as they are written; undefined if the object cannot be used at all.
 */
export function checkFields<Of extends FieldTable>(
  { all, kept }: Struct<Of>,
  value: unknown,
  place: CheckPlace,
): CheckedFields<Of> | undefined {
  if (!isObject(value)) return refuse(place, 'must be an object');
  const output = recordFor(kept);
  let isValid = true;
  for (const [name, { kind, role, isKept }] of all) {
    const isGiven = Object.hasOwn(value, name) && (role === 'required' || (value[name] ?? undefined) !== undefined);
    const isList = role === 'list' || role === 'expected';
    let checked: unknown = isList ? [] : undefined;
    if (isGiven) checked = checkInside(name, kind, value[name], place);
    else if (role === 'required') refuse({ ...place, path: [...place.path, name] }, `is missing: ${name}`);
    if (checked === undefined && (isGiven || role === 'required')) isValid = false;
    if (isKept) output[name] = checked;
  }
  return isValid ? (output as CheckedFields<Of>) : undefined; // Each field has what its kind was checked to be.
}

function refuse({ path, diagnostics }: CheckPlace, message: string, kind: ProblemKind = 'refused'): undefined {
  diagnostics.report(kind, [...path], message);
}

/** Checks a member of an object, or an element of a list. */
function checkInside(key: string | number, kind: Kind, value: unknown, place: CheckPlace): unknown {
  place.path.push(key);
  const checked = checkValue(kind, value, place);
  place.path.pop();
  return checked;
}

/** Returns the checked value; undefined if it cannot be used at all. */
function checkValue(kind: Kind, value: unknown, place: CheckPlace): unknown {
  switch (kind.type) {
    case 'text':
    case 'syscall':
      return typeof value === 'string' ? value : refuse(place, 'must be a string');
    case 'kernel-version':
      return checkVersion(value, place);
    case 'unsigned': {
      const number = checkUnsigned(kind.maximum, kind.what, value, place);
      return number === undefined ? undefined : Number(number);
    }
    case 'uint64': {
      const number = checkUnsigned(UINT64_MAX, kind.what, value, place);
      return number === undefined ? undefined : BigInt(number);
    }
    case 'return-data':
      return checkUnsigned(UINT64_MAX, kind.what, value, place);
    case 'name':
      return checkName(kind, value, place);
    case 'list':
      return checkList(kind, value, place);
    case 'struct':
      return checkFields(kind, value, place);
  }
}

/** The version of a condition that every kernel meets, as a checked document has it. It is written as an empty string. */
export const NO_VERSION = '0.0';

function checkVersion(value: unknown, place: CheckPlace): string | undefined {
  if (typeof value !== 'string') return refuse(place, 'must be a string such as "4.8"');
  if (KERNEL_VERSION.test(value)) return value === '' ? NO_VERSION : value;
  refuse(place, `${shown(value)} is not a kernel version such as "4.8"`);
  return ''; // Not the value, which may be the text of NO_VERSION.
}

export const UINT64_MAX = 2n ** 64n - 1n;

/** `what` describes the number in messages. */
function checkUnsigned(
  maximum: number | bigint,
  what: string,
  value: unknown,
  place: CheckPlace,
): number | bigint | undefined {
  const isExact = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
  if (!isExact || value < 0) {
    const isTooLarge = Number.isInteger(value) && Number(value) > Number.MAX_SAFE_INTEGER;
    const problem = isTooLarge
      ? 'is too large for an exact number: use a bigint'
      : `must be an unsigned integer: ${what}`;
    return refuse(place, `${shown(value)} ${problem}`);
  }
  if (value > maximum) refuse(place, `${value} is out of range: ${what} is 0 to ${maximum}`);
  return value;
}

/** An unknown name that runtimes only compare with those that they know is accepted, and never matches. */
function checkName({ what, names, isOnlyCompared }: Name, value: unknown, place: CheckPlace): unknown {
  const { diagnostics } = place;
  if (typeof value === 'string' && names.includes(value)) return value;
  const isOtherType = isOnlyCompared ? typeof value !== 'string' : typeof value === 'object' && value !== null;
  if (isOtherType) return refuse(place, 'must be a string');
  if (!isOnlyCompared || diagnostics.accepts('mistake')) {
    const message = `unknown ${what} ${shown(value)}${hint(diagnostics, value, () => names)}`;
    refuse(place, message, isOnlyCompared ? 'mistake' : 'refused');
  }
  return isOnlyCompared ? value : undefined;
}

function checkList({ of, what }: List, value: unknown, place: CheckPlace): readonly unknown[] | undefined {
  if (!Array.isArray(value)) return refuse(place, `must be an array of ${what}`);
  const { diagnostics } = place;
  const checked: unknown[] = [];
  for (let i = 0; i < value.length && !diagnostics.full; i++) {
    const item = checkInside(i, of, value[i], place);
    if (item !== undefined) checked.push(item);
  }
  return checked.length === value.length && !diagnostics.full ? checked : undefined;
}

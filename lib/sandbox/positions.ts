/** The positions of a call's parameters: which of them are the arguments, the profile and the options. */
import { inspect } from 'node:util';
import { DOCUMENT } from '../profile/document/fields.js';
import { builtinNames, kindOfString } from '../profile/source-names.js';
import { argumentError } from '../util/node-error.js';
import { invalidType } from '../util/option-errors.js';
import { isObjectPrototype } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';
import { profileRequired } from './options/checks.js';
import { isOption } from './options/table.js';

/** The parameters of a call by name, before any check. */
export interface ProgramParameters {
  readonly command: unknown;
  readonly args: object;
  /** Undefined if it is among the options. */
  readonly profile: unknown;
  readonly options: unknown;
}

/**
 * Names the parameters that a caller passed in one of these orders:
 *
 * - `(command, profile, [options])` or `(command, args, profile, [options])`
 * - `(command, { profile, … })` or `(command, args, { profile, … })`
 *
 * An array in the second position is `args`, unless no profile follows it: it then is a list of profiles.
 *
 * @throws {TypeError} for parameters in another order or after the last, for no profile, and for a list
 * that may be meant as `args`.
 */
export function parametersOf([command, ...parameters]: readonly unknown[]): ProgramParameters {
  const { args, others } = splitArguments(parameters);
  const [first, ...rest] = others;
  const isFirstOptions = isOptions(first);
  const profile = isFirstOptions ? undefined : first;
  const [options, ...more] = isFirstOptions ? others : rest;
  const hasNoArgs = others === parameters;
  if (hasNoArgs && typeof options === 'string') throw invalidType('args', 'an instance of Array', first);
  if (more.some((each) => each !== undefined)) {
    const message = 'there are arguments after the options: pass (command, [args], profile, [options])';
    throw argumentError('value', message);
  }
  if (isAbsent(profile) && !hasProfile(options)) throw missingProfile(profile);
  return { command, args, profile: profile ?? undefined, options };
}

const missingProfile = (profile: unknown, where = '') =>
  profileRequired('profile', profile, where, ', as an argument or as options.profile');

/** The arguments of the program, and the parameters after them. */
interface Split {
  readonly args: readonly unknown[];
  readonly others: readonly unknown[];
}

function splitArguments(parameters: readonly unknown[]): Split {
  const [second, third] = parameters;
  const others = parameters.slice(1);
  if (isAbsent(second) && parameters.length > 1) return { args: [], others };
  if (!isList(second)) return { args: [], others: parameters };
  const isFollowedByProfile = parameters.length > 1 && (!isOptions(third) || hasProfile(third));
  if (isFollowedByProfile) return { args: second, others };
  refuseAmbiguousList(second);
  return { args: [], others: parameters };
}

/**
 * Refuses a list of texts that may all be arguments. A list of profiles has at least one built-in's name, JSON text or
 * object.
 */
function refuseAmbiguousList(list: readonly unknown[]): void {
  if (list.some(isSurelyProfile)) return;
  const shown = inspect(list, { breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 3, maxStringLength: 40 });
  throw missingProfile(undefined, ` after the arguments ${shown}; for a list of profiles, pass [] before it`);
}

function isSurelyProfile(element: unknown): boolean {
  if (typeof element !== 'string') return true;
  if (kindOfString(element) === 'text') return true;
  const names = builtinNames();
  return names.includes(element) || suggest(element, names) !== '';
}

/** Whether a value is an options object, and not a profile's document. */
function isOptions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype !== null && !isObjectPrototype(prototype)) return false;
  const keys = Reflect.ownKeys(value).filter((key) => typeof key === 'string');
  return keys.every((key) => !Object.hasOwn(DOCUMENT.fields, key)) && (keys.length === 0 || keys.some(isOption));
}

function hasProfile(options: unknown): boolean {
  if (typeof options !== 'object' || options === null) return false;
  const property = Object.getOwnPropertyDescriptor(options, 'profile');
  return property !== undefined && (property.get !== undefined || property.value !== undefined);
}

export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Array.isArray, for a type without `any`. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

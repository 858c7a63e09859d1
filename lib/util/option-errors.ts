/** Errors for arguments and options with Node's own codes and texts, as a caller of node:child_process expects. */
import { inspect } from 'node:util';
import { member } from './foreign-text.js';
import { argumentError, nodeError } from './node-error.js';
import { numberProblem, type ProblemKind, type Refuse } from './own-data.js';
import { suggest } from './suggest.js';

/**
 * The problem with the first option that is not among `known`: `options.tiemout: unknown option (did you mean
 * timeout?)`. Undefined if all are known. An option with the value undefined is ignored.
 */
export function unknownOption(
  options: Readonly<Record<string, unknown>>,
  known: readonly string[],
): string | undefined {
  const name = Object.keys(options).find((each) => options[each] !== undefined && !known.includes(each));
  return name === undefined ? undefined : `options${member(name)}: unknown option${suggest(name, known)}`;
}

/**
 * Returns a function that throws Node's error for a problem with the argument or property `name`, or with a part of
 * it.
 */
export function refusal(name: string): Refuse {
  return (path, problem, kind = 'value') => {
    const place = name + path.map(member).join('');
    throw argumentError(kind, `The "${place}" ${kindOfName(place)} ${problem}`);
  };
}

/** Node's TypeError for a value of the wrong type. `expected` completes "must be …". */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  const message = `The "${name}" ${kindOfName(name)} must be ${expected}. Received ${describe(value)}`;
  return nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', message);
}

/**
 * Node's TypeError for a value of the right type that is not valid. `reason` is a predicate, such as "cannot be empty".
 */
export function invalidValue(name: string, value: unknown, reason: string): TypeError {
  const text = inspect(value);
  const received = text.length > 128 ? `${text.slice(0, 128)}...` : text;
  const message = `The ${kindOfName(name)} '${name}' ${reason}. Received ${received}`;
  return nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', message);
}

/**
 * Node's RangeError for a number that is too small, too large or not an integer. `expected` completes "It must be …".
 */
export function outOfRange(name: string, expected: string, value: unknown): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${inspect(value)}`;
  return nodeError(RangeError, 'ERR_OUT_OF_RANGE', message);
}

/** Node's error for a number that must be an int32. Before Node 26, it is that of a wrong type, for any value. */
export function invalidInt32(name: string, value: unknown): TypeError | RangeError {
  if (!NAMES_RANGES) return invalidType(name, 'int32', value);
  return invalidNumber(name, value, 'an integer', '>= -2147483648 && <= 2147483647');
}

/** Node's error for a `timeout`. Before Node 26, it is that of a range, for any value. */
export function invalidTimeout(value: unknown): TypeError | RangeError {
  if (!NAMES_RANGES) return outOfRange('timeout', 'an unsigned integer', value);
  return invalidNumber('timeout', value, 'an integer', `>= 0 && <= ${Number.MAX_SAFE_INTEGER}`);
}

/** Node's error for a `maxBuffer`. Before Node 26, it is that of a range, for any value. */
export function invalidMaxBuffer(name: string, value: unknown): TypeError | RangeError {
  if (!NAMES_RANGES) return outOfRange(name, 'a positive number', value);
  return invalidNumber(name, value, '>= 0', '>= 0');
}

/** Whether Node has one error for a value of the wrong type, and others for a number out of range. */
const NAMES_RANGES = Number.parseInt(process.versions.node, 10) >= 26;

/** Node's error for a value that is not a number, not of this kind, or out of this range. */
export function invalidNumber(name: string, value: unknown, kind: string, range: string): TypeError | RangeError {
  if (typeof value !== 'number') return invalidType(name, 'of type number', value);
  return outOfRange(name, Number.isInteger(value) ? range : kind, value);
}

/** The error for an amount, a number or a text with a unit, that is not valid. `expected` completes "must be …". */
export function invalidAmount(
  place: string,
  expected: string,
  value: unknown,
  kind: ProblemKind = typeof value === 'string' ? 'value' : numberProblem(value),
): TypeError | RangeError {
  return argumentError(kind, `${place}: must be ${expected}, not ${inspect(value)}`);
}

/** Node's error for a method that is called on anything but an instance of its class. */
export function invalidThis(className: string): TypeError {
  return nodeError(TypeError, 'ERR_INVALID_THIS', `Value of "this" must be of type ${className}`);
}

/** Node's error for a callback that returned a wrong value. `received` describes the value. */
export function invalidReturnValue(callback: string, expected: string, received: string): TypeError {
  const message = `Expected ${expected} to be returned from ${callback} but got ${received}.`;
  return nodeError(TypeError, 'ERR_INVALID_RETURN_VALUE', message);
}

const kindOfName = (name: string) => (name.includes('.') ? 'property' : 'argument');

/** How many characters of a primitive value a message shows, as in Node. */
const SHOWN_CHARACTERS = 28;

/** Describes a value as Node's messages do: `type boolean (true)`, `an instance of Map`. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object') {
    const text = inspect(value);
    const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 3)}...` : text;
    return `type ${typeof value} (${shown})`;
  }
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : inspect(value, { depth: -1 });
}

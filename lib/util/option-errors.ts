/** Errors for arguments and options with Node's own codes and texts, as a caller of node:child_process expects. */
import { inspect } from 'node:util';
import { fromCaller } from './caller.js';
import { define, type Refuse } from './own-data.js';
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
  return name === undefined ? undefined : `options.${name}: unknown option${suggest(name, known)}`;
}

/**
 * Returns a function that throws Node's TypeError for a problem with the argument or property `name`, or with a part of
 * it.
 */
export function refusal(name: string): Refuse {
  return (path, problem) => {
    const place = path.reduce<string>((outer, key) => outer + (typeof key === 'number' ? `[${key}]` : `.${key}`), name);
    const code = path.length === 0 ? 'ERR_INVALID_ARG_TYPE' : 'ERR_INVALID_ARG_VALUE';
    throw define(fromCaller(new TypeError(`The "${place}" ${kindOfName(place)} ${problem}`)), { code });
  };
}

/** Node's TypeError for a value of the wrong type. `expected` completes "must be …". */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  const message = `The "${name}" ${kindOfName(name)} must be ${expected}. Received ${described(value)}`;
  return define(fromCaller(new TypeError(message)), { code: 'ERR_INVALID_ARG_TYPE' });
}

/**
 * Node's TypeError for a value of the right type that is not valid. `reason` is a predicate, such as "cannot be empty".
 */
export function invalidValue(name: string, value: unknown, reason: string): TypeError {
  const text = inspect(value);
  const received = text.length > 128 ? `${text.slice(0, 128)}...` : text;
  const message = `The ${kindOfName(name)} '${name}' ${reason}. Received ${received}`;
  return define(fromCaller(new TypeError(message)), { code: 'ERR_INVALID_ARG_VALUE' });
}

/**
 * Node's RangeError for a number that is too small, too large or not an integer. `expected` completes "It must be …".
 */
export function outOfRange(name: string, expected: string, value: unknown): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${inspect(value)}`;
  return define(fromCaller(new RangeError(message)), { code: 'ERR_OUT_OF_RANGE' });
}

/**
 * Node's error for a number that must be an int32. From Node 26 on, a number out of range is a RangeError; before, it
 * had the error of a wrong type.
 */
export function invalidInt32(name: string, value: unknown): TypeError | RangeError {
  const isNumber = SEPARATES_TYPE_FROM_RANGE && typeof value === 'number';
  return isNumber ? outOfRange(name, 'an int32', value) : invalidType(name, 'int32', value);
}

/**
 * Node's error for a `timeout` or a `maxBuffer` that is not valid. For a value that is not a number, Node 26 and later
 * throw the TypeError of a wrong type, and earlier versions a RangeError.
 */
export function invalidAmount(name: string, expected: string, value: unknown): TypeError | RangeError {
  const isOtherType = SEPARATES_TYPE_FROM_RANGE && typeof value !== 'number';
  return isOtherType ? invalidType(name, 'of type number', value) : outOfRange(name, expected, value);
}

const SEPARATES_TYPE_FROM_RANGE = Number.parseInt(process.versions.node, 10) >= 26;

const kindOfName = (name: string) => (name.includes('.') ? 'property' : 'argument');

/** How many characters of a primitive value a message shows, as in Node. */
const SHOWN_CHARACTERS = 28;

function described(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object') {
    const text = inspect(value);
    const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 3)}...` : text;
    return `type ${typeof value} (${shown})`;
  }
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' ? `an instance of ${name}` : inspect(value, { depth: -1 });
}

/**
 * Checks of single options. Each takes the caller's value, which is not undefined, and returns a copy, or throws Node's
 * error for the value. Checking a copy again gives an equal copy.
 */

import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { refuseIn, SeccompError } from '../../errors.js';
import { BY_SCOPES_ALONE, type Isolate } from '../../landlock/domain.js';
import { readHandlers } from '../../notify/handlers.js';
import { ABIS } from '../../syscalls/abi.js';
import { CAPABILITIES } from '../../syscalls/capabilities.js';
import { quoted } from '../../util/foreign-text.js';
import { argumentError, nodeError } from '../../util/node-error.js';
import {
  invalidInt32,
  invalidMaxBuffer,
  invalidTimeout,
  invalidType,
  invalidValue,
  outOfRange,
  refusal,
} from '../../util/option-errors.js';
import { copyFields, copyList, emptyFields, type Fields, propertyOf } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';
import { signalNumber } from './signals.js';

/** The longest delay of a timer in Node, in milliseconds: about 24 days. A longer one fires at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Maximum number of descriptors: the limit of the addon. */
const MOST_DESCRIPTORS = 1024;
const MOST_EXEC_ARGUMENTS = 1024;

export function checkString(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw invalidType(name, 'of type string', value);
}

/** @throws {TypeError} for a string with a NUL, which no argument of execve(2) can have. */
export function checkNoNul(text: string, name: string): void {
  if (text.includes('\0')) throw invalidValue(name, text, 'must be a string without null bytes');
}

/** A string, or null for none. */
export function readNullableText(value: unknown, name: string): string | null {
  if (value === null) return null;
  checkString(value, name);
  checkNoNul(value, name);
  return value;
}

/** A check of a type. `expected` completes "must be …". */
function typed<Value>(expected: string, accepts: (value: unknown) => value is Value) {
  return (value: unknown, name: string): Value => {
    if (accepts(value)) return value;
    throw invalidType(name, expected, value);
  };
}

/** A check for one of several words. `reason` is the predicate for other values. */
function oneOf(known: readonly string[], reason: string) {
  return (value: unknown, name: string): string => {
    const found = known.find((each) => each === value);
    if (found !== undefined) return found;
    throw invalidValue(name, value, reason);
  };
}

export const readBoolean = typed('of type boolean', (value) => typeof value === 'boolean');

/** A boolean, or null for false: for options of Node's own. */
export function readNullableBoolean(value: unknown, name: string): boolean {
  return readBoolean(value ?? false, name);
}

/** `cwd`: the path, or null for none. An empty path has no effect, as in Node. */
export function readDirectory(value: unknown, name: string): string | null {
  return value === null ? null : readPath(value, name);
}

/** A path in one of the forms that Node accepts. */
export function readPath(value: unknown, name: string): string {
  const given = value instanceof URL ? fileURLToPath(value) : value;
  const text = given instanceof Uint8Array ? Buffer.from(given).toString() : given;
  if (typeof text !== 'string') throw invalidType(name, 'of type string or an instance of Buffer or URL', value);
  if (text.includes('\0')) throw invalidValue(name, given, 'must be a string, Uint8Array, or URL without null bytes');
  return text;
}

/** `uid` and `gid`: an int32, or null for none. */
export function readId(value: unknown, name: string): number | null {
  if (value === null) return null;
  // Node's own fork would end this process for -0.
  if (typeof value === 'number' && (value | 0) === value) return value | 0;
  throw invalidInt32(name, value);
}

export const readCapabilityNames = (value: unknown, name: string) =>
  readKnownNames(value, name, 'capability', CAPABILITIES, '');

export function readAbiNames(value: unknown, name: string): readonly string[] {
  const known = [...ABIS.keys()];
  return readKnownNames(value, name, 'ABI', known, `: use ${known.join(', ')}`);
}

/** Maximum length of a list of names: more than there are capabilities or ABIs, even with repetitions. */
const MOST_NAMES = 256;

function readKnownNames(value: unknown, option: string, kind: string, known: readonly string[], otherwise: string) {
  if (!Array.isArray(value)) throw invalidType(option, 'an instance of Array', value);
  return copyList(value, MOST_NAMES, refusal(option)).map((each) => {
    const name = known.find((one) => one === each);
    if (name !== undefined) return name;
    const shown = typeof each === 'string' ? quoted(each) : inspect(each);
    const remedy = suggest(each, known) || otherwise;
    throw argumentError(typeof each === 'string' ? 'value' : 'type', `${option}: unknown ${kind} ${shown}${remedy}`);
  });
}

export function readIsolate(value: unknown, name: string): Isolate {
  if (typeof value === 'boolean' || value === BY_SCOPES_ALONE) return value;
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'of type boolean or an object', value);
  const refuse = refuseIn(name);
  const { abstractSockets, ...others } = copyFields(value, refuse);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuse([unknown], 'is unknown: the only option is abstractSockets');
  if (abstractSockets === undefined) return { abstractSockets };
  return { abstractSockets: readBoolean(abstractSockets, `${name}.abstractSockets`) };
}

export const readNetwork = oneOf(['none'], "must be 'none', the only value: leave it out to leave the network open");

/** `stdio`: one keyword for all three standard descriptors, or a list of entries, which openStdio opens. */
export function readStdio(value: unknown, name: string): string | readonly unknown[] | undefined {
  if (value === null || value === '') return undefined;
  if (Array.isArray(value)) {
    const entries = copyList(value, MOST_DESCRIPTORS, refusal(name));
    entries.forEach(checkStdioEntry);
    return entries;
  }
  const keyword = STDIO_KEYWORDS.find((each) => each === value);
  if (keyword === undefined) throw invalidValue('stdio', value, 'is invalid'); // Node's name for it in this message.
  return keyword;
}

/** Refuses an entry of `stdio` of a type that none has. openStdio refuses other entries that are not valid. */
function checkStdioEntry(entry: unknown, i: number): void {
  if (entry === undefined || ['string', 'number', 'object'].includes(typeof entry)) return;
  throw invalidValue(`stdio[${i}]`, entry, 'is invalid');
}

const STDIO_KEYWORDS = ['pipe', 'overlapped', 'ignore', 'inherit'] as const;

/**
 * `execArgv`. `process.execArgv` itself means the default, from which startNode removes the text of `node -e`: see
 * withoutEval().
 */
export function readExecArgv(value: unknown, name: string): readonly unknown[] | undefined {
  if (value === null || value === process.execArgv) return undefined;
  if (!Array.isArray(value)) throw invalidType(name, 'an instance of Array', value);
  return copyList(value, MOST_EXEC_ARGUMENTS, refusal(name));
}

/** `shell`: whether a shell runs the command, or its path. */
export function readShell(value: unknown, name: string): boolean | string {
  if (value === null || value === '') return false;
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') throw invalidType(name, 'one of type boolean or string', value);
  checkNoNul(value, name);
  return value;
}

/** `timeout`, in milliseconds; 0 for none. */
export function readTimeout(value: unknown, longest: number): number {
  const milliseconds = value ?? 0;
  if (typeof milliseconds !== 'number' || !Number.isInteger(milliseconds) || milliseconds < 0)
    throw invalidTimeout(milliseconds);
  if (milliseconds <= longest) return milliseconds;
  throw outOfRange('options.timeout', `at most ${longest}; 0 means no timeout`, milliseconds);
}

/** An AbortSignal, which may be another implementation's, as in Node. */
export const readAbortSignal = typed(
  'an instance of AbortSignal',
  (value): value is object =>
    typeof value === 'object' &&
    value !== null &&
    propertyOf(value, 'aborted') !== undefined &&
    typeof propertyOf(value, 'addEventListener') === 'function',
);

/** `killSignal`, as a number. */
export function readKillSignal(value: unknown, name: string): number {
  if (value === null) return constants.signals.SIGTERM;
  if (typeof value !== 'string' && typeof value !== 'number')
    throw invalidType(name, 'one of type string or number', value);
  return signalNumber(value);
}

export const readDescendants = oneOf(['kill', 'leave'], "must be one of: undefined, 'kill', 'leave'");

export function readForceKillAfter(value: unknown, name: string): number | false {
  if (value === false) return false;
  if (typeof value !== 'number') throw invalidType(name, 'of type number or false', value);
  if (Number.isInteger(value) && value >= 0 && value <= LONGEST_TIMER) return value;
  throw outOfRange(name, `an integer >= 0 && <= ${LONGEST_TIMER}, or false`, value);
}

export const readSerialization = oneOf(['json', 'advanced'], "must be one of: undefined, 'json', 'advanced'");

/** `onViolation`. False stays, so that it replaces a default of a Sandbox. */
export const readOnViolation = typed(
  'of type boolean or function',
  (value): value is boolean | object => typeof value === 'boolean' || typeof value === 'function',
);

/** `notify`: a copy of the handlers by syscall. */
export function readNotify(value: unknown, name: string): Fields {
  return Object.assign(emptyFields(), Object.fromEntries(readHandlers(value, name)));
}

/** `input`: what a program reads from its standard input; null for nothing. */
export const readInput = typed(
  'of type string or an instance of Buffer, TypedArray, or DataView',
  (value): value is string | ArrayBufferView | null =>
    value === null || typeof value === 'string' || ArrayBuffer.isView(value),
);

/**
 * @throws {SeccompError} ERR_SECCOMP_OPTION for an input that the program can't read, because its standard input is not a
 * pipe.
 */
export function refuseInputWithoutPipe(input: unknown, stdio: unknown): void {
  const isEmpty = input === undefined || input === null || input === '';
  if (isEmpty || (ArrayBuffer.isView(input) && input.byteLength === 0)) return;
  const stdin: unknown = Array.isArray(stdio) ? stdio[0] : stdio;
  if (stdin === undefined || stdin === null || stdin === 'pipe' || stdin === 'overlapped') return;
  throw new SeccompError('ERR_SECCOMP_OPTION', 'options.input: stdin is not a pipe: leave out options.stdio[0]');
}

/**
 * `encoding`: checked before the program starts, as its output would be lost. A falsy value means no encoding, as in
 * Node.
 */
export function readEncoding(value: unknown): unknown {
  if (!value || value === 'buffer' || (typeof value === 'string' && Buffer.isEncoding(value))) return value;
  const shown = typeof value === 'string' ? value : inspect(value);
  throw nodeError(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${shown}`);
}

/** `maxBuffer`, in bytes; null for the default. */
export function readMaxBuffer(value: unknown, name: string): number | null {
  if (value === null || (typeof value === 'number' && value >= 0)) return value;
  throw invalidMaxBuffer(name, value);
}

export const readThreads = oneOf(['all', 'current'], "must be 'all' or 'current'");

/** A profile, which loadProfile checks further. */
export const readSource = typed(
  "a built-in's name, a path, a URL, JSON text, a document or a Profile",
  (value): value is string | object => typeof value === 'string' || (typeof value === 'object' && value !== null),
);

/**
 * The error for a caller who gave no profile.
 *
 * @param where - Completes "a profile is required".
 * @param form - Completes the remedy.
 */
export function profileRequired(name: string, value: unknown, where = '', form = ''): TypeError | RangeError {
  const remedy = `give a built-in such as docker-default, a path, …${form}; 'unconfined' filters nothing`;
  const message = `The "${name}" argument is missing: a profile is required${where}: ${remedy}. Received ${inspect(value)}`;
  const isType = value === undefined || value === null || typeof value === 'boolean';
  return argumentError(isType ? 'type' : 'value', message);
}

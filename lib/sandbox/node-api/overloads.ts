/**
 * The overloads of node:child_process's functions. Each function of this file finds out which argument was given in
 * which position, and checks them as Node does, with Node's errors.
 */
import { SeccompError } from '../../errors.js';
import { invalidType } from '../../util/option-errors.js';
import { own } from '../../util/own-data.js';
import { checkNoNul, checkString } from '../options/checks.js';
import { concerns, copyOptions, type FunctionName, readOptionsOfAny } from '../options/table.js';
import { isAbsent } from '../positions.js';

/** Options by name. Their values are checked by the function that uses them. */
export type UncheckedOptions = Readonly<Record<string, unknown>>;
export type Callback = (error: Error | null, stdout: string | Buffer, stderr: string | Buffer) => void;

/** A program or, for fork, a module, with its arguments and options. */
export interface GivenCall {
  readonly file: unknown;
  readonly args: readonly unknown[];
  readonly options: UncheckedOptions;
}

/** A call of spawn, execFile or exec, or of their synchronous forms, whichever overload was used. */
export interface NormalizedCall extends GivenCall {
  /** The program; for exec, the command line. */
  readonly file: string;
  readonly callback: Callback | undefined;
}

/** `(file, [args], [options])` */
export function normalizeSpawn([file, ...rest]: readonly unknown[], read: ReadOptions): NormalizedCall {
  checkString(file, 'file');
  const [args, [options]] = takeArgs(rest, OBJECT);
  return { file, args, options: read(options), callback: undefined };
}

/** `(file, [args], [options], [callback])` */
export function normalizeExecFile([file, ...rest]: readonly unknown[], read: ReadOptions): NormalizedCall {
  const [args, [second, third]] = typeof rest[0] === 'function' ? [[], rest] : takeArgs(rest, OBJECT);
  const [options, callback] = typeof second === 'function' ? [undefined, second] : [second, third];
  const call = { options: read(options ?? undefined), callback: readCallback(callback) };
  checkString(file, 'file');
  checkUnusedArgv0(call.options);
  return { file, args, ...call };
}

/** `(command, [options], [callback])` */
export function normalizeExec([command, second, third]: readonly unknown[], read: ReadOptions): NormalizedCall {
  checkString(command, 'command');
  checkNoNul(command, 'command');
  const [given, callback] = typeof second === 'function' ? [undefined, second] : [second, third];
  const options = read(given ?? undefined);
  checkUnusedArgv0(options);
  return { file: command, args: [], options, callback: readCallback(callback) };
}

/** `(modulePath, [args], [options])` */
export function normalizeFork([file, ...rest]: readonly unknown[], read: ReadOptions): GivenCall {
  const [args, [given]] = takeArgs(rest, 'an instance of Array');
  const options = read(given ?? undefined);
  checkUnusedArgv0(options);
  return { file, args, options };
}

const OBJECT = 'of type object';

/**
 * The arguments, which may be left out, and the parameters after them.
 *
 * @param type - What they must be, for Node's error.
 */
function takeArgs(parameters: readonly unknown[], type: string): readonly [readonly unknown[], readonly unknown[]] {
  const [args, ...others] = parameters;
  if (Array.isArray(args)) return [args, others];
  if (isAbsent(args)) return [[], others];
  if (typeof args !== 'object') throw invalidType('args', type, args);
  return [[], parameters];
}

/** Checks `argv0`, which is then ignored: by exec and execFile as in Node, and by fork, which does not document it. */
function checkUnusedArgv0({ argv0 }: { readonly argv0?: unknown }): void {
  if (isAbsent(argv0)) return;
  checkString(argv0, 'options.argv0');
  checkNoNul(argv0, 'options.argv0');
}

function readCallback(callback: unknown): Callback | undefined {
  if (isAbsent(callback)) return undefined;
  if (typeof callback === 'function') return callback as Callback;
  throw invalidType('callback', 'of type function', callback);
}

/** The functions whose options a Sandbox takes. */
const FUNCTIONS = ['spawn', 'spawnSync', 'execFile', 'fork'] as const;

/** Copies the options of a call. */
export type ReadOptions = (options: unknown) => UncheckedOptions;

/**
 * Returns a function that copies options, which may be those of any of the functions. The function that is called
 * checks their values.
 *
 * @param allowUnknown - Whether an option that none of the functions has is left out, or SeccompError
 * ERR_SECCOMP_OPTION is thrown for it.
 */
export function optionReader(allowUnknown: boolean): ReadOptions {
  return (options) => withoutProfile(copyOptions(FUNCTIONS, options, allowUnknown));
}

/**
 * Copies and checks the default options of a Sandbox.
 * @throws SeccompError, TypeError, RangeError, as the functions that take these options.
 */
export function readDefaults(defaults: unknown): UncheckedOptions {
  return withoutProfile(readOptionsOfAny([...FUNCTIONS, 'Sandbox'], defaults));
}

function withoutProfile(options: UncheckedOptions): UncheckedOptions {
  if (options['profile'] === undefined) return options;
  const message = 'options.profile: a Sandbox has its profile already: leave it out, or make another Sandbox';
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

/**
 * Returns the options of a call with defaults for those that it does not set, reduced to the options that the called
 * function takes. An option that is set to undefined does not replace its default.
 */
export function mergeOptions(
  defaults: UncheckedOptions,
  options: UncheckedOptions,
  by: FunctionName,
): UncheckedOptions {
  const given = Object.entries(options).filter(
    ([name, value]) => value !== undefined || !Object.hasOwn(defaults, name),
  );
  const all = Object.entries({ ...defaults, ...Object.fromEntries(given) });
  return own(Object.fromEntries(all.filter(([name]) => concerns(by, name))));
}

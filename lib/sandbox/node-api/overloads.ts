/** The signatures of node:child_process: what was given in which place, checked as Node checks it. */
import { emptyFields, own } from '../../util/own-data.js';
import {
  checkNull,
  checkString,
  invalidType,
  PROGRAM_OPTIONS,
  readOptions,
  SUPERVISOR_OPTIONS,
} from '../options/options.js';

export type Options = Readonly<Record<string, unknown>>;
export type Callback = (error: Error | null, stdout: string | Buffer, stderr: string | Buffer) => void;

/** A call of one of the family, sorted out. */
export interface NormalizedCall {
  readonly file: string;
  readonly args: readonly unknown[];
  readonly options: Options;
  readonly callback: Callback | undefined;
}

/** `(file, [args], [options])` */
export function normalizeSpawn([file, args, options]: readonly unknown[]): NormalizedCall {
  checkFile(file);
  if (Array.isArray(args)) return { file, args, options: readAnyOptions(options), callback: undefined };
  if (args === undefined || args === null)
    return { file, args: [], options: readAnyOptions(options), callback: undefined };
  if (typeof args !== 'object') throw invalidType('args', 'of type object', args);
  return { file, args: [], options: readAnyOptions(args), callback: undefined };
}

/** `(file, [args], [options], [callback])`; null for options is none. */
export function normalizeExecFile([file, ...rest]: readonly unknown[]): NormalizedCall {
  const first = rest.at(0);
  const hasArgs = Array.isArray(first) || first === undefined || first === null;
  if (!hasArgs && typeof first !== 'object' && typeof first !== 'function')
    throw invalidType('args', 'of type object', first);
  const [args, options, callback] = hasArgs ? rest : [[], ...rest];
  const call =
    typeof options === 'function'
      ? { options: emptyFields(), callback: checkedCallback(options) }
      : { options: readAnyOptions(options ?? undefined), callback: checkedCallback(callback) };
  checkFile(file);
  checkUnusedArgv0(call.options);
  return { file, args: Array.isArray(args) ? args : [], ...call };
}

/** `(command, [options], [callback])`, as the call of execFile that it is. */
export function normalizeExec([command, second, third]: readonly unknown[]): NormalizedCall {
  checkString(command, 'command');
  checkNull(command, 'command');
  const [options, callback] = typeof second === 'function' ? [undefined, second] : [second, third];
  const given = readAnyOptions(options ?? undefined);
  checkUnusedArgv0(given);
  return { file: command, args: [], options: given, callback: checkedCallback(callback) };
}

/** `(modulePath, [args], [options])`; Node's own fork checks the path and the arguments. */
export function normalizeFork([modulePath, args, options]: readonly unknown[]) {
  const path = modulePath as string | URL;
  if (args === undefined || args === null)
    return { modulePath: path, args: [], options: readAnyOptions(options ?? undefined) };
  if (Array.isArray(args)) return { modulePath: path, args, options: readAnyOptions(options ?? undefined) };
  if (typeof args !== 'object') throw invalidType('args', 'an instance of Array', args);
  return { modulePath: path, args: [], options: readAnyOptions(args) };
}

/** Node's exec and execFile check it, and leave it aside. */
function checkUnusedArgv0({ argv0 }: { readonly argv0?: unknown }): void {
  if (argv0 === undefined || argv0 === null) return;
  checkString(argv0, 'options.argv0');
  checkNull(argv0, 'options.argv0');
}

function checkFile(file: unknown): asserts file is string {
  checkString(file, 'file');
}

function isCallback(value: unknown): value is Callback {
  return typeof value === 'function';
}

function checkedCallback(callback: unknown): Callback | undefined {
  if (callback === undefined || callback === null) return undefined;
  if (isCallback(callback)) return callback;
  throw invalidType('callback', 'of type function', callback);
}

/** What some of the family take and others leave aside. */
const OF_SOME = [
  ...['stdio', 'detached', 'shell', 'timeout', 'signal', 'killSignal', 'forceKillAfter', 'serialization'],
  ...['windowsHide', 'windowsVerbatimArguments', 'input', 'encoding', 'maxBuffer', 'execPath', 'execArgv', 'silent'],
] as const;
const KNOWN: readonly string[] = [...PROGRAM_OPTIONS, ...SUPERVISOR_OPTIONS, ...OF_SOME];

/**
 * A copy of options of any of the family.
 * @throws SeccompError ERR_SECCOMP_OPTION if none of the family knows one of them.
 */
export function readAnyOptions(options: unknown): Options {
  return readOptions<Options>(options, KNOWN);
}

/**
 * The options of a call over the defaults, without those that this one of the family leaves aside. One that is undefined
 * leaves the default, if there is one.
 */
export function mergeOptions(defaults: Options, options: Options, taken: readonly string[]): Options {
  const given = Object.entries(options).filter(
    ([name, value]) => value !== undefined || !Object.hasOwn(defaults, name),
  );
  const all = Object.entries({ ...defaults, ...Object.fromEntries(given) });
  return own(Object.fromEntries(all.filter(([name]) => taken.includes(name))));
}

/** normalizeArguments: the first step of every start. All that a caller gave is copied and checked here, once. */
import { SeccompError } from '../errors.js';
import { invalidType, invalidValue, refusal } from '../util/option-errors.js';
import { copyList } from '../util/own-data.js';
import { checkNoNul, checkString, profileRequired, readPath } from './options/checks.js';
import { type FunctionName, optionsOf, type ProgramFunction, readOptions } from './options/table.js';
import type { ProgramOptions } from './options/types.js';

/** What a caller gave, by its meaning; nothing of it is checked. */
export interface ProgramParameters {
  readonly command: unknown;
  readonly args: object;
  readonly profile: unknown;
  readonly options: unknown;
}

/** A profile that was not loaded yet, and options that are checked. */
export interface Call<Options> {
  readonly profile: unknown;
  readonly options: Options;
}

/** A program that is to be started. */
export interface ProgramCall<Options extends ProgramOptions> extends Call<Options> {
  readonly command: string;
  readonly args: readonly string[];
  /** The program that is executed: the command, or the shell that runs it. */
  readonly file: string;
  /** The arguments of that program, with `argv[0]`. */
  readonly argv: readonly string[];
}

/** More arguments than any kernel passes on: each takes at least 10 bytes of the 6 MiB that they may have, execve(2). */
export const MOST_ARGUMENTS = 1 << 20;

/**
 * Copies and checks the parameters and options of the function `by`.
 *
 * @param given - The parameters by their meaning, or in the places of `(command, [args], profile, [options])`.
 * @throws TypeError, RangeError as Node; SeccompError ERR_SECCOMP_OPTION for parameters in other places, and for an option that is
 * unknown or can't be honoured.
 */
export function normalizeArguments<Options extends ProgramOptions>(
  by: ProgramFunction,
  given: ProgramParameters | readonly unknown[],
): ProgramCall<Options>;
export function normalizeArguments<Options extends object>(by: 'harden', given: Call<unknown>): Call<Options>;
export function normalizeArguments(
  by: ProgramFunction | 'harden',
  given: ProgramParameters | readonly unknown[] | Call<unknown>,
): Call<ProgramOptions> | ProgramCall<ProgramOptions> {
  const parameters: ProgramParameters | Call<unknown> = isList(given) ? parametersOf(by, given) : given;
  const { profile } = parameters;
  if (!isProgram(parameters)) return { profile, options: readOptions(by, parameters.options) };
  const command = by === 'fork' ? readModulePath(parameters.command) : readCommand(parameters.command);
  const args = copyList(parameters.args, MOST_ARGUMENTS, refusal('args')).map(String);
  for (const [i, text] of args.entries()) checkNoNul(text, `args[${i}]`);
  const options = readOptions<ProgramOptions>(by, parameters.options);
  return { command, args, profile, options, ...inShell(command, args, options) };
}

function isProgram(given: ProgramParameters | Call<unknown>): given is ProgramParameters {
  return Object.hasOwn(given, 'command');
}

function isList(given: unknown): given is readonly unknown[] {
  return Array.isArray(given);
}

/**
 * Finds the parameters of `(command, [args], profile, [options])` by their places.
 *
 * @throws TypeError, SeccompError ERR_SECCOMP_OPTION for parameters in other places, such as node:child_process has them.
 */
export function parametersOf(by: FunctionName, parameters: readonly unknown[]): ProgramParameters {
  const [command, second, ...others] = parameters;
  const args = Array.isArray(second) ? second : undefined;
  const [profile, options, ...more] = args === undefined ? [second, ...others] : others;
  if (args === undefined && typeof options === 'string') throw invalidType('args', 'an instance of Array', profile);
  if (more.some((each) => each !== undefined)) {
    const message = 'there is more after the options: give (command, [args], profile, [options])';
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  if (areOptions(profile, optionsOf(by))) throw profileRequired(options === undefined ? ', before the options' : '');
  return { command, args: args ?? [], profile, options: options ?? undefined };
}

/** Whether these are options, in the place of the profile: node:child_process has its options there. */
function areOptions(profile: unknown, known: readonly string[]): boolean {
  if (typeof profile !== 'object' || profile === null || Object.getPrototypeOf(profile) !== Object.prototype)
    return false;
  const keys = Reflect.ownKeys(profile);
  return keys.length > 0 && keys.every((key) => key === 'profile' || known.some((name) => name === key));
}

function readCommand(command: unknown): string {
  checkString(command, 'file');
  if (command === '') throw invalidValue('file', command, 'cannot be empty');
  checkNoNul(command, 'file');
  return command;
}

function readModulePath(modulePath: unknown): string {
  const path = readPath(modulePath);
  if (path === undefined) throw invalidType('modulePath', 'of type string or an instance of Buffer or URL', modulePath);
  if (path === '') throw invalidValue('modulePath', path, 'cannot be empty');
  if (!path.includes('\0')) return path;
  throw invalidValue('modulePath', path, 'must be a string, Uint8Array, or URL without null bytes');
}

/** The program with its arguments, or the shell that runs both, joined by spaces as in Node. */
function inShell(
  command: string,
  args: readonly string[],
  options: { readonly shell?: boolean | string | undefined; readonly argv0?: string | null | undefined },
): Pick<ProgramCall<ProgramOptions>, 'file' | 'argv'> {
  const { shell = false, argv0 } = options;
  if (shell === false) return { file: command, argv: [argv0 ?? command, ...args] };
  const file = shell === true ? '/bin/sh' : shell;
  return { file, argv: [argv0 ?? file, '-c', [command, ...args].join(' ')] };
}

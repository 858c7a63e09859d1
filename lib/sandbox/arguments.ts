/** normalizeArguments: the first step of every start. All that a caller gave is copied and checked here, once. */
import { invalidType, invalidValue, refusal } from '../util/option-errors.js';
import { copyList, has } from '../util/own-data.js';
import { checkNoNul, checkString, readPath } from './options/checks.js';
import type { ProgramParameters } from './options/overloads.js';
import { type ProgramFunction, readOptions } from './options/table.js';
import type { ProgramOptions } from './options/types.js';

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
 * @throws TypeError, RangeError as Node; SeccompError ERR_SECCOMP_OPTION for an option that is unknown or can't be honoured.
 */
export function normalizeArguments<Options extends ProgramOptions>(
  by: ProgramFunction,
  given: ProgramParameters,
): ProgramCall<Options>;
export function normalizeArguments<Options extends object>(by: 'harden', given: Call<unknown>): Call<Options>;
export function normalizeArguments(
  by: ProgramFunction | 'harden',
  given: ProgramParameters | Call<unknown>,
): Call<ProgramOptions> | ProgramCall<ProgramOptions> {
  const { profile } = given;
  if (!has(given, 'command')) return { profile, options: readOptions(by, given.options) };
  const command = by === 'fork' ? readModulePath(given.command) : readCommand(given.command);
  const args = copyList(given.args, MOST_ARGUMENTS, refusal('args')).map(String);
  for (const [i, text] of args.entries()) checkNoNul(text, `args[${i}]`);
  const options = readOptions<ProgramOptions>(by, given.options);
  return { command, args, profile, options, ...inShell(command, args, options) };
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

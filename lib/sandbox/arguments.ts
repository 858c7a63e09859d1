/**
 * normalizeArguments: the first step of every start. Copies and checks a call's parameters and options, once. The
 * profile is passed on unread: resolveSources reads it.
 */
import { SeccompError } from '../errors.js';
import { once } from '../util/memo.js';
import { invalidType, invalidValue, refusal } from '../util/option-errors.js';
import { copyList, type Fields } from '../util/own-data.js';
import { optionsUnder, sandboxOf } from './file/apply.js';
import { checkNoNul, checkString, readPath } from './options/checks.js';
import type { WithVariables } from './options/environment.js';
import { type ProgramFunction, readOptions } from './options/table.js';
import type { ProgramOptions } from './options/types.js';
import { isList, type ProgramParameters, parametersOf } from './positions.js';

/** A call after its checks: the profile as the caller passed it, and checked options. */
export interface CheckedCall<Options> {
  readonly profile: unknown;
  readonly options: Options;
}

/** A call that starts a program. */
export interface ProgramCall<Options extends ProgramOptions> extends CheckedCall<WithVariables<Options>> {
  readonly command: string;
  readonly args: readonly string[];
  /** The program that is executed: the command, or the shell that runs it. */
  readonly file: string;
  /** The arguments of that program, with `argv[0]`. */
  readonly argv: readonly string[];
  /** The module that the program, a Node, runs: for fork. */
  readonly module: string | undefined;
}

/**
 * Maximum length of a list of arguments that is copied. No kernel accepts as many: each argument takes at least 9
 * bytes, a pointer and its NUL, of at most 6 MiB for all (execve(2)).
 */
export const MOST_ARGUMENTS = 1 << 20;

/**
 * Copies and checks the parameters and options of the function `by`.
 *
 * @param given - The parameters by name, or in the order of `parametersOf`.
 * @throws TypeError, RangeError as Node; SeccompError ERR_SECCOMP_OPTION for parameters in another order, and for an
 * option that is unknown or can't be honored.
 */
export function normalizeArguments<Options extends ProgramOptions>(
  by: ProgramFunction,
  given: ProgramParameters | readonly unknown[],
): ProgramCall<Options>;
export function normalizeArguments(
  by: ProgramFunction,
  given: ProgramParameters | readonly unknown[],
): ProgramCall<ProgramOptions> {
  const isByPosition = isList(given);
  const parameters = isByPosition ? parametersOf(given) : given;
  const command = by === 'fork' ? readModulePath(parameters.command) : readProgramName(parameters.command);
  if (!Array.isArray(parameters.args)) throw invalidType('args', 'an instance of Array', parameters.args);
  const args = copyList(parameters.args, MOST_ARGUMENTS, refusal('args')).map(String);
  for (const [i, text] of args.entries()) checkNoNul(text, `args[${i}]`);
  const ofCall = readOptions<WithVariables<ProgramOptions> & Fields>(by, parameters.options);
  const named = takeProfile(parameters.profile, ofCall);
  const sandbox = sandboxOf(named);
  const options = sandbox === undefined ? ofCall : (optionsUnder(sandbox, ofCall, by) as typeof ofCall);
  if (isByPosition || by === 'record') refuseWithoutEffect(options);
  const profile = sandbox === undefined ? named : sandbox.profile;
  return { command, args, profile, options, module: undefined, ...inShell(command, args, options) };
}

/**
 * The same for `harden`, which starts no program. It refuses a sandbox: the environment, the limits and the tree of a process that
 * runs already can't be changed any more.
 */
export function normalizeOwnArguments<Options extends object>(profile: unknown, given: unknown): CheckedCall<Options> {
  if (sandboxOf(profile) !== undefined) {
    const message = `harden takes a profile and no sandbox, most of which a running process can't enter: start a program with it, or pass its profile and its paths`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  const options = readOptions<Options & Fields>('harden', given);
  refuseWithoutEffect(options);
  return { profile, options };
}

/** Options that have an effect only together with another one. */
const NEEDED: readonly (readonly [name: string, ...needed: readonly string[]])[] = [
  ['notifyTimeout', 'notify'],
  ['bestEffort', 'paths', 'limits'],
  ['reportPaths', 'paths'],
  ['reportPaths', 'onViolation'],
];

/**
 * Refuses an option that has no effect without another one, which is absent. As a default of a Sandbox, it is for the
 * calls that have the other one.
 * @throws {SeccompError} ERR_SECCOMP_OPTION
 */
export function refuseWithoutEffect(options: Fields): void {
  for (const [name, ...needed] of NEEDED) {
    if (options[name] === undefined || options[name] === false) continue;
    if (needed.some((each) => options[each] !== undefined)) continue;
    const message = `options.${name}: has no effect without options.${needed.join(' or options.')}: add that, or leave it out`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
}

/**
 * Returns the profile of a call, which is a parameter or an option, and removes it from the options.
 * @throws {SeccompError} ERR_SECCOMP_OPTION if both are given.
 */
function takeProfile(parameter: unknown, options: object): unknown {
  const option: unknown = Object.hasOwn(options, 'profile') ? Reflect.get(options, 'profile') : undefined;
  Reflect.deleteProperty(options, 'profile');
  if (option === undefined) return parameter;
  if (parameter === undefined) return option;
  const message = 'options.profile: the profile is given before the options already: leave out one of the two';
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

function readProgramName(command: unknown): string {
  checkString(command, 'file');
  if (command === '') throw invalidValue('file', command, 'cannot be empty');
  checkNoNul(command, 'file');
  return command;
}

function readModulePath(modulePath: unknown): string {
  const path = readPath(modulePath, 'modulePath');
  if (path !== '') return path;
  throw invalidValue('modulePath', path, 'cannot be empty');
}

/** Node's warning about arguments beside a shell, which is given once. Node has it from version 24 on. */
const warnOfArguments = once(() => {
  if (Number.parseInt(process.versions.node, 10) < 24) return;
  const consequence = 'can lead to security vulnerabilities, as the arguments are not escaped, only concatenated.';
  const message = `Passing args to a child process with shell option true ${consequence}`;
  process.emitWarning(message, 'DeprecationWarning', 'DEP0190');
});

/**
 * The file to execute, and its argv: the command itself, or a shell that runs the command and its arguments, joined by
 * spaces as in Node.
 */
function inShell(
  command: string,
  args: readonly string[],
  options: { readonly shell?: boolean | string | undefined; readonly argv0?: string | null | undefined },
): Pick<ProgramCall<ProgramOptions>, 'file' | 'argv'> {
  const { shell = false, argv0 } = options;
  if (shell === false) return { file: command, argv: [argv0 ?? command, ...args] };
  const file = shell === true ? '/bin/sh' : shell;
  if (args.length > 0) warnOfArguments();
  return { file, argv: [argv0 ?? file, '-c', [command, ...args].join(' ')] };
}

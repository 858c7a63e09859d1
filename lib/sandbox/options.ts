/** Options of the programs we start: checked as Node checks its own, and turned into what the addon takes. */
import type { Stream } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { SeccompError } from '../errors.js';
import type { NativeRequest } from '../native.js';
import { CAPABILITIES } from '../profile/capabilities.js';
import { suggest } from '../profile/suggest.js';
import type { Handlers } from '../supervisor/answer.js';
import type { OnViolation } from '../supervisor/violation.js';
import { ABIS, type AbiName } from '../syscalls/abi.js';
import { limitTriples, type ResourceLimits } from './limits.js';
import type { FilterSource } from './prepare.js';

/** What one of the child's descriptors is connected to, as in node:child_process. */
export type StdioEntry = 'pipe' | 'overlapped' | 'ignore' | 'inherit' | Stream | number | null | undefined;

/** Options that ask for a supervisor. */
export interface SupervisorOptions {
  /** Called with the first of each kind of calls that the profile denies; `true`: they are gathered only. */
  readonly onViolation?: OnViolation | true | undefined;
  /** Who answers a syscall, by its name. */
  readonly notify?: Handlers | undefined;
  /** Milliseconds that a handler may take until its call is denied. Default 10,000. */
  readonly notifyTimeout?: number | undefined;
}

/** Options of execve, and those that spawn shares with it. */
export interface ProgramOptions {
  /** Working directory. Default this process's. */
  readonly cwd?: string | URL | undefined;
  /** Environment. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** argv[0]. Default the command. */
  readonly argv0?: string | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /**
   * Capabilities that the child keeps, if it has them, and that the profile is resolved for: all others leave its five
   * sets. Default: the child's are untouched, and the profile is resolved for none.
   */
  readonly capabilities?: readonly string[] | undefined;
  /** ABIs to decide beside the native one, instead of those that the profile names. */
  readonly abis?: readonly AbiName[] | undefined;
  /** Whether to set no_new_privs, so that set-user-ID programs gain nothing. Default true; false needs CAP_SYS_ADMIN. */
  readonly noNewPrivileges?: boolean | undefined;
  /** Whether the kernel logs each call that is denied: SECCOMP_FILTER_FLAG_LOG. Default false. */
  readonly log?: boolean | undefined;
  /** Resource limits. Default this process's. */
  readonly rlimits?: ResourceLimits | undefined;
}

/** Options of spawn: those of node:child_process, and ours. */
export interface SpawnOptions extends ProgramOptions, SupervisorOptions {
  readonly stdio?: 'pipe' | 'overlapped' | 'ignore' | 'inherit' | readonly StdioEntry[] | undefined;
  /** Whether the child leads a session of its own. Default false. */
  readonly detached?: boolean | undefined;
  /** Whether a shell runs the command, and which. Default false. */
  readonly shell?: boolean | string | undefined;
  /** Milliseconds after which `killSignal` is sent, and later SIGKILL: see `forceKillAfter`. Default 0, never. */
  readonly timeout?: number | undefined;
  /** Aborting it sends `killSignal`. */
  readonly signal?: AbortSignal | undefined;
  /** Default SIGTERM. */
  readonly killSignal?: NodeJS.Signals | number | undefined;
  /**
   * Milliseconds from `killSignal` to SIGKILL, for a child that still runs after its timeout, an abort, too much output or
   * `await using`; false: never. Default 5,000.
   */
  readonly forceKillAfter?: number | false | undefined;
  /** Of Windows only; has no effect, as in Node. */
  readonly windowsHide?: boolean | undefined;
  readonly windowsVerbatimArguments?: boolean | undefined;
  /** How messages are sent by fork. Has no effect here, where there are none, as in Node. */
  readonly serialization?: 'json' | 'advanced' | undefined;
}

/** The command, the arguments and the profile, however they were given. */
export interface Invocation<Options> {
  readonly command: string;
  readonly args: readonly string[];
  readonly profile: FilterSource;
  readonly options: Options;
}

/** Sorts out `(command, [args], profile, [options])`. */
export function invocation<Options extends object>(
  parameters: readonly unknown[],
  known: readonly string[],
): Invocation<Options> {
  const [file, second, ...others] = parameters;
  const list: readonly unknown[] | undefined = Array.isArray(second) ? second : undefined;
  const [profile, options] = list === undefined ? [second, ...others] : others;
  const { command, args } = checkCommand(file, list ?? []);
  if (list === undefined && typeof options === 'string') throw invalidType('args', 'an instance of Array', profile);
  if (profile === undefined || profile === null || areOptions(profile, known)) {
    const before = options === undefined && profile ? ', before the options' : '';
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      `a profile is required${before}: docker-default, a path, …; to filter nothing, say unconfined`,
    );
  }
  if (options !== undefined && options !== null && (typeof options !== 'object' || Array.isArray(options)))
    throw invalidType('options', 'of type object', options);
  // What somebody put on Object.prototype is no option.
  const given: Options = Object.assign(Object.create(null), options);
  checkKeys(given, known);
  return { command, args, profile: profile as FilterSource, options: given };
}

/** @throws TypeError for a command or arguments that can't be; gives the arguments as texts. */
export function checkCommand(command: unknown, args: readonly unknown[]) {
  checkString(command, 'file');
  if (command === '') throw invalidValue('file', command, 'cannot be empty');
  checkNull(command, 'file');
  const texts = args.map(String);
  for (const [i, text] of texts.entries()) checkNull(text, `args[${i}]`);
  return { command, args: texts };
}

/** Whether these are options, in the place of the profile: that is where node:child_process has them. */
function areOptions(profile: unknown, known: readonly string[]): boolean {
  if (typeof profile !== 'object' || profile === null || Object.getPrototypeOf(profile) !== Object.prototype)
    return false;
  const keys = Object.keys(profile);
  return keys.length > 0 && keys.every((key) => known.includes(key) || key === 'profile');
}

/** Refuses options that there are not: nothing is silently ignored. */
export function checkKeys(options: object, known: readonly string[]): void {
  for (const [key, value] of Object.entries(options)) {
    if (known.includes(key) || value === undefined) continue;
    throw new SeccompError('ERR_SECCOMP_OPTION', `options.${key}: unknown option${suggest(key, known)}`);
  }
}

/** What the child does under its filters: become the program, or end. */
export const GATED = ['execve', 'exit_group'] as const;

export const PROGRAM_OPTIONS = [
  'cwd',
  'env',
  'argv0',
  'uid',
  'gid',
  'capabilities',
  'abis',
  'noNewPrivileges',
  'log',
  'rlimits',
] as const;
/** Of the functions that resolve a profile and put nothing on. */
export const HOST_OPTIONS = ['host', 'capabilities', 'abis'] as const;
export const SUPERVISOR_OPTIONS = ['onViolation', 'notify', 'notifyTimeout'] as const;
export const SPAWN_OPTIONS = [
  ...PROGRAM_OPTIONS,
  ...['stdio', 'detached', 'shell', 'timeout', 'signal', 'killSignal', 'forceKillAfter', 'serialization'],
  ...['windowsHide', 'windowsVerbatimArguments'],
  ...SUPERVISOR_OPTIONS,
] as const;

/** argv, environment and so on of a program; what a shell, descriptors and a filter add is not in it. */
export function programRequest(command: string, args: readonly string[], options: ProgramOptions) {
  const { cwd, argv0, uid, gid, noNewPrivileges = true } = options;
  checkPermission(command);
  if (argv0 !== undefined && argv0 !== null) checkText(argv0, 'options.argv0');
  checkId(uid, 'options.uid');
  checkId(gid, 'options.gid');
  checkFilterOptions(options);
  checkNull(command, 'file');
  const variables = options.env || process.env;
  return {
    candidates: candidates(command, variables),
    args: [argv0 ?? command, ...args],
    env: environment(variables),
    cwd: cwd === undefined || cwd === null ? undefined : path(cwd) || undefined,
    uid: uid ?? undefined,
    gid: gid ?? undefined,
    limits: limitTriples(options.rlimits),
    ...(options.capabilities ? { keptCapabilities: capabilityBits(options.capabilities) } : {}),
    noNewPrivileges,
  } satisfies Partial<NativeRequest>;
}

/** Node's own functions don't start programs either where its permission model does not allow that. */
function checkPermission(command: string): void {
  if (process.permission?.has('child') ?? true) return;
  const message = `Node's permission model does not let ${command} be started: give --allow-child-process to node`;
  throw Object.assign(new Error(message), {
    code: 'ERR_ACCESS_DENIED',
    permission: 'ChildProcess',
    resource: command,
  });
}

/** The options that say how a filter is made and put on. */
export type FilterOptions = Pick<ProgramOptions, 'capabilities' | 'abis' | 'noNewPrivileges' | 'log'>;

/** @throws TypeError, SeccompError ERR_SECCOMP_OPTION for one of them that is not valid. */
export function checkFilterOptions({ capabilities, abis, noNewPrivileges, log }: FilterOptions): void {
  if (noNewPrivileges !== undefined && typeof noNewPrivileges !== 'boolean')
    throw invalidType('options.noNewPrivileges', 'of type boolean', noNewPrivileges);
  if (log !== undefined && typeof log !== 'boolean') throw invalidType('options.log', 'of type boolean', log);
  checkNames('capability', capabilities, CAPABILITIES);
  checkNames('ABI', abis, [...ABIS.keys()]);
}

/** A bit for each, by its number. */
function capabilityBits(names: readonly string[]): bigint {
  return CAPABILITIES.reduce((bits, name, i) => (names.includes(name) ? bits | (1n << BigInt(i)) : bits), 0n);
}

/** The capabilities and ABIs that a profile is resolved for. */
export function hostOptions({ capabilities, abis }: FilterOptions) {
  return { ...(capabilities ? { capabilities } : {}), ...(abis ? { abis } : {}) };
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The paths that execvp(3) would try. */
function candidates(command: string, { PATH = '/bin:/usr/bin' }: Variables): readonly string[] {
  if (command.includes('/')) return [command];
  return String(PATH)
    .split(':')
    .map((directory) => (directory === '' ? command : `${directory}/${command}`));
}

/** `NAME=value` and a NUL for each variable. */
function environment(env: Variables): string {
  if (typeof env !== 'object') throw invalidType('options.env', 'of type object', env);
  let text = '';
  for (const name of enumerable(env)) {
    const value = env[name];
    if (value === undefined) continue;
    checkNull(name, `options.env['${name}']`);
    checkNull(String(value), `options.env['${name}']`);
    text += `${name}=${value}\0`;
  }
  // Node passes this one on, unless it is given; see its documentation.
  const coverage = env === process.env ? undefined : process.env['NODE_V8_COVERAGE'];
  if (coverage !== undefined && !Object.hasOwn(env, 'NODE_V8_COVERAGE')) text += `NODE_V8_COVERAGE=${coverage}\0`;
  return text;
}

/** What `for (… in …)` gives, inherited properties too, as Node takes them: that asks process.env twice for each name. */
function enumerable(env: Variables): readonly string[] {
  const names = Object.keys(env);
  for (const name in Object.getPrototypeOf(env)) if (!Object.hasOwn(env, name)) names.push(name);
  return names;
}

function path(value: string | URL | Uint8Array): string {
  const bytes = value instanceof Uint8Array ? Buffer.from(value).toString() : value;
  const text = bytes instanceof URL ? fileURLToPath(bytes) : bytes;
  if (typeof text !== 'string')
    throw invalidType('options.cwd', 'of type string or an instance of Buffer or URL', value);
  if (text.includes('\0'))
    throw invalidValue('options.cwd', text, 'must be a string, Uint8Array, or URL without null bytes');
  return text;
}

/** Refuses names that are not known. */
export function checkNames(what: string, names: readonly string[] | undefined, known: readonly string[]): void {
  if (names === undefined) return;
  const option = what === 'ABI' ? 'abis' : 'capabilities';
  if (!Array.isArray(names)) throw invalidType(`options.${option}`, 'an instance of Array', names);
  for (const name of names) {
    if (known.includes(name)) continue;
    const remedy = suggest(name, known) || (what === 'ABI' ? `: there are ${known.join(', ')}` : '');
    throw new SeccompError('ERR_SECCOMP_OPTION', `options.${option}: unknown ${what} ${JSON.stringify(name)}${remedy}`);
  }
}

function checkId(id: number | null | undefined, name: string): void {
  if (id === undefined || id === null) return;
  if (typeof id === 'number' && (id | 0) === id) return;
  throw TELLS_KIND_FROM_RANGE && typeof id === 'number'
    ? outOfRange(name, 'an int32', id)
    : invalidType(name, 'int32', id);
}

function checkText(value: unknown, name: string): void {
  checkString(value, name);
  checkNull(value, name);
}

export function checkString(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw invalidType(name, 'of type string', value);
}

export function checkNull(text: string, name: string): void {
  if (text.includes('\0')) throw invalidValue(name, text, 'must be a string without null bytes');
}

/** The TypeError that Node throws for an argument of the wrong type. */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  const kind = name.includes('.') ? 'property' : 'argument';
  const message = `The "${name}" ${kind} must be ${expected}. Received ${described(value)}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

function described(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object') {
    const text = inspect(value);
    return `type ${typeof value} (${text.length > 28 ? `${text.slice(0, 25)}...` : text})`;
  }
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' ? `an instance of ${name}` : inspect(value, { depth: -1 });
}

/** Before Node 26, numbers had one error for a wrong type and a wrong value: which one was a matter of the option. */
const TELLS_KIND_FROM_RANGE = Number.parseInt(process.versions.node, 10) >= 26;

/** The error that Node throws for a `timeout` or `maxBuffer` that can't be. */
export function notThatMany(name: string, expected: string, value: unknown): TypeError | RangeError {
  if (TELLS_KIND_FROM_RANGE && typeof value !== 'number') return invalidType(name, 'of type number', value);
  return outOfRange(name, expected, value);
}

/** The RangeError that Node throws for a number that is too small, too large or not whole. */
export function outOfRange(name: string, expected: string, value: unknown): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${inspect(value)}`;
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}

/** The TypeError that Node throws for an argument with a value that can't be. */
export function invalidValue(name: string, value: unknown, reason: string): TypeError {
  const kind = name.includes('.') ? 'property' : 'argument';
  const text = inspect(value);
  const message = `The ${kind} '${name}' ${reason}. Received ${text.length > 128 ? `${text.slice(0, 128)}...` : text}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
}

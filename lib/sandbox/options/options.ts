/** Options of the programs we start: checked as Node checks its own, and turned into what the addon takes. */
import type { Stream } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { isMap, isSet } from 'node:util/types';
import { SeccompError } from '../../errors.js';
import type { Isolate } from '../../landlock/domain.js';
import type { NativeRequest } from '../../native.js';
import type { Handlers } from '../../notify/handlers.js';
import type { OnViolation } from '../../notify/violation.js';
import { refuseIn } from '../../policy/read-policy.js';
import { limitTriples, type ResourceLimits } from '../../process-tree/rlimits.js';
import { ABIS, type AbiName } from '../../syscalls/abi.js';
import { CAPABILITIES } from '../../syscalls/capabilities.js';
import { fromCaller } from '../../util/caller.js';
import {
  copyDeeply,
  copyFields,
  copyList,
  define,
  emptyFields,
  type Fields,
  isObjectPrototype,
  propertyOf,
  type Refuse,
} from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';

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
  /**
   * Whether the child is kept from this process and from what others have started: their memory, environment, descriptors,
   * signals, limits and terminals. Default: as far as this kernel can, under a profile; not under `unconfined`. `true`: or it
   * does not start. See docs/isolation.md.
   */
  readonly isolate?: Isolate | undefined;
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

/** More arguments than any kernel passes on: each takes at least 10 bytes of 6 MiB at most, execve(2). */
export const MOST_ARGUMENTS = 1 << 20;

/** @throws TypeError for a command or arguments that can't be; gives the arguments as texts. */
export function checkCommand(command: unknown, args: object) {
  checkString(command, 'file');
  if (command === '') throw invalidValue('file', command, 'cannot be empty');
  checkNull(command, 'file');
  const texts = copyList(args, MOST_ARGUMENTS, refusal('args')).map(String);
  for (const [i, text] of texts.entries()) checkNull(text, `args[${i}]`);
  return { command, args: texts };
}

/** Throws Node's error for what is wrong with the argument or property of this name, or in it. */
export function refusal(name: string): Refuse {
  return (path, problem) => {
    const where = path.reduce<string>(
      (place, key) => (typeof key === 'number' ? `${place}[${key}]` : `${place}.${key}`),
      name,
    );
    const kind = where.includes('.') ? 'property' : 'argument';
    const code = path.length === 0 ? 'ERR_INVALID_ARG_TYPE' : 'ERR_INVALID_ARG_VALUE';
    throw define(fromCaller(new TypeError(`The "${where}" ${kind} ${problem}`)), { code });
  };
}

/**
 * Reads a caller's options once: a copy without a prototype, in which lists and objects are copied too.
 * @throws TypeError for what is no plain object, SeccompError ERR_SECCOMP_OPTION for an option that is not `known`.
 */
export function readOptions<Options extends object>(options: unknown, known: readonly string[]): Options {
  if (options === undefined) return emptyFields() as Options;
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalidType('options', 'of type object', options);
  const fields = copyFields(options, refusal('options'));
  checkKeys(fields, known);
  for (const [name, names] of NAME_LISTS) {
    if (fields[name] !== undefined) fields[name] = readNames(name, fields[name], names);
  }
  for (const [name, read] of READ_INTO) {
    if (fields[name] !== undefined) fields[name] = read(fields[name]);
  }
  return fields as Options;
}

/** Options with something in them, which is copied as well. What they may hold is checked where they are used. */
const READ_INTO: ReadonlyMap<string, (value: unknown) => unknown> = new Map<string, (value: unknown) => unknown>([
  ['env', readEnvironment],
  // Node's own list is the default: what `node -e` runs must not run again in a child, see inheritedArguments().
  ['execArgv', (value) => (value === null || value === process.execArgv ? undefined : readList('execArgv', value))],
  ['stdio', (value) => (Array.isArray(value) ? readList('stdio', value) : value)],
  ['notify', (value) => copyGiven(value, (object) => copyFields(object, refuseIn('options.notify')))],
  ['isolate', readIsolate],
  ['rlimits', (value) => copyGiven(value, (object) => copyDeeply(object, LIMITS_BOUNDS, refuseIn('options.rlimits')))],
]);

function readIsolate(value: unknown): Isolate {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null)
    throw invalidType('options.isolate', 'of type boolean or an object', value);
  const refuse = refuseIn('options.isolate');
  const { abstractSockets, ...others } = copyFields(value, refuse);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuse([unknown], 'is unknown: there is abstractSockets');
  if (abstractSockets !== undefined && typeof abstractSockets !== 'boolean')
    throw invalidType('options.isolate.abstractSockets', 'of type boolean', abstractSockets);
  return { abstractSockets };
}

const MOST_ENTRIES = 1024;
const LIMITS_BOUNDS = { depth: 2, values: 100 };

function copyGiven(value: unknown, copy: (object: object) => unknown): unknown {
  return typeof value === 'object' && value !== null ? copy(value) : value;
}

function readList(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidType(`options.${name}`, 'an instance of Array', value);
  return copyList(value, MOST_ENTRIES, refusal(`options.${name}`));
}

/** Refuses options that there are not: nothing is silently ignored. */
function checkKeys(options: Fields, known: readonly string[]): void {
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
  'isolate',
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

export const RUN_OPTIONS = [...SPAWN_OPTIONS, 'input', 'encoding', 'maxBuffer'] as const;

/** argv, environment and so on of a program; what a shell, descriptors and a filter add is not in it. */
export function programRequest(command: string, args: readonly string[], options: ProgramOptions) {
  checkPermission(command);
  const { argv0, uid, gid, noNewPrivileges = true } = options;
  const checked = checkProgramOptions(options);
  checkNull(command, 'file');
  const variables = options.env ?? process.env;
  return {
    candidates: candidates(command, variables),
    args: [argv0 ?? command, ...args],
    env: environment(variables),
    ...checked,
    uid: uid ?? undefined,
    gid: gid ?? undefined,
    ...(options.capabilities ? { keptCapabilities: capabilityBits(options.capabilities) } : {}),
    noNewPrivileges,
  } satisfies Partial<NativeRequest>;
}

/** @throws What is wrong with them, whatever the program is; gives what the addon takes of two of them. */
export function checkProgramOptions(options: ProgramOptions) {
  const { cwd, argv0, uid, gid } = options;
  if (argv0 !== undefined && argv0 !== null) checkText(argv0, 'options.argv0');
  checkId(uid, 'options.uid');
  checkId(gid, 'options.gid');
  checkFilterOptions(options);
  return {
    cwd: cwd === undefined || cwd === null ? undefined : path(cwd) || undefined,
    limits: limitTriples(options.rlimits, uid),
  };
}

/** Node's own functions don't start programs either where its permission model does not allow that. */
function checkPermission(command: string): void {
  const permission = Object.hasOwn(process, 'permission') ? process.permission : undefined;
  if (permission?.has('child') ?? true) return;
  const message = `Node's permission model does not let ${command} be started: give --allow-child-process to node`;
  throw define(fromCaller(new Error(message)), {
    code: 'ERR_ACCESS_DENIED',
    permission: 'ChildProcess',
    resource: command,
  });
}

/** The options that say how a filter is made and put on. */
export type FilterOptions = Pick<ProgramOptions, 'capabilities' | 'abis' | 'noNewPrivileges' | 'log'>;

/** @throws TypeError, SeccompError ERR_SECCOMP_OPTION for one of them that is not valid. */
export function checkFilterOptions({ noNewPrivileges, log }: FilterOptions): void {
  if (noNewPrivileges !== undefined && typeof noNewPrivileges !== 'boolean')
    throw invalidType('options.noNewPrivileges', 'of type boolean', noNewPrivileges);
  if (log !== undefined && typeof log !== 'boolean') throw invalidType('options.log', 'of type boolean', log);
}

/** A bit for each, by its number. */
function capabilityBits(names: readonly string[]): bigint {
  return CAPABILITIES.reduce((bits, name, i) => (names.includes(name) ? bits | (1n << BigInt(i)) : bits), 0n);
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The paths that execvp(3) would try. */
function candidates(command: string, variables: Variables): readonly string[] {
  if (command.includes('/')) return [command];
  return String(propertyOf(variables, 'PATH') ?? '/bin:/usr/bin')
    .split(':')
    .map((directory) => (directory === '' ? command : `${directory}/${command}`));
}

/** `NAME=value` and a NUL for each variable. */
function environment(env: Variables): string {
  let text = '';
  for (const name of Object.keys(env)) {
    const value = env[name];
    if (value === undefined) continue;
    const content = `${value}`; // A symbol is an error, as in Node.
    checkNull(name, `options.env['${name}']`);
    checkNull(content, `options.env['${name}']`);
    text += `${name}=${content}\0`;
  }
  // Node passes this one on, unless it is given; see its documentation.
  const coverage = env === process.env ? undefined : propertyOf(process.env, 'NODE_V8_COVERAGE');
  if (coverage !== undefined && !Object.hasOwn(env, 'NODE_V8_COVERAGE')) text += `NODE_V8_COVERAGE=${coverage}\0`;
  return text;
}

/**
 * Reads an environment once: what `for (… in …)` gives, but for what is on Object.prototype. It may inherit, as
 * Object.create(process.env) does, and have getters; null is none given, as in Node.
 */
function readEnvironment(env: unknown): Fields | undefined {
  if (env === null) return undefined;
  if (typeof env !== 'object') throw invalidType('options.env', 'of type object', env);
  if (Array.isArray(env) || isMap(env) || isSet(env))
    throw invalidType('options.env', 'an object of texts by name', env);
  const variables = emptyFields();
  const hidden = new Set<string>();
  let owner: object | null = env;
  for (let depth = 0; owner !== null && !isObjectPrototype(owner); depth++) {
    if (depth > DEEPEST_ENVIRONMENT) refuseIn('options.env')([], 'inherits without end: write { ...it }');
    for (const name of Object.getOwnPropertyNames(owner)) {
      const property = Object.getOwnPropertyDescriptor(owner, name);
      if (hidden.has(name) || property === undefined) continue;
      hidden.add(name);
      if (property.enumerable) variables[name] = Reflect.get(env, name);
    }
    owner = Object.getPrototypeOf(owner);
  }
  return variables;
}

const DEEPEST_ENVIRONMENT = 100;

function path(value: string | URL | Uint8Array): string {
  const bytes = value instanceof Uint8Array ? Buffer.from(value).toString() : value;
  const text = bytes instanceof URL ? fileURLToPath(bytes) : bytes;
  if (typeof text !== 'string')
    throw invalidType('options.cwd', 'of type string or an instance of Buffer or URL', value);
  if (text.includes('\0'))
    throw invalidValue('options.cwd', text, 'must be a string, Uint8Array, or URL without null bytes');
  return text;
}

/** Options that are lists of names, and the names that there are. */
const NAME_LISTS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['capabilities', CAPABILITIES],
  ['abis', [...ABIS.keys()]],
]);

/** A copy of a list of names. @throws TypeError, SeccompError ERR_SECCOMP_OPTION for one that is not known. */
function readNames(option: string, names: unknown, known: readonly string[]): readonly string[] {
  if (!Array.isArray(names)) throw invalidType(`options.${option}`, 'an instance of Array', names);
  const given = copyList(names, MOST_NAMES, refusal(`options.${option}`));
  const texts = given.filter((name) => typeof name === 'string' && known.includes(name)).map(String);
  if (texts.length === given.length) return texts;
  const unknown = given.find((name) => !texts.some((each) => each === name));
  const isAbi = option === 'abis';
  const remedy = suggest(unknown, known) || (isAbi ? `: there are ${known.join(', ')}` : '');
  const name = typeof unknown === 'string' ? JSON.stringify(unknown) : inspect(unknown);
  const message = `options.${option}: unknown ${isAbi ? 'ABI' : 'capability'} ${name}${remedy}`;
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

/** More than there are of either, with repetitions. */
const MOST_NAMES = 256;

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
  return define(fromCaller(new TypeError(message)), { code: 'ERR_INVALID_ARG_TYPE' });
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
  return define(fromCaller(new RangeError(message)), { code: 'ERR_OUT_OF_RANGE' });
}

/** The TypeError that Node throws for an argument with a value that can't be. */
export function invalidValue(name: string, value: unknown, reason: string): TypeError {
  const kind = name.includes('.') ? 'property' : 'argument';
  const text = inspect(value);
  const message = `The ${kind} '${name}' ${reason}. Received ${text.length > 128 ? `${text.slice(0, 128)}...` : text}`;
  return define(fromCaller(new TypeError(message)), { code: 'ERR_INVALID_ARG_VALUE' });
}

/**
 * The table of options: how each one is checked, which functions take it, and which refuse it with a reason of their
 * own. Every list of a function's options follows from it, and so do the tables in docs/: see
 * scripts/generate/reference/option-tables.ts.
 */
import { SeccompError } from '../../errors.js';
import { AS_MERGED } from '../../landlock/paths/messages.js';
import { readPaths } from '../../landlock/paths/option.js';
import { checkTimeout as checkNotifyTimeout } from '../../notify/handlers.js';
import { readTreeLimits } from '../../process-tree/limits.js';
import { readLimits, refuseProcessLimitOfRoot } from '../../process-tree/rlimits.js';
import { memoize } from '../../util/memo.js';
import { invalidType, refusal, unknownOption } from '../../util/option-errors.js';
import { copyFields, emptyFields, type Fields } from '../../util/own-data.js';
import { asQuestion } from '../../util/suggest.js';
import * as check from './checks.js';
import { readEnvironment } from './environment.js';

/** A function with options. `explain` has those of `compile`. */
export type FunctionName =
  | ProgramFunction
  | 'compile'
  | 'execFile'
  | 'harden'
  | 'listen'
  | 'probe'
  | 'assertDenied'
  | 'Sandbox';

/** A function that starts a program. */
export type ProgramFunction = 'spawn' | 'spawnSync' | 'run' | 'fork' | 'execve' | 'record';

/**
 * Returns a copy of an option's value, or throws for a value that is not valid. `name` is the option's name in
 * messages.
 */
type Read = (value: unknown, name: string, by: FunctionName) => unknown;

interface Option {
  readonly read: Read;
  /** Whether node:child_process has an option of this name. */
  readonly isOfNode: boolean;
  readonly takenBy: readonly FunctionName[];
  /** Why a function that does not take this option refuses it, and what to do instead. */
  readonly refusedBy: ReadonlyMap<string, string>;
}

type Reasons = { readonly [Name in FunctionName]?: string };

function option(read: Read, takenBy: readonly FunctionName[], refusedBy: Reasons = {}): Option {
  return { read, isOfNode: false, takenBy, refusedBy: new Map(Object.entries(refusedBy)) };
}

/** An option that node:child_process has as well. */
function ofNode(read: Read, takenBy: readonly FunctionName[]): Option {
  return { ...option(read, takenBy), isOfNode: true };
}

/** Takes the value unchecked: the code that uses it checks it. */
const asGiven: Read = (value) => value;

const CHILDREN = ['spawn', 'spawnSync', 'run', 'fork', 'record'] as const;
const PROGRAM_STARTS = [...CHILDREN, 'execFile', 'execve'] as const;
const STARTS_BUT_RECORD = PROGRAM_STARTS.filter((name) => name !== 'record');
const SUPERVISED = ['spawn', 'run', 'execFile', 'fork'] as const;

const timeout: Read = (value, _, by) =>
  // spawnSync has no timer of Node's, so its timeout may be longer than LONGEST_TIMER.
  check.readTimeout(value, by === 'spawnSync' ? Number.MAX_SAFE_INTEGER : check.LONGEST_TIMER);
/** As in Node, the synchronous functions do not check this option. */
const serialization: Read = (value, name, by) => (by === 'spawnSync' ? value : check.readSerialization(value, name));
/** Node's execFile treats an unknown encoding as `buffer`. */
const encoding: Read = (value, _, by) => (by === 'execFile' ? value : check.readEncoding(value));
/** Node's spawnSync reports an invalid `input` as `options.stdio[0]`. */
const input: Read = (value, name, by) => check.readInput(value, by === 'spawnSync' ? 'options.stdio[0]' : name);

const OPTIONS: ReadonlyMap<string, Option> = new Map(
  Object.entries({
    profile: option(asGiven, ['spawn', 'spawnSync', 'run', 'fork', 'execve'], {
      record: 'record runs the program unfiltered: to add to a profile, pass merge',
      harden: 'the profile is the first argument: harden(profile, options)',
    }),

    // The program
    cwd: ofNode(check.readDirectory, PROGRAM_STARTS),
    env: ofNode(readEnvironment, PROGRAM_STARTS),
    argv0: ofNode(check.readNullableText, [...CHILDREN, 'execve']),
    uid: ofNode(check.readId, PROGRAM_STARTS),
    gid: ofNode(check.readId, PROGRAM_STARTS),
    rlimits: option(readLimits, PROGRAM_STARTS),
    limits: option((value) => readTreeLimits(value), [...CHILDREN, 'execFile'], {
      execve: 'no process is left that could remove the cgroup: run the program by spawn',
      harden: 'this process may not move itself: give limits to the programs that it starts',
    }),
    isolate: option(check.readIsolate, PROGRAM_STARTS),
    paths: option(
      (value, _, by) => (by === 'record' && value === true ? value : readPaths(value)),
      [...PROGRAM_STARTS, 'harden', 'probe', 'assertDenied'],
    ),
    network: option(check.readNetwork, [...STARTS_BUT_RECORD, 'harden', 'probe', 'assertDenied'], {
      record: 'record allows every call: pass it to spawn',
    }),
    bestEffort: option(check.readBoolean, [...PROGRAM_STARTS, 'harden']),
    shell: ofNode(check.readShell, ['spawn', 'spawnSync', 'run', 'record', 'execFile']),
    detached: ofNode(check.readNullableBoolean, CHILDREN),
    windowsHide: ofNode(check.readNullableBoolean, CHILDREN),
    windowsVerbatimArguments: ofNode(check.readNullableBoolean, CHILDREN),
    serialization: ofNode(serialization, CHILDREN),
    handles: option(check.readBoolean, CHILDREN),
    execPath: ofNode(asGiven, ['fork']), // fork checks it.
    execArgv: ofNode(check.readExecArgv, ['fork']),
    silent: ofNode(check.readNullableBoolean, ['fork']),

    // The filter
    capabilities: option(check.readCapabilityNames, [...PROGRAM_STARTS, 'harden', 'compile', 'probe', 'assertDenied']),
    abis: option(check.readAbiNames, [...STARTS_BUT_RECORD, 'harden', 'compile', 'probe', 'assertDenied'], {
      record: 'record records the calls of all ABIs of this machine: leave it out',
    }),
    host: option(asGiven, ['compile']),
    noNewPrivileges: option(check.readBoolean, [...PROGRAM_STARTS, 'harden']),
    logDenied: option(check.readBoolean, [...STARTS_BUT_RECORD, 'harden'], {
      record: 'record denies no calls, so there is nothing to log: leave it out. The recording has all calls',
    }),
    threads: option(check.readThreads, ['harden']),
    acceptSharedPool: option(check.readBoolean, ['harden']),
    acceptRings: option(check.readBoolean, ['harden']),

    // The supervisor
    onViolation: option(check.readOnViolation, [...SUPERVISED, 'spawnSync'], {
      record: 'record denies no calls: pass it to spawn',
    }),
    reportPaths: option(check.readBoolean, [...SUPERVISED, 'spawnSync'], {
      record: 'record allows every call: pass it to spawn',
    }),
    notify: option(check.readNotify, SUPERVISED, {
      record: 'record allows every call: pass handlers to spawn',
      spawnSync: "handlers can't run while this thread waits: use spawn or execFile",
    }),
    notifyTimeout: option(checkNotifyTimeout, [...SUPERVISED, 'listen'], {
      record: 'record has no handlers: pass it to spawn, with notify',
    }),

    // Input, output and end
    stdio: ofNode(check.readStdio, CHILDREN),
    input: ofNode(input, ['spawnSync', 'run']),
    encoding: ofNode(encoding, ['spawnSync', 'run', 'execFile']),
    maxBuffer: ofNode(check.readMaxBuffer, ['spawnSync', 'run', 'execFile']),
    timeout: ofNode(timeout, [...CHILDREN, 'execFile']),
    signal: ofNode(check.readAbortSignal, [...SUPERVISED, 'record']),
    killSignal: ofNode(check.readKillSignal, [...CHILDREN, 'execFile']),
    descendants: option(check.readDescendants, PROGRAM_STARTS, {
      harden: 'this process and what it starts live on: start programs by functions with this option',
    }),
    forceKillAfter: option(check.readForceKillAfter, [...CHILDREN, 'execFile']),

    // The defaults of a Sandbox
    allowUnknownOptions: option(check.readBoolean, ['Sandbox']),

    // The recording, and tests
    compareArguments: option(check.readBoolean, ['record']),
    containerStart: option(check.readBoolean, ['record']),
    merge: option(check.readSource, ['record']),
    mergePaths: option((value) => readPaths(value, AS_MERGED), ['record']),
    errno: option(asGiven, ['assertDenied']),
  }),
);

/** The names of the options that a function takes, in the order of the table. */
export const optionsOf = memoize((by: FunctionName): readonly string[] =>
  [...OPTIONS].flatMap(([name, { takenBy }]) => (takenBy.includes(by) ? [name] : [])),
);

/** The reasons for which a function refuses options that others take, by the name of the option. */
export function reasonsAgainst(by: FunctionName): ReadonlyMap<string, string> {
  const reasons = [...OPTIONS].map(([name, { refusedBy }]) => [name, refusedBy.get(by)] as const);
  return new Map(reasons.flatMap(([name, reason]) => (reason === undefined ? [] : [[name, reason]])));
}

/** Whether some function has an option of this name. */
export function isOption(name: string): boolean {
  return OPTIONS.has(name);
}

/** Whether node:child_process has an option of this name. */
export function isOfNode(name: string): boolean {
  return OPTIONS.get(name)?.isOfNode === true;
}

/** Whether a function takes an option, or refuses it with a reason of its own. */
export function concerns(by: FunctionName, name: string): boolean {
  const found = OPTIONS.get(name);
  return found !== undefined && (found.takenBy.includes(by) || found.refusedBy.has(by));
}

/**
 * Copies and checks the options of a function, once.
 *
 * @throws TypeError, RangeError as Node for a value that is not valid; SeccompError ERR_SECCOMP_OPTION for an option
 * that is unknown, or that this function refuses.
 */
export function readOptions<Options extends object>(by: FunctionName, options: unknown): Options {
  const fields = readOptionsOfAny([by], options);
  if (by === 'spawnSync' || by === 'run') check.refuseInputWithoutPipe(fields['input'], fields['stdio']);
  return fields as Options;
}

/** Copies and checks options that are for several functions: the defaults of a Sandbox. */
export function readOptionsOfAny(functions: readonly FunctionName[], options: unknown): Fields {
  const fields = copyOptions(functions, options);
  for (const [name, value] of Object.entries(fields)) {
    const found = OPTIONS.get(name);
    const by = functions.find((each) => found?.takenBy.includes(each));
    if (value === undefined || found === undefined || by === undefined) continue;
    fields[name] = found.read(value, `options.${name}`, by);
  }
  refuseProcessLimitOfRoot(fields['rlimits'], fields['uid']);
  return fields;
}

/**
 * Copies options without checking their values.
 *
 * @param allowUnknown - Whether to leave out options that no function has. What another function has stays an error.
 * @throws {SeccompError} ERR_SECCOMP_OPTION for an option that none of the functions takes.
 */
export function copyOptions(functions: readonly FunctionName[], options: unknown, allowUnknown = false): Fields {
  if (options === undefined) return emptyFields();
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalidType('options', 'of type object', options);
  const fields = copyFields(options, refusal('options'));
  for (const name of Object.keys(fields)) {
    const isTaken = fields[name] === undefined || OPTIONS.get(name)?.takenBy.some((each) => functions.includes(each));
    if (isTaken) continue;
    if (!allowUnknown || OPTIONS.has(name)) throw refusedOption(name, fields, functions);
    delete fields[name];
  }
  return fields;
}

/** Names in the option `limits`, and those that other tools have for them. */
const LIMIT_NAMES: ReadonlySet<string> = new Set(['memory', 'processes', 'cpu', 'cpus']);

/** Where what other tools call like this is to be given. Undefined if that is not known. */
function otherPlace(name: string, known: readonly string[]): string | undefined {
  if (known.includes('limits') && LIMIT_NAMES.has(name)) return 'unknown option: it is one of options.limits';
  if (known.includes('input') && name === 'stdin') return `unknown option${asQuestion('input')}`;
  return undefined;
}

function refusedOption(name: string, fields: Fields, functions: readonly FunctionName[]): SeccompError {
  const [by = 'spawn'] = functions;
  const reason = reasonsAgainst(by).get(name);
  const known = [...new Set(functions.flatMap(optionsOf))];
  const why = reason ?? otherPlace(name, known);
  const problem = why === undefined ? unknownOption(fields, known) : `options.${name}: ${why}`;
  return new SeccompError('ERR_SECCOMP_OPTION', String(problem));
}

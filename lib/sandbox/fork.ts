/** fork(): node:child_process's fork, of a Node that is under a profile before its module's first line. */
import { type ChildProcess, fork as forkInNode, type ForkOptions as NodeForkOptions } from 'node:child_process';
import { addAbortListener } from 'node:events';
import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SeccompError } from '../errors.js';
import { policyOf } from '../filter/filter.js';
import type { Isolate, Isolation } from '../landlock/domain.js';
import type { Enforcement } from '../landlock/enforcement.js';
import { addon, launcherFile, preloadFile } from '../native.js';
import { fromCaller } from '../util/caller.js';
import { define, own, propertyOf } from '../util/own-data.js';
import { invocation } from './arguments.js';
import {
  checkFilterOptions,
  type FilterOptions,
  invalidType,
  type SpawnOptions,
  SUPERVISOR_OPTIONS,
} from './options/options.js';
import { enforcementOf, isolationFor } from './plan/isolation.js';
import { type FilterSource, prepare, type SingleSource, type Sources } from './plan/plan-filters.js';
import { checkForceKillAfter, checkSignal, checkTimeout, filterRequest } from './spawn.js';
import { encodePayload, PAYLOAD_VARIABLE } from './this-process/fork-payload.js';
import { deniesIoUring } from './this-process/io-uring.js';

/** Options of fork: those of node:child_process, and ours. */
export interface ForkOptions extends NodeForkOptions, Omit<FilterOptions, 'capabilities'> {
  /** Milliseconds from `killSignal` to SIGKILL, after a timeout or an abort; false: never. Default 5,000. */
  readonly forceKillAfter?: number | false | undefined;
  /** As of spawn: whether the child is kept from this process and from what others have started. */
  readonly isolate?: Isolate | undefined;
}

/** Node's own ChildProcess, and what is enforced on it. */
export type ForkedProcess = ChildProcess & { readonly enforcement: Enforcement };

const OURS = ['abis', 'noNewPrivileges', 'log', 'forceKillAfter', 'isolate'] as const;
export const FORK_OPTIONS = [
  ...OURS,
  ...['cwd', 'detached', 'env', 'execPath', 'execArgv', 'gid', 'serialization', 'signal', 'killSignal', 'silent'],
  ...['stdio', 'timeout', 'uid', 'windowsHide', 'windowsVerbatimArguments'],
];

/** Those that fork can't honour are not unknown: the error says why. */
export const OPTIONS_AT_FORK: readonly string[] = [...FORK_OPTIONS, 'capabilities', 'rlimits', ...SUPERVISOR_OPTIONS];

/** Bytes that Linux takes for one string of an environment: MAX_ARG_STRLEN, execve(2). */
const LONGEST_VARIABLE = 128 * 1024;

/**
 * Starts a Node that runs `modulePath` under `profile`, with a channel for messages and handles. All its threads have the
 * filter before the module's first line; if it can't be put on, the child exits 125 and does not run the module.
 * @throws ProfileError, SeccompError if the profile or an option is not valid; what node:child_process's fork throws.
 */
export function fork(modulePath: string | URL, profile: SingleSource, options?: ForkOptions): ForkedProcess;
export function fork(
  modulePath: string | URL,
  args: readonly string[],
  profile: FilterSource,
  options?: ForkOptions,
): ForkedProcess;
export function fork(modulePath: string | URL, ...rest: readonly unknown[]): ForkedProcess {
  const file = modulePath instanceof URL ? fileURLToPath(modulePath) : modulePath;
  const { command, args, sources, options } = invocation<ForkOptions>([file, ...rest], OPTIONS_AT_FORK);
  return forkUnder(sources, command, args, options);
}

/** The same with its arguments sorted out. Node's own fork checks what is Node's. */
export function forkUnder(
  sources: Sources,
  modulePath: string | URL,
  args: readonly string[],
  options: ForkOptions,
): ForkedProcess {
  refuseOfSpawn(options);
  const execArgv = options.execArgv?.map(String) ?? inheritedArguments(process.execArgv);
  checkFilterOptions(options);
  checkTimeout(options.timeout);
  checkSignal(options.signal);
  const { silent } = options;
  if (silent !== undefined && silent !== null && typeof silent !== 'boolean')
    throw invalidType('options.silent', 'of type boolean', silent);
  const forceKillAfter = checkForceKillAfter(options.forceKillAfter);
  const isolated = isolationFor(options, sources.all.length > 0, true);
  const filters = prepare(sources, options, [], isolated !== undefined);
  const { abis: _, noNewPrivileges = true, log, forceKillAfter: __, isolate: ___, ...nodeOptions } = options;
  const start = (forkOptions: NodeForkOptions) => {
    const child = isolated
      ? launchedFork(modulePath, args, forkOptions, isolated, noNewPrivileges)
      : nodeFork(modulePath, args, forkOptions);
    forceKill(child, options, forceKillAfter);
    return define(child, { enforcement: enforcementOf(options, isolated) });
  };
  if (filters.length === 0) return start(nodeOptions);
  refuseWithoutPreload(execArgv, modulePath);
  addon(); // If it is missing, this is the better place to say so.
  const { filters: attached, filterFlags } = filterRequest(filters, { log });
  const withoutIoUring = deniesIoUring(filters.map(policyOf));
  const text = encodePayload({ filters: attached, filterFlags, noNewPrivileges, withoutIoUring });
  if (text.length + PAYLOAD_VARIABLE.length + 2 > LONGEST_VARIABLE) {
    const message = `the filters of these profiles are too long together to hand them over (${text.length} bytes)`;
    throw new SeccompError('ERR_SECCOMP_TOO_LARGE', `${message}: give fewer, or shorter ones`);
  }
  return start({
    ...nodeOptions,
    // --require comes before every --import, and this one before the others.
    execArgv: ['--require', preloadFile(), ...execArgv, ...endOf(execArgv)],
    env: own({ ...(options.env ?? process.env), [PAYLOAD_VARIABLE]: text }),
  });
}

/** Node's own fork of the launcher, which becomes the Node that is to be started. */
function launchedFork(
  modulePath: string | URL,
  args: readonly string[],
  options: NodeForkOptions,
  { request }: Isolation,
  noNewPrivileges: boolean,
): ChildProcess {
  const given = own(options);
  const program = given.execPath || process.execPath;
  if (typeof program !== 'string' || program.includes('\0') || isMissing(program, given))
    return failingFork(modulePath, args, options);
  const { isolation: required, domain = NO_DOMAIN } = request;
  const wish = [...domain, Number(required), Number(noNewPrivileges)].join();
  const execPath = launcherFile();
  const child = nodeFork(modulePath, args, {
    ...options,
    execPath,
    execArgv: [wish, program, ...(given.execArgv ?? [])],
  });
  return define(child, { spawnfile: program, spawnargs: [program, ...child.spawnargs.slice(3)] });
}

const NO_DOMAIN = [0, 0, 0];

/** A program that is not there Node itself reports best. One that has come there meanwhile would not be isolated. */
function failingFork(modulePath: string | URL, args: readonly string[], options: NodeForkOptions): ChildProcess {
  const child = nodeFork(modulePath, args, options);
  if (child.pid === undefined) return child;
  child.on('error', () => {}).kill('SIGKILL');
  const message = 'options.execPath: was no program a moment ago, and now it is: try again';
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

/** Whether execvp(3) would find no program: whatever else keeps us from looking is left to the launcher. */
function isMissing(program: string, { cwd = '', env = process.env }: NodeForkOptions): boolean {
  const folder = cwd instanceof URL ? fileURLToPath(cwd) : String(cwd);
  const paths = String(propertyOf(env, 'PATH') ?? '/bin:/usr/bin').split(':');
  const places = program.includes('/') ? [program] : paths.map((each) => join(each, program));
  return places.every((place) => {
    try {
      accessSync(resolve(folder, place), constants.X_OK);
      return statSync(resolve(folder, place)).isDirectory();
    } catch (error) {
      return error instanceof Error && 'code' in error && NOT_THERE.has(String(error.code));
    }
  });
}

const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'EACCES']);

/** Node's own fork. What it refuses, our caller gave. */
function nodeFork(modulePath: string | URL, args: readonly string[], options: NodeForkOptions): ChildProcess {
  try {
    return forkInNode(modulePath, args, options);
  } catch (error) {
    throw error instanceof Error ? fromCaller(error) : error;
  }
}

/** Sends SIGKILL to a child that still runs `after` milliseconds after Node has sent `killSignal`: timeout, abort. */
function forceKill(child: ChildProcess, { timeout = 0, signal }: NodeForkOptions, after: number): void {
  if (after === Number.POSITIVE_INFINITY || child.pid === undefined) return;
  const timers: NodeJS.Timeout[] = [];
  const kill = () => timers.push(setTimeout(() => child.kill('SIGKILL'), after));
  if (timeout > 0) timers.push(setTimeout(kill, timeout));
  const listener = signal && addAbortListener(signal, kill);
  child.once('exit', () => {
    for (const timer of timers) clearTimeout(timer);
    listener?.[Symbol.dispose]();
  });
}

/** Without the text of `node -e`, as Node's fork leaves it out: it would run again in place of the module. */
function inheritedArguments(execArgv: readonly string[]): readonly string[] {
  const place = execArgv.findLastIndex((option) => /^(-p?e|-p|--eval|--print)$/.test(option));
  return place < 0 ? execArgv : execArgv.toSpliced(place, 2);
}

/**
 * Ends Node's options, if the last of them could be one whose value is missing: Node would take the module's path for it, and
 * what comes next for an option of its own. It takes no value that begins with a dash, and says so.
 */
function endOf(execArgv: readonly string[]): readonly string[] {
  return execArgv.at(-1)?.startsWith('-') && !execArgv.includes('--') ? ['--'] : [];
}

/** Options with which Node does something else than to run a module, and loads nothing before it. */
const WITHOUT_PRELOAD = /^--(build-snapshot(-config)?|build-sea|experimental-sea-config|run|prof-process)(=|$)/;

/** @throws SeccompError ERR_SECCOMP_OPTION if Node would not load what puts the filter on. */
function refuseWithoutPreload(execArgv: readonly string[], modulePath: unknown): void {
  if (typeof modulePath === 'string' && /^-./.test(modulePath)) {
    const remedy = `give the path of a module, such as ./${modulePath}`;
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      `modulePath: Node takes ${modulePath} for an option of its own: ${remedy}`,
    );
  }
  const option = execArgv.find((each) => WITHOUT_PRELOAD.test(each.replaceAll('_', '-')));
  if (option === undefined) return;
  const message = `options.execArgv: with ${option} Node runs no module, and loads nothing that could put the filter on`;
  throw new SeccompError('ERR_SECCOMP_OPTION', `${message}: leave it out, or start Node by spawn`);
}

/** Options of spawn that can't be carried out on a Node that runs already. */
function refuseOfSpawn(options: Omit<SpawnOptions, 'stdio'>): void {
  if (options.capabilities !== undefined) {
    const message = "options.capabilities: fork can't take capabilities from its child";
    const remedy = 'to resolve the profile for some, give compile(profile, { capabilities })';
    throw new SeccompError('ERR_SECCOMP_OPTION', `${message}; ${remedy}`);
  }
  if (options.rlimits !== undefined) {
    const message = "options.rlimits: fork can't limit its child";
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      `${message}; start Node by spawn, or with execArgv: --max-old-space-size=…`,
    );
  }
  const supervising = SUPERVISOR_OPTIONS.find((name) => options[name] !== undefined);
  if (supervising !== undefined) {
    const message = `options.${supervising}: fork can't supervise its child`;
    throw new SeccompError('ERR_SECCOMP_OPTION', `${message}; start Node by spawn`);
  }
}

/**
 * startNode: the last step of fork(). Node's own fork starts a Node that attaches the filters before it loads its
 * module.
 */
import { type ChildProcess, fork, type ForkOptions as NodeForkOptions, type StdioOptions } from 'node:child_process';
import { addAbortListener } from 'node:events';
import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SeccompError } from '../../errors.js';
import type { Enforcement } from '../../landlock/enforcement.js';
import { removeAfterFork } from '../../landlock/paths/private-directory.js';
import { moduleNeeds, programNeeds } from '../../landlock/programs/program-needs.js';
import { addon, launcherFile, preloadFile } from '../../native.js';
import { fromCaller } from '../../util/caller.js';
import { define, own } from '../../util/own-data.js';
import type { ProgramCall } from '../arguments.js';
import { type Ending, endingOf } from '../options/ending.js';
import type { Variables, WithVariables } from '../options/environment.js';
import { isOfNode } from '../options/table.js';
import type { AttachOptions, ProgramOptions } from '../options/types.js';
import type { FilterPlan } from '../plan/plan-filters.js';
import { encodePayload, PAYLOAD_VARIABLE } from '../this-process/fork-payload.js';
import { deniesIoUring } from '../this-process/io-uring.js';
import {
  refuseFileWithNodeOptions,
  refuseSingleExecutable,
  refuseWithoutPreload,
  splitNodeOptions,
  withoutEval,
} from '../this-process/node-arguments.js';
import {
  candidatePaths,
  NO_DOMAIN,
  privateDirectoryFor,
  tmpVariables,
  toNativeConfinement,
  toNativeFilters,
} from './native-request.js';

/** Options of `fork`: those of node:child_process, and those of this package. */
export interface ForkOptions
  extends Omit<NodeForkOptions, 'env'>,
    Omit<AttachOptions, 'capabilities'>,
    Pick<ProgramOptions, 'env' | 'isolate' | 'paths' | 'network' | 'bestEffort'> {
  /**
   * The Node that runs the module: 20.19 or later, or a program that passes its arguments on to one. Default: this
   * Node.
   */
  execPath?: string | undefined;
  /** Options of that Node. Default: `process.execArgv`. */
  execArgv?: string[] | undefined;
  /** Whether the child's standard descriptors are pipes, unless `stdio` says otherwise. Default false: inherited. */
  silent?: boolean | undefined;
  /** An option for Windows. Has no effect on Linux, as in Node. Default false. */
  windowsHide?: boolean | undefined;
  /**
   * Milliseconds from `killSignal` to SIGKILL, after a timeout or an abort. False: SIGKILL is never sent. Default
   * 5,000.
   */
  readonly forceKillAfter?: number | false | undefined;
  /**
   * Whether to set no_new_privs, so that a set-user-ID program gains nothing. With false, attaching a filter needs
   * CAP_SYS_ADMIN. Default true.
   */
  readonly noNewPrivileges?: boolean | undefined;
  /**
   * The child's descriptors, as in Node: a list must contain `'ipc'` once. Default: `'inherit'`, or `'pipe'` with
   * `silent: true`.
   */
  stdio?: StdioOptions | undefined;
}

/** Node's own ChildProcess, and what is enforced on it. */
export type ForkedProcess = ChildProcess & {
  /** What is enforced on the child. */
  readonly enforcement: Enforcement;
};

/** As it is before a program replaces it by the function of a Sandbox. */
const forkInNode = fork;

/** Maximum bytes of one string of an environment: MAX_ARG_STRLEN, execve(2). */
const LONGEST_VARIABLE = 128 * 1024;

/**
 * Starts a Node that runs a module.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION for options under which Node would not attach the filters,
 * ERR_SECCOMP_TOO_LARGE if the filters do not fit into a variable of the environment; what Node's own fork throws.
 */
export function startNode(call: ProgramCall<ForkOptions>, plan: FilterPlan): ForkedProcess {
  const { command, args, options } = call;
  const { noNewPrivileges = true } = options;
  const ending = endingOf(options);
  const aborter = new AbortController();
  if (ending.signal?.aborted) aborter.abort(ending.signal.reason);
  const isConfined = plan.isolation !== undefined || (plan.paths?.handled ?? 0) !== 0;
  // The launcher denies io_uring before Node starts, so that Node need not be started again without it.
  const startOptions =
    plan.filters.length === 0 ? nodeOptionsOf(options) : preloading(call, plan, noNewPrivileges, !isConfined);
  // The caller's signal gets one listener only, as in Node: that of forceKill().
  const nodeOptions = ending.signal ? own({ ...startOptions, signal: aborter.signal }) : startOptions;
  const tmp = privateDirectoryFor(options, plan);
  let child: ChildProcess;
  try {
    const named = tmpVariables(options.env ?? process.env, tmp);
    const withTmp = tmp === undefined ? nodeOptions : addVariables(nodeOptions, named);
    child = isConfined ? launchedFork(call, withTmp, plan, tmp?.path) : nodeFork(command, args, withTmp);
  } catch (error) {
    tmp?.removeSync();
    throw error;
  }
  if (tmp !== undefined) removeAfterFork(child, tmp);
  forceKill(child, ending, aborter);
  return define(child, { enforcement: plan.enforcement(0) });
}

function addVariables(options: NodeForkOptions, variables: Variables): NodeForkOptions {
  return own({ ...options, env: own({ ...(own(options).env ?? process.env), ...variables }) });
}

/** The options of Node's own fork. */
function nodeOptionsOf(options: WithVariables<ForkOptions>): NodeForkOptions {
  return own(Object.fromEntries(Object.entries(options).filter(([name]) => isOfNode(name))));
}

/**
 * Options of Node's own fork, for a Node that attaches the plan's filters before it loads its module.
 *
 * @param restarts - Whether that Node has to start itself again if it uses io_uring, which the filters deny.
 */
function preloading(
  { command, args, options }: ProgramCall<ForkOptions>,
  plan: FilterPlan,
  noNewPrivileges: boolean,
  restarts: boolean,
): NodeForkOptions {
  // As in Node's fork: the text of `node -e` would run again in place of the module.
  const execArgv = options.execArgv?.map(String) ?? withoutEval(process.execArgv);
  const isOption = command.startsWith('-'); // To Node, which then reads options among the arguments too.
  refuseSingleExecutable(options.execPath || process.execPath);
  refuseWithoutPreload('options.execArgv', execArgv);
  if (isOption) refuseWithoutPreload('modulePath and args', [command, ...args]);
  const env = own({ ...(options.env ?? process.env) });
  const nodeOptions = env['NODE_OPTIONS'];
  if (nodeOptions !== undefined) refuseWithoutPreload('NODE_OPTIONS', splitNodeOptions(String(nodeOptions)));
  else refuseFileWithNodeOptions(isOption ? [...execArgv, command, ...args] : execArgv, folderOf(options));
  addon(); // Throws without the addon: the child could not attach the filters either.
  const { filters, filterFlags } = toNativeFilters(plan, noNewPrivileges);
  const withoutIoUring = restarts && deniesIoUring(plan.filters.map(({ policy }) => policy));
  const text = encodePayload({
    filters,
    filterFlags,
    noNewPrivileges,
    withoutIoUring,
    hidesNodeOptions: nodeOptions === undefined,
  });
  if (text.length + PAYLOAD_VARIABLE.length + 2 > LONGEST_VARIABLE) {
    const message = `the filters of these profiles are too long for an environment variable (${text.length} bytes)`;
    throw new SeccompError('ERR_SECCOMP_TOO_LARGE', `${message}: use fewer or shorter profiles`);
  }
  return own({
    ...nodeOptionsOf(options),
    // --require comes before every --import, and this one before the others.
    execArgv: ['--require', preloadFile(), ...execArgv, ...(isOption ? [] : endOfOptions(execArgv))],
    // Node takes NODE_OPTIONS of a file that --env-file names, even behind the module, unless the environment has it.
    env: own({ ...env, NODE_OPTIONS: nodeOptions ?? '', [PAYLOAD_VARIABLE]: text }),
  });
}

/** Forks the launcher, which isolates itself and then becomes Node. */
function launchedFork(
  { command: modulePath, args, options: { cwd, uid, noNewPrivileges = true } }: ProgramCall<ForkOptions>,
  options: NodeForkOptions,
  plan: FilterPlan,
  tmp: string | undefined,
): ChildProcess {
  const given = own(options);
  const program = given.execPath || process.execPath;
  if (typeof program !== 'string' || program.includes('\0') || isMissing(program, given))
    return failingFork(modulePath, args, options);
  const confinement = toNativeConfinement(plan, own({ cwd, uid }), (directory) => ({
    candidates: undefined,
    needs: () => ({
      paths: programNeeds(candidatePaths(program, options.env ?? process.env), directory).map(({ path }) => path),
      isSettled: false,
    }),
    files: moduleNeeds(resolve(directory, modulePath)),
    isNode: true,
    tmp,
  }));
  const { isolation, domain = NO_DOMAIN, ruleset, domainRequired } = confinement;
  // The launcher closes the descriptor of the ruleset, so that it has the last place.
  const stdio = ruleset === undefined ? given.stdio : [...stdioList(given), addon().descriptorOf(ruleset)];
  const place = ruleset === undefined || !Array.isArray(stdio) ? 0 : stdio.length - 1;
  const flags = [
    domainRequired === true,
    isolation !== undefined,
    isolation === true,
    noNewPrivileges,
    deniesIoUring(plan.filters.map(({ policy }) => policy)),
  ];
  const child = nodeFork(modulePath, args, {
    ...options,
    stdio,
    execPath: launcherFile(),
    execArgv: [[...domain, place, ...flags.map(Number)].join(), program, ...(given.execArgv ?? [])],
  });
  if (place > 0) child.stdio.splice(place);
  return define(child, { spawnfile: program, spawnargs: [program, ...child.spawnargs.slice(3)] });
}

type StdioList = Extract<StdioOptions, readonly unknown[]>;

/** The list of a child's descriptors that Node's fork makes of its options. */
function stdioList({ stdio, silent }: NodeForkOptions): StdioList {
  if (Array.isArray(stdio)) return stdio;
  const all = stdio ?? (silent ? 'pipe' : 'inherit');
  return [all, all, all, 'ipc'];
}

/**
 * Lets Node itself report that the program does not exist. If the program was created meanwhile, it runs without
 * isolation, so it is killed.
 */
function failingFork(modulePath: string, args: readonly string[], options: NodeForkOptions): ChildProcess {
  const child = nodeFork(modulePath, args, options);
  if (child.pid === undefined) return child;
  child.on('error', () => {}).kill('SIGKILL');
  const message = 'options.execPath: the program was created while it was being started: try again';
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

/** Whether execvp(3) would find no program. Any other error is left to the launcher. */
function isMissing(program: string, options: NodeForkOptions): boolean {
  const folder = folderOf(options);
  return candidatePaths(program, options.env ?? process.env).every((place) => {
    try {
      accessSync(resolve(folder, place), constants.X_OK);
      return statSync(resolve(folder, place)).isDirectory();
    } catch (error) {
      return error instanceof Error && 'code' in error && NOT_THERE.has(String(error.code));
    }
  });
}

/** The child's working directory, which may be relative. */
function folderOf({ cwd = '' }: NodeForkOptions): string {
  return cwd instanceof URL ? fileURLToPath(cwd) : String(cwd);
}

const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'EACCES']);

/** Node's own fork. The stacks of its errors begin at this package's caller. */
function nodeFork(modulePath: string, args: readonly string[], options: NodeForkOptions): ChildProcess {
  try {
    return forkInNode(modulePath, args, options);
  } catch (error) {
    throw error instanceof Error ? fromCaller(error) : error;
  }
}

/**
 * Sends SIGKILL to a child that still runs some time after Node has sent `killSignal`, for a timeout or an abort.
 *
 * @param aborter - Makes Node send `killSignal`, for an abort.
 */
function forceKill(child: ChildProcess, ending: Ending, aborter: AbortController): void {
  const { timeout, signal, forceKillAfter: after } = ending;
  if (child.pid === undefined) return;
  const timers: NodeJS.Timeout[] = [];
  const kill = () => {
    if (after !== Number.POSITIVE_INFINITY) timers.push(setTimeout(() => child.kill('SIGKILL'), after));
  };
  if (timeout > 0) timers.push(setTimeout(kill, timeout));
  const listener =
    signal &&
    addAbortListener(signal, () => {
      kill();
      aborter.abort(signal.reason);
    });
  child.once('exit', () => {
    for (const timer of timers) clearTimeout(timer);
    listener?.[Symbol.dispose]();
  });
}

/**
 * Ends Node's options if the last of them may lack its value: Node would treat the module's path as that value, and the
 * next argument as an option. After `--`, it reports the missing value.
 */
function endOfOptions(execArgv: readonly string[]): readonly string[] {
  return execArgv.at(-1)?.startsWith('-') && !execArgv.includes('--') ? ['--'] : [];
}

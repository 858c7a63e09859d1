/** fork(): spawn of a Node that runs a module, with a channel for messages. */
import { nodeError } from '../util/node-error.js';
import { own } from '../util/own-data.js';
import { normalizeArguments, type ProgramCall } from './arguments.js';
import type { SandboxedProcess } from './child/process/child-process.js';
import { start } from './child/start.js';
import { openStdio } from './child/stdio.js';
import { startInNode } from './node-api/start-in-node.js';
import { reportFailedStart } from './node-start.js';
import { checkNoNul, checkString } from './options/checks.js';
import type { WithVariables } from './options/environment.js';
import type { SpawnOptions, Stdio } from './options/types.js';
import { planFilters } from './plan/plan-filters.js';
import {
  type ProfileOption,
  resolveSources,
  type SourceWithoutArgs,
  type StartSource,
} from './plan/resolve-sources.js';
import type { ProgramParameters } from './positions.js';
import { withoutEval } from './this-process/node-arguments.js';

/** Options of `fork`: those of `spawn`, and those of node:child_process's fork. */
export interface ForkOptions extends Omit<SpawnOptions, 'shell' | 'stdio'> {
  /** The Node that runs the module, or a program that passes its arguments on to one. Default: this Node. */
  readonly execPath?: string | undefined;
  /** Options of that Node. Default: `process.execArgv`. */
  readonly execArgv?: readonly string[] | undefined;
  /** Whether the child's standard descriptors are pipes, unless `stdio` says otherwise. Default false: inherited. */
  readonly silent?: boolean | undefined;
  /**
   * The child's descriptors, as in Node: a list must contain `'ipc'` once. Default: `'inherit'`, or `'pipe'` with
   * `silent: true`.
   */
  readonly stdio?: Stdio | undefined;
}

/** A child that runs a module. */
export type ForkedProcess = SandboxedProcess;

/**
 * Starts a Node that runs `modulePath` under `profile`, with a channel for messages. It is `spawn` of that Node: everything
 * is in force before its first instruction, so the profile must allow what Node does to start. Where it does not,
 * `seccomp/register` attaches it later.
 *
 * @param modulePath - The module: a path or a file URL.
 * @param args - The module's arguments. Optional.
 * @param profile - As for `spawn`.
 * @param options - Options; see the table below. `profile` may be one of them.
 * @returns The running child, a `ChildProcess` as `spawn` returns it.
 * @throws {ProfileError} if the profile is not valid.
 * @throws {SeccompError} as `spawn`, and what node:child_process's fork throws.
 * @example
 * import { writeFileSync } from 'node:fs';
 * import { fork } from 'seccomp';
 *
 * writeFileSync('hello.mjs', 'process.send("hello"); process.disconnect();');
 * const child = fork('hello.mjs', 'node');
 * child.on('message', (message) => console.log(message));
 */
export function fork(
  modulePath: string | URL,
  args: readonly string[],
  profile: StartSource,
  options?: ForkOptions,
): ForkedProcess;
export function fork(modulePath: string | URL, profile: SourceWithoutArgs, options?: ForkOptions): ForkedProcess;
export function fork(
  modulePath: string | URL,
  args: readonly string[],
  options: ForkOptions & ProfileOption,
): ForkedProcess;
export function fork(modulePath: string | URL, options: ForkOptions & ProfileOption): ForkedProcess;
export function fork(...parameters: readonly unknown[]): ForkedProcess {
  return forkProgram(parameters);
}

/** The steps of fork(). A Sandbox passes its parameters by name. */
export function forkProgram(given: ProgramParameters | readonly unknown[]): ForkedProcess {
  const call = callOfNode(normalizeArguments<ForkOptions>('fork', given));
  const sources = resolveSources(call.profile, call.options);
  const plan = planFilters(sources, call.options, 'child');
  if (plan.isOfNode) return startInNode(call, plan);
  const child = start(call, plan, openStdio(call.options.stdio, 'fork', call.options));
  reportFailedStart(child, call, plan);
  return child;
}

/** The call that starts the Node, as node:child_process's fork makes it. */
function callOfNode({
  command: module,
  args,
  profile,
  options: { execPath, execArgv, silent = false, stdio, ...others },
}: ProgramCall<ForkOptions>): ProgramCall<SpawnOptions> {
  const options = own(others);
  const node: unknown = execPath || process.execPath;
  checkString(node, 'options.execPath');
  checkNoNul(node, 'options.execPath');
  // As in Node's fork: the text of `node -e` would run again in place of the module.
  const nodeOptions = execArgv?.map(String) ?? withoutEval(process.execArgv);
  for (const [i, text] of nodeOptions.entries()) checkNoNul(text, `options.execArgv[${i}]`);
  const argv = [...nodeOptions, module, ...args];
  return {
    command: node,
    args: argv,
    file: node,
    argv: [options.argv0 ?? node, ...argv],
    module,
    profile,
    options: own({ ...options, stdio: stdioOf(stdio ?? (silent ? 'pipe' : 'inherit')) }) as WithVariables<SpawnOptions>,
  };
}

function stdioOf(given: Stdio): Stdio {
  if (typeof given === 'string') return [given, given, given, 'ipc'];
  if (given.includes('ipc')) return given;
  const text = "Forked processes must have an IPC channel, missing value 'ipc' in options.stdio";
  throw nodeError(Error, 'ERR_CHILD_PROCESS_IPC_REQUIRED', text);
}

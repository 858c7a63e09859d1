/** fork(): node:child_process's fork, with a filter that is attached before the module's first line. */
import { normalizeArguments } from './arguments.js';
import { type ForkedProcess, type ForkOptions, startNode } from './child/start-node.js';
import { planFilters } from './plan/plan-filters.js';
import {
  type ProfileOption,
  resolveSources,
  type SourceWithoutArgs,
  type StartSource,
} from './plan/resolve-sources.js';
import type { ProgramParameters } from './positions.js';

export type { ForkedProcess, ForkOptions } from './child/start-node.js';

/**
 * Starts a Node that runs `modulePath` under `profile`, with a channel for messages and handles. The filter is attached
 * to all its threads before the module's first line; if it can't be attached, the child exits with code 125 and does
 * not run the module.
 *
 * @param modulePath - The module: a path or a file URL.
 * @param args - The module's arguments. Optional.
 * @param profile - As for `spawn`. A profile whose notifications need an answer is refused.
 * @param options - Options; see the table below. `profile` may be one of them.
 * @returns Node's own ChildProcess, and what is enforced on it.
 * @throws {ProfileError} if the profile is not valid.
 * @throws {SeccompError} ERR_SECCOMP_OPTION for an option that can't be honored, ERR_SECCOMP_TOO_LARGE for filters that
 * do not fit into a variable of the child's environment; and what node:child_process's fork throws.
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

/** The steps of fork(). A Sandbox passes its parameters by name. Node's own fork opens the descriptors. */
export function forkProgram(given: ProgramParameters | readonly unknown[]): ForkedProcess {
  const call = normalizeArguments<ForkOptions>('fork', given);
  const sources = resolveSources(call.profile, call.options);
  const plan = planFilters(sources, call.options, 'fork');
  return startNode(call, plan);
}

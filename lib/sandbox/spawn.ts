/** spawn(): starts a program under a profile, with node:child_process's options, events and errors. */

import type { Descendants } from '../process-tree/tree.js';
import { normalizeArguments } from './arguments.js';
import type { SandboxedProcess } from './child/process/child-process.js';
import { start } from './child/start.js';
import { openStdio } from './child/stdio.js';
import type { ProcessWithStdio, StdioOption } from './child/types-by-option.js';
import { startInNode } from './node-api/start-in-node.js';
import type { SpawnOptions, Stdio } from './options/types.js';
import { planFilters } from './plan/plan-filters.js';
import {
  type ProfileOption,
  resolveSources,
  type SourceWithoutArgs,
  type StartSource,
} from './plan/resolve-sources.js';
import type { ProgramParameters } from './positions.js';

/**
 * Starts `command` under `profile`. The filter is attached before the program's first instruction; if it can't be
 * attached, the program does not start.
 *
 * @param command - The program: a path, or a name that is looked for in `PATH`.
 * @param args - The program's arguments. Optional.
 * @param profile - A built-in's name, a path, a URL, JSON text, a document, a `Profile`, a compiled `Filter` or
 * `unconfined`; or a list of 1 to 8 of these, which gives each call the strictest of their actions.
 * @param options - Options; see the table below. `profile` may be one of them.
 * @returns The running child, a `ChildProcess`.
 * @throws {ProfileError} if the profile is not valid; `issues` lists every problem with its position.
 * @throws {SeccompError} ERR_SECCOMP_OPTION for an option that can't be honored, ERR_SECCOMP_ATTACH if the kernel
 * refuses the filter, ERR_SECCOMP_UNSUPPORTED for a feature that this kernel lacks, ERR_SECCOMP_ADDON if the addon was
 * not built. A program that can't be started is reported as by Node: by the event `error`, or for rare errnos by an
 * exception; the property `call` of the error names the system call that failed.
 * @example
 * import { spawn } from 'seccomp';
 *
 * const child = spawn('echo', ['hello'], 'docker-default');
 * child.stdout.pipe(process.stdout);
 * child.on('close', (code) => console.log(`exit code ${code}`));
 */
export function spawn<const Given extends Stdio | undefined = undefined>(
  command: string,
  args: readonly string[],
  profile: StartSource,
  options: SpawnOptions & StdioOption<Given>,
): ProcessWithStdio<Given>;
export function spawn<const Given extends Stdio | undefined = undefined>(
  command: string,
  args: readonly string[],
  profile: StartSource,
  options?: SpawnOptions & Partial<StdioOption<Given>>,
): ProcessWithStdio<Given | undefined>;
export function spawn<const Given extends Stdio | undefined = undefined>(
  command: string,
  profile: SourceWithoutArgs,
  options: SpawnOptions & StdioOption<Given>,
): ProcessWithStdio<Given>;
export function spawn<const Given extends Stdio | undefined = undefined>(
  command: string,
  profile: SourceWithoutArgs,
  options?: SpawnOptions & Partial<StdioOption<Given>>,
): ProcessWithStdio<Given | undefined>;
export function spawn<const Given extends Stdio | undefined = undefined>(
  command: string,
  args: readonly string[],
  options: SpawnOptions & StdioOption<Given> & ProfileOption,
): ProcessWithStdio<Given>;
export function spawn<const Given extends Stdio | undefined = undefined>(
  command: string,
  args: readonly string[],
  options: SpawnOptions & Partial<StdioOption<Given>> & ProfileOption,
): ProcessWithStdio<Given | undefined>;
export function spawn<const Given extends Stdio | undefined = undefined>(
  command: string,
  options: SpawnOptions & StdioOption<Given> & ProfileOption,
): ProcessWithStdio<Given>;
export function spawn<const Given extends Stdio | undefined = undefined>(
  command: string,
  options: SpawnOptions & Partial<StdioOption<Given>> & ProfileOption,
): ProcessWithStdio<Given | undefined>;
export function spawn(...parameters: readonly unknown[]): SandboxedProcess {
  return startProgram(parameters);
}

/**
 * The steps of spawn(). A Sandbox passes its parameters by name.
 *
 * @param descendants - What becomes of the child's descendants without the option.
 */
export function startProgram(
  given: ProgramParameters | readonly unknown[],
  descendants: Descendants = 'leave',
): SandboxedProcess {
  const call = normalizeArguments<SpawnOptions>('spawn', given);
  const sources = resolveSources(call.profile, call.options);
  const plan = planFilters(sources, call.options, 'child', descendants);
  if (plan.isOfNode) return startInNode(call, plan);
  const stdio = openStdio(call.options.stdio, 'spawn', call.options);
  return start(call, plan, stdio);
}

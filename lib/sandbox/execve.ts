/** execve(): this process becomes a program under a profile. */
import { SeccompError } from '../errors.js';
import type { Enforcement } from '../landlock/enforcement.js';
import { unsupportedReason } from '../native.js';
import type { Descendants } from '../process-tree/tree.js';
import { normalizeArguments } from './arguments.js';
import { startInPlace } from './child/start.js';
import { openStdio } from './child/stdio.js';
import type { ProgramOptions } from './options/types.js';
import { planFilters } from './plan/plan-filters.js';
import {
  type ProfileOption,
  resolveSources,
  type SourceWithoutArgs,
  type StartSource,
} from './plan/resolve-sources.js';

/**
 * Replaces this process by `command` under `profile`, as execve(2) does. The process ID, the standard descriptors and
 * the working directory stay; signal dispositions are those of a fresh start. Does not return, and `exit` handlers do
 * not run.
 *
 * @param command - The program: a path, or a name that is looked for in `PATH`.
 * @param args - The program's arguments. Optional.
 * @param profile - As for `spawn`.
 * @param options - Options; see the table below. `profile` may be one of them.
 * @throws {ProfileError} if the profile is not valid.
 * @throws {SeccompError} as `spawn`; or the system's error (ENOENT, EACCES, …) for a program that can't be executed.
 * This process then continues unchanged, without a filter.
 * @example
 * import { execve } from 'seccomp';
 *
 * execve('echo', ['this is the same process'], 'docker-default');
 */
export function execve(command: string, args: readonly string[], profile: StartSource, options?: ProgramOptions): never;
export function execve(command: string, profile: SourceWithoutArgs, options?: ProgramOptions): never;
export function execve(command: string, args: readonly string[], options: ProgramOptions & ProfileOption): never;
export function execve(command: string, options: ProgramOptions & ProfileOption): never;
export function execve(...parameters: readonly unknown[]): never {
  return executeProgram(parameters);
}

/**
 * The steps of execve().
 *
 * @param beforeExec - Called when all is checked, before this process is replaced, with what is to be enforced.
 * @param descendants - What becomes of the program's descendants without the option.
 */
export function executeProgram(
  parameters: readonly unknown[],
  beforeExec: (enforcement: Enforcement) => void = () => {},
  descendants: Descendants = 'leave',
): never {
  const call = normalizeArguments('execve', parameters);
  const sources = resolveSources(call.profile, call.options);
  const plan = planFilters(sources, call.options, 'execve', descendants);
  if (plan.isOfNode) {
    const remedy = "start the program by spawnSync with stdio: 'inherit', and exit with its status";
    throw new SeccompError(
      'ERR_SECCOMP_UNSUPPORTED',
      `execve can't replace this process: ${unsupportedReason()}; ${remedy}`,
    );
  }
  const stdio = openStdio('inherit', 'execve');
  return startInPlace(call, plan, stdio, () => beforeExec(plan.enforcement(0)));
}

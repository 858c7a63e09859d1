/** execve(): this process becomes a program under a profile. */
import { addon, type NativeRequest } from '../native.js';
import { define, own } from '../util/own-data.js';
import { invocation } from './arguments.js';
import { systemError } from './child/start-errors.js';
import { PROGRAM_OPTIONS, type ProgramOptions, programRequest } from './options/options.js';
import { handed } from './plan/agent-handoff.js';
import { isolationFor } from './plan/isolation.js';
import { type FilterSource, prepare, type SingleSource } from './plan/plan-filters.js';
import { attachError, filterRequest, handedRequest } from './spawn.js';

/**
 * Replaces this process by `command` under `profile`: same process number, standard descriptors and directory, signals as
 * a fresh start has them. Does not return; `exit` handlers do not run.
 * @throws ProfileError, SeccompError as spawn does, or the system's error (ENOENT, EACCES, …), and then this process is as
 * it was, without a filter.
 */
export function execve(command: string, profile: SingleSource, options?: ProgramOptions): never;
export function execve(
  command: string,
  args: readonly string[],
  profile: FilterSource,
  options?: ProgramOptions,
): never;
export function execve(...parameters: readonly unknown[]): never {
  const { command, args, sources, options } = invocation<ProgramOptions>(parameters, PROGRAM_OPTIONS);
  const isolated = isolationFor(options, sources.all.length > 0);
  const program = programRequest(command, args, options);
  const agents = handed(sources, options, NOT_SUPERVISED, isolated !== undefined);
  const request: NativeRequest = own({
    ...program,
    ...isolated?.request,
    ...(agents === undefined
      ? filterRequest(prepare(sources, options, ['execve', 'exit'], isolated !== undefined), options)
      : handedRequest(agents, options, program.cwd)),
    detached: false,
    stdio: [0, 1, 2],
  });
  const failure = addon().execve(request);
  throw (
    attachError(failure, request.agent) ??
    define(systemError(failure.error, `execve ${command}`), { path: command, call: failure.call })
  );
}

const NOT_SUPERVISED = { notify: undefined, onViolation: undefined };

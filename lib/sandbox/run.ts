/** run(): a program under a profile, as a promise of what becomes of it. */

import { hintAt } from '../notify/denial-messages.js';
import { own } from '../util/own-data.js';
import { type Invocation, invocation } from './arguments.js';
import { abortError, onAbort } from './child/abort.js';
import {
  checkEncoding,
  checkInput,
  OutputBuffer,
  type OutputOptions,
  outputLimits,
  overflowError,
} from './child/output.js';
import { RunError, type RunResult } from './child/result.js';
import { RUN_OPTIONS, type SpawnOptions } from './options/options.js';
import type { FilterSource, SingleSource } from './plan/plan-filters.js';
import { start } from './spawn.js';

/** Options of run: those of spawn, and what becomes of input and output. */
export interface RunOptions extends SpawnOptions, OutputOptions {
  /** What the program reads from its standard input, if that is a pipe. Default nothing: the pipe is at its end. */
  readonly input?: string | NodeJS.ArrayBufferView | undefined;
}

interface ToText extends RunOptions {
  readonly encoding?: BufferEncoding | undefined;
}

interface ToBytes extends RunOptions {
  readonly encoding: 'buffer' | null;
}

/**
 * Starts `command` under `profile`. Settles when the program has ended and its pipes are closed: resolves if its exit code
 * is 0; rejects with a RunError if it is not, and if the program was not started, took longer than `timeout`, was aborted,
 * or wrote more than `maxBuffer`.
 * @throws ProfileError, SeccompError as a rejection too: the profile or an option is not valid, or the kernel refuses the
 * filter.
 */
export function run(command: string, profile: SingleSource, options: ToBytes): Promise<RunResult<Buffer>>;
export function run(
  command: string,
  args: readonly string[],
  profile: FilterSource,
  options: ToBytes,
): Promise<RunResult<Buffer>>;
export function run(command: string, profile: SingleSource, options?: ToText): Promise<RunResult>;
export function run(
  command: string,
  args: readonly string[],
  profile: FilterSource,
  options?: ToText,
): Promise<RunResult>;
export async function run(...parameters: readonly unknown[]): Promise<RunResult<string | Buffer>> {
  return runToEnd(invocation<RunOptions>(parameters, RUN_OPTIONS));
}

/** The same with its parameters sorted out. */
export async function runToEnd(invoked: Invocation<RunOptions>): Promise<RunResult<string | Buffer>> {
  const { command, args, sources, options } = invoked;
  const { input, encoding } = options;
  checkEncoding(encoding);
  checkInput(input, options.stdio);
  const settings = outputLimits(options);
  const child = start({ command, args, sources, options: own({ ...options, timeout: undefined }) });
  const collector = new OutputBuffer(child, settings);
  let failure: NodeJS.ErrnoException | undefined;
  child.on('error', (error) => {
    failure ??= error;
  });
  child.stdin?.on('error', () => {}); // The program has not read all of it, which is for the program to mind.
  child.stdin?.end(input);
  const aborting = onAbort(options.signal, child, () => collector.abort());
  await new Promise((resolve) => child.on('close', resolve));
  aborting?.[Symbol.dispose]();
  collector.finish();

  const result = {
    command: [command, ...args].join(' '),
    stdout: collector.output('stdout'),
    stderr: collector.output('stderr'),
    exitCode: child.pid === undefined ? null : child.exitCode,
    signal: child.signalCode,
    timedOut: collector.timedOut,
    enforcement: child.enforcement,
    violations: child.violations,
    unlistedViolations: child.unlistedViolations,
  };
  if (collector.timedOut) throw new RunError(`took longer than ${settings.timeout} ms`, 'ETIMEDOUT', result);
  if (collector.overflow !== undefined) failure ??= overflowError(collector.overflow);
  if (options.signal?.aborted) failure ??= abortError(options.signal);
  if (failure !== undefined) throw new RunError(failure.message, failure.code, result, { cause: failure });
  if (result.exitCode === 0) return result;
  const end = result.exitCode === null ? (result.signal ?? 'a signal without a name') : `exit code ${result.exitCode}`;
  const hint = sources.all.length > 0 ? hintAt(result.exitCode, result.signal, child.isWatched) : '';
  throw new RunError(`ended with ${end}`, undefined, result, undefined, hint);
}

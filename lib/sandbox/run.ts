/** run(): starts a program under a profile, and returns a promise of its result. */
import { limitText } from '../process-tree/limit-reason.js';
import { endInWords } from '../process-tree/program-end.js';
import { own, propertyOf } from '../util/own-data.js';
import { normalizeArguments, type ProgramCall } from './arguments.js';
import { OutputBuffer, type OutputOptions, outputLimits, overflowError } from './child/output.js';
import { abortError, onAbort } from './child/process/abort.js';
import { makeProcess, type SandboxedProcess } from './child/process/child-process.js';
import { RunError, type RunResult } from './child/result.js';
import { start } from './child/start.js';
import { openStdio } from './child/stdio.js';
import type { EncodingOption, OutputIn } from './child/types-by-option.js';
import { startInNode } from './node-api/start-in-node.js';
import { type Ending, endingOf } from './options/ending.js';
import type { SpawnOptions } from './options/types.js';
import { endedProgram, endHint } from './path-hints.js';
import { type FilterPlan, planFilters } from './plan/plan-filters.js';
import {
  type ProfileOption,
  resolveSources,
  type SourceWithoutArgs,
  type StartSource,
} from './plan/resolve-sources.js';
import { outliving } from './plan/tree.js';
import type { ProgramParameters } from './positions.js';

/** Options of `run`: those of `spawn`, and those about input and output. */
export interface RunOptions extends SpawnOptions, OutputOptions {
  /** What the program reads from its standard input, which must be a pipe. Default: nothing, the pipe is at its end. */
  readonly input?: string | NodeJS.ArrayBufferView | undefined;
}

/**
 * Starts `command` under `profile`, and waits until it has ended and its pipes are closed.
 *
 * @param command - The program: a path, or a name that is looked for in `PATH`.
 * @param args - The program's arguments. Optional.
 * @param profile - As for `spawn`.
 * @param options - Options; see the table below. `profile` may be one of them.
 * @returns A promise of the result. It rejects with a `RunError` if the exit code is not 0, and if the program was not
 * started, took longer than `timeout`, was aborted, or wrote more than `maxBuffer`.
 * @throws {ProfileError} as a rejection, if the profile is not valid.
 * @throws {SeccompError} as a rejection, for the same reasons as `spawn`.
 * @example
 * import { run } from 'seccomp';
 *
 * const { stdout } = await run('echo', ['hello'], 'docker-default');
 * console.log(stdout);
 */
export function run<Given extends RunOptions['encoding'] = undefined>(
  command: string,
  args: readonly string[],
  profile: StartSource,
  options: RunOptions & EncodingOption<Given>,
): Promise<RunResult<OutputIn<Given, string>>>;
export function run<Given extends RunOptions['encoding'] = undefined>(
  command: string,
  args: readonly string[],
  profile: StartSource,
  options?: RunOptions & Partial<EncodingOption<Given>>,
): Promise<RunResult<OutputIn<Given | undefined, string>>>;
export function run<Given extends RunOptions['encoding'] = undefined>(
  command: string,
  profile: SourceWithoutArgs,
  options: RunOptions & EncodingOption<Given>,
): Promise<RunResult<OutputIn<Given, string>>>;
export function run<Given extends RunOptions['encoding'] = undefined>(
  command: string,
  profile: SourceWithoutArgs,
  options?: RunOptions & Partial<EncodingOption<Given>>,
): Promise<RunResult<OutputIn<Given | undefined, string>>>;
export function run<Given extends RunOptions['encoding'] = undefined>(
  command: string,
  args: readonly string[],
  options: RunOptions & EncodingOption<Given> & ProfileOption,
): Promise<RunResult<OutputIn<Given, string>>>;
export function run<Given extends RunOptions['encoding'] = undefined>(
  command: string,
  args: readonly string[],
  options: RunOptions & Partial<EncodingOption<Given>> & ProfileOption,
): Promise<RunResult<OutputIn<Given | undefined, string>>>;
export function run<Given extends RunOptions['encoding'] = undefined>(
  command: string,
  options: RunOptions & EncodingOption<Given> & ProfileOption,
): Promise<RunResult<OutputIn<Given, string>>>;
export function run<Given extends RunOptions['encoding'] = undefined>(
  command: string,
  options: RunOptions & Partial<EncodingOption<Given>> & ProfileOption,
): Promise<RunResult<OutputIn<Given | undefined, string>>>;
export async function run(...parameters: readonly unknown[]): Promise<RunResult<string | Buffer>> {
  return runProgram(parameters);
}

/** The steps of run(). */
export async function runProgram(given: ProgramParameters | readonly unknown[]): Promise<RunResult<string | Buffer>> {
  return runCall(normalizeArguments<RunOptions>('run', given));
}

/**
 * The steps of run() after normalizeArguments.
 *
 * @param watch - Is called with the child, and awaited at its end. If it is given, the tree outlives the program until it is
 * sent SIGKILL.
 */
export async function runCall(
  call: ProgramCall<RunOptions>,
  watch?: (child: SandboxedProcess) => Promise<void>,
): Promise<RunResult<string | Buffer>> {
  const { options } = call;
  const sources = resolveSources(call.profile, options);
  const planned = planFilters(sources, options, 'child', 'kill');
  const plan = watch === undefined ? planned : own({ ...planned, tree: outliving(planned.tree) });
  const limits = outputLimits(options);
  const ending = { ...endingOf(options), timeout: 0 }; // OutputBuffer has a timer of its own.
  const child = startUnlessAborted(call, plan, ending);
  const watched = watch?.(child);
  const output = new OutputBuffer(child, limits);
  const failure = await waitForEnd(child, output, options);
  const isStarted = propertyOf(child, 'pid') !== undefined;
  if (isStarted) await watched;

  const result = {
    command: [call.command, ...call.args].join(' '),
    stdout: output.output('stdout'),
    stderr: output.output('stderr'),
    exitCode: isStarted ? child.exitCode : null,
    signal: child.signalCode,
    timedOut: output.timedOut,
    limit: child.limit,
    usage: child.usage,
    enforcement: child.enforcement,
    violations: child.violations,
    unlistedViolations: child.unlistedViolations,
    unseenCalls: child.unseenCalls,
  };
  if (output.timedOut) throw new RunError(`took longer than ${limits.timeout} ms`, 'ETIMEDOUT', result);
  if (failure !== undefined) throw new RunError(failure.message, failure.code, result, { cause: failure });
  if (result.exitCode === 0) return result;
  const hint = endHint(endedProgram(child), sources.each.length > 0, child.isWatched);
  const reason = [
    `ended with ${endInWords(child.end)}`,
    limitText(result.limit, result.signal, own({ ...result.enforcement }).limits),
  ]
    .filter((text) => text !== '')
    .join(': ');
  throw new RunError(reason, undefined, result, undefined, hint);
}

/** Starts the program. If the signal is aborted already, the child is one that could not be started. */
function startUnlessAborted(call: ProgramCall<RunOptions>, plan: FilterPlan, ending: Ending): SandboxedProcess {
  const { signal, stdio } = call.options;
  if (signal?.aborted) {
    const child = makeProcess(call, ending, plan.enforcement);
    child.fail(abortError(signal));
    return child;
  }
  if (plan.isOfNode) return startInNode(call, plan, 'run', ending);
  return start(call, plan, openStdio(stdio, 'run'), ending);
}

/** Waits for the end of the child and of its pipes. Resolves to the error that ended it, if there was one. */
async function waitForEnd(
  child: SandboxedProcess,
  output: OutputBuffer,
  { input, signal }: RunOptions,
): Promise<NodeJS.ErrnoException | undefined> {
  let failure: NodeJS.ErrnoException | undefined;
  child.on('error', (error) => {
    failure ??= error;
  });
  child.stdin?.on('error', () => {}); // EPIPE: a program need not read all of its input.
  child.stdin?.end(input);
  const aborting = onAbort(signal, child, () => output.abort());
  await new Promise((resolve) => child.on('close', resolve));
  aborting?.[Symbol.dispose]();
  output.finish();
  if (output.overflow !== undefined) failure ??= overflowError(output.overflow);
  if (signal?.aborted) failure ??= abortError(signal);
  return failure;
}

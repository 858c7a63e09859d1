/**
 * spawnSync(): starts a program under a profile and waits for its end, with node:child_process's options and result.
 */
import { channel, hasSubscribers } from 'node:diagnostics_channel';
import { constants } from 'node:os';
import type { FindPathDenial } from '../landlock/denials/path-denial.js';
import type { Enforcement } from '../landlock/enforcement.js';
import type { NativeLimits, NativeListener } from '../native.js';
import { Listener } from '../notify/listener.js';
import { CHANNEL, type Violation } from '../notify/violations/violation.js';
import { ViolationLog, type Violations } from '../notify/violations/violation-log.js';
import type { LimitReason } from '../process-tree/limit-reason.js';
import type { Descendants } from '../process-tree/tree.js';
import { guardianFailure } from '../process-tree/tree.js';
import type { Usage } from '../process-tree/usage.js';
import { guarded } from '../util/guarded.js';
import { has, own } from '../util/own-data.js';
import { normalizeArguments, type ProgramCall } from './arguments.js';
import { publishResult } from './child/diagnostics.js';
import { DEFAULT_MAX_BUFFER } from './child/output.js';
import { type SyncEnd, startSync } from './child/start.js';
import { startError } from './child/start-errors.js';
import { openStdio } from './child/stdio.js';
import type { EncodingOption, OutputBytes, OutputIn } from './child/types-by-option.js';
import { startSyncInNode } from './node-api/start-in-node.js';
import { endingOf } from './options/ending.js';
import type { SpawnOptions } from './options/types.js';
import { type StartedProgram, startHint } from './path-hints.js';
import { refuseLocalAgent } from './plan/local-agents.js';
import { type FilterPlan, planFilters } from './plan/plan-filters.js';
import {
  type ProfileOption,
  resolveSources,
  type SourceWithoutArgs,
  type StartSource,
} from './plan/resolve-sources.js';
import type { SupervisionPlan } from './plan/supervised.js';
import type { ProgramParameters } from './positions.js';

/** Options of `spawnSync`: those of node:child_process, and those of this package. */
export interface SpawnSyncOptions extends Omit<SpawnOptions, 'signal' | 'notify' | 'notifyTimeout'> {
  /** What the program reads from its standard input, which must be a pipe. Default: nothing, the pipe is at its end. */
  readonly input?: string | NodeJS.ArrayBufferView | undefined;
  /** The encoding of the output; `'buffer'` or null for a Buffer. Default `'buffer'`. */
  readonly encoding?: BufferEncoding | 'buffer' | null | undefined;
  /**
   * Maximum bytes that the program may write to all its pipes together. If it writes more, it is ended. Default 1024 ×
   * 1024.
   */
  readonly maxBuffer?: number | undefined;
}

/** The result of a program: that of child_process.spawnSync, and more. */
export interface SpawnSyncResult<Output = string | OutputBytes> {
  /** The process ID; 0 if the program was not started. */
  readonly pid: number;
  /**
   * The output by descriptor; null for stdin, and for each descriptor that is not a pipe. As in Node, this is null if
   * the program was not started.
   */
  readonly output: (Output | null)[];
  /** The output of descriptor 1. As in Node, this is null if the program was not started or the descriptor is no pipe. */
  readonly stdout: Output;
  /** The output of descriptor 2. As in Node, this is null if the program was not started or the descriptor is no pipe. */
  readonly stderr: Output;
  /** The exit code; null if a signal ended the program, or it was not started. */
  readonly status: number | null;
  /** The signal that ended the program; null if none did, or one without a name (a real-time signal). */
  readonly signal: NodeJS.Signals | null;
  /** Why the program was not started, or was ended by this process: ENOENT, ETIMEDOUT, ENOBUFS, … */
  readonly error?: NodeJS.ErrnoException;
  /**
   * What was enforced on the program; undefined if it was not started. Not enumerable, as Node's result does not have
   * it.
   */
  readonly enforcement?: Enforcement;
  /**
   * The limit that ended the program: `time` (`timeout`), `output` (`maxBuffer`), `file-size` (`rlimits`), `cpu` (either), `memory`
   * or `processes` (`limits`). Null if none did. Not enumerable in the result of a Sandbox.
   */
  readonly limit: LimitReason | null;
  /** What the program has used. Null if it was not started. Not enumerable in the result of a Sandbox. */
  readonly usage: Usage | null;
  /**
   * The calls that the profile denied with an errno, one Violation for each kind of call. Empty unless `onViolation` is
   * given and not false. A Sandbox's result has this property and the next as well, but not enumerable: it prints and compares as
   * Node's.
   */
  readonly violations: readonly Violation[];
  /** Number of denied calls of further kinds, which `violations` has no room for. */
  readonly unlistedViolations: number;
  /**
   * Why calls may have been denied that `violations` does not list, one sentence each: files that could not be looked for, a
   * filter of the program's own. Empty if no reason is known, and if violations are not collected.
   */
  readonly unseenCalls: readonly string[];
}

type Encoding = SpawnSyncOptions['encoding'];

/** A result whose `output`, `stdout` and `stderr` may be null, which the public type, as Node's, does not say. */
export interface SyncResult extends Omit<SpawnSyncResult<string | Buffer>, 'output' | 'stdout' | 'stderr'> {
  readonly output: readonly (string | Buffer | null)[] | null;
  readonly stdout: string | Buffer | null;
  readonly stderr: string | Buffer | null;
}

/**
 * Starts `command` under `profile`, and waits until it has ended and its pipes are closed. Nothing else runs on this
 * thread meanwhile.
 *
 * @param command - The program: a path, or a name that is looked for in `PATH`.
 * @param args - The program's arguments. Optional.
 * @param profile - As for `spawn`.
 * @param options - Options; see the table below. `profile` may be one of them.
 * @returns The program's result, in the form of child_process.spawnSync.
 * @throws {ProfileError} if the profile is not valid.
 * @throws {SeccompError} as `spawn`. A program that can't be started is reported in the result's `error`.
 * @example
 * import { spawnSync } from 'seccomp';
 *
 * const { stdout } = spawnSync('uname', ['-s'], 'docker-default', { encoding: 'utf8' });
 * console.log(stdout);
 */
export function spawnSync<Given extends Encoding = undefined>(
  command: string,
  args: readonly string[],
  profile: StartSource,
  options: SpawnSyncOptions & EncodingOption<Given>,
): SpawnSyncResult<OutputIn<Given, OutputBytes>>;
export function spawnSync<Given extends Encoding = undefined>(
  command: string,
  args: readonly string[],
  profile: StartSource,
  options?: SpawnSyncOptions & Partial<EncodingOption<Given>>,
): SpawnSyncResult<OutputIn<Given | undefined, OutputBytes>>;
export function spawnSync<Given extends Encoding = undefined>(
  command: string,
  profile: SourceWithoutArgs,
  options: SpawnSyncOptions & EncodingOption<Given>,
): SpawnSyncResult<OutputIn<Given, OutputBytes>>;
export function spawnSync<Given extends Encoding = undefined>(
  command: string,
  profile: SourceWithoutArgs,
  options?: SpawnSyncOptions & Partial<EncodingOption<Given>>,
): SpawnSyncResult<OutputIn<Given | undefined, OutputBytes>>;
export function spawnSync<Given extends Encoding = undefined>(
  command: string,
  args: readonly string[],
  options: SpawnSyncOptions & EncodingOption<Given> & ProfileOption,
): SpawnSyncResult<OutputIn<Given, OutputBytes>>;
export function spawnSync<Given extends Encoding = undefined>(
  command: string,
  args: readonly string[],
  options: SpawnSyncOptions & Partial<EncodingOption<Given>> & ProfileOption,
): SpawnSyncResult<OutputIn<Given | undefined, OutputBytes>>;
export function spawnSync<Given extends Encoding = undefined>(
  command: string,
  options: SpawnSyncOptions & EncodingOption<Given> & ProfileOption,
): SpawnSyncResult<OutputIn<Given, OutputBytes>>;
export function spawnSync<Given extends Encoding = undefined>(
  command: string,
  options: SpawnSyncOptions & Partial<EncodingOption<Given>> & ProfileOption,
): SpawnSyncResult<OutputIn<Given | undefined, OutputBytes>>;
export function spawnSync(...parameters: readonly unknown[]): SyncResult {
  return startProgramSync(parameters, 'kill').result;
}

/** The result of spawnSync(), its program, and whether denied calls were collected. */
export interface SyncOutcome {
  readonly result: SyncResult;
  readonly program: StartedProgram;
  readonly isWatched: boolean;
}

/**
 * The steps of spawnSync(). A Sandbox passes its parameters by name.
 *
 * @param atTimeout - What becomes of the descendants of a child with a timeout without the option.
 */
export function startProgramSync(
  given: ProgramParameters | readonly unknown[],
  atTimeout: Descendants = 'leave',
): SyncOutcome {
  const call = normalizeArguments<SpawnSyncOptions>('spawnSync', given);
  const sources = resolveSources(call.profile, call.options);
  const plan = planFilters(sources, call.options, 'child', call.options.timeout ? atTimeout : 'leave');
  if (plan.isOfNode) return { result: startSyncInNode(call, plan), program: call, isWatched: false };
  if (plan.agent !== undefined) refuseLocalAgent(plan.agent.path);
  const stdio = openStdio(call.options.stdio, 'spawnSync');
  const ended = startSync(call, plan, stdio, limitsOf(call.options));
  if (!has(ended, 'error')) return outcomeOf(ended, call, plan);
  const error = startError(ended, 'spawnSync', call.file, call.argv, startHint(ended, call));
  const none = { status: null, signal: null, output: null, pid: 0, stdout: null, stderr: null };
  const result = { error, ...none, limit: null, usage: null, ...noViolations() };
  return { result, program: call, isWatched: false };
}

function limitsOf(options: SpawnSyncOptions): NativeLimits {
  const { input, encoding, maxBuffer } = options;
  const { timeout, killSignal, forceKillAfter } = endingOf(own({ ...options, signal: undefined }));
  const bytes = input ? bytesOf(input, encoding) : undefined;
  return { timeout, killSignal, forceKillAfter, maxBuffer: maxBuffer ?? DEFAULT_MAX_BUFFER, input: bytes };
}

function bytesOf(input: string | NodeJS.ArrayBufferView, encoding: Encoding): Uint8Array {
  const textEncoding = encoding === null || encoding === 'buffer' ? undefined : encoding;
  if (typeof input === 'string') return Buffer.from(input, textEncoding);
  return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
}

function outcomeOf(
  ended: SyncEnd,
  call: ProgramCall<SpawnSyncOptions>,
  { supervision, enforcement }: FilterPlan,
): SyncOutcome {
  const { file, argv, options } = call;
  const { encoding } = options;
  const { listener } = own(ended);
  const isWatched = listener !== undefined && supervision !== undefined;
  const output = ended.output.map((data) =>
    data === null || !encoding || encoding === 'buffer' ? data : data.toString(encoding),
  );
  const stopped = { error: ended.stopped, call: 'poll' };
  const { treeStatus = 0, unguarded } = own(ended);
  const error =
    ended.stopped !== 0 ? startError(stopped, 'spawnSync', file, argv) : guardianFailure(treeStatus, ended.pid);
  const get = () => enforcement(ended.domainError, unguarded);
  const result: SyncResult = publishResult(call, ended.pid, get, () => ({
    ...(error === undefined ? {} : { error }),
    status: ended.end.code,
    signal: ended.end.signal,
    output,
    pid: ended.pid,
    stdout: output[1] ?? null,
    stderr: output[2] ?? null,
    limit: STOPPED_FOR.get(ended.stopped) ?? ended.limit,
    usage: ended.usage,
    ...(isWatched ? reportViolations(listener, supervision, ended.findPathDenial) : noViolations()),
  }));
  return { result, program: call, isWatched };
}

/** The errnos with which the addon has stopped a child. */
const STOPPED_FOR: ReadonlyMap<number, LimitReason> = new Map([
  [constants.errno.ETIMEDOUT, 'time'],
  [constants.errno.ENOBUFS, 'output'],
]);

function noViolations(): Violations {
  return { violations: [], unlistedViolations: 0, unseenCalls: [] };
}

/** Reports all violations at once: while the program ran, nothing else could run on this thread. */
function reportViolations(
  listener: NativeListener,
  supervision: SupervisionPlan,
  findPathDenial: FindPathDenial | undefined,
): Violations {
  const { onViolation } = supervision;
  const native = new Listener(listener, { onKind: undefined, onNotification: undefined });
  const seen = new ViolationLog(native, supervision, findPathDenial).read();
  const { violations } = seen;
  if (typeof onViolation === 'function') for (const violation of violations) guarded(() => onViolation(violation));
  if (hasSubscribers(CHANNEL)) for (const violation of violations) channel(CHANNEL).publish({ violation });
  return seen;
}

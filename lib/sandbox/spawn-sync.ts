/** spawnSync(): starts a program under a profile and waits for its end, as node:child_process's does. */
import { channel, hasSubscribers } from 'node:diagnostics_channel';
import type { Enforcement } from '../landlock/enforcement.js';
import { addon, type NativeListener } from '../native.js';
import { Listener } from '../notify/listener.js';
import { CHANNEL, type Violation } from '../notify/violation.js';
import { ViolationLog, type Violations } from '../notify/violation-log.js';
import { guarded } from '../util/guarded.js';
import { has, own } from '../util/own-data.js';
import { type Invocation, invocation } from './arguments.js';
import type { ChildEventHandlers } from './child/events.js';
import { checkEncoding, checkInput, checkMaxBuffer } from './child/output.js';
import { withStdio } from './child/stdio.js';
import { SPAWN_OPTIONS, type SpawnOptions } from './options/options.js';
import { signalName } from './options/signals.js';
import { refuseLocalAgent } from './plan/local-agents.js';
import type { FilterSource, SingleSource } from './plan/plan-filters.js';
import { attachError, childRequest, limits, startError } from './spawn.js';

/** Options of spawnSync: those of node:child_process, and ours. */
export interface SpawnSyncOptions extends Omit<SpawnOptions, 'signal' | 'notify' | 'notifyTimeout'> {
  /** What the program reads from its standard input, if that is a pipe. */
  readonly input?: string | NodeJS.ArrayBufferView | undefined;
  /** Of the output. Default `buffer`. */
  readonly encoding?: BufferEncoding | 'buffer' | undefined;
  /** How many bytes the program may write, over all pipes, before it is ended. Default 1024 × 1024. */
  readonly maxBuffer?: number | undefined;
}

/** What became of the program; the shape of child_process.spawnSync's result. */
export interface SpawnSyncResult<Output = string | Buffer> {
  /** 0 if it was not started. */
  readonly pid: number;
  /** By descriptor; null for what was no pipe, and for stdin. Null if it was not started. */
  readonly output: readonly (Output | null)[] | null;
  readonly stdout: Output | null;
  readonly stderr: Output | null;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it was not started, or was ended: ENOENT, ETIMEDOUT, ENOBUFS, … */
  readonly error?: NodeJS.ErrnoException;
  /** What was enforced on it, and what was not; undefined if it was not started. Not enumerable, as Node has no such thing. */
  readonly enforcement?: Enforcement;
  /** The calls that its profile did not let through, one of each kind, if onViolation is given. */
  readonly violations?: readonly Violation[];
  /** How many calls were denied beyond the kinds that `violations` lists, likewise. */
  readonly unlistedViolations?: number;
}

type Text = { readonly encoding: BufferEncoding };

/**
 * Starts `command` under `profile` and waits until it has ended and its pipes are closed.
 * @throws ProfileError, SeccompError if the profile or an option is not valid, or the kernel refuses the filter.
 */
export function spawnSync(
  command: string,
  profile: SingleSource,
  options: SpawnSyncOptions & Text,
): SpawnSyncResult<string>;
export function spawnSync(
  command: string,
  args: readonly string[],
  profile: FilterSource,
  options: SpawnSyncOptions & Text,
): SpawnSyncResult<string>;
export function spawnSync(command: string, profile: SingleSource, options?: SpawnSyncOptions): SpawnSyncResult<Buffer>;
export function spawnSync(
  command: string,
  args: readonly string[],
  profile: FilterSource,
  options?: SpawnSyncOptions,
): SpawnSyncResult<Buffer>;
export function spawnSync(...parameters: readonly unknown[]): SpawnSyncResult {
  return startSync(invocation<SpawnSyncOptions>(parameters, SPAWN_SYNC_OPTIONS));
}

/** The same with its parameters sorted out. */
export function startSync({ command, args, sources, options }: Invocation<SpawnSyncOptions>): SpawnSyncResult {
  const native = nativeLimits(options);
  const { file, request, heard, enforced } = childRequest(command, args, sources, options);
  if (request.agent !== undefined) refuseLocalAgent(request.agent.path);
  const syscall = `spawnSync ${file}`;
  const ended = withStdio(options.stdio, (stdio) => addon().spawnSync({ ...request, stdio }, native));
  if (has(ended, 'error')) {
    const ours = attachError(ended, request.agent);
    if (ours !== undefined) throw ours;
    const error = startError(ended, syscall, file, request.args);
    return { error, status: null, signal: null, output: null, pid: 0, stdout: null, stderr: null };
  }
  const { encoding } = options;
  const { listener } = own(ended);
  const output = ended.output.map((data) =>
    data === null || !encoding || encoding === 'buffer' ? data : data.toString(encoding),
  );
  const result: SpawnSyncResult = {
    ...(ended.stopped === 0
      ? {}
      : { error: startError({ error: ended.stopped, call: 'poll' }, syscall, file, request.args) }),
    status: ended.code,
    signal: ended.signal === null ? null : signalName(ended.signal),
    output,
    pid: ended.pid,
    stdout: output[1] ?? null,
    stderr: output[2] ?? null,
    ...(listener === undefined || heard === undefined ? {} : tell(listener, heard)),
  };
  // Made when it is read.
  Object.defineProperty(result, 'enforcement', own({ get: () => enforced(ended.isolationError), configurable: true }));
  return result;
}

/** What was denied is told when this thread runs again. */
function tell(listener: NativeListener, { supervised, onViolation }: ChildEventHandlers): Partial<Violations> {
  if (supervised === undefined) return {};
  const native = new Listener(listener, { onKind: undefined, onNotification: undefined });
  const { violations, unlistedViolations } = new ViolationLog(native, supervised).read();
  if (typeof onViolation === 'function') for (const violation of violations) guarded(() => onViolation(violation));
  if (hasSubscribers(CHANNEL))
    for (const violation of violations) channel(CHANNEL).publish({ process: null, violation });
  return { violations, unlistedViolations };
}

/** Handlers would have to run while this thread waits. */
const NOT_SYNC: readonly string[] = ['signal', 'notify', 'notifyTimeout'];

export const SPAWN_SYNC_OPTIONS = [
  ...SPAWN_OPTIONS.filter((name) => !NOT_SYNC.includes(name)),
  'input',
  'encoding',
  'maxBuffer',
] as const;

function nativeLimits(options: SpawnSyncOptions) {
  // As in Node, the synchronous functions don't look at it.
  const { timeout, killSignal, forceKillAfter } = limits(
    own({ ...options, serialization: undefined }),
    Number.MAX_SAFE_INTEGER, // Not by a timer of Node's.
  );
  const { input, encoding } = options;
  checkEncoding(encoding);
  checkInput(input, options.stdio, 'options.stdio[0]'); // As Node calls it.
  const maxBuffer = checkMaxBuffer(options.maxBuffer);
  return {
    timeout,
    maxBuffer,
    killSignal,
    forceKillAfter,
    ...(input ? { input: bytesOf(input, encoding) } : {}),
  };
}

function bytesOf(input: string | NodeJS.ArrayBufferView, encoding: BufferEncoding | 'buffer' | undefined): Uint8Array {
  if (typeof input === 'string') return Buffer.from(input, encoding === 'buffer' ? undefined : encoding);
  return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
}

/** Collects the calls of a child whose every call is counted, for record(). */
import { Socket } from 'node:net';
import { type CallSite, callSiteOf, type ObservedCall, observedCall } from '../decode/observed-call.js';
import type { NativeKind } from '../native.js';
import type { UnseenFiles } from '../notify/listener.js';
import { limitText } from '../process-tree/limit-reason.js';
import type { ProgramEnd } from '../process-tree/program-end.js';
import { onAbort } from '../sandbox/child/process/abort.js';
import type { SandboxedProcess } from '../sandbox/child/process/child-process.js';
import type { SpawnOptions } from '../sandbox/options/types.js';
import { own, propertyOf } from '../util/own-data.js';
import { clearTimeout, setTimeout } from '../util/timers.js';

/** A kind of calls: the first of them, and their number. */
export type ObservedKind = ObservedCall & CallSite & { readonly count: number };

/** A kind of calls as the addon reports it, and their number. */
export interface CountedKind {
  readonly kind: NativeKind;
  readonly count: number;
}

export interface Observed {
  readonly calls: readonly ObservedKind[];
  /** The kinds of calls that name files, each with its number: those of `calls`, told apart by their files. */
  readonly files: readonly CountedKind[];
  /** The number of calls beyond the kinds that the addon keeps apart. If there are any, `calls` is not complete. */
  readonly others: number;
  /** The number of calls that name files which are not among `files`. */
  readonly unseen: UnseenFiles;
  /** Why the run was not observed to its end; undefined if it was. */
  readonly cutShort: string | undefined;
  readonly end: ProgramEnd;
}

/**
 * Waits for the end of a child whose every call is counted, with all its threads and children, and returns the kinds of
 * calls. The first execve, which starts the program, is not among them. After a timeout or an abort, its children are
 * not waited for: their calls are allowed as long as this process lives.
 *
 * @throws The error that the child emits if its program can't be started.
 */
export async function observe(child: SandboxedProcess, options: SpawnOptions): Promise<Observed> {
  let failure: unknown;
  child.on('error', (error) => {
    failure ??= error;
  });
  discardOutput(child);
  const stop = stopOf(options, child);
  if (propertyOf(child, 'pid') === undefined) {
    await new Promise((resolve) => child.once('error', resolve));
    stop.forget();
    throw failure;
  }
  await new Promise((resolve) => child.once('exit', resolve));
  const { listener } = child;
  // Its own children may live longer. The timer keeps this process alive, as a listener does not.
  const alive = setInterval(() => {}, 2 ** 30);
  await Promise.race([listener?.ended, stop.requested]).finally(() => clearInterval(alive));
  stop.forget();
  const cutShort = stop.reason() ?? (child.limit === 'time' ? timeoutText(options) : limitOf(child));
  child.terminate(); // The child has ended: this closes pipes that its own children may have.
  const { kinds, others, unseen } = listener?.counts ?? NOTHING;
  const counted = kinds.flatMap((count, i): readonly CountedKind[] => {
    const kind = listener?.kindAt(i);
    return kind === undefined ? [] : [{ kind, count }];
  });
  const files = counted.filter(({ kind }) => kind.files.length > 0);
  const calls = counted
    .filter(({ kind }) => kind.files.length === 0)
    .map(({ kind, count }) => ({ ...observedCall(kind), ...callSiteOf(kind), count }));
  return { calls, files, others, unseen, cutShort, end: child.end };
}

const NOTHING = { kinds: [], others: 0, unseen: { noRoom: 0, unreadable: 0, notFound: 0 } };

/** Ends the pipes to the program, and discards the output in the others, which nothing else reads. */
function discardOutput({ stdio }: SandboxedProcess): void {
  for (const [descriptor, stream] of (stdio ?? []).entries()) {
    if (!(stream instanceof Socket)) continue;
    stream.on('error', () => {});
    if (descriptor === 0 || descriptor > 2) stream.end();
    if (descriptor > 0) stream.resume();
  }
}

const timeoutText = ({ timeout = 0 }: SpawnOptions) => `it took longer than ${timeout} ms (options.timeout)`;

function limitOf({ limit, signalCode, enforcement }: SandboxedProcess): string | undefined {
  return limitText(limit, signalCode, own({ ...enforcement }).limits) || undefined;
}

/**
 * `requested` resolves at the timeout or at an abort, and `reason` returns which of them there was. `forget` stops waiting
 * for both.
 */
function stopOf(options: SpawnOptions, child: SandboxedProcess) {
  const { timeout = 0, signal } = options;
  let why: string | undefined;
  let resolveRequested = () => {};
  const requested = new Promise<void>((resolve) => {
    resolveRequested = resolve;
  });
  const stop = (reason: string) => {
    why ??= reason;
    resolveRequested();
  };
  const aborting = onAbort(signal, child, () => stop('it was aborted (options.signal)'));
  const timer = timeout > 0 ? setTimeout(() => stop(timeoutText(options)), timeout) : undefined;
  const forget = () => {
    clearTimeout(timer);
    aborting?.[Symbol.dispose]();
  };
  return { requested, forget, reason: () => why };
}

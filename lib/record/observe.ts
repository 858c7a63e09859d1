/** Collects the calls of a child whose every call is counted, for record(). */
import { once } from 'node:events';
import { Socket } from 'node:net';
import type { ObservedCall } from '../decode/observed-call.js';
import { type CallSite, callSiteOf, observedCall } from '../decode/observed-call.js';
import { onAbort } from '../sandbox/child/abort.js';
import type { SandboxedProcess } from '../sandbox/child/child-process.js';
import type { SpawnOptions } from '../sandbox/options/types.js';

/** Calls that are alike, and the first of them. */
export type ObservedKind = ObservedCall & CallSite & { readonly count: number };

export interface Observed {
  readonly calls: readonly ObservedKind[];
  /** Calls of kinds that there was no room for: not all that the program needs is in `calls` then. */
  readonly others: number;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Waits for the end of a child whose every call is counted, with all its threads and children, and returns the kinds of calls. The
 * first execve, which starts the program, is not among them. After a timeout or an abort, its children are not waited for: their
 * calls are allowed as long as this process lives.
 *
 * @throws The error that the child emits if its program can't be started.
 */
export async function observe(child: SandboxedProcess, options: SpawnOptions): Promise<Observed> {
  let failure: unknown;
  child.on('error', (error) => {
    failure ??= error;
  });
  drain(child);
  const stop = stopOf(options, child);
  await once(child, 'exit').catch(() => {});
  const { listener } = child;
  if (child.pid === undefined) {
    stop.forget();
    throw failure;
  }
  // An abort is an error as well, and told before the end.
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
  // Its children may live longer. A listener alone does not keep this process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  await Promise.race([listener?.ended, stop.asked]).finally(() => clearInterval(alive));
  stop.forget();
  child.terminate(); // It has ended: this closes the pipes that its children may hold.
  const { kinds = [], others = 0 } = listener?.counts ?? {};
  const calls = kinds.flatMap((count, i): readonly ObservedKind[] => {
    const kind = listener?.kindAt(i);
    return kind === undefined ? [] : [{ ...observedCall(kind), ...callSiteOf(kind), count }];
  });
  return { calls, others, exitCode: child.exitCode, signal: child.signalCode };
}

/** Ends the pipes to a program, and drops what comes out of the others: nobody else has them. */
function drain({ stdio }: SandboxedProcess): void {
  for (const [descriptor, stream] of (stdio ?? []).entries()) {
    if (!(stream instanceof Socket)) continue;
    stream.on('error', () => {});
    if (descriptor === 0 || descriptor > 2) stream.end();
    if (descriptor > 0) stream.resume();
  }
}

/** Whether the end was asked for: settles when the time is up, or with an abort. `forget` ends the wait for either. */
function stopOf({ timeout = 0, signal }: SpawnOptions, child: SandboxedProcess) {
  let stop = () => {};
  const asked = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const aborting = onAbort(signal, child, stop);
  const timer = timeout > 0 ? setTimeout(stop, timeout) : undefined;
  const forget = () => {
    clearTimeout(timer);
    aborting?.[Symbol.dispose]();
  };
  return { asked, forget };
}

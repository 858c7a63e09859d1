/** AbortSignals of callers. */
import { addAbortListener, type EventEmitter } from 'node:events';
import { define } from '../../util/own-data.js';
import { signalNumber } from '../options/signals.js';

/** Returns Node's error for an operation that was aborted. */
export function abortError({ reason }: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: reason });
  return define(error, { code: 'ABORT_ERR', name: 'AbortError' });
}

/** Calls `abort` when a signal is aborted. A signal of another implementation may throw: then the child is ended. */
export function onAbort(
  signal: AbortSignal | undefined,
  child: { terminate(signal: number): boolean },
  abort: () => void,
): Disposable | undefined {
  try {
    return signal && addAbortListener(signal, abort);
  } catch (error) {
    child.terminate(signalNumber('SIGKILL'));
    throw error;
  }
}

/** Ends a running child when a signal is aborted. A signal of another implementation may throw. */
export function endOnAbort(child: EventEmitter & { terminate(): boolean }, signal: AbortSignal): void {
  const abort = () => {
    if (child.terminate()) child.emit('error', abortError(signal));
  };
  if (signal.aborted) {
    process.nextTick(abort);
    return;
  }
  const listener = addAbortListener(signal, abort);
  child.once('exit', () => listener[Symbol.dispose]());
}

/** AbortSignals of callers. */
import { addAbortListener, type EventEmitter } from 'node:events';
import { define } from '../../../util/own-data.js';
import { signalNumber } from '../../options/signals.js';

/** A child that can be ended. */
interface Endable {
  terminate(signal?: number): boolean;
}

/** Returns Node's error for an operation that was aborted. */
export function abortError({ reason }: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: reason });
  return define(error, { code: 'ABORT_ERR', name: 'AbortError' });
}

/** Calls `abort` when a signal is aborted. A signal of another implementation may throw: then the child is ended. */
export function onAbort(signal: AbortSignal | undefined, child: Endable, abort: () => void): Disposable | undefined {
  return orEnd(child, () => signal && addAbortListener(signal, abort));
}

/** Ends a running child when a signal is aborted. A signal of another implementation may throw: then it is ended too. */
export function endOnAbort(child: EventEmitter & Endable, signal: AbortSignal): void {
  const abort = () => {
    if (child.terminate()) child.emit('error', abortError(signal));
  };
  if (orEnd(child, () => signal.aborted)) {
    process.nextTick(abort);
    return;
  }
  const listener = onAbort(signal, child, abort);
  child.once('exit', () => listener?.[Symbol.dispose]());
}

function orEnd<T>(child: Endable, read: () => T): T {
  try {
    return read();
  } catch (error) {
    child.terminate(signalNumber('SIGKILL'));
    throw error;
  }
}

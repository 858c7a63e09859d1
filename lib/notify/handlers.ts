/** Handlers: functions of the user that answer calls. Reads them from options, and calls them for each notification. */

import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { inspect } from 'node:util';
import { refuseIn } from '../errors.js';
import { suggestSyscall } from '../syscalls/suggest-syscall.js';
import { syscallNames } from '../syscalls/table.js';
import { printableLine, shownName } from '../util/foreign-text.js';
import { guarded } from '../util/guarded.js';
import { argumentError } from '../util/node-error.js';
import { copyFields, numberProblem, propertyOf } from '../util/own-data.js';
import { clearTimeout, setImmediate, setTimeout } from '../util/timers.js';
import {
  type Answer,
  answerIn,
  DENIED,
  type DescriptorAnswer,
  isResponse,
  type NotifyResponse,
  wrongReturn,
} from './answer.js';
import { namedSystemError } from './call-errors.js';
import type { CallContainer } from './container.js';
import { type NotifiedCall, sendAnswer } from './notified-call.js';

/**
 * Answers one call: returns the response that a method of the call made, or a promise of it. A promise that is slow
 * delays only the thread that made the call. If the handler throws, rejects, takes longer than `notifyTimeout` or
 * returns anything else, the call fails with EPERM. The error of a handler that took too long has the code ETIMEDOUT.
 */
export type Handler<Of extends CallContainer = CallContainer> = (
  call: NotifiedCall<Of>,
) => NotifyResponse | Promise<NotifyResponse>;

/** Handlers by the name of a syscall. Each answers the calls of that name on every ABI of the profile. */
export type Handlers<Of extends CallContainer = CallContainer> = Readonly<Record<string, Handler<Of>>>;

/** Handlers after their checks, by the name of a syscall. */
export type HandlerMap<Of extends CallContainer = CallContainer> = ReadonlyMap<string, Handler<Of>>;

/**
 * Checks handlers, and reads each of them once. `where` names them in messages: `options.notify`.
 *
 * @throws {TypeError | RangeError} unless `handlers` is undefined or a plain object of functions by names of
 * syscalls.
 */
export function readHandlers<Of extends CallContainer = CallContainer>(
  handlers: unknown,
  where: string,
): HandlerMap<Of> {
  const read = new Map<string, Handler<Of>>();
  if (handlers === undefined) return read;
  const refuse = refuseIn(where);
  if (typeof handlers !== 'object' || handlers === null)
    return refuse([], 'must be an object with a function for each syscall name', 'type');
  for (const [name, handler] of Object.entries(copyFields(handlers, refuse))) {
    if (handler === undefined) continue;
    if (!syscallNames().has(name))
      refuse([], `unknown syscall ${shownName(name)}${suggestSyscall(name, [...syscallNames()])}`);
    if (typeof handler !== 'function') refuse([name], 'must be a function', 'type');
    read.set(name, handler as Handler<Of>);
  }
  return read;
}

/** Milliseconds. */
const DEFAULT_TIMEOUT = 10_000;

/**
 * Checks the milliseconds that a handler may take, 10,000 by default.
 *
 * @throws {TypeError | RangeError} unless it is a number above 0 and below 2³¹, which is the limit of
 * setTimeout.
 */
export function checkTimeout(notifyTimeout: unknown = DEFAULT_TIMEOUT): number {
  if (typeof notifyTimeout === 'number' && notifyTimeout > 0 && notifyTimeout < 2 ** 31) return notifyTimeout;
  const message = 'options.notifyTimeout: must be a number of milliseconds above 0 and below 2147483648';
  throw argumentError(numberProblem(notifyTimeout), message);
}

const { ENOENT, ENOSYS, ETIMEDOUT } = constants.errno;

/** The answer to a call for which an agent has no handler. */
export const NOT_IMPLEMENTED: Answer = { kind: 'errno', errno: ENOSYS };

/** Receives the error of a handler whose call was denied. */
type OnHandlerError = (error: unknown) => void;

/**
 * Calls the handler of a call, and answers the call as the handler does. If the handler throws, takes longer than
 * `timeout` milliseconds, or returns no valid answer, denies the call with EPERM and calls `onError`, once.
 */
export function dispatch<Of extends CallContainer>(
  call: NotifiedCall<Of>,
  handler: Handler<Of> | undefined,
  timeout: number,
  onError: OnHandlerError,
): void {
  let returned: unknown;
  let promise: Promise<unknown> | undefined;
  try {
    returned = handler?.(call);
    promise = isResponse(returned) ? undefined : promiseOf(returned);
  } catch (error) {
    deny(call, error, onError);
    return;
  }
  if (promise === undefined) finish(call, returned, onError);
  else finishLater(call, promise, timeout, onError);
}

/** Denies a call whose handler failed. */
function deny(call: NotifiedCall, error: unknown, onError: OnHandlerError): void {
  sendAnswer(call, DENIED);
  guarded(() => onError(error));
}

/** Answers a call with what its handler returned. Denies it if that is not valid, or if the kernel refuses it. */
function finish(call: NotifiedCall, returned: unknown, onError: OnHandlerError): void {
  try {
    const answer = answerIn(returned, call);
    if (answer === undefined) throw wrongReturn(returned, call.syscall);
    const errno = sendAnswer(call, answer);
    closeDescriptor(answer, onError);
    if (errno !== 0 && errno !== ENOENT) throw namedSystemError(errno, `${call.syscall}: the answer was refused`);
  } catch (error) {
    deny(call, error, onError);
  }
}

/** Answers a call as `finish` does once the promise of its handler is settled, or denies it after `timeout`. */
function finishLater(call: NotifiedCall, promise: Promise<unknown>, timeout: number, onError: OnHandlerError): void {
  let isOver = false;
  /** Whether nothing else has answered the call before. */
  const isFirst = () => {
    clearTimeout(timer);
    const isWaiting = !isOver;
    isOver = true;
    return isWaiting;
  };
  const expire = () => {
    if (isFirst()) deny(call, namedSystemError(ETIMEDOUT, `${call.syscall}: no answer in ${timeout} ms`), onError);
  };
  // If other callbacks blocked this thread, the answer may have arrived meanwhile: the event loop reads it before
  // setImmediate.
  const timer = setTimeout(() => setImmediate(expire), timeout);
  promise.then(
    (returned) => {
      if (isFirst()) finish(call, returned, onError);
      else closeDescriptor(answerIn(returned, call), onError);
    },
    (error: unknown) => {
      if (isFirst()) deny(call, error, onError);
    },
  );
}

/** Closes the descriptor of an answer that says so. */
function closeDescriptor(answer: Answer | undefined, onError: OnHandlerError): void {
  if (answer?.kind !== 'descriptor' || !answer.close) return;
  closeGiven(answer).catch((error: unknown) => guarded(() => onError(error)));
}

/** Closes the descriptor of an answer, by the method `close` of its object if there is one. */
async function closeGiven({ given, descriptor }: DescriptorAnswer): Promise<void> {
  const close: unknown = typeof given === 'object' && given !== null ? propertyOf(given, 'close') : undefined;
  if (typeof close === 'function') await promiseOf(Reflect.apply(close, given, []));
  else closeSync(descriptor);
}

/**
 * Returns a promise, or an object with a method `then`, as a promise; undefined for any other value. `then` is read
 * once, and not from `Object.prototype`.
 */
function promiseOf(value: unknown): Promise<unknown> | undefined {
  if (value instanceof Promise) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const then = propertyOf(value, 'then');
  if (typeof then !== 'function') return undefined;
  return new Promise((resolve, reject) => Reflect.apply(then, value, [resolve, reject]));
}

/**
 * Emits `handlerError`, or a process warning if the event has no listener. Throws only what a listener throws.
 *
 * @param emitter - A child or an agent.
 */
export function emitHandlerError<Of extends CallContainer>(
  emitter: { emit(event: 'handlerError', error: unknown, call: NotifiedCall<Of>): boolean },
  error: unknown,
  call: NotifiedCall<Of>,
): void {
  if (emitter.emit('handlerError', error, call)) return;
  const reason = describeThrown(error);
  process.emitWarning(
    printableLine(`the handler of ${call.syscall} failed, and the call was denied: ${reason}`),
    'SeccompWarning',
  );
}

/**
 * Describes what a handler threw: an error by its message, anything else as `util.inspect` does. Never throws, though a
 * getter, a Proxy or `util.inspect.custom` may.
 */
function describeThrown(thrown: unknown): string {
  try {
    return thrown instanceof Error
      ? String(thrown.message)
      : inspect(thrown, { breakLength: Number.POSITIVE_INFINITY });
  } catch {
    return 'a value that cannot be displayed';
  }
}

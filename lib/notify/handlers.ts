/** Handlers: functions of the user that answer calls. Reads them from options, and calls them for each notification. */
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { refuseIn, SeccompError } from '../errors.js';
import { suggestSyscall } from '../syscalls/suggest-syscall.js';
import { syscallNames } from '../syscalls/table.js';
import { guarded } from '../util/guarded.js';
import { copyFields, propertyOf } from '../util/own-data.js';
import { type DescriptorAnswer, type NormalizedAnswer, type NotifyResponse, normalizeAnswer } from './answer.js';
import { type CallContainer, callError, type NotifiedCall } from './notified-call.js';

/**
 * Answers one call, at once or by a promise. A promise that is slow delays only the thread that made the call. If the
 * handler throws, rejects, takes longer than `notifyTimeout` or returns no valid answer, the call fails with EPERM.
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
 * @throws {SeccompError} ERR_SECCOMP_OPTION unless `handlers` is undefined or a plain object of functions by names of
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
    return refuse([], 'must be an object with a function for each syscall name');
  for (const [name, handler] of Object.entries(copyFields(handlers, refuse))) {
    if (handler === undefined) continue;
    if (!syscallNames().has(name)) refuse([], `unknown syscall ${name}${suggestSyscall(name, [...syscallNames()])}`);
    if (!isHandler<Of>(handler)) refuse([name], 'must be a function');
    else read.set(name, handler);
  }
  return read;
}

function isHandler<Of extends CallContainer>(value: unknown): value is Handler<Of> {
  return typeof value === 'function';
}

/** Milliseconds. */
const DEFAULT_TIMEOUT = 10_000;

/**
 * Checks the milliseconds that a handler may take, 10,000 by default.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION unless it is a number above 0 and below 2³¹, which is the limit of
 * setTimeout.
 */
export function checkTimeout(notifyTimeout: unknown = DEFAULT_TIMEOUT): number {
  if (typeof notifyTimeout === 'number' && notifyTimeout > 0 && notifyTimeout < 2 ** 31) return notifyTimeout;
  const message = 'options.notifyTimeout: must be a number of milliseconds above 0 and below 2147483648';
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

const { ENOENT, ENOSYS, EPERM } = constants.errno;

/** The answer in place of a handler that failed. */
const DENIED: NormalizedAnswer = { kind: 'errno', errno: EPERM };

/** The answer to a call for which an agent has no handler. */
export const NOT_IMPLEMENTED: NormalizedAnswer = { kind: 'errno', errno: ENOSYS };

/** Receives the error of a handler whose call was denied. */
type OnHandlerError<Of extends CallContainer> = (error: unknown, call: NotifiedCall<Of>) => void;

// The platform's own, even if a test replaces the global ones later.
const { setTimeout, clearTimeout, setImmediate } = globalThis;

/**
 * Calls the handler of a call, and answers the call as the handler does. If the handler throws, takes longer than
 * `timeout` milliseconds, or returns no valid answer, denies the call with EPERM and calls `onError`, once.
 */
export function dispatch<Of extends CallContainer>(
  call: NotifiedCall<Of>,
  handler: Handler<Of> | undefined,
  timeout: number,
  onError: OnHandlerError<Of>,
): void {
  let isAnswered = false;
  const report = (error: unknown) => guarded(() => onError(error, call));
  const deny = (error: unknown) => {
    if (isAnswered) return;
    isAnswered = true;
    call.answer(DENIED);
    report(error);
  };
  const finish = (given: unknown) => {
    let failure: unknown;
    try {
      const answer = normalizeAnswer(given, call.syscall);
      const errno = isAnswered ? 0 : call.answer(answer);
      if (answer.kind === 'descriptor' && answer.close) closeGiven(answer).catch(report);
      if (errno === 0 || errno === ENOENT) {
        isAnswered = true;
        return;
      }
      failure = callError(errno, `${call.syscall}: the answer was refused`);
    } catch (error) {
      failure = error;
    }
    deny(failure);
  };

  let given: unknown;
  let promise: Promise<unknown> | undefined;
  try {
    given = handler?.(call);
    promise = promiseOf(given);
  } catch (error) {
    deny(error);
    return;
  }
  if (promise === undefined) {
    finish(given);
    return;
  }
  const expire = () => deny(new Error(`${call.syscall}: no answer in ${timeout} ms`));
  // If other callbacks blocked this thread, the answer may have arrived meanwhile: the event loop reads it before
  // setImmediate.
  const timer = setTimeout(() => setImmediate(expire), timeout);
  promise.then(finish, deny).finally(() => clearTimeout(timer));
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

/** A child or an agent, by its event for errors of handlers. */
interface HandlerErrorEmitter<Of extends CallContainer> {
  emit(event: 'handlerError', error: unknown, call: NotifiedCall<Of>): boolean;
}

/** Emits `handlerError`, or a process warning if the event has no listener. */
export function emitHandlerError<Of extends CallContainer>(
  emitter: HandlerErrorEmitter<Of>,
  error: unknown,
  call: NotifiedCall<Of>,
): void {
  if (emitter.emit('handlerError', error, call)) return;
  const reason = error instanceof Error ? error.message : String(error);
  process.emitWarning(`the handler of ${call.syscall} failed, and the call was denied: ${reason}`, 'SeccompWarning');
}

/**
 * Stack traces that begin at the caller of a public function, not inside this package. Node prints the source line of
 * the stack's first frame for a rejected promise and for an error that an ES module throws. For any other uncaught
 * exception, Node prints the line of the throw statement, regardless of the stack.
 */
import { own } from './own-data.js';

/** Read once, since a program may replace or delete it. Without it, stacks begin where errors are created. */
const captureStackTrace = typeof Error.captureStackTrace === 'function' ? Error.captureStackTrace : () => {};

/** A public function, or the constructor of a public class. */
type Entry = ((...parameters: never[]) => unknown) | (new (...parameters: never[]) => unknown);

/** The public function that is running. If it was called in a callback of another public function, the inner one. */
let running: Entry | undefined;

/** Errors created while no public function was running, for example after an await. Their stacks lack the caller. */
const withoutCaller = new WeakSet<Error>();

/**
 * Makes a function public: the stack of an error that it throws begins at its caller, and so does the stack of an error
 * that its promise rejects with.
 */
export function publicFunction<Implementation extends (...parameters: never[]) => unknown>(
  implementation: Implementation,
): Implementation;
export function publicFunction(implementation: (...parameters: readonly unknown[]) => unknown): unknown {
  function entry(this: unknown, ...parameters: readonly unknown[]): unknown {
    const outer = running;
    running = entry;
    try {
      const result: unknown = Reflect.apply(implementation, this, parameters);
      return result instanceof Promise ? rejectingAt(entry, result) : result;
    } finally {
      running = outer;
    }
  }
  for (const key of Reflect.ownKeys(implementation)) copyProperty(entry, implementation, key);
  return entry;
}

/**
 * Makes a public function whose implementation is loaded by its first call.
 *
 * @param name - The function's `name`.
 * @param load - Returns the implementation.
 */
export function lazyPublicFunction<Implementation extends (...parameters: never[]) => unknown>(
  name: string,
  load: () => Implementation,
): Implementation;
export function lazyPublicFunction(name: string, load: () => (...parameters: readonly unknown[]) => unknown): unknown {
  const entry = publicFunction((...parameters: readonly unknown[]) => load()(...parameters));
  Reflect.defineProperty(entry, 'name', own({ value: name, configurable: true }));
  return entry;
}

/** Runs `action` on behalf of `entry`: for a constructor, which publicFunction cannot replace. */
export function runAs<Result>(entry: Entry, action: () => Result): Result {
  const outer = running;
  running = entry;
  try {
    return action();
  } finally {
    running = outer;
  }
}

/** Makes methods of an object public, in place. */
export function publicMethods<Name extends string>(
  target: { readonly [name in Name]: (...parameters: never[]) => unknown },
  ...names: readonly Name[]
): void {
  for (const name of names) Reflect.set(target, name, publicFunction(target[name]));
}

/**
 * Makes the stack of a new error begin at the caller of the running public function. Returns the error.
 *
 * @param maker - The function that makes the error. If no public function is running, the stack begins at its caller.
 */
export function fromCaller<Failure extends Error>(error: Failure, maker: Entry = fromCaller): Failure {
  if (running === undefined) withoutCaller.add(error);
  else captureStackTrace(error, running);
  if (showsCode(error)) showCodeInStack(error, stackFrom(running ?? maker));
  return error;
}

/** A place in the caller's program, for the stack of an error that is created later: see `at`. */
export interface CallSite {
  readonly error: Error;
  /** Has the same frames: see showCodeInStack. */
  readonly header: Error;
}

/** Records the current stack for an error that is created later; see `at`. */
export function callSite(): CallSite {
  return { error: fromCaller(new Error()), header: stackFrom(running ?? callSite) };
}

/**
 * Gives an error that was created without a caller the stack of `site`. V8 binds the frames to the object that they
 * were captured for, so the site's own error is turned into a copy of the error and returned.
 */
export function at<Failure>(site: CallSite, error: Failure): Failure {
  if (!(error instanceof Error) || !withoutCaller.delete(error)) return error;
  for (const key of Reflect.ownKeys(error)) if (key !== 'stack') copyProperty(site.error, error, key);
  const copy = Object.setPrototypeOf(site.error, Object.getPrototypeOf(error));
  if (showsCode(copy)) showCodeInStack(copy, site.header);
  return copy;
}

/** Whether the text of an error has its code, as for Node's own errors: `TypeError [ERR_…]: …`. */
function showsCode(error: Error): boolean {
  return error.toString !== Error.prototype.toString;
}

/** Returns an error whose stack begins at the caller of `entry`. */
function stackFrom(entry: Entry): Error {
  const header = new Error();
  captureStackTrace(header, entry);
  return header;
}

/**
 * Makes an error's stack begin with its text. V8 writes that line from `name` and `message`, when the stack is first
 * read; if it were read here, Node would not print the caller's line for an uncaught error. So `header`, an error with
 * the same frames, has the stack.
 */
function showCodeInStack(error: Error, header: Error): void {
  const { message } = error;
  defineHidden(header, 'name', String(error).slice(0, -`: ${message}`.length));
  defineHidden(header, 'message', message);
  Reflect.deleteProperty(error, 'stack'); // To define it anew would read it first.
  const get = () => header.stack;
  const set = (stack: unknown) => defineHidden(error, 'stack', stack);
  Reflect.defineProperty(error, 'stack', own({ get, set, configurable: true }));
}

/** Removes the frames of an error that becomes the cause of another: they lie in this package and in Node. */
export function withoutFrames(error: unknown): void {
  if (error instanceof Error) defineHidden(error, 'stack', String(error));
}

/**
 * Defines a property that is not enumerable, like the properties of Node's errors. Does nothing if that is impossible.
 */
export function defineHidden(target: object, name: string, value: unknown): void {
  Reflect.defineProperty(target, name, own({ value, writable: true, configurable: true }));
}

function rejectingAt(entry: Entry, promise: Promise<unknown>): Promise<unknown> {
  const site = { error: stackFrom(entry), header: stackFrom(entry) };
  return promise.catch((error: unknown) => {
    throw at(site, error);
  });
}

/** Copies a property. Does nothing if it cannot be redefined, as a function's `prototype` cannot. */
function copyProperty(to: object, from: object, key: string | symbol): void {
  const descriptor = Reflect.getOwnPropertyDescriptor(from, key);
  if (descriptor !== undefined) Reflect.defineProperty(to, key, own(descriptor));
}

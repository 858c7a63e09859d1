/**
 * Stack traces that begin at the caller of a public function, not inside this package. For a promise that rejects, and for an
 * error thrown by an ES module, Node prints the source line of the stack's first frame. For any other uncaught exception it
 * prints the line of the throw statement, whatever the stack says.
 */
import { own } from './own-data.js';

/** Taken here once, as a program may replace or delete it. Without it, stacks begin where errors are created. */
const captureStackTrace = typeof Error.captureStackTrace === 'function' ? Error.captureStackTrace : () => {};

/** A public function, or the constructor of a public class. */
type Entry = ((...parameters: never[]) => unknown) | (new (...parameters: never[]) => unknown);

/** The public function that is running: the innermost one, if a callback that another one called has called it. */
let running: Entry | undefined;

/** Errors created while no public function was running, for example after an await: no frame of theirs is a caller's. */
const withoutCaller = new WeakSet<Error>();

/**
 * Makes a function public: the stacks of the errors that it throws begin at its caller, as do those of the errors that the
 * promise which it returns rejects with.
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

/** Runs `action` as what `entry` does, for a constructor, which can't be replaced by another function. */
export function runAs<Result>(entry: Entry, action: () => Result): Result {
  const outer = running;
  running = entry;
  try {
    return action();
  } finally {
    running = outer;
  }
}

/** Makes methods public, in place. */
export function publicMethods<Name extends string>(
  target: { readonly [name in Name]: (...parameters: never[]) => unknown },
  ...names: readonly Name[]
): void {
  for (const name of names) Reflect.set(target, name, publicFunction(target[name]));
}

/** Lets the stack of a new error begin at the caller of the public function that is running. Returns the error. */
export function fromCaller<Failure extends Error>(error: Failure): Failure {
  if (running === undefined) withoutCaller.add(error);
  else captureStackTrace(error, running);
  return error;
}

/** Has the stack of this moment, for an error that is created later: see `at`. */
export function callSite(): Error {
  return fromCaller(new Error());
}

/**
 * Gives an error that was created without a caller the stack of `site`. V8 keeps the frames with the object that they were
 * captured for, so it is `site` that becomes the error.
 */
export function at<Failure>(site: Error, error: Failure): Failure {
  if (!(error instanceof Error) || !withoutCaller.delete(error)) return error;
  for (const key of Reflect.ownKeys(error)) if (key !== 'stack') copyProperty(site, error, key);
  return Object.setPrototypeOf(site, Object.getPrototypeOf(error));
}

/** Drops the frames of an error that is to be another one's cause: they lie in this package and in Node. */
export function withoutFrames(error: unknown): void {
  if (error instanceof Error) defineHidden(error, 'stack', `${error.name}: ${error.message}`);
}

/** Sets a property that is not enumerable, as methods and the properties of Node's errors are; unless it can't be set. */
export function defineHidden(target: object, name: string | symbol, value: unknown): void {
  Reflect.defineProperty(target, name, own({ value, writable: true, configurable: true }));
}

function rejectingAt(entry: Entry, promise: Promise<unknown>): Promise<unknown> {
  const site = new Error();
  captureStackTrace(site, entry);
  return promise.catch((error: unknown) => {
    throw at(site, error);
  });
}

/** Properties that can't be redefined, such as a function's `prototype`, are left as they are. */
function copyProperty(to: object, from: object, key: string | symbol): void {
  const descriptor = Reflect.getOwnPropertyDescriptor(from, key);
  if (descriptor !== undefined) Reflect.defineProperty(to, key, own(descriptor));
}

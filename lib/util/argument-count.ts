/** Refuses arguments beyond the last parameter of a function, which JavaScript ignores. */
import { lazyPublicFunction } from './caller.js';
import { argumentError } from './node-error.js';
import { describe } from './option-errors.js';
import { nameAs } from './own-data.js';

/**
 * Throws for an argument beyond the last parameter, unless it is undefined.
 *
 * @param name - The function's name in the message.
 * @param most - The number of its parameters.
 * @param remedy - What to do instead.
 * @throws {TypeError} ERR_INVALID_ARG_VALUE
 */
export function refuseMore(name: string, most: number, given: readonly unknown[], remedy = 'leave it out'): void {
  const extra = given.findIndex((value, i) => i >= most && value !== undefined);
  if (extra < 0) return;
  const taken = most === 1 ? 'one argument' : `${most} arguments`;
  const ignored = `argument ${extra + 1} would be ignored`;
  throw argumentError(
    'value',
    `${name}() takes ${taken}, and ${ignored}: ${remedy}. Received ${describe(given[extra])}`,
  );
}

/** Returns the function with a check by `refuseMore` before each call. */
export function limited<Implementation extends (...parameters: never[]) => unknown>(
  name: string,
  most: number,
  implementation: Implementation,
  remedy?: string,
): Implementation;
export function limited(
  name: string,
  most: number,
  implementation: (...parameters: readonly unknown[]) => unknown,
  remedy?: string,
): unknown {
  function checked(this: unknown, ...parameters: readonly unknown[]): unknown {
    refuseMore(name, most, parameters, remedy);
    return Reflect.apply(implementation, this, parameters);
  }
  return nameAs(checked, { name: implementation.name || name, length: implementation.length });
}

/**
 * Limits methods of an object that take one argument, in place.
 *
 * @param remedies - What to do instead of a second argument, by the method's name.
 */
export function limitToOne(target: object, remedies: Readonly<Record<string, string>>): void {
  for (const [name, remedy] of Object.entries(remedies))
    Reflect.set(target, name, limited(name, 1, Reflect.get(target, name), remedy));
}

/** Makes a public function as lazyPublicFunction does, with a check by `refuseMore` before each call. */
export function limitedFunction<Implementation extends (...parameters: never[]) => unknown>(
  name: string,
  most: number,
  load: () => Implementation,
): Implementation {
  return lazyPublicFunction(name, () => limited(name, most, load(), WITHOUT_MAP(name)));
}

/** As limitedFunction, for a function that returns a promise, which is then rejected. */
export function limitedAsync<Implementation extends (...parameters: never[]) => Promise<unknown>>(
  name: string,
  most: number,
  load: () => Implementation,
): Implementation;
export function limitedAsync(
  name: string,
  most: number,
  load: () => (...parameters: readonly unknown[]) => Promise<unknown>,
): unknown {
  return lazyPublicFunction(name, () => async (...parameters: readonly unknown[]) => {
    refuseMore(name, most, parameters, WITHOUT_MAP(name));
    return load()(...parameters);
  });
}

const WITHOUT_MAP = (name: string) => `leave it out; with array.map(), write (each) => ${name}(each)`;

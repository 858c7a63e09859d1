/** The receiver of a method, the object on which it is called, and the number of its arguments. */
import { refuseMore } from '../util/argument-count.js';
import { invalidThis } from '../util/option-errors.js';
import { nameAs, own } from '../util/own-data.js';

/**
 * Makes the methods of a call's class throw Node's ERR_INVALID_THIS if they are called on anything but an instance, as after
 * `const { method } = instance`, and ERR_INVALID_ARG_VALUE for an argument after the last parameter. Methods without
 * parameters check that themselves.
 *
 * @param isInstance - Whether an object is an instance, for example because it has the private fields of one.
 */
export function checkReceivers(
  Class: { readonly prototype: object },
  className: string,
  isInstance: (value: object) => boolean,
): void {
  for (const name of Object.getOwnPropertyNames(Class.prototype)) {
    const method: unknown = Reflect.get(Class.prototype, name);
    if (name === 'constructor' || typeof method !== 'function') continue;
    const implementation = method;
    function checked(this: unknown, ...args: readonly unknown[]): unknown {
      if (typeof this !== 'object' || this === null || !isInstance(this)) throw invalidThis(className);
      if (implementation.length > 0) refuseMore(name, implementation.length, args);
      return Reflect.apply(implementation, this, args);
    }
    nameAs(checked, method);
    Reflect.defineProperty(Class.prototype, name, own({ value: checked, writable: true, configurable: true }));
  }
}

/** The receiver of a method: the object on which it is called. */
import { invalidThis } from '../util/option-errors.js';
import { own } from '../util/own-data.js';

/**
 * Makes the methods of a class throw Node's ERR_INVALID_THIS if they are called on anything but an instance, as after
 * `const { method } = instance`.
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
      return Reflect.apply(implementation, this, args);
    }
    for (const key of ['name', 'length'])
      Reflect.defineProperty(checked, key, own({ value: Reflect.get(method, key), configurable: true }));
    Reflect.defineProperty(Class.prototype, name, own({ value: checked, writable: true, configurable: true }));
  }
}

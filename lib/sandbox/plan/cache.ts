/** The cache of what is made of profiles and filters. */

/**
 * Values by the object that they were made of, and by a variant: all else that they depend on, as a string. They live as long as
 * that object.
 */
export class FilterCache<Value> {
  readonly #values = new WeakMap<object, Map<string, Value>>();

  /** Returns the value of `identity` and `variant`. Calls `make` for the first time only, and again if it has thrown. */
  get(identity: object, variant: string, make: () => Value): Value {
    const variants = this.#values.get(identity) ?? new Map<string, Value>();
    this.#values.set(identity, variants);
    const known = variants.get(variant);
    if (known !== undefined) return known;
    const value = make();
    variants.set(variant, value);
    return value;
  }
}

/** The cache of values that are derived from profiles and filters. */

/**
 * Caches values by the object from which they are derived, and by a variant: a string for everything else that they
 * depend on. A value lives as long as its object.
 */
export class FilterCache<Value> {
  readonly #values = new WeakMap<object, Map<string, Value>>();

  /** Returns the value of `identity` and `variant`. Calls `make` if there is none yet. */
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

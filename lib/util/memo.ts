/** Functions that remember their results. */

/** Calls `make` once, and returns its value each time. If `make` throws, the next call calls it again. */
export function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Calls `make` once for each key, and returns its value each time. */
export function memoize<Key, Value extends NonNullable<unknown>>(make: (key: Key) => Value): (key: Key) => Value {
  const values = new Map<Key, Value>();
  return (key) => {
    const value = values.get(key) ?? make(key);
    values.set(key, value);
    return value;
  };
}

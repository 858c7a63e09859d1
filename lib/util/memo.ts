/** Functions that remember their results. */

/** Calls `make` once, and returns its value each time. If `make` throws, the next call calls it again. */
export function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Returns the value of a key. Calls `make` if there is none yet, and keeps what it returns. */
export function remember<Key, Value extends NonNullable<unknown>>(
  values: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const known = values.get(key);
  if (known !== undefined) return known;
  const made = make();
  values.set(key, made);
  return made;
}

/** Calls `make` once for each key, and returns its value each time. */
export function memoize<Key, Value extends NonNullable<unknown>>(make: (key: Key) => Value): (key: Key) => Value {
  const values = new Map<Key, Value>();
  return (key) => remember(values, key, () => make(key));
}

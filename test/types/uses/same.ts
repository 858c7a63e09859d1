/** Accepts a value whose type is exactly `Expected`: neither a subtype nor a supertype. */
export function isOfType<Expected>() {
  return <Actual>(
    _value: Actual,
    ..._mismatch: Same<Actual, Expected> extends true ? [] : [expected: Expected]
  ): void => {};
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

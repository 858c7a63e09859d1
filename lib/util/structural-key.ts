/** Map keys that are equal for values with equal content. */

/**
 * Returns a text that is the same for equal values: primitives, arrays, and plain objects whose keys have the same
 * order. JSON.stringify cannot write bigints, and it calls a `toJSON` on `Object.prototype`.
 */
export function structuralKey(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(structuralKey).join()}]`;
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${fields.map(([name, each]) => `${name}:${structuralKey(each)}`).join()}}`;
}

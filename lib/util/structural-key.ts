/** Keys of Maps by what values consist of. JSON.stringify would serve, but for bigints and for a `toJSON` on `Object.prototype`. */

/** A text that is the same for equal values: arrays, plain objects with their keys in one order, and what is no object. */
export function structuralKey(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(structuralKey).join()}]`;
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${fields.map(([name, each]) => `${name}:${structuralKey(each)}`).join()}}`;
}

/** Results with bigints, as JSON. */
import { defineHidden } from './caller.js';

/** A copy in which bigints are decimal strings. */
export const withoutBigints = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)));

/** Lets JSON.stringify write a result: its bigints as decimal strings. */
export function forJson<Result extends object>(result: Result): Result {
  defineHidden(result, 'toJSON', () => withoutBigints({ ...result }));
  return result;
}

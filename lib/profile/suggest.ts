/** "Did you mean": the known name that is nearest to a misspelt one. */
import { closest, distance } from 'fastest-levenshtein';

/** ` (did you mean X?)` if one of `names` is near enough to `input`, else nothing. */
export function suggest(input: unknown, names: readonly string[]): string {
  if (typeof input !== 'string' || input.length > 100 || names.length === 0) return '';
  const name = closest(input, names);
  return distance(input, name) <= Math.max(1, Math.floor(name.length / 3)) ? ` (did you mean ${name}?)` : '';
}

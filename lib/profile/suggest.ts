/** "Did you mean": the known name that is nearest to a misspelt one. */
import { closest, distance } from 'fastest-levenshtein';

/** The last answer: a mistake is seldom made once. */
let last: { readonly input: unknown; readonly names: readonly string[]; readonly answer: string } | undefined;

/** ` (did you mean X?)` if one of `names` is near enough to `input`, else nothing. */
export function suggest(input: unknown, names: readonly string[]): string {
  if (typeof input !== 'string' || input.length > 100 || names.length === 0) return '';
  if (last?.input === input && last.names === names) return last.answer;
  const name = closest(input, names);
  const isNear = distance(input, name) <= Math.max(1, Math.floor(name.length / 3));
  const answer = isNear ? ` (did you mean ${name}?)` : '';
  last = { input, names, answer };
  return answer;
}

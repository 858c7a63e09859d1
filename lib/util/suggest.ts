/** "Did you mean": finds the known name that is most similar to a misspelled one. */
import { distance } from 'fastest-levenshtein';

/** The last answer: the same mistake is often repeated in a document. */
let last: { readonly input: unknown; readonly names: readonly string[]; readonly answer: string } | undefined;

/** Prefixes of names, which users add or leave out. */
const PREFIX = /^(?:scmp_(?:act|arch|cmp)|cap|seccomp_filter_flag|__nr)_/;

/** Removes the prefix of a name, and its case. */
function bare(name: string): string {
  return name.toLowerCase().replace(PREFIX, '');
}

/** The names of Go, Debian and the kernel for the same architecture. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['amd64', 'x86_64'],
  ['x86_64', 'amd64'],
  ['arm64', 'aarch64'],
  ['aarch64', 'arm64'],
  ['i386', 'x86'],
]);

/** Returns the name that differs from `input` only in case, prefix, synonym or two transposed letters. */
export function sameAs(input: string, names: readonly string[]): string | undefined {
  const written = bare(input);
  const same = [written, SYNONYMS.get(written), written.replace(/^sys_/, '')];
  return names.find((name) => same.includes(bare(name))) ?? names.find((name) => isSwapped(written, bare(name)));
}

/** Whether the texts differ only in two adjacent letters that are transposed. */
function isSwapped(written: string, known: string): boolean {
  if (written.length !== known.length) return false;
  const at = [...written].findIndex((letter, i) => letter !== known.at(i));
  return written === `${known.slice(0, at)}${known.at(at + 1)}${known.at(at)}${known.slice(at + 2)}`;
}

/**
 * Returns the only name that begins with `input`, such as `@network` for `@net`; undefined if there are several or
 * none.
 */
function completion(input: string, names: readonly string[]): string | undefined {
  const written = bare(input);
  if (written.length < SHORTEST_BEGINNING) return undefined;
  const [name, ...others] = names.filter((each) => bare(each).startsWith(written));
  return others.length === 0 ? name : undefined;
}

const SHORTEST_BEGINNING = 3;

function isNear(input: string, name: string): boolean {
  const [written, known] = [bare(input), bare(name)];
  if (written.startsWith(known)) return true;
  // The mistake may be in the prefix.
  const hasPrefix = known !== name.toLowerCase();
  if (hasPrefix && written === input.toLowerCase() && distance(input, name) <= 2) return true;
  const most = Math.max(1, Math.min(Math.floor(name.length / 3), Math.ceil(known.length / 2)));
  return distance(written, known) <= Math.min(most, written.length - 1);
}

/** Returns ` (did you mean X?)`. */
export function asQuestion(name: string): string {
  return ` (did you mean ${name}?)`;
}

/** Returns ` (did you mean X?)` if one of `names` is similar enough to `input`, otherwise an empty text. */
export function suggest(input: unknown, names: readonly string[]): string {
  if (typeof input !== 'string' || input.length > 100 || names.length === 0) return '';
  if (last?.input === input && last.names === names) return last.answer;
  const same = sameAs(input, names) ?? completion(input, names);
  const name = same ?? names.reduce((best, each) => (distance(input, each) < distance(input, best) ? each : best));
  const answer = same !== undefined || isNear(input, name) ? asQuestion(name) : '';
  last = { input, names, answer };
  return answer;
}

/** Sets of 32-bit words, as comparisons cut them out: exact, with a member to show or the certainty that there is none. */

/** Words w with (w & mask) = bits. */
export interface Pattern {
  readonly mask: number;
  readonly bits: number;
}

/** Words from `low` to `high` that match `pattern` and none of `not`. All numbers are unsigned. */
export interface WordSet {
  readonly low: number;
  readonly high: number;
  readonly pattern: Pattern;
  readonly not: readonly Pattern[];
}

/** The largest word. */
export const MAX_WORD = 0xffff_ffff;

export const ALL_WORDS: WordSet = { low: 0, high: MAX_WORD, pattern: { mask: 0, bits: 0 }, not: [] };

/** Those of `words` from `low` to `high`; undefined if there are none. */
export function inRange(words: WordSet, low: number, high: number): WordSet | undefined {
  return nonEmpty({ ...words, low: Math.max(words.low, low), high: Math.min(words.high, high) });
}

/** Those of `words` that match; undefined if there are none. */
export function matching(words: WordSet, { mask, bits }: Pattern): WordSet | undefined {
  const both = words.pattern.mask & mask;
  if ((words.pattern.bits & both) !== (bits & both) || (bits & ~mask) !== 0) return undefined;
  const pattern = { mask: (words.pattern.mask | mask) >>> 0, bits: (words.pattern.bits | bits) >>> 0 };
  return nonEmpty({ ...words, pattern });
}

/** Those of `words` that do not match; undefined if there are none. */
export function differing(words: WordSet, pattern: Pattern): WordSet | undefined {
  return nonEmpty({ ...words, not: [...words.not, pattern] });
}

/** Brings the bounds to the first and the last word that match the pattern, and forgets what is outside of them anyway. */
function nonEmpty({ low, high, pattern, not }: WordSet): WordSet | undefined {
  const first = next(low, pattern);
  const last = previous(high, pattern);
  if (first === undefined || last === undefined || first > last) return undefined;
  const inside = not.filter(({ mask, bits }) => {
    if (mask === MAX_WORD && (bits < first || bits > last)) return false;
    return ((bits ^ pattern.bits) & mask & pattern.mask) === 0;
  });
  const words = { low: first, high: last, pattern, not: inside };
  return inside.length === 0 || member(words) !== undefined ? words : undefined;
}

/** A member of `words`; undefined if there is none. */
export function member(words: WordSet): number | undefined {
  const { low, high, pattern, not } = words;
  let word = next(low, pattern);
  for (let tried = 0; word !== undefined && word <= high; tried++) {
    const hit = hitBy(word, not);
    if (hit === undefined) return word;
    if (tried === MOST_TRIED) return memberWithout(hit, words);
    word = word === MAX_WORD ? undefined : next(word + 1, pattern);
  }
  return undefined;
}

/** So many words are tried one after the other. */
const MOST_TRIED = 16;

/** A loop, since this is what proofs spend their time with. */
function hitBy(word: number, not: readonly Pattern[]): Pattern | undefined {
  for (const pattern of not) if ((word & pattern.mask) >>> 0 === pattern.bits) return pattern;
  return undefined;
}

function memberWithout(hit: Pattern, { low, high, pattern, not }: WordSet): number | undefined {
  // Whatever does not match `hit` differs from it in a highest bit: each of these cases is a smaller question.
  const others = not.filter((each) => each !== hit);
  for (let i = 31; i >= 0; i--) {
    const bit = (1 << i) >>> 0;
    if ((hit.mask & bit) === 0 || (pattern.mask & bit) !== 0) continue;
    const above = ((hit.mask & ~(bit | (bit - 1))) | bit) >>> 0;
    const bits = ((hit.bits ^ bit) & above) >>> 0;
    const both = pattern.mask & above;
    if ((pattern.bits & both) !== (bits & both)) continue;
    const narrower = { mask: (pattern.mask | above) >>> 0, bits: (pattern.bits | bits) >>> 0 };
    const found = member({ low, high, pattern: narrower, not: others });
    if (found !== undefined) return found;
  }
  return undefined;
}

export function contains({ low, high, pattern, not }: WordSet, word: number): boolean {
  if (word < low || word > high || (word & pattern.mask) >>> 0 !== pattern.bits) return false;
  return hitBy(word, not) === undefined;
}

/** A member of `words` that is none of `known`, which are members in their order; undefined if there is no other. */
export function memberExcept(words: WordSet, known: readonly number[]): number | undefined {
  const { low, high, pattern, not } = words;
  if (high - low < MOST_SCANNED) return scan(words, known);
  // Nothing but single words is left out, and they are as many as there are places.
  const points = new Set(
    not.flatMap(({ mask, bits }) => (mask === MAX_WORD && bits >= low && bits <= high ? [bits] : [])),
  );
  const simple = pattern.mask === 0 && not.every(({ mask }) => mask === MAX_WORD);
  if (simple && high - low + 1 === points.size + known.length) return undefined;
  return member({ ...words, not: [...not, ...known.map((bits) => ({ mask: MAX_WORD, bits }))] });
}

const MOST_SCANNED = 1024;

function scan(words: WordSet, known: readonly number[]): number | undefined {
  let i = 0;
  for (let word = words.low; word <= words.high; word++) {
    while ((known.at(i) ?? MAX_WORD) < word) i++;
    if (known.at(i) !== word && contains(words, word)) return word;
  }
  return undefined;
}

/** The smallest word from `low` on that matches. */
function next(low: number, { mask, bits }: Pattern): number | undefined {
  const wrong = ((low & mask) ^ bits) >>> 0;
  if (wrong === 0) return low;
  const highest = 31 - Math.clz32(wrong);
  // The highest wrong bit must become 1: then it is enough to clear what is below. Else a free 0 above it must.
  for (let i = highest; i < 32; i++) {
    const bit = (1 << i) >>> 0;
    const free = (mask & bit) === 0;
    if ((low & bit) !== 0 || !(free || (i === highest && (bits & bit) !== 0))) continue;
    const below = (bit - 1) >>> 0;
    return (((low & ~(bit | below)) | bit | (bits & (bit | below))) >>> 0) as number;
  }
  return undefined;
}

/** The largest word up to `high` that matches: counted from the other end. */
function previous(high: number, { mask, bits }: Pattern): number | undefined {
  const found = next(~high >>> 0, { mask, bits: (~bits & mask) >>> 0 });
  return found === undefined ? undefined : ~found >>> 0;
}

/** The words w with (w & mask) ≥ bound, as patterns of which each word matches at most one. */
export function atLeast(mask: number, bound: number): readonly Pattern[] {
  return beside(mask, bound, true);
}

/** The words w with (w & mask) < bound, likewise. */
export function below(mask: number, bound: number): readonly Pattern[] {
  return beside(mask, bound, false);
}

/** Goes along the bound from its highest bit: a word is on one side of it by the first bit that differs. */
function beside(mask: number, bound: number, above: boolean): readonly Pattern[] {
  const patterns: Pattern[] = [];
  let prefix = 0;
  const equal = () => ({ mask: prefix, bits: (bound & prefix) >>> 0 });
  for (let i = 31; i >= 0; i--) {
    const bit = (1 << i) >>> 0;
    const wanted = (bound & bit) !== 0;
    if ((mask & bit) === 0) {
      // The masked word has 0 here: where the bound has 1, whatever equals it so far is below it.
      if (wanted) return above ? patterns : [...patterns, equal()];
      continue;
    }
    if (wanted !== above) {
      patterns.push({ mask: (prefix | bit) >>> 0, bits: ((bound & prefix) | (above ? bit : 0)) >>> 0 });
    }
    prefix = (prefix | bit) >>> 0;
  }
  return above ? [...patterns, equal()] : patterns;
}

/**
 * Sets of 32-bit words, as comparisons define them. Every set has a member: an empty one is represented by undefined.
 */

/** The words w with (w & mask) = bits. */
export interface Pattern {
  readonly mask: number;
  readonly bits: number;
}

/** The words from `low` to `high` that match `pattern` and none of the patterns in `not`. All numbers are unsigned. */
export interface WordSet {
  readonly low: number;
  readonly high: number;
  readonly pattern: Pattern;
  readonly not: readonly Pattern[];
}

/** The largest word. */
export const MAX_WORD = 0xffff_ffff;

export const ALL_WORDS: WordSet = { low: 0, high: MAX_WORD, pattern: { mask: 0, bits: 0 }, not: [] };

/** The low 32 bits of a register. */
export function lowWord(register: bigint): number {
  return Number(BigInt.asUintN(32, register));
}

/** The high 32 bits of a register. */
export function highWord(register: bigint): number {
  return Number(BigInt.asUintN(32, register >> 32n));
}

/** The members of `words` from `low` to `high`; undefined if there are none. */
export function inRange(words: WordSet, low: number, high: number): WordSet | undefined {
  return normalized({ ...words, low: Math.max(words.low, low), high: Math.min(words.high, high) });
}

/** The members of `words` that match a pattern; undefined if there are none. */
export function matching(words: WordSet, { mask, bits }: Pattern): WordSet | undefined {
  const both = words.pattern.mask & mask;
  if ((words.pattern.bits & both) !== (bits & both) || (bits & ~mask) !== 0) return undefined;
  const pattern = { mask: (words.pattern.mask | mask) >>> 0, bits: (words.pattern.bits | bits) >>> 0 };
  return normalized({ ...words, pattern });
}

/** The members of `words` that do not match a pattern; undefined if there are none. */
export function differing(words: WordSet, pattern: Pattern): WordSet | undefined {
  return normalized({ ...words, not: [...words.not, pattern] });
}

/**
 * Normalizes a set: its bounds become the first and the last word that match its pattern, and `not` loses patterns that
 * are known to match none of the words between them. Undefined if the set is empty.
 */
function normalized({ low, high, pattern, not }: WordSet): WordSet | undefined {
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
    const hit = matchOf(word, not);
    if (hit === undefined) return word;
    if (tried === MOST_TRIED) return memberWithout(hit, words);
    word = word === MAX_WORD ? undefined : next(word + 1, pattern);
  }
  return undefined;
}

/** How many words are tried one after the other before the search divides the set. */
const MOST_TRIED = 16;

/** The first pattern that matches a word. A plain loop, as proofs spend most of their time here. */
function matchOf(word: number, not: readonly Pattern[]): Pattern | undefined {
  for (const pattern of not) if ((word & pattern.mask) >>> 0 === pattern.bits) return pattern;
  return undefined;
}

/** Finds a member of a set, given one of the patterns in its `not`; undefined if there is none. */
function memberWithout(hit: Pattern, { low, high, pattern, not }: WordSet): number | undefined {
  // A word that does not match `hit` differs from it in some bits. Each choice of the highest one gives a smaller
  // search.
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

/** The smallest word ≥ `low` that matches a pattern; undefined if there is none. */
function next(low: number, { mask, bits }: Pattern): number | undefined {
  const wrong = ((low & mask) ^ bits) >>> 0;
  if (wrong === 0) return low;
  const highest = 31 - Math.clz32(wrong);
  // If the highest wrong bit is 0, setting it is enough, as lower bits can then be as small as the pattern allows. If
  // it is 1, the next higher bit that is 0 and not fixed by the mask has to become 1.
  for (let i = highest; i < 32; i++) {
    const bit = (1 << i) >>> 0;
    const free = (mask & bit) === 0;
    if ((low & bit) !== 0 || !(free || (i === highest && (bits & bit) !== 0))) continue;
    const below = (bit - 1) >>> 0;
    return ((low & ~(bit | below)) | bit | (bits & (bit | below))) >>> 0;
  }
  return undefined;
}

/**
 * The largest word ≤ `high` that matches a pattern: the smallest one of the complements. Undefined if there is none.
 */
function previous(high: number, { mask, bits }: Pattern): number | undefined {
  const found = next(~high >>> 0, { mask, bits: (~bits & mask) >>> 0 });
  return found === undefined ? undefined : ~found >>> 0;
}

/** The words w with (w & mask) ≥ bound, as patterns that do not overlap. */
export function atLeast(mask: number, bound: number): readonly Pattern[] {
  return patternsOnSide(mask, bound, true);
}

/** The words w with (w & mask) < bound, as patterns that do not overlap. */
export function below(mask: number, bound: number): readonly Pattern[] {
  return patternsOnSide(mask, bound, false);
}

/**
 * Walks down the bits of the bound: the highest bit in which a word differs from the bound decides on which side it is.
 */
function patternsOnSide(mask: number, bound: number, above: boolean): readonly Pattern[] {
  const patterns: Pattern[] = [];
  let prefix = 0;
  const equal = () => ({ mask: prefix, bits: (bound & prefix) >>> 0 });
  for (let i = 31; i >= 0; i--) {
    const bit = (1 << i) >>> 0;
    const wanted = (bound & bit) !== 0;
    if ((mask & bit) === 0) {
      // The masked word has 0 in this bit. If the bound has 1, a word that equals it in all higher bits is below it.
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

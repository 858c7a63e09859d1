/**
 * Sets of argument values, as conditions divide them. The sets are exact over all 64-bit values; nothing is sampled.
 */
import { indices } from '../util/own-data.js';
import type { Condition } from './policy.js';
import {
  ALL_WORDS,
  atLeast,
  below,
  differing,
  highWord,
  inRange,
  lowWord,
  MAX_WORD,
  matching,
  type Pattern,
  type WordSet,
} from './word-set.js';

/**
 * A set of argument values: a word set for each half of each argument. Argument i has the halves 2·i (low) and 2·i + 1
 * (high).
 */
export type ArgumentRegion = readonly WordSet[];

/** The region of all argument values. */
export const ALL_ARGUMENTS: ArgumentRegion = indices(12).map(() => ALL_WORDS);

/**
 * The parts of a region in which a condition holds and in which it does not. The parts are disjoint and cover the
 * region.
 */
export interface Split {
  readonly yes: readonly ArgumentRegion[];
  readonly no: readonly ArgumentRegion[];
}

/** Returns the region with the word set of one half replaced; no region if that set is empty. */
export function withWordSet(
  region: ArgumentRegion,
  half: number,
  words: WordSet | undefined,
): readonly ArgumentRegion[] {
  return words === undefined ? [] : [region.with(half, words)];
}

/** The word set of one half. */
export function wordSetAt(region: ArgumentRegion, half: number): WordSet {
  return region[half] ?? ALL_WORDS;
}

/** Splits a region by a condition. */
export function splitRegion(region: ArgumentRegion, condition: Condition): Split {
  switch (condition.op) {
    case 'eq':
      return splitMatch(region, condition.index, (1n << BigInt(condition.width)) - 1n, condition.value);
    case 'masked-eq':
      return splitMatch(region, condition.index, condition.mask, condition.value & condition.mask);
    case 'ne':
      return swap(splitRegion(region, { ...condition, op: 'eq' }));
    case 'ge':
      return splitOrder(region, condition, condition.value);
    case 'gt':
      return splitOrder(region, condition, condition.value + 1n);
    case 'lt':
      return swap(splitOrder(region, condition, condition.value));
    case 'le':
      return swap(splitOrder(region, condition, condition.value + 1n));
  }
}

/** Whether some arguments meet all of the conditions. */
export function isSatisfiable(conditions: readonly Condition[]): boolean {
  let regions: readonly ArgumentRegion[] = [ALL_ARGUMENTS];
  for (const condition of conditions) regions = regions.flatMap((region) => splitRegion(region, condition).yes);
  return regions.length > 0;
}

function swap({ yes, no }: Split): Split {
  return { yes: no, no: yes };
}

/** Splits a region by (argument & mask) = bits. */
function splitMatch(region: ArgumentRegion, index: number, mask: bigint, bits: bigint): Split {
  const lowParts = splitByPattern(region, 2 * index, { mask: lowWord(mask), bits: lowWord(bits) });
  if (lowParts.yes.length === 0) return lowParts;
  const highParts = splitByPattern(region, 2 * index + 1, { mask: highWord(mask), bits: highWord(bits) });
  const parts = highParts.yes.map((part) =>
    splitByPattern(part, 2 * index, { mask: lowWord(mask), bits: lowWord(bits) }),
  );
  return { yes: parts.flatMap(({ yes }) => yes), no: [...highParts.no, ...parts.flatMap(({ no }) => no)] };
}

/** Splits a region by a pattern of one half. */
export function splitByPattern(region: ArgumentRegion, half: number, pattern: Pattern): Split {
  if (pattern.mask === 0) return pattern.bits === 0 ? { yes: [region], no: [] } : { yes: [], no: [region] };
  const words = wordSetAt(region, half);
  // Fast path: where there are many rules, most of them leave a small region whole.
  if (pattern.mask === MAX_WORD && (pattern.bits < words.low || pattern.bits > words.high)) {
    return { yes: [], no: [region] };
  }
  const yes = matching(words, pattern);
  if (yes === undefined) return { yes: [], no: [region] };
  return { yes: withWordSet(region, half, yes), no: withWordSet(region, half, differing(words, pattern)) };
}

/** Splits a region by (half & mask) ≥ bound. */
export function splitByBound(region: ArgumentRegion, half: number, mask: number, bound: number): Split {
  const words = wordSetAt(region, half);
  if (mask === MAX_WORD) {
    if (words.low >= bound) return { yes: [region], no: [] };
    if (words.high < bound) return { yes: [], no: [region] };
    return {
      yes: withWordSet(region, half, inRange(words, bound, MAX_WORD)),
      no: withWordSet(region, half, inRange(words, 0, bound - 1)),
    };
  }
  // At either end of the values, one pattern expresses the comparison.
  if (bound === mask) return splitByPattern(region, half, { mask, bits: mask });
  if (bound === 1) return swap(splitByPattern(region, half, { mask, bits: 0 }));
  const parts = (patterns: readonly Pattern[]) =>
    patterns.flatMap((pattern) => withWordSet(region, half, matching(words, pattern)));
  return { yes: parts(atLeast(mask, bound)), no: parts(below(mask, bound)) };
}

/** Splits a region by argument ≥ bound. The bound may be 1 more than the largest value of the width. */
function splitOrder(region: ArgumentRegion, { index, width }: Condition, bound: bigint): Split {
  if (bound >> BigInt(width) !== 0n) return { yes: [], no: [region] };
  if (width !== 64) return splitByBound(region, 2 * index, width === 32 ? MAX_WORD : 0xffff, lowWord(bound));
  const above =
    highWord(bound) === MAX_WORD
      ? { yes: [], no: [region] }
      : splitByBound(region, 2 * index + 1, MAX_WORD, highWord(bound) + 1);
  const yes = [...above.yes];
  const no: ArgumentRegion[] = [];
  for (const part of above.no) {
    const equal = splitByPattern(part, 2 * index + 1, { mask: MAX_WORD, bits: highWord(bound) });
    no.push(...equal.no);
    for (const inner of equal.yes) {
      const lowParts = splitByBound(inner, 2 * index, MAX_WORD, lowWord(bound));
      yes.push(...lowParts.yes);
      no.push(...lowParts.no);
    }
  }
  return { yes, no };
}

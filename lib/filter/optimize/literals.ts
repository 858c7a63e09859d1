/**
 * Rewrites argument conditions as literals: ranges of 32-bit words, or of words under a mask, which a program can
 * load and test.
 */
import type { Condition, Decision } from '../../policy/policy.js';
import { highWord, lowWord, MAX_WORD } from '../../policy/words.js';
import type { GraphNode } from '../bpf/graph.js';

/** One half of an argument, ANDed with `mask`. */
export interface MaskedWord {
  /** 2·i is the low half of argument i, 2·i + 1 is its high half. */
  readonly word: number;
  readonly mask: number;
}

/** Holds if the masked word is in the range from `low` to `high`; or outside of it, if `holds` is false. */
export interface Literal extends MaskedWord {
  readonly low: number;
  readonly high: number;
  readonly holds: boolean;
}

/** An outcome, taken if all literals are true. At most one literal on each masked word has `holds`. */
export interface LiteralRule {
  readonly literals: readonly Literal[];
  readonly outcome: GraphNode;
}

/** The limit on the number of rules: a program has at most 4096 instructions. */
const MOST_RULES = 4096;

/**
 * Rewrites decisions as rules, in the same order. A condition with alternatives becomes several rules. Returns
 * undefined if there are too many.
 */
export function literalRules(
  decisions: readonly Decision[],
  outcome: (decision: Decision) => GraphNode,
): readonly LiteralRule[] | undefined {
  const rules: LiteralRule[] = [];
  for (const decision of decisions) {
    let together: readonly (readonly Literal[])[] = [[]];
    for (const condition of decision.conditions) {
      const alternatives = alternativesOf(condition);
      if (rules.length + together.length * alternatives.length > MOST_RULES) return undefined;
      together = together.flatMap((literals) =>
        alternatives.flatMap((more) => {
          const both = more.reduce<readonly Literal[] | undefined>((all, each) => all && and(all, each), literals);
          return both === undefined ? [] : [both];
        }),
      );
    }
    for (const literals of together) rules.push({ literals, outcome: outcome(decision) });
  }
  return rules;
}

/** Adds a literal to a conjunction. Returns undefined if the result can never be true. */
function and(literals: readonly Literal[], added: Literal): readonly Literal[] | undefined {
  const others = literals.filter((each) => !isSameWord(each, added));
  const same = [...literals.filter((each) => isSameWord(each, added)), added];
  const { word, mask } = added;
  const low = Math.max(...same.map((each) => (each.holds ? each.low : 0)));
  const high = Math.min(...same.map((each) => (each.holds ? each.high : mask)));
  const range: Literal = { word, mask, low, high, holds: true };
  const left = same.filter((each) => !each.holds && each.low <= high && each.high >= low);
  if (low > high || left.some((each) => each.low <= low && each.high >= high)) return undefined;
  const isEverything = low === 0 && high === mask;
  return [...others, ...(isEverything ? [] : [range]), ...left];
}

export function isSameWord(a: MaskedWord, b: MaskedWord): boolean {
  return a.word === b.word && a.mask === b.mask;
}

/** The distinct masked words that rules test. */
export function maskedWordsOf(rules: readonly LiteralRule[]): readonly MaskedWord[] {
  const words = new Map<string, MaskedWord>();
  for (const { literals } of rules) for (const { word, mask } of literals) words.set(`${word} ${mask}`, { word, mask });
  return [...words.values()];
}

/**
 * Rewrites a condition as alternatives: it holds if all literals of one list are true. An empty list is always true.
 */
export function alternativesOf(condition: Condition): readonly (readonly Literal[])[] {
  const { width, value } = condition;
  const ones = (1n << BigInt(width)) - 1n;
  switch (condition.op) {
    case 'eq':
      return [equal(condition, ones)];
    case 'ne':
      return equal(condition, ones).map((literal) => [{ ...literal, holds: false }]);
    case 'masked-eq':
      return [equal(condition, condition.mask)];
    case 'ge':
      return atLeast(condition, value);
    case 'gt':
      return value === ones ? [] : atLeast(condition, value + 1n);
    case 'lt':
      return below(condition, value);
    case 'le':
      return value === ones ? [[]] : below(condition, value + 1n);
  }
}

/** (argument & mask) = (value & mask), the high word first. Words without bits in the mask are left out. */
function equal({ index, value }: Condition, mask: bigint): readonly Literal[] {
  return [1, 0].flatMap((half) => {
    const maskWord = half === 1 ? highWord(mask) : lowWord(mask);
    const bits = ((half === 1 ? highWord(value) : lowWord(value)) & maskWord) >>> 0;
    return maskWord === 0 ? [] : [match(2 * index + half, maskWord, bits)];
  });
}

/** (word & mask) = bits. This is a range if the zeros of the mask are its lowest bits. */
function match(word: number, mask: number, bits: number): Literal {
  const free = ~mask >>> 0;
  return (free & (free + 1)) === 0
    ? { word, mask: MAX_WORD, low: bits, high: (bits | free) >>> 0, holds: true }
    : { word, mask, low: bits, high: bits, holds: true };
}

/** argument ≥ bound: the high word is above the bound's, or it is not below and the low word decides. */
function atLeast({ index, width }: Condition, bound: bigint): readonly (readonly Literal[])[] {
  if (bound === 0n) return [[]];
  const lower = range(2 * index, lowWord(bound), widest(width), width);
  if (width !== 64) return [[lower]];
  const notBelow = highWord(bound) === 0 ? [] : [range(2 * index + 1, highWord(bound), MAX_WORD)];
  if (lowWord(bound) === 0) return [notBelow];
  const above = highWord(bound) === MAX_WORD ? [] : [[range(2 * index + 1, highWord(bound) + 1, MAX_WORD)]];
  return [...above, [...notBelow, lower]];
}

/** argument < bound: the high word is below the bound's, or it is not above and the low word decides. */
function below({ index, width }: Condition, bound: bigint): readonly (readonly Literal[])[] {
  if (bound === 0n) return [];
  if (width !== 64) return [[range(2 * index, 0, lowWord(bound) - 1, width)]];
  const less = highWord(bound) === 0 ? [] : [[range(2 * index + 1, 0, highWord(bound) - 1)]];
  if (lowWord(bound) === 0) return less;
  const notAbove = highWord(bound) === MAX_WORD ? [] : [range(2 * index + 1, 0, highWord(bound))];
  return [...less, [...notAbove, range(2 * index, 0, lowWord(bound) - 1)]];
}

function range(word: number, from: number, to: number, width: Condition['width'] = 64): Literal {
  return { word, mask: widest(width), low: from, high: to, holds: true };
}

/** The mask for a word of an argument of this width. */
function widest(width: Condition['width']): number {
  return width === 16 ? 0xffff : MAX_WORD;
}

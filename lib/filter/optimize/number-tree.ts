/**
 * Builds the cheapest comparison tree that finds the outcome of a syscall number, or of a word of an argument, from the
 * range that it is in.
 *
 * The cost of a tree is that of its instructions, plus that of the path of each number, weighted by how often the
 * number takes it. See cost-model.ts.
 */
import { returnValue } from '../../policy/action.js';
import type { GraphBuilder, GraphNode } from '../bpf/graph.js';
import { mergeAdjacent } from '../merge-adjacent.js';
import { CHECKED_WEIGHT, DENIED_WEIGHT, LEAST_WEIGHT, NANOSECONDS } from './cost-model.js';

/**
 * Numbers from `start` to the next range's start − 1; the last range ends at 2³² − 1. Neighbors have different
 * outcomes.
 */
export interface OutcomeRange {
  readonly start: number;
  readonly outcome: GraphNode;
}

/** Values from `low` to `high`, both included. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
  readonly outcome: GraphNode;
}

/**
 * The syscall numbers that the kernel emulates when a filter is attached: from `first` up to, but not including,
 * `end`.
 */
export interface EmulatedNumbers {
  readonly first: number;
  readonly end: number;
}

/** The kernel emulates none of the numbers. */
export const NONE_EMULATED: EmulatedNumbers = { first: 0, end: 0 };

const ALLOWED = returnValue({ kind: 'allow' });

/** Runs with more numbers than this are not decided by one test of bits, which hardly ever tells more numbers apart. */
const MOST_BIT_TESTED = 64;

/**
 * The margin of the search for a run's best split, in ranges. With splits alone, the best one would lie between the
 * best splits of the two runs that are one range shorter; chains and tests of bits can move it. With this margin,
 * docker-default's tree is as good as with a full search.
 */
const NEAR = 2;

/** Runs with more ranges than this are split in the middle of their weight first. */
const LONGEST_CHOSEN = 24;

/**
 * How much farther from the middle a split may be if it does not tear a chain apart, as a fraction of the run's weight.
 */
const FAR = 0.125;

/**
 * Returns the node that tests the number in the accumulator. `ranges` are sorted, and cover all numbers that reach it.
 *
 * @param isLastCopied - Whether the path to the last range exists twice in the program, as in number-tree-x32.ts.
 */
export function buildNumberTree(
  ranges: readonly OutcomeRange[],
  emulated: EmulatedNumbers,
  builder: GraphBuilder,
  isLastCopied = false,
): GraphNode {
  const weighted = ranges.map(({ start: low, outcome }, i) => {
    const high = (ranges.at(i + 1)?.start ?? 2 ** 32) - 1;
    return { low, high, outcome, weight: weightOf({ low, high, outcome }, emulated) };
  });
  return buildTree(weighted, builder, isLastCopied);
}

/** The weight of a range: how many of its numbers the kernel emulates, and how often their calls run the filter. */
function weightOf({ low, high, outcome }: ValueRange, { first, end }: EmulatedNumbers): number {
  const emulated = Math.max(0, Math.min(high + 1, end) - Math.max(low, first));
  if (outcome.kind !== 'return') return emulated + CHECKED_WEIGHT;
  return Math.max(LEAST_WEIGHT, outcome.value === ALLOWED ? emulated : emulated * DENIED_WEIGHT);
}

/** In lists with more ranges than this, no common bits of several values are searched; see commonBits(). */
const MOST_FOR_BITS = 32;

/**
 * Returns the node that tests the value of an argument in the accumulator: first all values that consist of certain bits
 * only, if one test of these saves others, and then the remaining ones. All ranges are equally likely. `ranges` are
 * sorted and disjoint. Values between them cannot occur, so any outcome is right for them.
 */
export function buildValueTree(ranges: readonly ValueRange[], builder: GraphBuilder): GraphNode {
  const list = mergeNeighbors(ranges);
  const [first] = list;
  const bits = list.length > MOST_FOR_BITS ? 0 : commonBits(list);
  const others = list.filter((range) => (bitsOf(range) & ~bits) !== 0);
  if (first !== undefined && list.length - others.length > 1)
    return builder.branch('jset', ~bits >>> 0, buildValueTree(others, builder), first.outcome);
  const weight = CHECKED_WEIGHT / list.length;
  return buildTree(
    list.map((range) => ({ ...range, weight })),
    builder,
    false,
  );
}

/** Merges neighbors with the same outcome. */
export function mergeStarts(ranges: readonly OutcomeRange[]): readonly OutcomeRange[] {
  return ranges.filter(({ outcome }, i) => i === 0 || ranges.at(i - 1)?.outcome !== outcome);
}

/** Merges neighbors with the same outcome. */
export function mergeNeighbors(ranges: readonly ValueRange[]): readonly ValueRange[] {
  return mergeAdjacent(
    ranges,
    (merged, next) => merged.outcome === next.outcome,
    (merged, next) => ({ ...merged, high: next.high }),
  );
}

/** Returns bits such that every value without other bits has the first range's outcome, or is in no range. */
function commonBits(ranges: readonly ValueRange[]): number {
  const outcome = ranges.at(0)?.outcome;
  const others = ranges.filter((range) => range.outcome !== outcome);
  const isCommon = (bits: number) => others.every(({ low, high }) => (firstWithin(low, bits) ?? high + 1) > high);
  return ranges.reduce((bits, range) => {
    const more = (bits | bitsOf(range)) >>> 0;
    return range.outcome === outcome && isCommon(more) ? more : bits;
  }, 0);
}

/** The bits of all values of a range. Below the highest bit in which its bounds differ, every bit occurs. */
function bitsOf({ low, high }: Pick<ValueRange, 'low' | 'high'>): number {
  return low === high ? low : high | (0xffff_ffff >>> Math.clz32(low ^ high));
}

/** The first value from `low` on that has no bits but `bits`; undefined if there is none. */
export function firstWithin(low: number, bits: number): number | undefined {
  const wrong = low & ~bits;
  if (wrong === 0) return low;
  // A bit above the highest wrong bit must become 1, and all bits below it 0.
  const above = wrong < 0 ? 0 : (bits & ~low & (0xffff_ffff << (32 - Math.clz32(wrong)))) >>> 0;
  if (above === 0) return undefined;
  const carry = (above & -above) >>> 0;
  return ((low & bits & ~(carry | (carry - 1))) | carry) >>> 0;
}

/** A range, and how much the steps to its outcome count. */
interface WeightedRange extends ValueRange {
  readonly weight: number;
}

/**
 * Splits long runs of ranges in the middle of their weight, until the parts are short enough to be optimized. This adds
 * about 1 % to docker-default's instructions, and takes O(n) time and space in the number of ranges.
 */
function buildTree(ranges: readonly WeightedRange[], builder: GraphBuilder, isLastCopied: boolean): GraphNode {
  /** The total weight of the ranges before each range. */
  const before = [0];
  for (const { weight } of ranges) before.push(at(before, before.length - 1) + weight);
  /** Splits between two wide ranges are preferred, because they tear no chain apart. */
  const middleOf = (i: number, end: number) => {
    const [first, last] = [at(before, i), at(before, end)];
    let best = { split: i + 1, distance: Number.POSITIVE_INFINITY };
    for (let split = i + 1; split < end; split++) {
      const isTorn = !isWide(at(ranges, split - 1)) || !isWide(at(ranges, split));
      const distance = Math.abs(at(before, split) - (first + last) / 2) + (isTorn ? (last - first) * FAR : 0);
      if (distance < best.distance) best = { split, distance };
    }
    return best.split;
  };
  const divide = (i: number, end: number): GraphNode => {
    if (end - i <= LONGEST_CHOSEN)
      return new Tree(ranges.slice(i, end), builder, isLastCopied && end === ranges.length).build();
    const split = middleOf(i, end);
    return builder.branch('jge', at(ranges, split).low, divide(split, end), divide(i, split));
  };
  return divide(0, ranges.length);
}

/** The cheapest way to decide a run of ranges. */
interface Plan {
  /** In nanoseconds. */
  readonly cost: number;
  readonly way: 'outcome' | 'split' | 'chain' | 'bits';
  /** The first range of the right part of the run's best split, even if another way is cheaper. */
  readonly split: number;
}

/**
 * Chooses the cheapest way to decide each run of a few ranges: a split into two runs, a chain of equality tests, or one
 * test of bits. Source: Knuth, "Optimum Binary Search Trees", 1971, adapted to leaves that are ranges.
 */
class Tree {
  readonly #ranges: readonly WeightedRange[];
  readonly #builder: GraphBuilder;
  readonly #isLastCopied: boolean;
  /** By the first range of a run, and how many ranges follow it. */
  readonly #plans: readonly Plan[][];

  constructor(ranges: readonly WeightedRange[], builder: GraphBuilder, isLastCopied: boolean) {
    this.#ranges = ranges;
    this.#builder = builder;
    this.#isLastCopied = isLastCopied;
    this.#plans = ranges.map(() => []);
  }

  /** Makes the nodes of the tree, for a number in the accumulator. */
  build(): GraphNode {
    const last = this.#ranges.length - 1;
    for (let i = last; i >= 0; i--) this.#planFrom(i);
    return this.#build(0, last);
  }

  /** Plans the runs that begin with a range. Those that begin with a later range have been planned. */
  #planFrom(i: number): void {
    const plans = at(this.#plans, i);
    let weight = 0;
    /** The outcome of the wide ranges so far. */
    let wide: GraphNode | undefined;
    // What no chain or no bits can decide, they can't with more ranges either.
    let [isChained, isBitTested] = [true, true];
    for (let j = i; j < this.#ranges.length; j++) {
      const range = at(this.#ranges, j);
      weight += range.weight;
      if (isWide(range)) {
        isChained = isChained && (wide ?? range.outcome) === range.outcome;
        wide = range.outcome;
      }
      if (j === i) {
        plans.push({ cost: 0, way: 'outcome', split: i });
        continue;
      }
      let best = this.#split(i, j, weight);
      const chain = isChained && wide !== undefined ? this.#chainCost(i, j, wide) : Number.POSITIVE_INFINITY;
      if (chain < best.cost) best = { cost: chain, way: 'chain', split: best.split };
      const bits = NANOSECONDS.instruction + NANOSECONDS.detour + NANOSECONDS.jset * weight;
      // Two ranges are always split: a test of bits is as long and harder to read.
      if (isBitTested && j > i + 1 && bits < best.cost) {
        isBitTested = this.#bits(i, j) !== undefined;
        if (isBitTested) best = { cost: bits, way: 'bits', split: best.split };
      }
      plans.push(best);
    }
  }

  #plan(i: number, j: number): Plan {
    return at(at(this.#plans, i), j - i);
  }

  /** The cheapest split, near the best splits of the runs that are one range shorter. */
  #split(i: number, j: number, weight: number): Plan {
    const first = Math.max(i + 1, this.#plan(i, j - 1).split - NEAR);
    const last = Math.min(j, Math.max(first, this.#plan(i + 1, j).split + NEAR));
    let parts = Number.POSITIVE_INFINITY;
    let best = first;
    for (let split = first; split <= last; split++) {
      const cost = this.#plan(i, split - 1).cost + this.#plan(split, j).cost;
      if (cost >= parts) continue;
      parts = cost;
      best = split;
    }
    return { cost: parts + this.#splitCost(i, j) + NANOSECONDS.jge * weight, way: 'split', split: best };
  }

  /** The cost of a split's instruction, without its steps and its two parts. */
  #splitCost(i: number, j: number): number {
    if (j === i + 1) return NANOSECONDS.instruction + NANOSECONDS.detour;
    return this.#isLastCopied && j === this.#ranges.length - 1 ? 2 * NANOSECONDS.instruction : NANOSECONDS.instruction;
  }

  /** The cost to test single numbers one by one. All wide ranges have the outcome of the other numbers. */
  #chainCost(i: number, j: number, others: GraphNode): number {
    let [tested, steps, late] = [0, 0, 0];
    for (let k = i; k <= j; k++) {
      const { outcome, weight } = at(this.#ranges, k);
      if (outcome === others) late += weight;
      else steps += ++tested * weight;
    }
    steps += tested * late;
    return tested * NANOSECONDS.instruction + NANOSECONDS.detour + NANOSECONDS.jeq * steps;
  }

  /** One test of bits: numbers with any of them have the outcome of the run's first range, or of its second. */
  #bits(i: number, j: number): { readonly mask: number; having: GraphNode; others: GraphNode } | undefined {
    if (at(this.#ranges, j).high - at(this.#ranges, i).low >= MOST_BIT_TESTED) return undefined;
    const [first, second] = [at(this.#ranges, i).outcome, at(this.#ranges, i + 1).outcome];
    for (let k = i + 2; k <= j; k++) {
      const { outcome } = at(this.#ranges, k);
      if (outcome !== first && outcome !== second) return undefined;
    }
    const run = this.#ranges.slice(i, j + 1);
    const [having, others] = distinguishingBits(run, first) === 0 ? [second, first] : [first, second];
    const mask = distinguishingBits(run, having);
    return mask === 0 ? undefined : { mask, having, others };
  }

  #build(i: number, j: number): GraphNode {
    const { outcome } = at(this.#ranges, i);
    const { way, split } = this.#plan(i, j);
    const run = this.#ranges.slice(i, j + 1);
    const others = way === 'chain' ? run.find(isWide)?.outcome : undefined;
    const bits = way === 'bits' ? this.#bits(i, j) : undefined;
    if (way === 'outcome') return outcome;
    if (bits !== undefined) return this.#builder.branch('jset', bits.mask, bits.having, bits.others);
    if (others !== undefined)
      return run.reduceRight(
        (node, range) =>
          range.outcome === others ? node : this.#builder.branch('jeq', range.low, range.outcome, node),
        others,
      );
    const right = this.#build(split, j);
    return this.#builder.branch('jge', at(this.#ranges, split).low, right, this.#build(i, split - 1));
  }
}

/**
 * Bits such that each number with the outcome `having` has one of them, and no other number has any. Returns 0 if there
 * are none.
 */
function distinguishingBits(run: readonly ValueRange[], having: GraphNode): number {
  const excluded = run.reduce((bits, range) => (range.outcome === having ? bits : bits | bitsOf(range)), 0);
  let mask = 0;
  for (const { low, high, outcome } of run) {
    if (outcome !== having) continue;
    for (let number = low; number <= high; number++) {
      if ((number & ~excluded) === 0) return 0;
      mask |= number & ~excluded;
    }
  }
  return mask >>> 0;
}

function isWide({ low, high }: ValueRange): boolean {
  return high > low;
}

function at<Each>(list: readonly Each[], index: number): Each {
  const value = list[index];
  if (value === undefined) throw new RangeError(`index ${index} out of bounds`);
  return value;
}

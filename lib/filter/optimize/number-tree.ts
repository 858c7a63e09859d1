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

/** The ways to decide a run of ranges, other than a split. */
const CHAIN = 1;
/** One test of bits. Numbers with any of them have the outcome of the run's first range, or of its second. */
const BITS_FIRST = 2;
const BITS_SECOND = 4;

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
  const bounded = ranges.map(({ start, outcome }, i) => {
    return { low: start, high: (ranges.at(i + 1)?.start ?? 2 ** 32) - 1, outcome };
  });
  return new Tree(bounded, (range) => weightOf(range, emulated), builder, isLastCopied).build();
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
  return new Tree(list, () => CHECKED_WEIGHT / list.length, builder, false).build();
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

/**
 * Chooses the cheapest way to decide each run of ranges: a split into two runs, a chain of equality tests, or one
 * test of bits. Longer runs are split in the middle of their weight first, which adds about 1 % to docker-default's
 * instructions. Takes O(n) time and space in the number of ranges. Source: Knuth, "Optimum Binary Search Trees",
 * 1971, adapted to leaves that are ranges.
 */
class Tree {
  readonly #builder: GraphBuilder;
  readonly #size: number;
  readonly #isLastCopied: boolean;
  readonly #outcomes: readonly GraphNode[];
  /** The first number, the last number and the weight of each range. */
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  readonly #weights: Float64Array;
  /** The total weight of the ranges before each range. */
  readonly #before: Float64Array;
  /**
   * For the run from i to j, at index runOf(i, j): its cost, how it is decided, and the first range of the right part
   * of its best split.
   */
  readonly #cost: Float64Array;
  readonly #way: Uint8Array;
  readonly #split: Int32Array;

  constructor(
    ranges: readonly ValueRange[],
    weigh: (range: ValueRange) => number,
    builder: GraphBuilder,
    isLastCopied: boolean,
  ) {
    const size = ranges.length;
    this.#isLastCopied = isLastCopied;
    this.#builder = builder;
    this.#size = size;
    this.#outcomes = ranges.map(({ outcome }) => outcome);
    this.#starts = Float64Array.from(ranges, ({ low }) => low);
    this.#ends = Float64Array.from(ranges, ({ high }) => high);
    this.#weights = Float64Array.from(ranges, weigh);
    this.#cost = new Float64Array(size * LONGEST_CHOSEN);
    this.#way = new Uint8Array(size * LONGEST_CHOSEN);
    this.#split = new Int32Array(size * LONGEST_CHOSEN);
    this.#before = new Float64Array(size + 1);
    for (let i = 0; i < size; i++) this.#before[i + 1] = at(this.#before, i) + at(this.#weights, i);
  }

  /** Makes the nodes of the tree, for a number in the accumulator. */
  build(): GraphNode {
    return this.#divide(0, this.#size - 1);
  }

  /** Splits a long run in the middle of its weight, until the parts are short enough to be optimized. */
  #divide(i: number, j: number): GraphNode {
    if (j - i < LONGEST_CHOSEN) {
      for (let from = j - 1; from >= i; from--) this.#chooseFrom(from, j);
      return this.#build(i, j);
    }
    const split = this.#middle(i, j);
    return this.#builder.branch('jge', at(this.#starts, split), this.#divide(split, j), this.#divide(i, split - 1));
  }

  #build(i: number, j: number): GraphNode {
    if (i === j) return this.#outcome(i);
    const run = runOf(i, j);
    const way = at(this.#way, run);
    if (way === CHAIN) return this.#chain(i, j);
    if (way === BITS_FIRST) return this.#bits(i, j, i);
    if (way === BITS_SECOND) return this.#bits(i, j, i + 1);
    const split = at(this.#split, run);
    const start = at(this.#starts, split);
    return this.#builder.branch('jge', start, this.#build(split, j), this.#build(i, split - 1));
  }

  /**
   * The split nearest to the middle of the weight. Splits between two wide ranges are preferred, because they tear no
   * chain apart.
   */
  #middle(i: number, j: number): number {
    const middle = (at(this.#before, i) + at(this.#before, j + 1)) / 2;
    const far = (at(this.#before, j + 1) - at(this.#before, i)) * FAR;
    let best = i + 1;
    let least = Number.POSITIVE_INFINITY;
    for (let split = i + 1; split <= j; split++) {
      const torn = this.#isWide(split - 1) && this.#isWide(split) ? 0 : far;
      const distance = Math.abs(at(this.#before, split) - middle) + torn;
      if (distance >= least) continue;
      least = distance;
      best = split;
    }
    return best;
  }

  /**
   * Chooses for all runs that begin with range `i`, shorter runs first. Runs that begin with a later range have been
   * chosen before.
   */
  #chooseFrom(i: number, end: number): void {
    const chain = new NumberChain();
    // If no bits tell the numbers of a run apart, none do so for a longer run.
    let ways = BITS_FIRST | BITS_SECOND;
    let weight = this.#weights[i] ?? 0;
    chain.add(this.#outcome(i), weight, this.#isWide(i));
    for (let j = i + 1; j <= end; j++) {
      const added = this.#weights[j] ?? 0;
      weight += added;
      const run = runOf(i, j);
      let best = this.#bestSplit(i, j) + this.#splitCost(i, j) + NANOSECONDS.jge * weight;
      if (!chain.isBroken) chain.add(this.#outcome(j), added, this.#isWide(j));
      if (chain.cost < best) {
        best = chain.cost;
        this.#way[run] = CHAIN;
      }
      const bits = NANOSECONDS.instruction + NANOSECONDS.detour + NANOSECONDS.jset * weight;
      // Two ranges are always split: a test of bits is as long and harder to read.
      if (j > i + 1 && bits < best) {
        ways = this.#bitsWays(i, j, ways);
        if (ways !== 0) best = bits;
        if (ways !== 0) this.#way[run] = (ways & BITS_FIRST) === 0 ? BITS_SECOND : BITS_FIRST;
      }
      this.#cost[run] = best;
    }
  }

  /** Returns those of `ways` by which one test of bits can decide the run. */
  #bitsWays(i: number, j: number, ways: number): number {
    const first = (ways & BITS_FIRST) !== 0 && this.#bitsMask(i, j, i) !== 0 ? BITS_FIRST : 0;
    const second = (ways & BITS_SECOND) !== 0 && this.#bitsMask(i, j, i + 1) !== 0 ? BITS_SECOND : 0;
    return first | second;
  }

  /** The cost of a split's instruction, without its steps and its two parts. */
  #splitCost(i: number, j: number): number {
    if (j === i + 1) return NANOSECONDS.instruction + NANOSECONDS.detour;
    return this.#isLastCopied && j === this.#size - 1 ? 2 * NANOSECONDS.instruction : NANOSECONDS.instruction;
  }

  /** Finds the cheapest split, near the best splits of the runs that are one range shorter. */
  #bestSplit(i: number, j: number): number {
    const run = runOf(i, j);
    const first = j === i + 1 ? j : Math.max(i + 1, at(this.#split, runOf(i, j - 1)) - NEAR);
    const last = j === i + 1 ? j : Math.min(j, Math.max(first, at(this.#split, runOf(i + 1, j)) + NEAR));
    const costs = this.#cost;
    let best = Number.POSITIVE_INFINITY;
    let choice = first;
    for (let split = first, left = runOf(i, first - 1), right = runOf(first, j); split <= last; split++) {
      const cost = (costs[left] ?? 0) + (costs[right] ?? 0);
      if (cost < best) {
        best = cost;
        choice = split;
      }
      left += 1;
      right += LONGEST_CHOSEN - 1;
    }
    this.#split[run] = choice;
    return best;
  }

  #chain(i: number, j: number): GraphNode {
    let wide = i;
    while (wide < j && !this.#isWide(wide)) wide++;
    const rest = this.#outcome(wide);
    let node = rest;
    for (let k = j; k >= i; k--) {
      const outcome = this.#outcome(k);
      if (outcome !== rest) node = this.#builder.branch('jeq', at(this.#starts, k), outcome, node);
    }
    return node;
  }

  #bits(i: number, j: number, having: number): GraphNode {
    const mask = this.#bitsMask(i, j, having);
    return this.#builder.branch('jset', mask, this.#outcome(having), this.#outcome(having === i ? i + 1 : i));
  }

  /**
   * A mask of bits such that each number with the outcome of range `having` has one of them, and no other number of
   * the run has any. Returns 0 if there is none.
   */
  #bitsMask(i: number, j: number, having: number): number {
    if (at(this.#ends, j) - at(this.#starts, i) >= MOST_BIT_TESTED) return 0;
    const wanted = this.#outcome(having);
    const other = this.#outcome(having === i ? i + 1 : i);
    let others = 0;
    for (let k = i; k <= j; k++) {
      if (this.#outcome(k) === other) others |= bitsOf({ low: at(this.#starts, k), high: at(this.#ends, k) });
      else if (this.#outcome(k) !== wanted) return 0;
    }
    let mask = 0;
    for (let k = i; k <= j; k++) {
      if (this.#outcome(k) !== wanted) continue;
      for (let number = at(this.#starts, k); number <= at(this.#ends, k); number++) {
        if ((number & ~others) === 0) return 0;
        mask |= number & ~others;
      }
    }
    return mask >>> 0;
  }

  #isWide(i: number): boolean {
    return at(this.#ends, i) > at(this.#starts, i);
  }

  #outcome(i: number): GraphNode {
    const outcome = this.#outcomes[i];
    if (outcome === undefined) throw new RangeError(`no range ${i}`);
    return outcome;
  }
}

/**
 * The cost of a chain: single numbers are tested one by one, and all others have one outcome. Infinite if the others
 * have several outcomes.
 */
class NumberChain {
  cost = Number.POSITIVE_INFINITY;
  #rest: GraphNode | undefined;
  #restWeight = 0;
  /** The sum of each single number's weight times the number of tests that it takes. */
  #steps = 0;
  #count = 0;
  /** Single numbers that were added before the first wide range, whose outcome is that of the others. */
  #early: { readonly outcome: GraphNode; readonly weight: number }[] = [];
  #broken = false;

  /** Whether the run cannot be decided by a chain, whatever is added. */
  get isBroken(): boolean {
    return this.#broken;
  }

  /** Adds the next range. */
  add(outcome: GraphNode, weight: number, wide: boolean): void {
    if (this.#rest === undefined) {
      if (!wide) {
        this.#early.push({ outcome, weight });
        return;
      }
      this.#rest = outcome;
      for (const early of this.#early) this.#account(early.outcome, early.weight);
    }
    this.#broken = wide && outcome !== this.#rest;
    this.#account(outcome, weight);
    const steps = this.#steps + this.#count * this.#restWeight;
    this.cost = this.#broken
      ? Number.POSITIVE_INFINITY
      : this.#count * NANOSECONDS.instruction + NANOSECONDS.detour + NANOSECONDS.jeq * steps;
  }

  #account(outcome: GraphNode, weight: number): void {
    if (outcome === this.#rest) {
      this.#restWeight += weight;
    } else {
      this.#count++;
      this.#steps += this.#count * weight;
    }
  }
}

/** The index of a run of at most LONGEST_CHOSEN ranges. */
function runOf(i: number, j: number): number {
  return i * LONGEST_CHOSEN + j - i;
}

function at(array: Float64Array | Int32Array | Uint8Array, index: number): number {
  const value = array[index];
  if (value === undefined) throw new RangeError(`index ${index} out of bounds`);
  return value;
}

/** Builds the cheapest tests that find the outcome of a word from the range that its value is in. */

import type { GraphBuilder, GraphNode } from '../bpf/graph.js';
import { mergeAdjacent } from '../merge-adjacent.js';
import { STEP } from './cost-model.js';

/** Values from `low` to `high`, both included. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
  readonly outcome: GraphNode;
}

/** Lists with more ranges than this are halved first: the optimization takes O(n³) time in the number of ranges. */
const MOST_RANGES = 64;
/** In lists with more ranges than this, no common bits of several values are searched; see commonBits(). */
const MOST_FOR_BITS = 32;

/**
 * Returns the node that tests the value in the accumulator. `ranges` are sorted and disjoint. Values between them
 * cannot occur, so any outcome is right for them.
 */
export function buildValueTree(ranges: readonly ValueRange[], builder: GraphBuilder): GraphNode {
  const list = mergeNeighbors(ranges);
  if (list.length > MOST_RANGES) {
    const middle = list.length >>> 1;
    const right = list.slice(middle);
    return builder.branch(
      'jge',
      lowOf(right),
      buildValueTree(right, builder),
      buildValueTree(list.slice(0, middle), builder),
    );
  }
  return choose(list, STEP / list.length).build(builder);
}

/** Merges neighbors with the same outcome. */
export function mergeNeighbors(ranges: readonly ValueRange[]): readonly ValueRange[] {
  return mergeAdjacent(
    ranges,
    (merged, next) => merged.outcome === next.outcome,
    (merged, next) => ({ ...merged, high: next.high }),
  );
}

interface Choice {
  readonly cost: number;
  readonly build: (builder: GraphBuilder) => GraphNode;
}

/**
 * Chooses the cheaper way to decide the ranges: a tree; or first one test for all values that consist of certain bits
 * only and share one outcome, and then a tree for the others.
 */
function choose(ranges: readonly ValueRange[], step: number): Choice {
  const tree = new ValueTree(ranges, step);
  const bits = tree.cost < 2 || ranges.length > MOST_FOR_BITS ? 0 : commonBits(ranges);
  const others = mergeNeighbors(ranges.filter(({ low, high }) => !isWithin(low, high, bits)));
  const outcome = ranges.at(0)?.outcome;
  if (bits === 0 || outcome === undefined || others.length === 0) return tree;
  const rest = choose(others, step);
  const cost = 1 + step * ranges.length + rest.cost;
  if (cost >= tree.cost) return tree;
  return { cost, build: (builder) => builder.branch('jset', ~bits >>> 0, rest.build(builder), outcome) };
}

/**
 * Returns the mask that the most ranges are within, such that every value without other bits has the first range's
 * outcome, or is in no range. Returns 0 if there is none.
 */
function commonBits(ranges: readonly ValueRange[]): number {
  const outcome = ranges.at(0)?.outcome;
  const isCommon = (bits: number) =>
    ranges.every((range) => range.outcome === outcome || !meets(range.low, range.high, bits));
  const within = ranges.filter((range) => range.outcome === outcome).flatMap(({ low, high }) => [low, high]);
  const candidates = within
    .filter(isCommon)
    .map((first) => within.reduce((bits, more) => (isCommon((bits | more) >>> 0) ? (bits | more) >>> 0 : bits), first));
  const saved = (bits: number) => ranges.filter(({ low, high }) => isWithin(low, high, bits)).length;
  return candidates.reduce((best, bits) => (saved(bits) > saved(best) ? bits : best), 0);
}

/** Whether some value from `low` to `high` has no bits but `bits`. */
function meets(low: number, high: number, bits: number): boolean {
  const first = firstWithin(low, bits);
  return first !== undefined && first <= high;
}

/**
 * Whether all values from `low` to `high` have no bits but `bits`. Below the highest bit in which the bounds differ,
 * every bit occurs.
 */
function isWithin(low: number, high: number, bits: number): boolean {
  const below = low === high ? 0 : 0xffff_ffff >>> Math.clz32(low ^ high);
  return ((high | below) & ~bits) === 0;
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
 * Chooses the cheaper way to decide each run of ranges: a split into two runs, or tests of single values one by one.
 * Takes O(n³) time and O(n²) space. Source: Knuth, "Optimum Binary Search Trees", 1971, adapted to leaves that are
 * ranges.
 */
class ValueTree implements Choice {
  readonly #ranges: readonly ValueRange[];
  /**
   * For the run from i to j, at index i·n + j: its cost, and the first range of the right part of its split; 0 if its
   * values are tested one by one.
   */
  readonly #cost: Float64Array;
  readonly #right: Uint8Array;

  constructor(ranges: readonly ValueRange[], step: number) {
    this.#ranges = ranges;
    this.#cost = new Float64Array(ranges.length ** 2);
    this.#right = new Uint8Array(ranges.length ** 2);
    for (let i = ranges.length - 1; i >= 0; i--) this.#chooseFrom(i, step);
  }

  get cost(): number {
    return this.#cost[this.#ranges.length - 1] ?? 0;
  }

  build(builder: GraphBuilder, i = 0, j = this.#ranges.length - 1): GraphNode {
    const right = this.#right[i * this.#ranges.length + j] ?? 0;
    const run = this.#ranges.slice(i, j + 1);
    if (right === 0) return buildChain(run, builder);
    const yes = this.build(builder, right, j);
    return builder.branch('jge', lowOf(run.slice(right - i)), yes, this.build(builder, i, right - 1));
  }

  /**
   * Chooses for all runs that begin with range `i`, shorter runs first. Runs that begin with a later range have been
   * chosen before.
   */
  #chooseFrom(i: number, step: number): void {
    const size = this.#ranges.length;
    const chain = new ValueChain();
    for (let j = i; j < size; j++) {
      const range = this.#ranges[j];
      if (range !== undefined) chain.add(range);
      let best = chain.cost(step);
      for (let right = i + 1; right <= j; right++) {
        const parts = (this.#cost[i * size + right - 1] ?? 0) + (this.#cost[right * size + j] ?? 0);
        const cost = 1 + step * (j - i + 1) + parts;
        if (cost >= best) continue;
        best = cost;
        this.#right[i * size + j] = right;
      }
      this.#cost[i * size + j] = best;
    }
  }
}

/** A run of ranges in which all ranges are single values, but for those of the most frequent outcome. */
class ValueChain {
  readonly #counts = new Map<GraphNode, number>();
  #size = 0;
  #most = 0;
  #wide: GraphNode | undefined;
  #isBroken = false;

  add({ low, high, outcome }: ValueRange): void {
    const count = (this.#counts.get(outcome) ?? 0) + 1;
    this.#counts.set(outcome, count);
    this.#size++;
    this.#most = Math.max(this.#most, count);
    if (low === high) return;
    this.#isBroken ||= this.#wide !== undefined && this.#wide !== outcome;
    this.#wide = outcome;
  }

  cost(step: number): number {
    if (this.#isBroken) return Number.POSITIVE_INFINITY;
    const rest = this.#wide === undefined ? this.#most : (this.#counts.get(this.#wide) ?? 0);
    const singles = this.#size - rest;
    return singles + step * ((singles * (singles + 1)) / 2 + singles * rest);
  }
}

function buildChain(run: readonly ValueRange[], builder: GraphBuilder): GraphNode {
  const count = (node: GraphNode) => run.filter(({ outcome }) => outcome === node).length;
  const wide = run.find(({ low, high }) => low !== high);
  const [first] = run.toSorted((a, b) => count(b.outcome) - count(a.outcome));
  const rest = (wide ?? first)?.outcome;
  if (rest === undefined) throw new RangeError('a word has at least one range');
  return run
    .filter(({ outcome }) => outcome !== rest)
    .reduceRight<GraphNode>((no, { low, outcome }) => builder.branch('jeq', low, outcome, no), rest);
}

function lowOf([first]: readonly ValueRange[]): number {
  return first?.low ?? 0;
}

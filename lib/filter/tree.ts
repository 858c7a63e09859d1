/**
 * Finds the comparison tree that decides a 32-bit number by the range it lies in, at the least cost.
 *
 * The cost model is in docs/how-it-works.md: every instruction costs once, when the kernel translates the filter; every
 * step of a path costs once for each syscall number that takes it, when the kernel asks the new filter about all of them.
 */
import type { Node, NodeFactory } from './node.js';

/** Numbers from `start` to the next range's start − 1; the last goes to 2³² − 1. Neighbours have different outcomes. */
export interface Range {
  readonly start: number;
  readonly outcome: Node;
}

/** What one path step of one syscall number costs, in instructions: about 1.8 ns against 100 ns. */
const STEP = 0.018;

/** The kernel asks about the numbers of its own table; no architecture has more than this many in a row. */
const TABLE_SIZE = 512;

/** Builds the tree's nodes, for a number that is in the accumulator. `ranges` are sorted and begin with 0. */
export function buildTree(ranges: readonly Range[], factory: NodeFactory): Node {
  return new Tree(ranges, factory).build(0, ranges.length - 1);
}

/**
 * Chooses, for each run of ranges, between one split into two runs and a chain of equality tests.
 * O(n²) time and space in the number of ranges, n < 200 in practice. Source: Knuth 1971, adapted to range leaves.
 */
class Tree {
  readonly #ranges: readonly Range[];
  readonly #factory: NodeFactory;
  readonly #size: number;
  /** Sums of weights before each range. */
  readonly #before: Float64Array;
  /** For the run from i to j, at i·n + j: its cost, and the first range of its right part. */
  readonly #cost: Float64Array;
  readonly #split: Int32Array;
  readonly #chained: Uint8Array;

  constructor(ranges: readonly Range[], factory: NodeFactory) {
    this.#ranges = ranges;
    this.#factory = factory;
    this.#size = ranges.length;
    this.#before = new Float64Array(this.#size + 1);
    for (let i = 0; i < this.#size; i++) this.#before[i + 1] = at(this.#before, i) + this.#weight(i);
    this.#cost = new Float64Array(this.#size ** 2);
    this.#split = new Int32Array(this.#size ** 2);
    this.#chained = new Uint8Array(this.#size ** 2);
    for (let i = this.#size - 2; i >= 0; i--) this.#chooseFrom(i);
  }

  build(i: number, j: number): Node {
    const run = i * this.#size + j;
    if (i === j) return this.#range(i).outcome;
    if (this.#chained[run] === 1) return this.#chain(i, j);
    const split = at(this.#split, run);
    return this.#factory.branch('jge', this.#range(split).start, this.build(split, j), this.build(i, split - 1));
  }

  /** Chooses for all runs that begin with range `i`, the shorter first; all that begin later have been chosen for. */
  #chooseFrom(i: number): void {
    const chain = new Chain();
    chain.add(this.#range(i).outcome, this.#weight(i), this.#isWide(i));
    for (let j = i + 1; j < this.#size; j++) {
      chain.add(this.#range(j).outcome, this.#weight(j), this.#isWide(j));
      const run = i * this.#size + j;
      const split = this.#bestSplit(i, j) + 1 + STEP * (at(this.#before, j + 1) - at(this.#before, i));
      this.#chained[run] = chain.cost < split ? 1 : 0;
      this.#cost[run] = Math.min(split, chain.cost);
    }
  }

  /** Finds the split of least cost; it lies between those of the runs that are one range shorter. */
  #bestSplit(i: number, j: number): number {
    const run = i * this.#size + j;
    const first = j === i + 1 ? j : at(this.#split, run - 1);
    const last = j === i + 1 ? j : Math.max(first, at(this.#split, run + this.#size));
    let best = Number.POSITIVE_INFINITY;
    for (let split = first; split <= last; split++) {
      const cost = at(this.#cost, i * this.#size + split - 1) + at(this.#cost, split * this.#size + j);
      if (cost >= best) continue;
      best = cost;
      this.#split[run] = split;
    }
    return best;
  }

  #chain(i: number, j: number): Node {
    const run = this.#ranges.slice(i, j + 1);
    const rest = run.find((_, k) => this.#isWide(i + k))?.outcome ?? this.#range(j).outcome;
    let node = rest;
    for (const { start, outcome } of run.toReversed()) {
      if (outcome !== rest) node = this.#factory.branch('jeq', start, outcome, node);
    }
    return node;
  }

  /** How many numbers of the range the kernel asks about; a little for the others, whose calls run the filter too. */
  #weight(i: number): number {
    const { start } = this.#range(i);
    return Math.max(1, Math.min(this.#end(i) + 1, TABLE_SIZE) - Math.min(start, TABLE_SIZE));
  }

  #isWide(i: number): boolean {
    return this.#end(i) > this.#range(i).start;
  }

  #end(i: number): number {
    const next = this.#ranges[i + 1];
    return next === undefined ? 0xffff_ffff : next.start - 1;
  }

  #range(i: number): Range {
    const range = this.#ranges[i];
    if (range === undefined) throw new RangeError(`no range ${i}`);
    return range;
  }
}

/** What it costs to test single numbers one by one, the rest having one outcome; infinite if it has several, or none. */
class Chain {
  cost = Number.POSITIVE_INFINITY;
  #rest: Node | undefined;
  #restWeight = 0;
  readonly #singles: { readonly outcome: Node; readonly weight: number }[] = [];
  #steps = 0;
  #broken = false;

  /** Adds the next range. */
  add(outcome: Node, weight: number, wide: boolean): void {
    if (this.#broken) return;
    if (wide && this.#rest !== undefined && this.#rest !== outcome) {
      this.#broken = true;
      this.cost = Number.POSITIVE_INFINITY;
      return;
    }
    if (wide && this.#rest === undefined) this.#settle(outcome);
    if (outcome === this.#rest) this.#restWeight += weight;
    else this.#addSingle(outcome, weight);
    if (this.#rest === undefined) return;
    const count = this.#singles.length;
    this.cost = count + STEP * (this.#steps + count * this.#restWeight);
  }

  /** The first wide range tells what the rest is: singles of the same outcome belong to it. */
  #settle(rest: Node): void {
    this.#rest = rest;
    this.#steps = 0;
    for (const { outcome, weight } of this.#singles.splice(0)) {
      if (outcome === rest) this.#restWeight += weight;
      else this.#addSingle(outcome, weight);
    }
  }

  #addSingle(outcome: Node, weight: number): void {
    this.#singles.push({ outcome, weight });
    this.#steps += this.#singles.length * weight;
  }
}

function at(array: Float64Array | Int32Array, index: number): number {
  const value = array[index];
  if (value === undefined) throw new RangeError(`index ${index} out of bounds`);
  return value;
}

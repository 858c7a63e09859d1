/**
 * Decision diagrams over bits. They are reduced, ordered and shared, so two diagrams are the same function exactly if
 * they are the same number. Source: Bryant, "Graph-Based Algorithms for Boolean Function Manipulation", 1986.
 */
import { indices } from '../../util/own-data.js';

/** A function of bits, whose result is a truth value or a 32-bit value. */
export type Diagram = number & { readonly [diagram]: true };
declare const diagram: unique symbol;

export const FALSE = 0 as Diagram;
export const TRUE = 1 as Diagram;

/** The level of constants, below all bits. */
const CONSTANT = 0xffff;
/** The high branch of a constant: whether it is a truth value or a 32-bit value. */
const TRUTH = 1;
const VALUE = 0;

/** The default limit on steps: 600,000 take a third of a second. */
const MOST_STEPS = 600_000;

/** Nodes that take about 30 MB. */
const MANY_NODES = 500_000;

/** Thrown if building a diagram takes too many steps. */
export class TooManySteps extends RangeError {}

/** Makes diagrams. Bits with lower levels are tested first. */
export class Diagrams {
  #size = 0;
  #levels = new Uint16Array();
  /** For a node, the diagrams for 0 and for 1. For a constant, its value and its kind. */
  #low = new Int32Array();
  #high = new Int32Array();
  /** A hash table of nodes, plus 1, with open addressing; at least twice as long as the number of nodes. */
  #table = new Int32Array();
  /** A cache of results of choose(), the latest for each hash: test, yes, no, result. */
  #results = new Int32Array();
  readonly #mostSteps: number;
  #steps = 0;

  constructor(mostSteps: number = MOST_STEPS) {
    this.#mostSteps = mostSteps;
    this.#clear();
  }

  /** Forgets all diagrams if they take much memory. Returns whether it did. */
  clearIfLarge(): boolean {
    const isLarge = this.#size > MANY_NODES;
    if (isLarge) this.#clear();
    return isLarge;
  }

  #clear(): void {
    this.#size = 0;
    this.#levels = new Uint16Array(1 << 10);
    this.#low = new Int32Array(1 << 10);
    this.#high = new Int32Array(1 << 10);
    this.#table = new Int32Array(1 << 11);
    this.#results = new Int32Array(4 << 11);
    this.#share(CONSTANT, 0, TRUTH);
    this.#share(CONSTANT, 1, TRUTH);
  }

  /** The number of results that were computed. */
  get steps(): number {
    return this.#steps;
  }

  constant(value: number): Diagram {
    return this.#share(CONSTANT, value | 0, VALUE);
  }

  /** Tests one bit. `level` is below 0xffff, and below the levels that `zero` and `one` depend on. */
  bit(level: number, zero: Diagram, one: Diagram): Diagram {
    return zero === one ? zero : this.#share(level, zero, one);
  }

  both(a: Diagram, b: Diagram): Diagram {
    return this.choose(a, b, FALSE);
  }

  /** True where `a` is and `b` is not. */
  without(a: Diagram, b: Diagram): Diagram {
    return this.choose(b, FALSE, a);
  }

  not(a: Diagram): Diagram {
    return this.choose(a, FALSE, TRUE);
  }

  /**
   * Returns the diagram of `yes` where `test` is true, and of `no` elsewhere.
   * @throws {TooManySteps} if it takes too many steps.
   */
  choose(test: Diagram, yes: Diagram, no: Diagram): Diagram {
    if (test === TRUE || yes === no) return yes;
    if (test === FALSE) return no;
    if (yes === TRUE && no === FALSE) return test;
    const place = 4 * (hash(test, yes, no) & (this.#results.length / 4 - 1));
    const results = this.#results;
    if (results[place] === test && results[place + 1] === yes && results[place + 2] === no)
      return (results[place + 3] ?? 0) as Diagram;
    if (++this.#steps > this.#mostSteps) throw new TooManySteps('its rules are too intertwined');
    const level = Math.min(this.#level(test), this.#level(yes), this.#level(no));
    const zero = this.choose(this.#at(test, level, 0), this.#at(yes, level, 0), this.#at(no, level, 0));
    const one = this.choose(this.#at(test, level, 1), this.#at(yes, level, 1), this.#at(no, level, 1));
    const result = this.bit(level, zero, one);
    // The cache may have grown during the recursive calls.
    const free = 4 * (hash(test, yes, no) & (this.#results.length / 4 - 1));
    this.#results[free] = test;
    this.#results[free + 1] = yes;
    this.#results[free + 2] = no;
    this.#results[free + 3] = result;
    return result;
  }

  /** Replaces each value of a diagram by another diagram. */
  map(from: Diagram, to: (value: number) => Diagram, known = new Map<Diagram, Diagram>()): Diagram {
    const level = this.#level(from);
    if (level === CONSTANT) return to(this.#value(from));
    const made =
      known.get(from) ??
      this.bit(level, this.map(this.#at(from, level, 0), to, known), this.map(this.#at(from, level, 1), to, known));
    known.set(from, made);
    return made;
  }

  /** Maps each remainder of a diagram below the level `below` to the values of the bits above that lead to it. */
  partition(of: Diagram, below: number): ReadonlyMap<Diagram, Diagram> {
    const known = new Map<Diagram, ReadonlyMap<Diagram, Diagram>>();
    const visit = (node: Diagram): ReadonlyMap<Diagram, Diagram> => {
      const level = this.#level(node);
      if (level >= below) return new Map([[node, TRUE]]);
      const found = known.get(node);
      if (found !== undefined) return found;
      const [zero, one] = [visit(this.#at(node, level, 0)), visit(this.#at(node, level, 1))];
      const parts = [...new Set([...zero.keys(), ...one.keys()])].map(
        (rest) => [rest, this.bit(level, zero.get(rest) ?? FALSE, one.get(rest) ?? FALSE)] as const,
      );
      const made = new Map(parts);
      known.set(node, made);
      return made;
    };
    return visit(of);
  }

  /**
   * The remainders of a diagram below the bits from `first` to before `end`, in the order of the values of these bits, with
   * the first value of each.
   */
  *runs(of: Diagram, first: number, end: number, value = 0): Generator<readonly [value: number, rest: Diagram]> {
    if (this.#level(of) >= end) return yield [value, of];
    yield* this.runs(this.#at(of, first, 0), first + 1, end, value);
    yield* this.runs(this.#at(of, first, 1), first + 1, end, value + 2 ** (end - first - 1));
  }

  /** The levels of the bits that a diagram depends on. */
  levels(of: Diagram): ReadonlySet<number> {
    const levels = new Set<number>();
    const seen = new Set<Diagram>();
    const visit = (node: Diagram): void => {
      const level = this.#level(node);
      if (level === CONSTANT || seen.has(node)) return;
      seen.add(node);
      levels.add(level);
      visit(this.#at(node, level, 0));
      visit(this.#at(node, level, 1));
    };
    visit(of);
    return levels;
  }

  /** The levels of the bits that a diagram tests for a combination of bits, of which these are 1. */
  tested(of: Diagram, ones: ReadonlySet<number>): ReadonlySet<number> {
    const levels = new Set<number>();
    let node = of;
    for (let level = this.#level(node); level !== CONSTANT; level = this.#level(node)) {
      levels.add(level);
      node = this.#at(node, level, ones.has(level) ? 1 : 0);
    }
    return levels;
  }

  /** The levels from `first` to before `end` of bits that are the same for all combinations that make a truth value true. */
  shared(of: Diagram, first: number, end: number): ReadonlySet<number> {
    const found = { zeros: new Set<number>(), ones: new Set<number>() };
    const seen = new Set<Diagram>();
    const visit = (node: Diagram, from: number): void => {
      if (node === FALSE) return;
      const level = Math.min(this.#level(node), end);
      for (let free = from; free < level; free++) {
        found.zeros.add(free);
        found.ones.add(free);
      }
      if (level === end || seen.has(node)) return;
      seen.add(node);
      const [zero, one] = [this.#at(node, level, 0), this.#at(node, level, 1)];
      if (zero !== FALSE) found.zeros.add(level);
      if (one !== FALSE) found.ones.add(level);
      visit(zero, level + 1);
      visit(one, level + 1);
    };
    visit(of, first);
    const all = indices(end - first).map((i) => first + i);
    return new Set(all.filter((level) => found.zeros.has(level) !== found.ones.has(level)));
  }

  /** Finds bits for which two diagrams differ; undefined if they are the same. */
  difference(a: Diagram, b: Diagram): DiagramDifference | undefined {
    if (a === b) return undefined;
    const ones = new Set<number>();
    let [left, right] = [a, b];
    for (;;) {
      const level = Math.min(this.#level(left), this.#level(right));
      if (level === CONSTANT) return { ones, a: this.#value(left), b: this.#value(right) };
      const zeros = [this.#at(left, level, 0), this.#at(right, level, 0)] as const;
      if (zeros[0] === zeros[1]) {
        ones.add(level);
        [left, right] = [this.#at(left, level, 1), this.#at(right, level, 1)];
      } else [left, right] = zeros;
    }
  }

  /** The last combination of the bits from `first` to `last` that make a truth value true: those that are 1. */
  lastOnes(of: Diagram, first: number, last: number): ReadonlySet<number> {
    const ones = new Set<number>();
    let node = of;
    for (let level = first; level <= last; level++) {
      const one = this.#at(node, level, 1);
      if (one !== FALSE) ones.add(level);
      node = one === FALSE ? this.#at(node, level, 0) : one;
    }
    return ones;
  }

  #level(node: Diagram): number {
    return this.#levels[node] ?? CONSTANT;
  }

  #value(node: Diagram): number {
    return (this.#low[node] ?? 0) >>> 0;
  }

  /** The rest of a diagram for a known value of the bit at `level`. No bit with a lower level is tested in it. */
  #at(node: Diagram, level: number, bit: 0 | 1): Diagram {
    if (this.#levels[node] !== level) return node;
    return ((bit === 0 ? this.#low[node] : this.#high[node]) ?? 0) as Diagram;
  }

  #share(level: number, low: number, high: number): Diagram {
    const last = this.#table.length - 1;
    let place = hash(level, low, high) & last;
    for (let node = this.#table[place] ?? 0; node !== 0; node = this.#table[place] ?? 0) {
      const known = node - 1;
      if (this.#levels[known] === level && this.#low[known] === low && this.#high[known] === high)
        return known as Diagram;
      place = (place + 1) & last;
    }
    if (this.#size === this.#levels.length) {
      this.#grow();
      return this.#share(level, low, high);
    }
    const made = this.#size++;
    this.#levels[made] = level;
    this.#low[made] = low;
    this.#high[made] = high;
    this.#table[place] = made + 1;
    return made as Diagram;
  }

  #grow(): void {
    const room = 2 * this.#size;
    this.#levels = longer(this.#levels, new Uint16Array(room));
    this.#low = longer(this.#low, new Int32Array(room));
    this.#high = longer(this.#high, new Int32Array(room));
    this.#table = new Int32Array(2 * room);
    this.#results = new Int32Array(8 * room);
    const last = this.#table.length - 1;
    for (let node = 0; node < this.#size; node++) {
      let place = hash(this.#levels[node] ?? 0, this.#low[node] ?? 0, this.#high[node] ?? 0) & last;
      while (this.#table[place] !== 0) place = (place + 1) & last;
      this.#table[place] = node + 1;
    }
  }
}

/** Bits for which two diagrams differ. */
export interface DiagramDifference {
  /** The levels of the bits that are 1; all others are 0. */
  readonly ones: ReadonlySet<number>;
  /** The values of the two diagrams. */
  readonly a: number;
  readonly b: number;
}

function hash(a: number, b: number, c: number): number {
  let mixed = Math.imul(a, 0x9e37_79b1) ^ Math.imul(b, 0x85eb_ca6b) ^ Math.imul(c, 0xc2b2_ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d);
  return mixed ^ (mixed >>> 13);
}

function longer<List extends { set(values: List): void }>(values: List, room: List): List {
  room.set(values);
  return room;
}

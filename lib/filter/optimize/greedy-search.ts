/**
 * Chooses, at each step, which masked word of the arguments to test next: the one that leaves the fewest literals.
 * Each word is loaded once, and everything that the rules say about it is decided there.
 */
import type { Abi } from '../../syscalls/abi.js';
import type { GraphBuilder, GraphNode } from '../bpf/graph.js';
import { isSameWord, type Literal, type LiteralRule, type MaskedWord, maskedWordsOf } from './literals.js';
import { testMaskedWord } from './load-word.js';
import type { ValueRange } from './number-tree.js';

/** The limit on the work for one syscall, in entries of rule lists that are made: about a sixth of a second. */
const MOST_WORK = 200_000;

/** The limit on the work for all syscalls of a program. */
const MOST_IN_ALL = 250_000;

/** The work that was done for each program so far, by its builder. */
const spent = new WeakMap<GraphBuilder, number>();

/** Compiles rules to a graph. Returns undefined if that exceeds the limit on the work. */
export function searchGreedily(
  rules: readonly LiteralRule[],
  otherwise: GraphNode,
  abi: Abi,
  builder: GraphBuilder,
): GraphNode | undefined {
  const before = spent.get(builder) ?? 0;
  const search = new GreedySearch(otherwise, abi, builder, Math.min(MOST_WORK, MOST_IN_ALL - before));
  const node = search.build(rules);
  spent.set(builder, before + search.work);
  return node;
}

/** A range of values of a masked word, and the rules that can still hold there. */
interface Cell {
  readonly low: number;
  readonly high: number;
  readonly rules: readonly LiteralRule[];
}

class GreedySearch {
  readonly #otherwise: GraphNode;
  readonly #abi: Abi;
  readonly #builder: GraphBuilder;
  readonly #nodes = new Map<string, GraphNode>();
  /** Numbers of rules, by the rule object and by its content: equal rules have the same number. */
  readonly #numbers = new Map<LiteralRule | string, number>();
  readonly #mostWork: number;
  #work = 0;

  constructor(otherwise: GraphNode, abi: Abi, builder: GraphBuilder, mostWork: number) {
    this.#mostWork = mostWork;
    this.#otherwise = otherwise;
    this.#abi = abi;
    this.#builder = builder;
  }

  /** The number of entries of rule lists that were made. */
  get work(): number {
    return this.#work;
  }

  build(given: readonly LiteralRule[]): GraphNode | undefined {
    const rules = reduced(given, this.#otherwise);
    const [first] = rules;
    if (first === undefined) return this.#otherwise;
    if (first.literals.length === 0) return first.outcome;
    const [maskedWord, ...others] = maskedWordsOf(rules);
    if (maskedWord !== undefined && others.length === 0) {
      const cells = this.#cut(rules, maskedWord);
      return cells && this.#test(maskedWord, cells);
    }
    const key = this.#keyOf(rules);
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const node = this.#testFirst(rules);
    if (node !== undefined) this.#nodes.set(key, node);
    return node;
  }

  /** Tests the masked word that leaves the fewest literals. */
  #testFirst(rules: readonly LiteralRule[]): GraphNode | undefined {
    const cuts: { readonly maskedWord: MaskedWord; readonly cells: readonly Cell[]; readonly left: number }[] = [];
    for (const maskedWord of maskedWordsOf(rules)) {
      const cells = this.#cut(rules, maskedWord);
      if (cells === undefined) return undefined;
      cuts.push({ maskedWord, cells, left: this.#literalsIn(cells) });
    }
    const [least] = cuts.sort((a, b) => a.left - b.left);
    return least && this.#test(least.maskedWord, least.cells);
  }

  /** Counts the literals that are left, once for cells with equal rules; each cell adds a quarter. */
  #literalsIn(cells: readonly Cell[]): number {
    let sum = cells.length / 4;
    const lists = new Map(cells.map(({ rules }) => [this.#keyOf(rules), rules]));
    for (const rules of lists.values()) for (const { literals } of rules) sum += literals.length;
    return sum;
  }

  #keyOf(rules: readonly LiteralRule[]): string {
    return rules.map((rule) => this.#numberOf(rule)).join();
  }

  #numberOf(rule: LiteralRule): number {
    const known = this.#numbers.get(rule);
    if (known !== undefined) return known;
    const key = `${literalsKey(rule)} ${rule.outcome.id}`;
    const number = this.#numbers.get(key) ?? this.#numbers.size;
    this.#numbers.set(key, number);
    this.#numbers.set(rule, number);
    return number;
  }

  #test(maskedWord: MaskedWord, cells: readonly Cell[]): GraphNode | undefined {
    const ranges: ValueRange[] = [];
    for (const { low, high, rules } of cells) {
      const outcome = this.build(rules);
      if (outcome === undefined) return undefined;
      ranges.push({ low, high, outcome });
    }
    return testMaskedWord(maskedWord, ranges, this.#abi, this.#builder);
  }

  /**
   * Cuts the values of a masked word at the bounds of the rules' literals. Returns undefined if that is too much
   * work.
   */
  #cut(rules: readonly LiteralRule[], maskedWord: MaskedWord): readonly Cell[] | undefined {
    const tested = rules.map(({ literals }) => literals.filter((literal) => isSameWord(literal, maskedWord)));
    const starts = [...new Set([0, ...tested.flat().flatMap(({ low, high }) => [low, high + 1])])]
      .filter((start) => start <= maskedWord.mask)
      .sort((a, b) => a - b);
    const places = new Map(starts.map((start, i) => [start, i]));
    const lists = starts.map((): LiteralRule[] => []);
    const closed = new Set<number>();
    for (const [i, rule] of rules.entries()) {
      const literals = tested[i] ?? [];
      const rest = without(rule, maskedWord);
      for (const place of placesOf(literals, places, starts.length)) {
        if (closed.has(place)) continue;
        lists[place]?.push(rest);
        this.#work++;
        if (rest.literals.length === 0) closed.add(place);
        if (this.#work > this.#mostWork) return undefined;
      }
    }
    return starts.map((low, i) => ({
      low,
      high: (starts.at(i + 1) ?? maskedWord.mask + 1) - 1,
      rules: lists[i] ?? [],
    }));
  }
}

/** The indices of the cells in which all literals hold. */
function* placesOf(literals: readonly Literal[], places: ReadonlyMap<number, number>, size: number): Generator<number> {
  const span = ({ low, high }: Literal) => ({ from: places.get(low) ?? 0, to: places.get(high + 1) ?? size });
  const inside = literals.find(({ holds }) => holds);
  const outside = literals.filter(({ holds }) => !holds).map(span);
  const { from, to } = inside === undefined ? { from: 0, to: size } : span(inside);
  for (let place = from; place < to; place++) {
    if (!outside.some((each) => each.from <= place && place < each.to)) yield place;
  }
}

/**
 * Drops rules that have no effect: those after a rule that always holds, repeated ones, and those at the end whose
 * outcome is the default.
 */
function reduced(rules: readonly LiteralRule[], otherwise: GraphNode): readonly LiteralRule[] {
  const seen = new Set<string>();
  const left: LiteralRule[] = [];
  for (const rule of rules) {
    const key = literalsKey(rule);
    if (seen.has(key)) continue;
    seen.add(key);
    left.push(rule);
    if (rule.literals.length === 0) break;
  }
  const last = left.at(-1);
  const rest = last?.literals.length === 0 ? last.outcome : otherwise;
  const end = left.findLastIndex(({ outcome }) => outcome !== rest) + 1;
  return rest === otherwise ? left.slice(0, end) : [...left.slice(0, end), { literals: [], outcome: rest }];
}

const keys = new WeakMap<LiteralRule, string>();

function literalsKey(rule: LiteralRule): string {
  const known = keys.get(rule);
  if (known !== undefined) return known;
  const key = rule.literals.map(({ word, mask, low, high, holds }) => `${word} ${mask} ${low} ${high} ${holds}`).join();
  keys.set(rule, key);
  return key;
}

const rests = new WeakMap<LiteralRule, Map<string, LiteralRule>>();

/** The rule without its literals on `maskedWord`. Returns the same object for the same parameters. */
function without(rule: LiteralRule, maskedWord: MaskedWord): LiteralRule {
  const key = `${maskedWord.word} ${maskedWord.mask}`;
  const known = rests.get(rule) ?? new Map<string, LiteralRule>();
  rests.set(rule, known);
  const made = known.get(key);
  if (made !== undefined) return made;
  const literals = rule.literals.filter((literal) => !isSameWord(literal, maskedWord));
  const rest = literals.length === rule.literals.length ? rule : { literals, outcome: rule.outcome };
  known.set(key, rest);
  return rest;
}

/** Looks for the smallest program among all orders of tests, for few rules: exact sets of words say what tests are implied. */
import {
  ALL_WORDS,
  atLeast,
  below,
  differing,
  inRange,
  MAX_WORD,
  matching,
  member,
  memberExcept,
  type WordSet,
} from '../../policy/word-set.js';
import type { Abi } from '../../syscalls/abi.js';
import { type GraphBuilder, type GraphNode, type JumpTest, skipLoad } from '../bpf/graph.js';
import { costOf } from './cost-model.js';
import type { Literal, LiteralRule } from './literals.js';
import { offsetOf, skipMaskedLoad, testMaskedWord } from './load-word.js';

/** A test that a program can make of a word: under `and`, if given. */
interface WordTest {
  readonly test: JumpTest;
  readonly k: number;
  readonly and: number | undefined;
}

/** Words that no test tells apart: one bit of a set. */
interface Cells {
  readonly word: number;
  /** A member of each. */
  readonly members: readonly number[];
  /** Whether each is a range, in order. */
  readonly isOrdered: boolean;
  /** Each question with the cells where the answer is yes; of two with the same, the cheaper. */
  readonly questions: readonly CellTest[];
}

interface CellTest {
  readonly question: WordTest;
  readonly yes: number;
}

/** A set of cells for each word that is asked for; in a domain, those that are possible. */
type CellBox = readonly number[];

interface BoxRule {
  readonly box: CellBox;
  readonly outcome: GraphNode;
}

/** Bits of a set: as many as a number has without its sign. */
const MOST_CELLS = 30;
/** States of which all tests are tried; the others take the test that leaves the least to ask. */
const MOST_TRIED = { few: 256, many: 48 };
/** So many words are few. */
const FEW_WORDS = 2;
/** States that are followed at all. */
const MOST_STATES = 512;

/** The rules as nodes; undefined if they cut the words into too many parts. */
export function searchExhaustively(
  rules: readonly LiteralRule[],
  otherwise: GraphNode,
  abi: Abi,
  factory: GraphBuilder,
): GraphNode | undefined {
  const words = [...new Set(rules.flatMap(({ literals }) => literals.map(({ word }) => word)))];
  const cells: Cells[] = [];
  for (const word of words) {
    const found = cellsOf(
      word,
      rules.flatMap(({ literals }) => literals.filter((literal) => literal.word === word)),
    );
    if (found === undefined) return undefined;
    cells.push(found);
  }
  const boxes = rules.map(({ literals, outcome }) => ({
    box: cells.map(({ word, members }) => {
      const own = literals.filter((literal) => literal.word === word);
      return setOf(members, (each) => own.every((literal) => isTrue(literal, each)));
    }),
    outcome,
  }));
  const searching = new ExhaustiveSearch(cells, otherwise, abi, factory);
  const node = searching.build(
    cells.map(({ members }) => setOf(members, () => true)),
    boxes,
  );
  return searching.gaveUp ? undefined : node;
}

class ExhaustiveSearch {
  readonly #cells: readonly Cells[];
  readonly #otherwise: GraphNode;
  readonly #abi: Abi;
  readonly #factory: GraphBuilder;
  readonly #nodes = new Map<string, GraphNode>();
  readonly #mostTried: number;
  /** States that are being searched. */
  #open = 0;

  constructor(cells: readonly Cells[], otherwise: GraphNode, abi: Abi, factory: GraphBuilder) {
    this.#cells = cells;
    this.#mostTried = cells.length <= FEW_WORDS ? MOST_TRIED.few : MOST_TRIED.many;
    this.#otherwise = otherwise;
    this.#abi = abi;
    this.#factory = factory;
  }

  /** Whether there were too many states, so that what build() gave is of no use. */
  get gaveUp(): boolean {
    return this.#nodes.size > MOST_STATES;
  }

  /** The best program for calls in `domain`, where the accumulator holds word `held`. */
  build(domain: CellBox, given: readonly BoxRule[], held?: number): GraphNode {
    const { rules, rest } = reduced(domain, given, this.#otherwise);
    if (rules.length === 0) return rest;
    const relevant = domain.map((set, i) => rules.some(({ box }) => box[i] !== set));
    const asked = domain.map((set, i) => (relevant[i] ? set : 0));
    const kept = held !== undefined && relevant[held] ? this.#cells[held]?.word : undefined;
    const key = `${kept} ${asked} ${rules.map(({ box, outcome }) => `${box.filter((_, i) => relevant[i])} ${outcome.id}`)} ${rest.id}`;
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    if (this.gaveUp) return rest;
    const node = this.#cheapest(domain, [...rules, { box: domain, outcome: rest }], relevant, kept);
    this.#nodes.set(key, node);
    return node;
  }

  #cheapest(
    domain: CellBox,
    rules: readonly BoxRule[],
    relevant: readonly boolean[],
    kept: number | undefined,
  ): GraphNode {
    const [first, ...others] = this.#candidates(domain, rules, relevant);
    if (first === undefined) throw new RangeError('rules that differ can be told apart');
    const offset = kept === undefined ? undefined : offsetOf(kept, this.#abi);
    const cost = (node: GraphNode) => costOf(offset === undefined ? node : skipLoad(offset, node));
    return others.reduce((best, node) => (cost(node) < cost(best) ? node : best), first);
  }

  *#candidates(domain: CellBox, rules: readonly BoxRule[], relevant: readonly boolean[]): Generator<GraphNode> {
    const words = this.#cells.flatMap((cells, i) =>
      relevant[i] ? [{ cells, i, questions: useful(cells, domain[i] ?? 0, i, rules) }] : [],
    );
    const ask = (word: number, i: number, { question, yes }: CellTest) => {
      const set = domain[i] ?? 0;
      const held = question.and === undefined ? i : undefined;
      const ifYes = this.build(domain.with(i, set & yes), rules, held);
      return this.#ask(question, word, ifYes, this.build(domain.with(i, set & ~yes), rules, held));
    };
    const ordered = words.filter(({ cells, questions }) => cells.isOrdered && questions.length > 1);
    if (ordered.length === 1 && words.length === 1) {
      for (const { cells, i } of ordered) yield this.#askAll(cells, i, domain, rules);
    } else if (this.#nodes.size + this.#open > this.#mostTried) {
      const cuts = words.flatMap(({ cells: { word }, i, questions }) =>
        questions.map((each) => ({ word, i, each, left: left(rules, domain, i, each.yes) })),
      );
      const [least] = cuts.toSorted((a, b) => a.left - b.left);
      if (least !== undefined) yield ask(least.word, least.i, least.each);
    } else {
      this.#open++;
      for (const { cells, i } of ordered) yield this.#askAll(cells, i, domain, rules);
      for (const { cells, i, questions } of words) for (const each of questions) yield ask(cells.word, i, each);
      this.#open--;
    }
  }

  /** Settles all that is asked of a word. */
  #askAll({ word, members }: Cells, i: number, domain: CellBox, rules: readonly BoxRule[]): GraphNode {
    const ranges = members.flatMap((low, cell) => {
      const set = (domain[i] ?? 0) & (1 << cell);
      const high = (members.at(cell + 1) ?? 2 ** 32) - 1;
      return set === 0 ? [] : [{ low, high, outcome: this.build(domain.with(i, set), rules) }];
    });
    return testMaskedWord({ word, mask: MAX_WORD }, ranges, this.#abi, this.#factory);
  }

  #ask({ test, k, and }: WordTest, word: number, yes: GraphNode, no: GraphNode): GraphNode {
    const factory = this.#factory;
    const offset = offsetOf(word, this.#abi);
    if (yes === no) return yes;
    if (and === undefined) {
      return factory.load(offset, factory.branch(test, k, skipLoad(offset, yes), skipLoad(offset, no)));
    }
    return factory.load(
      offset,
      factory.and(and, factory.branch(test, k, skipMaskedLoad(offset, and, yes), skipMaskedLoad(offset, and, no))),
    );
  }
}

/** What is left of the rules in a domain: those before the first that always holds, but none at the end with its outcome. */
function reduced(domain: CellBox, given: readonly BoxRule[], otherwise: GraphNode) {
  let rules: readonly BoxRule[] = [];
  let rest = otherwise;
  for (const { box, outcome } of given) {
    const inside = intersection(box, domain);
    if (inside === undefined) continue;
    rules = added(rules, { box: inside, outcome });
    if (isWithin(domain, rules.at(-1)?.box ?? inside)) {
      rest = outcome;
      break;
    }
  }
  const end = rules.findLastIndex(({ outcome }) => outcome !== rest) + 1;
  return { rules: rules.slice(0, end), rest };
}

/** How many sets the rules leave to ask for after a question about word `i`, both answers together. */
function left(rules: readonly BoxRule[], domain: CellBox, i: number, yes: number): number {
  return leftIn(rules, domain, i, yes) + leftIn(rules, domain, i, ~yes);
}

function leftIn(rules: readonly BoxRule[], domain: CellBox, i: number, answer: number): number {
  let count = 0;
  for (const { box } of rules) {
    if (((box[i] ?? 0) & (domain[i] ?? 0) & answer) === 0) continue;
    const before = count;
    for (let j = 0; j < box.length; j++) {
      const possible = j === i ? (domain[j] ?? 0) & answer : (domain[j] ?? 0);
      if ((possible & ~(box[j] ?? 0)) !== 0) count++;
    }
    if (count === before) break;
  }
  return count;
}

function intersection(a: CellBox, b: CellBox): CellBox | undefined {
  const both: number[] = [];
  for (let i = 0; i < a.length; i++) {
    const set = (a[i] ?? 0) & (b[i] ?? 0);
    if (set === 0) return undefined;
    both.push(set);
  }
  return both;
}

function isWithin(inner: CellBox, outer: CellBox): boolean {
  for (let i = 0; i < inner.length; i++) if (((inner[i] ?? 0) & ~(outer[i] ?? 0)) !== 0) return false;
  return true;
}

function differences(a: CellBox, b: CellBox): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count++;
  return count;
}

/** Adds a rule, as one with a rule of the same outcome if they differ in one word only; not, if one before it always wins. */
function added(rules: readonly BoxRule[], { box, outcome }: BoxRule): readonly BoxRule[] {
  if (rules.some((rule) => isWithin(box, rule.box))) return rules;
  const run = rules.findLastIndex((rule) => rule.outcome !== outcome) + 1;
  const like = rules.findIndex((rule, i) => i >= run && differences(rule.box, box) === 1);
  const other = like < 0 ? undefined : rules[like];
  if (other === undefined) return [...rules, { box, outcome }];
  const both = other.box.map((set, i) => set | (box[i] ?? 0));
  return added(rules.toSpliced(like, 1), { box: both, outcome });
}

/** Questions that tell possible words apart; one alone, if no rule asks for anything else. */
function useful({ questions }: Cells, domain: number, i: number, rules: readonly BoxRule[]) {
  const useful = questions.filter(({ yes }) => (domain & yes) !== 0 && (domain & ~yes) !== 0);
  const sets = new Set(rules.map(({ box }) => (box[i] ?? 0) & domain).filter((set) => set !== 0 && set !== domain));
  const [set = 0, other = domain & ~set, ...more] = sets;
  if (more.length > 0 || other !== (domain & ~set)) return useful;
  const only = useful.find(({ yes }) => (yes & domain) === set || (yes & domain) === other);
  return only === undefined ? useful : [only];
}

function cellsOf(word: number, literals: readonly Literal[]): Cells | undefined {
  const isOrdered = literals.every(({ mask }) => mask === MAX_WORD);
  const cutting = isOrdered ? orderQuestions(literals) : withUnions(literals.flatMap(questionsOf));
  const parts = isOrdered ? [] : partsOf(cutting);
  const members = isOrdered ? startsOf(literals) : parts?.flatMap((part) => member(part) ?? []);
  if (parts === undefined || members === undefined || members.length > MOST_CELLS) return undefined;
  const asked = [...cutting, ...parts.flatMap(onlyWord)];
  const all = setOf(members, () => true);
  const questions = new Map<number, CellTest>();
  for (const question of asked) {
    const yes = setOf(members, (each) => answer(question, each));
    const known = questions.get(yes) ?? questions.get(all & ~yes);
    if (known === undefined) questions.set(yes, { question, yes });
  }
  return { word, members, isOrdered, questions: [...questions.values()] };
}

function startsOf(literals: readonly Literal[]): readonly number[] {
  const starts = literals.flatMap(({ low, high }) => [low, high + 1]).filter((start) => start <= MAX_WORD);
  return [...new Set([0, ...starts])].sort((a, b) => a - b);
}

/** Where ranges begin, and whether it is a word that is a range by itself. */
function orderQuestions(literals: readonly Literal[]): readonly WordTest[] {
  return startsOf(literals).flatMap((start, i, starts): readonly WordTest[] => [
    ...(start === (starts.at(i + 1) ?? 2 ** 32) - 1 ? [{ test: 'jeq', k: start, and: undefined } as const] : []),
    ...(start === 0 ? [] : [{ test: 'jge', k: start, and: undefined } as const]),
  ]);
}

/** One test can ask for the bits of two. */
function withUnions(questions: readonly WordTest[]): readonly WordTest[] {
  const masks = questions.flatMap(({ test, k }) => (test === 'jset' ? [k] : []));
  const unions = masks.flatMap((one, i) => masks.slice(i + 1).map((other) => (one | other) >>> 0));
  const all = masks.reduce((union, mask) => (union | mask) >>> 0, 0);
  const added = [...new Set([...unions, all])].filter((k) => k !== 0 && !masks.includes(k));
  return [...questions, ...added.map((k): WordTest => ({ test: 'jset', k, and: undefined }))];
}

/** The tests that tell whether a literal is true, alone or together; those that keep the word loaded come first. */
function questionsOf({ mask, low, high }: Literal): readonly WordTest[] {
  const and = mask === MAX_WORD ? undefined : mask;
  if (low !== high) {
    return [low, high + 1]
      .filter((bound) => bound > 0 && bound <= mask)
      .map((bound) => ({ test: 'jge', k: bound, and }));
  }
  const isOneBit = low !== 0 && (low & (low - 1)) === 0;
  const others = (mask & ~low) >>> 0;
  if (mask !== MAX_WORD && (low === 0 || (isOneBit && others === 0)))
    return [{ test: 'jset', k: mask, and: undefined }];
  const equal: WordTest = { test: 'jeq', k: low, and };
  if (mask === MAX_WORD || !isOneBit) return [equal];
  return [{ test: 'jset', k: others, and: undefined }, { test: 'jset', k: low, and: undefined }, equal];
}

/** Asks for the word that is all of a part by itself. */
function onlyWord(part: WordSet): readonly WordTest[] {
  const k = member(part);
  return k === undefined || memberExcept(part, [k]) !== undefined ? [] : [{ test: 'jeq', k, and: undefined }];
}

/** The sets that the questions cut out; undefined if there are too many. */
function partsOf(questions: readonly WordTest[]): readonly WordSet[] | undefined {
  let parts: readonly WordSet[] = [ALL_WORDS];
  for (const question of questions) {
    parts = parts.flatMap((part) => cut(part, question));
    if (parts.length > MOST_CELLS) return undefined;
  }
  return parts;
}

function cut(part: WordSet, { test, k, and = MAX_WORD }: WordTest): readonly WordSet[] {
  switch (test) {
    case 'jset': {
      const none = { mask: k, bits: 0 };
      return [differing(part, none) ?? [], matching(part, none) ?? []].flat();
    }
    case 'jeq': {
      const equal = { mask: and, bits: k };
      return [matching(part, equal) ?? [], differing(part, equal) ?? []].flat();
    }
    default: {
      if (and === MAX_WORD) return [inRange(part, k, MAX_WORD) ?? [], inRange(part, 0, k - 1) ?? []].flat();
      return [...atLeast(and, k), ...below(and, k)].flatMap((pattern) => matching(part, pattern) ?? []);
    }
  }
}

function setOf(members: readonly number[], has: (member: number) => boolean): number {
  return members.reduce((set, each, i) => (has(each) ? set | (1 << i) : set), 0);
}

function isTrue({ mask, low, high, holds }: Literal, word: number): boolean {
  const value = (word & mask) >>> 0;
  return (low <= value && value <= high) === holds;
}

function answer({ test, k, and = MAX_WORD }: WordTest, word: number): boolean {
  const value = (word & and) >>> 0;
  if (test === 'jset') return (value & k) !== 0;
  return test === 'jeq' ? value === k : value >= k;
}

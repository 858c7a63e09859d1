/**
 * Describes what code decides by a list of decisions that follows its tests: those of one branch, each with the test as
 * a further condition, then those of the other. Code that both branches reach is described once, after them.
 */
import { actionOf } from '../../policy/action.js';
import { conditionFor, conditionsFor } from '../../policy/diagrams/argument-sets.js';
import { conditionDiagram } from '../../policy/diagrams/call-bits.js';
import { type Diagram, Diagrams, FALSE, TooManySteps, TRUE } from '../../policy/diagrams/decision-diagram.js';
import type { Condition, Decision } from '../../policy/policy.js';
import { argumentError } from '../../util/node-error.js';
import { has } from '../../util/own-data.js';
import { ARCH_OFFSET, argumentAt, type Instruction, instructionAt, NR_OFFSET, nextOf } from '../bpf/instruction.js';
import { jumpHolds } from '../bpf/interpreter.js';
import { levelOf, testDiagram } from './program-bits.js';
import { type CheckedProgram, type Held, heldAfter, ZERO } from './program-diagrams.js';

/** The limit on decisions on one syscall. A program of 4096 instructions should not lead to more. */
const MOST_DECISIONS = 4096;

/** The limit on diagram steps. Higher than in prove(), because decompilation does not delay the start of a process. */
export const MOST_STEPS = 5_000_000;

/** The limit on pairs of tests that are weighed up. */
const MOST_PAIRS = 200_000;

/** A point of the code: it returns `value`, or tests an argument. */
type Node = Return | Test;

interface Return {
  readonly id: number;
  readonly value: number;
}

interface Test {
  readonly id: number;
  readonly index: number;
  readonly holds: Diagram;
  readonly yes: Node;
  readonly no: Node;
}

/**
 * The decisions on a call whose number and ABI are `words`, from instruction `at` on. Returns none where the code
 * returns `otherwise`, as far as that is possible.
 * @throws {RangeError} if there are too many, or a policy cannot have them.
 * @throws {TooManySteps} if the tests are too intertwined.
 */
export function decisionsFrom(
  program: CheckedProgram,
  at: number,
  otherwise: number,
  words: ReadonlyMap<number, number>,
): readonly Decision[] {
  const graph = new Graph(program, words);
  const root = graph.from(at);
  const weighed = new Lists(graph.diagrams, graph.size);
  const ends = [...new Set([otherwise, ...graph.values])].map((value) => {
    const size = weighed.size(root, graph.returns(value)) + (value === otherwise ? 0 : 1);
    return { value, size };
  });
  const best = ends.reduce((a, b) => (b.size < a.size ? b : a));
  const decisions = weighed.list(root, graph.returns(best.value));
  return best.value === otherwise ? decisions : [...decisions, { conditions: [], action: actionOf(best.value) }];
}

/** The tests of code. Equal tests with equal successors are one. */
class Graph {
  readonly diagrams = new Diagrams(MOST_STEPS);
  readonly values = new Set<number>();
  readonly #program: CheckedProgram;
  readonly #words: ReadonlyMap<number, number>;
  readonly #known = new Map<string, Node>();
  readonly #nodes = new Map<string, Node>();

  constructor(program: CheckedProgram, words: ReadonlyMap<number, number>) {
    this.#program = program;
    this.#words = words;
  }

  get size(): number {
    return this.#nodes.size;
  }

  returns(value: number): Node {
    return this.#share(`${value}`, (id) => ({ id, value }));
  }

  from(at: number, held = ZERO): Node {
    const key = `${at} ${held.offset} ${held.mask}`;
    const node = this.#known.get(key) ?? this.#read(at, held);
    this.#known.set(key, node);
    return node;
  }

  #read(at: number, held: Held): Node {
    const instruction = instructionAt(this.#program.instructions, at);
    const [yes, no] = nextOf(instruction, at);
    if (yes === undefined) {
      this.values.add(instruction.k);
      return this.returns(instruction.k);
    }
    if (no === undefined) return this.from(yes, heldAfter(held, instruction));
    const constant = this.#constant(held);
    if (constant !== undefined) return this.from(jumpHolds(constant, instruction) ? yes : no, held);
    return this.#test(held, instruction, this.from(yes, held), this.from(no, held));
  }

  /** The value of the accumulator, if it does not depend on arguments. */
  #constant({ offset, mask }: Held): number | undefined {
    const word = mask === 0 ? 0 : this.#words.get(offset);
    if (word === undefined && argumentAt(offset) === undefined)
      throw argumentError('range', 'the filter tests the instruction pointer, which a policy cannot do');
    return word === undefined ? undefined : (word & mask) >>> 0;
  }

  /** A test of a word. If it and those after it test one argument, and lead to two ends, they are one test. */
  #test({ offset, mask }: Held, instruction: Instruction, yes: Node, no: Node): Node {
    const index = argumentAt(offset) ?? 0;
    const word = testDiagram(levelOf(offset, this.#program.endian), mask, instruction, this.diagrams);
    if (word === TRUE || yes === no) return yes;
    if (word === FALSE) return no;
    const [a, b] = endsOf(yes, no, index);
    if (a !== undefined && b !== undefined) {
      const reachesA = (node: Node) => this.#reaches(node, a, index);
      const whole = this.diagrams.choose(word, reachesA(yes), reachesA(no));
      const isCondition = (set: Diagram) => conditionFor(set, this.diagrams) !== undefined;
      if (isCondition(whole) || isCondition(this.diagrams.not(whole))) return this.#node(index, whole, a, b);
    }
    return this.#node(index, word, yes, no);
  }

  #node(index: number, holds: Diagram, yes: Node, no: Node): Node {
    if (holds === TRUE || yes === no) return yes;
    if (holds === FALSE) return no;
    return this.#share(`${holds} ${yes.id} ${no.id}`, (id) => ({ id, index, holds, yes, no }));
  }

  /** The values of an argument for which tests of it lead to `end`. */
  #reaches(from: Node, end: Node, index: number): Diagram {
    const known = new Map<Node, Diagram>([[end, TRUE]]);
    const visit = (node: Node): Diagram => {
      const found = known.get(node);
      if (found !== undefined || !isTestOf(node, index)) return found ?? FALSE;
      const reaches = this.diagrams.choose(node.holds, visit(node.yes), visit(node.no));
      known.set(node, reaches);
      return reaches;
    };
    return visit(from);
  }

  #share(key: string, make: (id: number) => Node): Node {
    const node = this.#nodes.get(key) ?? make(this.#nodes.size);
    this.#nodes.set(key, node);
    return node;
  }
}

function isTestOf(node: Node, index: number): node is Test {
  return has(node, 'index') && node.index === index;
}

/** The most tests of an argument that are taken for one: a comparison of 64 bits takes three. */
const MOST_TESTS = 8;

/** The two nodes that some tests of an argument lead to from two nodes on; none if there are more, or many tests. */
function endsOf(yes: Node, no: Node, index: number): readonly Node[] {
  const ends = new Set<Node>();
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node) || ends.size > 2 || seen.size > MOST_TESTS) return;
    seen.add(node);
    if (isTestOf(node, index)) {
      visit(node.yes);
      visit(node.no);
    } else ends.add(node);
  };
  visit(yes);
  visit(no);
  return ends.size === 2 && seen.size <= MOST_TESTS ? [...ends] : [];
}

/** The conditions on the way to a node, and the values that meet them, by argument. */
type Path = ReadonlyMap<number, { readonly set: Diagram; readonly conditions: readonly Condition[] }>;

function tooMany(): Error {
  return argumentError('range', `more than ${MOST_DECISIONS} decisions on one number`);
}

/** A test with its conditions: one of `yes` holds exactly if none of `no` does. */
interface Ways {
  readonly yes: readonly Condition[];
  readonly no: readonly Condition[];
}

/** How the two branches of a test are described. */
type Order = 'yes-first' | 'no-first' | 'both';

/** The shortest lists for nodes, of decisions on calls that do not reach a second node. */
class Lists {
  readonly #diagrams: Diagrams;
  readonly #nodes: number;
  readonly #ways = new Map<Diagram, Ways>();
  readonly #known = new Map<number, { readonly size: number; readonly order: Order }>();

  constructor(diagrams: Diagrams, nodes: number) {
    this.#diagrams = diagrams;
    this.#nodes = nodes + 1;
  }

  /** The number of decisions. */
  size(node: Node, end: Node): number {
    if (node === end) return 0;
    return has(node, 'value') ? 1 : this.#plan(node, end).size;
  }

  /** The decisions on calls that do not reach `end` from `node`. */
  list(node: Node, end: Node): readonly Decision[] {
    const decisions: Decision[] = [];
    const visit = (node: Node, end: Node, path: Path): void => {
      if (node === end) return;
      if (has(node, 'value')) {
        const conditions = [...path.values()].flatMap(({ conditions }) => conditions);
        decisions.push({ conditions, action: actionOf(node.value) });
        if (decisions.length > MOST_DECISIONS) throw tooMany();
        return;
      }
      const under = (alternatives: readonly Condition[], node: Node, end: Node) => {
        if (this.size(node, end) === 0) return;
        for (const condition of alternatives) {
          const longer = this.#extend(path, condition);
          if (longer !== undefined) visit(node, end, longer);
        }
      };
      const { yes, no } = this.#waysOf(node);
      switch (this.#plan(node, end).order) {
        case 'yes-first':
          under(yes, node.yes, node.no);
          visit(node.no, end, path);
          break;
        case 'no-first':
          under(no, node.no, node.yes);
          visit(node.yes, end, path);
          break;
        case 'both':
          under(yes, node.yes, end);
          under(no, node.no, end);
          break;
      }
    };
    visit(node, end, new Map());
    return decisions;
  }

  /** Adds a condition to those of a path; undefined if no call meets all of them. */
  #extend(path: Path, condition: Condition): Path | undefined {
    const before = path.get(condition.index);
    const holds = conditionDiagram(condition, this.#diagrams);
    if (before === undefined) return new Map([...path, [condition.index, { set: holds, conditions: [condition] }]]);
    const set = this.#diagrams.both(before.set, holds);
    if (set === FALSE) return undefined;
    if (set === before.set) return path;
    const single = conditionFor(set, this.#diagrams);
    const conditions = single === undefined ? [...before.conditions, condition] : [single];
    return new Map([...path, [condition.index, { set, conditions }]]);
  }

  #plan(test: Test, end: Node): { readonly size: number; readonly order: Order } {
    const key = test.id * this.#nodes + end.id;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size > MOST_PAIRS) throw new TooManySteps('there are too many tests');
    const { yes, no } = this.#waysOf(test);
    const orders = [
      { size: yes.length * this.size(test.yes, test.no) + this.size(test.no, end), order: 'yes-first' },
      { size: no.length * this.size(test.no, test.yes) + this.size(test.yes, end), order: 'no-first' },
      { size: yes.length * this.size(test.yes, end) + no.length * this.size(test.no, end), order: 'both' },
    ] as const;
    const best = orders.reduce<(typeof orders)[number]>((a, b) => (b.size < a.size ? b : a), orders[0]);
    this.#known.set(key, best);
    return best;
  }

  #waysOf({ holds }: Test): Ways {
    const known = this.#ways.get(holds);
    if (known !== undefined) return known;
    const [yes, no] = [holds, this.#diagrams.not(holds)].map((set) => conditionsFor(set, this.#diagrams));
    if (yes === undefined || no === undefined)
      throw argumentError('range', 'a test of the filter needs too many conditions');
    const ways = { yes, no };
    this.#ways.set(holds, ways);
    return ways;
  }
}

/** The words of a call that are known before it is made. */
export function numberWords(audit: number, number: number): ReadonlyMap<number, number> {
  return new Map([
    [ARCH_OFFSET, audit],
    [NR_OFFSET, number],
  ]);
}

/** Argument checks as nodes: the decisions on one syscall, tried in order. */

import { returnValue } from '../policy/action.js';
import type { Action, Condition, Decision } from '../policy/policy.js';
import type { Abi } from '../syscalls/abi.js';
import { argumentOffset } from './instruction.js';
import { loaded, type Node, type NodeFactory } from './node.js';

/** The node that carries out the first decision whose conditions hold, else `otherwise`. */
export function decide(decisions: readonly Decision[], otherwise: Action, abi: Abi, factory: NodeFactory): Node {
  const checks = new Checks(abi, factory);
  const rest: Node = factory.return(returnValue(otherwise));
  const keys = decisions.flatMap(({ conditions }) => conditions.map(keyOf));
  if (new Set(keys).size < keys.length && keys.length <= MOST_REMEMBERED) {
    const remembering = new Remembering(decisions, rest, checks, factory);
    const node = remembering.build();
    if (!remembering.gaveUp) return node;
  }
  return decisions.reduceRight<Node>((no, { conditions, action }) => {
    const taken: Node = factory.return(returnValue(action));
    return conditions.reduceRight((yes, condition) => checks.check(condition, yes, no), taken);
  }, rest);
}

/** Remembering takes a call's depth for each condition; whoever writes more asks each one again. */
const MOST_REMEMBERED = 1024;
/** The places that remembering may tell apart: as many again as a program has instructions. */
const MOST_PLACES = 8192;

function keyOf(condition: Condition): string {
  const { index, width, op, value } = condition;
  return `${index} ${width} ${op} ${value} ${condition.op === 'masked-eq' ? condition.mask : ''}`;
}

/** Where a condition stands in several decisions: on no path is it asked twice. */
class Remembering {
  readonly #decisions: readonly {
    readonly conditions: readonly (readonly [string, Condition])[];
    readonly taken: Node;
  }[];
  /** For each decision the conditions that it and those after it ask. */
  readonly #asked: readonly ReadonlySet<string>[];
  readonly #rest: Node;
  readonly #checks: Checks;
  readonly #nodes = new Map<string, Node>();

  constructor(decisions: readonly Decision[], rest: Node, checks: Checks, factory: NodeFactory) {
    this.#decisions = decisions.map(({ conditions, action }) => ({
      conditions: conditions.map((condition) => [keyOf(condition), condition] as const),
      taken: factory.return(returnValue(action)),
    }));
    const asked: ReadonlySet<string>[] = [];
    for (const { conditions } of this.#decisions.toReversed())
      asked.push(new Set([...(asked.at(-1) ?? []), ...conditions.map(([key]) => key)]));
    this.#asked = asked.reverse();
    this.#rest = rest;
    this.#checks = checks;
  }

  /** Whether there were too many places, so that what build() gave is of no use. */
  get gaveUp(): boolean {
    return this.#nodes.size > MOST_PLACES;
  }

  /** Continues at condition `c` of decision `i`, when the answers `known` have been given. */
  build(i = 0, c = 0, known: ReadonlyMap<string, boolean> = new Map()): Node {
    const decision = this.#decisions[i];
    if (decision === undefined) return this.#rest;
    const [key, condition] = decision.conditions[c] ?? [];
    if (key === undefined || condition === undefined) return decision.taken;
    const answer = known.get(key);
    if (answer !== undefined) return answer ? this.build(i, c + 1, known) : this.build(i + 1, 0, known);
    const useful = [...known].filter(([each]) => this.#asked[i]?.has(each));
    const place = `${i} ${c} ${useful
      .map(([each, yes]) => `${each}${yes}`)
      .toSorted()
      .join()}`;
    const made = this.#nodes.get(place);
    if (made !== undefined) return made;
    if (this.gaveUp) return this.#rest;
    const and = (yes: boolean) => new Map([...useful, [key, yes] as const]);
    const node = this.#checks.check(condition, this.build(i, c + 1, and(true)), this.build(i + 1, 0, and(false)));
    this.#nodes.set(place, node);
    return node;
  }
}

class Checks {
  readonly #abi: Abi;
  readonly #factory: NodeFactory;

  constructor(abi: Abi, factory: NodeFactory) {
    this.#abi = abi;
    this.#factory = factory;
  }

  check(condition: Condition, yes: Node, no: Node): Node {
    switch (condition.op) {
      case 'ne':
        return this.check({ ...condition, op: 'eq' }, no, yes);
      case 'lt':
        return this.check({ ...condition, op: 'ge' }, no, yes);
      case 'le':
        return this.check({ ...condition, op: 'gt' }, no, yes);
      case 'eq':
        return this.#masked(condition, ones(condition.width), yes, no);
      case 'masked-eq':
        return this.#masked(condition, condition.mask, yes, no);
      case 'ge':
      case 'gt':
        return this.#ordered(condition, condition.op === 'ge' ? 'jge' : 'jgt', yes, no);
    }
  }

  /** (argument & mask) = (value & mask), high word first, words without mask bits left out. */
  #masked({ index, width, value }: Condition, mask: bigint, yes: Node, no: Node): Node {
    const low = this.#maskedWord(index, 'low', value, mask, yes, no);
    return width === 64 ? this.#maskedWord(index, 'high', value >> 32n, mask >> 32n, low, no) : low;
  }

  #maskedWord(index: number, half: 'low' | 'high', wantedBits: bigint, maskBits: bigint, yes: Node, no: Node): Node {
    const factory = this.#factory;
    const mask = Number(BigInt.asUintN(32, maskBits));
    const wanted = (Number(BigInt.asUintN(32, wantedBits)) & mask) >>> 0;
    const offset = argumentOffset(index, half, this.#abi.endian);
    const after = (node: Node) => loaded(offset, node);
    if (mask === 0) return yes;
    if (wanted === 0) return factory.load(offset, factory.branch('jset', mask, after(no), after(yes)));
    if (wanted === mask && (mask & (mask - 1)) === 0) {
      return factory.load(offset, factory.branch('jset', mask, after(yes), after(no)));
    }
    if (mask === 0xffff_ffff) {
      return factory.load(offset, factory.branch('jeq', wanted, after(yes), after(no)));
    }
    return factory.load(offset, factory.and(mask, factory.branch('jeq', wanted, yes, no)));
  }

  /** argument ≥ value or argument > value, unsigned. */
  #ordered({ index, width, value }: Condition, test: 'jge' | 'jgt', yes: Node, no: Node): Node {
    const factory = this.#factory;
    const { endian } = this.#abi;
    const offset = argumentOffset(index, 'low', endian);
    const bound = Number(BigInt.asUintN(32, value));
    if (width === 16) return factory.load(offset, factory.and(0xffff, factory.branch(test, bound, yes, no)));
    // A bound at either end of the words decides without looking.
    const always = test === 'jge' && bound === 0;
    const never = test === 'jgt' && bound === 0xffff_ffff;
    const after = (node: Node) => loaded(offset, node);
    const asked = factory.load(offset, factory.branch(test, bound, after(yes), after(no)));
    const low = always ? yes : never ? no : asked;
    if (width === 32) return low;
    const highOffset = argumentOffset(index, 'high', endian);
    const high = Number(value >> 32n);
    const afterHigh = (node: Node) => loaded(highOffset, node);
    if (always) return factory.load(highOffset, factory.branch('jge', high, afterHigh(yes), afterHigh(no)));
    const equal = factory.branch('jeq', high, afterHigh(low), afterHigh(no));
    return factory.load(highOffset, factory.branch('jgt', high, afterHigh(yes), equal));
  }
}

function ones(width: Condition['width']): bigint {
  return (1n << BigInt(width)) - 1n;
}

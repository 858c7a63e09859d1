/** Argument checks as nodes: the decisions on one syscall, tried in order. */

import { returnValue } from '../../policy/action.js';
import type { Action, Condition, Decision } from '../../policy/policy.js';
import { MAX_WORD } from '../../policy/word-set.js';
import type { Abi } from '../../syscalls/abi.js';
import { type GraphBuilder, type GraphNode, skipLoad } from '../bpf/graph.js';
import { argumentOffset } from '../bpf/instruction.js';
import { costOf } from './cost-model.js';
import { searchGreedily } from './greedy-search.js';
import { literalRules } from './literals.js';

/** What was decided before, for other syscalls and ABIs of the same program. */
const known = new WeakMap<GraphBuilder, Map<string, GraphNode>>();

/** The node that carries out the first decision whose conditions hold, else `otherwise`. */
export function compileDecisions(
  decisions: readonly Decision[],
  otherwise: Action,
  abi: Abi,
  factory: GraphBuilder,
): GraphNode {
  const conditions = decisions.reduce((count, decision) => count + decision.conditions.length, 0);
  if (conditions < 2) return compileDecisionsInOrder(decisions, otherwise, abi, factory);
  const nodes = known.get(factory) ?? new Map<string, GraphNode>();
  known.set(factory, nodes);
  const key = `${abi.endian} ${returnValue(otherwise)} ${decisions.map(keyOf).join(';')}`;
  const node = nodes.get(key) ?? cheapest(decisions, otherwise, abi, factory);
  nodes.set(key, node);
  return node;
}

function keyOf({ conditions, action }: Decision): string {
  const asked = conditions.map((condition) => {
    const { index, width, op, value } = condition;
    return `${index} ${width} ${op} ${value} ${condition.op === 'masked-eq' ? condition.mask : ''}`;
  });
  return `${asked.join()} ${returnValue(action)}`;
}

function cheapest(decisions: readonly Decision[], otherwise: Action, abi: Abi, factory: GraphBuilder): GraphNode {
  const rest = factory.return(returnValue(otherwise));
  const plain = compileDecisionsInOrder(decisions, otherwise, abi, factory);
  const rules = literalRules(decisions, ({ action }) => factory.return(returnValue(action)));
  const best = rules && searchGreedily(rules, rest, abi, factory);
  return best !== undefined && costOf(best) < costOf(plain) ? best : plain;
}

/** The same, asking the conditions one after the other. */
export function compileDecisionsInOrder(
  decisions: readonly Decision[],
  otherwise: Action,
  abi: Abi,
  factory: GraphBuilder,
): GraphNode {
  const rest: GraphNode = factory.return(returnValue(otherwise));
  const checks = new Checks(abi, factory);
  return decisions.reduceRight<GraphNode>((no, { conditions, action }) => {
    const taken: GraphNode = factory.return(returnValue(action));
    return conditions.reduceRight((yes, condition) => checks.check(condition, yes, no), taken);
  }, rest);
}

class Checks {
  readonly #abi: Abi;
  readonly #factory: GraphBuilder;

  constructor(abi: Abi, factory: GraphBuilder) {
    this.#abi = abi;
    this.#factory = factory;
  }

  check(condition: Condition, yes: GraphNode, no: GraphNode): GraphNode {
    if (yes === no) return yes;
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
  #masked({ index, width, value }: Condition, mask: bigint, yes: GraphNode, no: GraphNode): GraphNode {
    const low = this.#maskedWord(index, 'low', value, mask, yes, no);
    return width === 64 ? this.#maskedWord(index, 'high', value >> 32n, mask >> 32n, low, no) : low;
  }

  #maskedWord(
    index: number,
    half: 'low' | 'high',
    wantedBits: bigint,
    maskBits: bigint,
    yes: GraphNode,
    no: GraphNode,
  ): GraphNode {
    const factory = this.#factory;
    const mask = Number(BigInt.asUintN(32, maskBits));
    const wanted = (Number(BigInt.asUintN(32, wantedBits)) & mask) >>> 0;
    const offset = argumentOffset(index, half, this.#abi.endian);
    const after = (node: GraphNode) => skipLoad(offset, node);
    if (mask === 0 || yes === no) return yes;
    if (wanted === 0) return factory.load(offset, factory.branch('jset', mask, after(no), after(yes)));
    if (wanted === mask && (mask & (mask - 1)) === 0) {
      return factory.load(offset, factory.branch('jset', mask, after(yes), after(no)));
    }
    if (mask === MAX_WORD) {
      return factory.load(offset, factory.branch('jeq', wanted, after(yes), after(no)));
    }
    return factory.load(offset, factory.and(mask, factory.branch('jeq', wanted, yes, no)));
  }

  /** argument ≥ value or argument > value, unsigned. */
  #ordered({ index, width, value }: Condition, test: 'jge' | 'jgt', yes: GraphNode, no: GraphNode): GraphNode {
    const factory = this.#factory;
    const { endian } = this.#abi;
    if (test === 'jge' && value === 0n) return yes;
    if (test === 'jgt' && value === ones(width)) return no;
    const offset = argumentOffset(index, 'low', endian);
    const bound = Number(BigInt.asUintN(32, value));
    if (width === 16) return factory.load(offset, factory.and(0xffff, factory.branch(test, bound, yes, no)));
    // A bound at either end of the words decides without looking.
    const always = test === 'jge' && bound === 0;
    const never = test === 'jgt' && bound === MAX_WORD;
    const after = (node: GraphNode) => skipLoad(offset, node);
    const asked = factory.load(offset, factory.branch(test, bound, after(yes), after(no)));
    const low = always ? yes : never ? no : asked;
    if (width === 32) return low;
    const highOffset = argumentOffset(index, 'high', endian);
    const high = Number(value >> 32n);
    const afterHigh = (node: GraphNode) => skipLoad(highOffset, node);
    if (always) return factory.load(highOffset, factory.branch('jge', high, afterHigh(yes), afterHigh(no)));
    const equal = high === 0 ? afterHigh(low) : factory.branch('jeq', high, afterHigh(low), afterHigh(no));
    return factory.load(highOffset, high === MAX_WORD ? equal : factory.branch('jgt', high, afterHigh(yes), equal));
  }
}

function ones(width: Condition['width']): bigint {
  return (1n << BigInt(width)) - 1n;
}

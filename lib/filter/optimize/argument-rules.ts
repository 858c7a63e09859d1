/** Compiles the decisions on one syscall to a graph that tests its arguments. */

import { returnValue } from '../../policy/action.js';
import type { Action, Condition, Decision } from '../../policy/policy.js';
import { highWord, lowWord, MAX_WORD } from '../../policy/word-set.js';
import type { Abi } from '../../syscalls/abi.js';
import { type GraphBuilder, type GraphNode, skipLoad } from '../bpf/graph.js';
import { argumentOffset } from '../bpf/instruction.js';
import { costOf } from './cost-model.js';
import { searchGreedily } from './greedy-search.js';
import { literalRules } from './literals.js';

/** The graphs that were made for the same decisions, by the builder of their program. */
const known = new WeakMap<GraphBuilder, Map<string, GraphNode>>();

/**
 * Returns the node that carries out the first decision whose conditions hold, or `otherwise` if there is none: the
 * cheaper graph of the greedy search and of the conditions tested in order.
 */
export function compileDecisions(
  decisions: readonly Decision[],
  otherwise: Action,
  abi: Abi,
  builder: GraphBuilder,
): GraphNode {
  const conditions = decisions.reduce((count, decision) => count + decision.conditions.length, 0);
  if (conditions < 2) return compileDecisionsInOrder(decisions, otherwise, abi, builder);
  const nodes = known.get(builder) ?? new Map<string, GraphNode>();
  known.set(builder, nodes);
  const key = `${abi.endian} ${returnValue(otherwise)} ${decisions.map(keyOf).join(';')}`;
  const node = nodes.get(key) ?? cheapest(decisions, otherwise, abi, builder);
  nodes.set(key, node);
  return node;
}

function keyOf({ conditions, action }: Decision): string {
  const tests = conditions.map((condition) => {
    const { index, width, op, value } = condition;
    return `${index} ${width} ${op} ${value} ${condition.op === 'masked-eq' ? condition.mask : ''}`;
  });
  return `${tests.join()} ${returnValue(action)}`;
}

function cheapest(decisions: readonly Decision[], otherwise: Action, abi: Abi, builder: GraphBuilder): GraphNode {
  const rest = builder.return(returnValue(otherwise));
  const plain = compileDecisionsInOrder(decisions, otherwise, abi, builder);
  const rules = literalRules(decisions, ({ action }) => builder.return(returnValue(action)));
  const best = rules && searchGreedily(rules, rest, abi, builder);
  return best !== undefined && costOf(best) < costOf(plain) ? best : plain;
}

/** Compiles decisions without optimization: their conditions are tested one after the other. */
export function compileDecisionsInOrder(
  decisions: readonly Decision[],
  otherwise: Action,
  abi: Abi,
  builder: GraphBuilder,
): GraphNode {
  const rest: GraphNode = builder.return(returnValue(otherwise));
  const checks = new Checks(abi, builder);
  return decisions.reduceRight<GraphNode>((no, { conditions, action }) => {
    const taken: GraphNode = builder.return(returnValue(action));
    return conditions.reduceRight((yes, condition) => checks.check(condition, yes, no), taken);
  }, rest);
}

class Checks {
  readonly #abi: Abi;
  readonly #builder: GraphBuilder;

  constructor(abi: Abi, builder: GraphBuilder) {
    this.#abi = abi;
    this.#builder = builder;
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

  /** Tests (argument & mask) = (value & mask), the high word first. Words without bits in the mask are not tested. */
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
    const builder = this.#builder;
    const mask = lowWord(maskBits);
    const wanted = (lowWord(wantedBits) & mask) >>> 0;
    const offset = argumentOffset(index, half, this.#abi.endian);
    const after = (node: GraphNode) => skipLoad(offset, node);
    if (mask === 0 || yes === no) return yes;
    if (wanted === 0) return builder.load(offset, builder.branch('jset', mask, after(no), after(yes)));
    if (wanted === mask && (mask & (mask - 1)) === 0) {
      return builder.load(offset, builder.branch('jset', mask, after(yes), after(no)));
    }
    if (mask === MAX_WORD) {
      return builder.load(offset, builder.branch('jeq', wanted, after(yes), after(no)));
    }
    return builder.load(offset, builder.and(mask, builder.branch('jeq', wanted, yes, no)));
  }

  /** Tests argument ≥ value or argument > value, unsigned. */
  #ordered({ index, width, value }: Condition, test: 'jge' | 'jgt', yes: GraphNode, no: GraphNode): GraphNode {
    const builder = this.#builder;
    const { endian } = this.#abi;
    if (test === 'jge' && value === 0n) return yes;
    if (test === 'jgt' && value === ones(width)) return no;
    const offset = argumentOffset(index, 'low', endian);
    const bound = lowWord(value);
    if (width === 16) return builder.load(offset, builder.and(0xffff, builder.branch(test, bound, yes, no)));
    // A bound of 0 or of all ones decides without a test.
    const always = test === 'jge' && bound === 0;
    const never = test === 'jgt' && bound === MAX_WORD;
    const after = (node: GraphNode) => skipLoad(offset, node);
    const tested = builder.load(offset, builder.branch(test, bound, after(yes), after(no)));
    const low = always ? yes : never ? no : tested;
    if (width === 32) return low;
    const highOffset = argumentOffset(index, 'high', endian);
    const high = highWord(value);
    const afterHigh = (node: GraphNode) => skipLoad(highOffset, node);
    if (always) return builder.load(highOffset, builder.branch('jge', high, afterHigh(yes), afterHigh(no)));
    const equal = high === 0 ? afterHigh(low) : builder.branch('jeq', high, afterHigh(low), afterHigh(no));
    return builder.load(highOffset, high === MAX_WORD ? equal : builder.branch('jgt', high, afterHigh(yes), equal));
  }
}

function ones(width: Condition['width']): bigint {
  return (1n << BigInt(width)) - 1n;
}

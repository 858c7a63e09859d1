/** Compiles the decisions on one syscall to a graph that tests its arguments. */

import { returnValue } from '../../policy/action.js';
import type { Action, Condition, Decision } from '../../policy/policy.js';
import type { Abi } from '../../syscalls/abi.js';
import { type GraphBuilder, type GraphNode, nodesFrom } from '../bpf/graph.js';
import { searchGreedily } from './greedy-search.js';
import { alternativesOf, type Literal, literalRules } from './literals.js';
import { testMaskedWord } from './load-word.js';

/** The graphs that were made for the same decisions, by the builder of their program. */
const known = new WeakMap<GraphBuilder, Map<string, GraphNode>>();

/**
 * Returns the node that carries out the first decision whose conditions hold, or `otherwise` if there is none: the
 * smaller graph of the greedy search and of the conditions tested in order.
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
  const node = nodes.get(key) ?? smallest(decisions, otherwise, abi, builder);
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

function smallest(decisions: readonly Decision[], otherwise: Action, abi: Abi, builder: GraphBuilder): GraphNode {
  const rest = builder.return(returnValue(otherwise));
  const plain = compileDecisionsInOrder(decisions, otherwise, abi, builder);
  const rules = literalRules(decisions, ({ action }) => builder.return(returnValue(action)));
  const best = rules && searchGreedily(rules, rest, abi, builder);
  return best !== undefined && nodesFrom(best).size <= nodesFrom(plain).size ? best : plain;
}

/** Compiles decisions without optimization: their conditions are tested one after the other. */
export function compileDecisionsInOrder(
  decisions: readonly Decision[],
  otherwise: Action,
  abi: Abi,
  builder: GraphBuilder,
): GraphNode {
  const test = ({ holds, ...range }: Literal, yes: GraphNode, no: GraphNode) => {
    const { low, high, mask } = range;
    const [inside, outside] = holds ? [yes, no] : [no, yes];
    const ranges = [
      { low: 0, high: low - 1, outcome: outside },
      { low, high, outcome: inside },
      { low: high + 1, high: mask, outcome: outside },
    ].filter((each) => each.low <= each.high);
    return testMaskedWord(range, ranges, abi, builder);
  };
  const check = (condition: Condition, yes: GraphNode, no: GraphNode) =>
    alternativesOf(condition).reduceRight(
      (other, literals) => literals.reduceRight((then, literal) => test(literal, then, other), yes),
      no,
    );
  const rest: GraphNode = builder.return(returnValue(otherwise));
  return decisions.reduceRight<GraphNode>((no, { conditions, action }) => {
    const taken: GraphNode = builder.return(returnValue(action));
    return conditions.reduceRight((yes, condition) => check(condition, yes, no), taken);
  }, rest);
}

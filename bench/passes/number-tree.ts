/** The number tree without its pass: splits ranges in the middle, whatever the weight of their numbers. */
import type { GraphBuilder, GraphNode } from '../../lib/filter/bpf/graph.js';
import type { EmulatedNumbers, OutcomeRange } from '../../lib/filter/optimize/number-tree.js';

export {
  buildValueTree,
  firstWithin,
  mergeNeighbors,
  mergeStarts,
  NONE_EMULATED,
} from '../../lib/filter/optimize/number-tree.js';

export function buildNumberTree(
  ranges: readonly OutcomeRange[],
  emulated: EmulatedNumbers,
  builder: GraphBuilder,
): GraphNode {
  const right = ranges.slice(ranges.length >>> 1);
  const [first] = right;
  if (first === undefined) throw new RangeError('a tree has at least one range');
  if (ranges.length === 1) return first.outcome;
  const left = buildNumberTree(ranges.slice(0, -right.length), emulated, builder);
  return builder.branch('jge', first.start, buildNumberTree(right, emulated, builder), left);
}

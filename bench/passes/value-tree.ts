/** The value tree without its pass: splits ranges of values in the middle. */
import type { GraphBuilder, GraphNode } from '../../lib/filter/bpf/graph.js';
import { mergeNeighbors, type ValueRange } from '../../lib/filter/optimize/number-tree.js';

export {
  buildNumberTree,
  firstWithin,
  mergeNeighbors,
  mergeStarts,
  NONE_EMULATED,
} from '../../lib/filter/optimize/number-tree.js';

export function buildValueTree(given: readonly ValueRange[], builder: GraphBuilder): GraphNode {
  const ranges = mergeNeighbors(given);
  const right = ranges.slice(ranges.length >>> 1);
  const [first] = right;
  if (first === undefined) throw new RangeError('a word has at least one range');
  if (ranges.length === 1) return first.outcome;
  const left = buildValueTree(ranges.slice(0, -right.length), builder);
  return builder.branch('jge', first.low, buildValueTree(right, builder), left);
}

/** x86_64 and x32 without the pass that lets them share a tree: the numbers of both are ranges of one tree. */
import type { GraphBuilder, GraphNode } from '../../lib/filter/bpf/graph.js';
import { type EmulatedNumbers, NumberTree, type OutcomeRange } from '../../lib/filter/optimize/number-tree.js';

export function buildSharedTree(
  ranges: readonly OutcomeRange[],
  emulated: EmulatedNumbers,
  builder: GraphBuilder,
): GraphNode {
  return new NumberTree(ranges, emulated, builder).build();
}

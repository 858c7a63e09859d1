/**
 * Lets x32 share the tree of x86_64: bit 30 tells their numbers apart, and most numbers mean the same without it.
 *
 * A number with bit 30 is held against those that x32 decides otherwise; if it is none of them the bit is cleared, and the
 * rest is as for x86_64. The kernel asks a new filter about no number of x32, so only instructions count there.
 */
import { X32_BIT } from '../../syscalls/abi.js';
import type { GraphBuilder, GraphNode } from '../bpf/graph.js';
import { mergeAdjacent } from '../merge-adjacent.js';
import { type EmulatedNumbers, NONE_EMULATED, NumberTree, type OutcomeRange } from './number-tree.js';

/** Clears bit 30. What has bit 31 keeps that, and stays above all numbers that an ABI has. */
const WITHOUT_X32_BIT = ~X32_BIT >>> 0;

/**
 * What a second way into the tree takes, the mask and copies of the tests above the one for bit 30: so many instructions,
 * where a tree of x32's own takes about one for each range.
 */
const ENTRANCE = 5;

/** Stands in a tree for what numbers with bit 30 lead to, until that is known. Never part of a program. */
const OPEN: GraphNode = { kind: 'return', id: -1, value: 0 };

/** The tree for the ranges of x86_64 and x32 together; the kernel asks about the former. */
export function buildSharedTree(
  ranges: readonly OutcomeRange[],
  emulated: EmulatedNumbers,
  builder: GraphBuilder,
): GraphNode {
  const low = ranges.filter(({ start }) => start < X32_BIT);
  const high = [
    { start: X32_BIT, outcome: outcomeAt(ranges, X32_BIT) },
    ...ranges.filter(({ start }) => start > X32_BIT),
  ];
  const different = differences(low, high);
  if (high.length <= different.length + ENTRANCE) return new NumberTree(ranges, emulated, builder).build();
  const open = new NumberTree([...low, { start: X32_BIT, outcome: OPEN }], emulated, builder, true).build();
  const shared = builder.and(WITHOUT_X32_BIT, close(open, outcomeAt(low, X32_BIT), builder));
  return close(open, close(new NumberTree(different, NONE_EMULATED, builder).build(), shared, builder), builder);
}

/** The ranges of `high`, with the outcome OPEN where `low` has the same without bit 30. */
function differences(low: readonly OutcomeRange[], high: readonly OutcomeRange[]): readonly OutcomeRange[] {
  const starts = [
    ...high.map(({ start }) => start),
    ...low.map(({ start }) => start + X32_BIT),
    2 * X32_BIT, // From here on `low` is asked about numbers with bit 31.
  ];
  const parts = [...new Set(starts)]
    .toSorted((a, b) => a - b)
    .map((start) => ({
      start,
      outcome: outcomeAt(high, start),
      shared: outcomeAt(low, (start & WITHOUT_X32_BIT) >>> 0),
    }));
  const marked = mergeAdjacent(
    parts.map(({ start, outcome, shared }) => ({ start, outcome, open: outcome === shared })),
    (merged, next) => merged.open === next.open && merged.outcome === next.outcome,
    (merged) => merged,
  );
  // Between two that differ, what does not may as well be decided as they are, if that is how it is decided.
  const between = marked.map(({ start, outcome, open }, i) => {
    const [before, after] = [i > 0 ? marked[i - 1] : undefined, marked.at(i + 1)];
    const closed = before?.outcome === outcome && after?.outcome === outcome && !before.open && !after.open;
    return { start, outcome: open && !closed ? OPEN : outcome };
  });
  return mergeAdjacent(
    between,
    (merged, next) => merged.outcome === next.outcome,
    (merged) => merged,
  );
}

/** Puts `node` where a tree is open. */
function close(tree: GraphNode, node: GraphNode, builder: GraphBuilder): GraphNode {
  if (tree === OPEN) return node;
  if (tree.kind !== 'branch') return tree;
  return builder.branch(tree.test, tree.k, close(tree.yes, node, builder), close(tree.no, node, builder));
}

/** By halves: `ranges` are asked for each place where one of two ABIs changes its mind. */
function outcomeAt(ranges: readonly OutcomeRange[], number: number): GraphNode {
  let from = 0;
  let to = ranges.length;
  while (to - from > 1) {
    const middle = (from + to) >>> 1;
    if ((ranges[middle]?.start ?? 0) <= number) from = middle;
    else to = middle;
  }
  const range = ranges[from];
  if (range === undefined) throw new RangeError('ranges begin with 0');
  return range.outcome;
}

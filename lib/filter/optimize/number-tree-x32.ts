/**
 * Lets x32 share the number tree of x86_64. Their numbers differ in bit 30, and most numbers are decided alike
 * without it.
 *
 * A number with bit 30 is first compared with the numbers that x32 decides differently. If it is none of them, bit 30
 * is cleared and the tree of x86_64 decides. The kernel does not emulate x32's numbers when a filter is attached, so
 * only the number of instructions matters there.
 */
import { X32_BIT } from '../../syscalls/abi.js';
import type { GraphBuilder, GraphNode } from '../bpf/graph.js';
import { buildNumberTree, type EmulatedNumbers, mergeStarts, NONE_EMULATED, type OutcomeRange } from './number-tree.js';

/** Clears bit 30. A number with bit 31 keeps it, and so stays above all numbers of both ABIs. */
const WITHOUT_X32_BIT = ~X32_BIT >>> 0;

/**
 * The instructions that the second entrance of the tree takes: the mask, and copies of the tests above the test of
 * bit 30. A separate tree for x32 takes about one instruction for each range.
 */
const ENTRANCE = 5;

/** A placeholder for the outcome of numbers with bit 30. Never part of a program. */
const OPEN: GraphNode = { kind: 'return', id: -1, value: 0 };

/** Builds the tree for the ranges of x86_64 and x32 together. `emulated` are numbers of x86_64. */
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
  if (high.length <= different.length + ENTRANCE) return buildNumberTree(ranges, emulated, builder);
  const open = buildNumberTree([...low, { start: X32_BIT, outcome: OPEN }], emulated, builder, true);
  const shared = builder.and(WITHOUT_X32_BIT, close(open, outcomeAt(low, X32_BIT), builder));
  return close(open, close(buildNumberTree(different, NONE_EMULATED, builder), shared, builder), builder);
}

/** The ranges of `high`. The outcome is OPEN where `low` has the same outcome for the number without bit 30. */
function differences(low: readonly OutcomeRange[], high: readonly OutcomeRange[]): readonly OutcomeRange[] {
  const starts = [
    ...high.map(({ start }) => start),
    ...low.map(({ start }) => start + X32_BIT),
    2 * X32_BIT, // From here on, numbers have bit 31, and `low` is looked up with bit 31 set.
  ];
  const parts = [...new Set(starts)]
    .toSorted((a, b) => a - b)
    .map((start) => ({
      start,
      outcome: outcomeAt(high, start),
      shared: outcomeAt(low, (start & WITHOUT_X32_BIT) >>> 0),
    }));
  const marked = parts
    .map(({ start, outcome, shared }) => ({ start, outcome, open: outcome === shared }))
    .filter(({ outcome, open }, i, all) => i === 0 || all[i - 1]?.outcome !== outcome || all[i - 1]?.open !== open);
  // A range between two that differ from `low` is joined to them if it has their outcome: that saves a test.
  const between = marked.map(({ start, outcome, open }, i) => {
    const [before, after] = [i > 0 ? marked[i - 1] : undefined, marked.at(i + 1)];
    const closed = before?.outcome === outcome && after?.outcome === outcome && !before.open && !after.open;
    return { start, outcome: open && !closed ? OPEN : outcome };
  });
  return mergeStarts(between);
}

/** Replaces the placeholder in `tree` by `node`. */
function close(tree: GraphNode, node: GraphNode, builder: GraphBuilder): GraphNode {
  if (tree === OPEN) return node;
  if (tree.kind !== 'branch') return tree;
  return builder.branch(tree.test, tree.k, close(tree.yes, node, builder), close(tree.no, node, builder));
}

/** The outcome of `number`, by binary search: this is called for each bound of both ABIs' ranges. */
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

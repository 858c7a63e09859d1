/** Tests a masked word: loads it, applies the mask, and finds the range that its value is in. */
import { MAX_WORD } from '../../policy/words.js';
import type { Abi } from '../../syscalls/abi.js';
import type { GraphBuilder, GraphNode } from '../bpf/graph.js';
import { argumentOffset } from '../bpf/instruction.js';
import type { MaskedWord } from './literals.js';
import { buildValueTree, firstWithin, mergeNeighbors, type ValueRange } from './number-tree.js';

/**
 * Returns the node that loads a masked word and continues with the outcome of its range. `ranges` are sorted and
 * disjoint and cover every possible value.
 */
export function testMaskedWord(
  { word, mask }: MaskedWord,
  ranges: readonly ValueRange[],
  { endian }: Abi,
  builder: GraphBuilder,
): GraphNode {
  const offset = argumentOffset(word >>> 1, word % 2 === 1 ? 'high' : 'low', endian);
  const merged = mergeNeighbors(ranges.flatMap((range) => possible(range, mask)));
  const [first, second] = merged;
  if (first === undefined) throw new RangeError('a masked word has at least one range');
  if (second === undefined) return first.outcome;
  if (mask === MAX_WORD) return builder.load(offset, buildValueTree(merged, builder));
  if (merged.length === 2 && first.high === 0)
    return builder.load(offset, builder.branch('jset', mask, second.outcome, first.outcome));
  return builder.load(offset, builder.and(mask, buildValueTree(merged, builder)));
}

/**
 * Returns the range cut to its first and its last value without bits outside of `mask`; nothing if there is no such
 * value.
 */
function possible(range: ValueRange, mask: number): readonly ValueRange[] {
  if (mask === MAX_WORD) return [range];
  const low = firstWithin(range.low, mask);
  if (low === undefined || low > range.high) return [];
  // Subtracting a value without other bits from the mask inverts it within the mask, so this searches from the other
  // end.
  const last = firstWithin(Math.max(0, mask - range.high), mask) ?? 0;
  return [{ ...range, low, high: mask - last }];
}

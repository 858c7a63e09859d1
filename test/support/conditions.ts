/** Conditions at the bounds of words, and values on both sides of them. */
import type { Condition } from '../../lib/policy/policy.js';

const BOUNDS = [
  0n,
  1n,
  2n,
  5n,
  0x7fffn,
  0xfffen,
  0xffffn,
  0x1_0000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_fffen,
] as const;
const WIDE_BOUNDS = [0xffff_ffffn, 1n << 32n, (1n << 32n) + 1n, 5n << 32n, 1n << 63n, (1n << 64n) - 2n] as const;
const EDGES = [...BOUNDS, ...WIDE_BOUNDS, (1n << 64n) - 1n];
/** Values on both sides of each bound, also with bits above 16 and above 32. */
export const VALUES = [
  ...new Set(EDGES.flatMap((edge) => [edge - 1n, edge, edge + 1n, edge | (7n << 16n), edge | (3n << 40n)])),
].map((value) => BigInt.asUintN(64, value));

const MASKS = [0n, 1n, 6n, 0xff00n, 0xffffn, 0xffff_ffffn, (0xffn << 32n) | 1n, 1n << 63n, (1n << 64n) - 1n] as const;

/** Conditions on argument 1 with every operator, at the bounds of words and of widths. */
export function conditionsOf(width: 16 | 32 | 64): readonly Condition[] {
  const fitting = (list: readonly bigint[]) => list.filter((each) => BigInt.asUintN(width, each) === each);
  const orders = (['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const).flatMap((op) =>
    fitting(EDGES).map((value): Condition => ({ index: 1, width, op, value })),
  );
  const masks = fitting(MASKS).flatMap((mask) =>
    fitting(EDGES).map((value): Condition => ({ index: 1, width, op: 'masked-eq', mask, value })),
  );
  return [...orders, ...masks];
}

/** A condition as text, for messages. */
export function showCondition(condition: Condition): string {
  return JSON.stringify(condition, (_, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value));
}

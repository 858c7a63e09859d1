/** Sets of values of one argument: made from comparisons, combined, and written as comparisons again. */
import { has } from '../../util/own-data.js';
import type { Argument } from '../document/types.js';

/** The values from `first` to `last`, or those with (value & mask) = bits. The mask has some bits, but not all. */
export type ValueSet = Range | Pattern;

interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

interface Pattern {
  readonly mask: bigint;
  readonly bits: bigint;
}

/** A comparison with one argument. */
export type ValueTest = Omit<Argument, 'index'>;

/**
 * The values for which a comparison holds, as disjoint sets. `max` is the largest value of the argument: all bits
 * set.
 */
export function valueSetsOf({ op, value, valueTwo }: ValueTest, max: bigint): readonly ValueSet[] {
  switch (op) {
    case 'SCMP_CMP_EQ':
      return range(value, value);
    case 'SCMP_CMP_NE':
      return complement({ first: value, last: value }, max);
    case 'SCMP_CMP_LT':
      return range(0n, value - 1n);
    case 'SCMP_CMP_LE':
      return range(0n, value);
    case 'SCMP_CMP_GT':
      return range(value + 1n, max);
    case 'SCMP_CMP_GE':
      return range(value, max);
    case 'SCMP_CMP_MASKED_EQ':
      return [simplified(value, (valueTwo ?? 0n) & value, max)];
  }
}

/** All values that are not in `set`, as disjoint sets. */
export function complement(set: ValueSet, max: bigint): readonly ValueSet[] {
  if (has(set, 'first')) return [...range(0n, set.first - 1n), ...range(set.last + 1n, max)];
  // For each bit of the mask, from the highest: the values that agree in the bits above it and differ in it.
  return bitsOf(set.mask).map((bit) => {
    const mask = set.mask & ~(bit - 1n);
    return simplified(mask, (set.bits & mask) ^ bit, max);
  });
}

/** The values that are in both sets, as disjoint sets. */
export function intersection(a: ValueSet, b: ValueSet, max: bigint): readonly ValueSet[] {
  if (has(a, 'first') && has(b, 'first')) {
    const [first = 0n] = [a.first, b.first].sort(descending);
    const [, last = 0n] = [a.last, b.last].sort(descending);
    return range(first, last);
  }
  return patternsOf(a, max).flatMap((one) =>
    patternsOf(b, max).flatMap((other) => {
      const differ = (one.bits ^ other.bits) & one.mask & other.mask;
      return differ === 0n ? [simplified(one.mask | other.mask, one.bits | other.bits, max)] : [];
    }),
  );
}

/**
 * Returns comparisons such that each value of the set passes exactly one of them; undefined is a comparison that all
 * values pass. A range with two bounds becomes aligned blocks, since a rule can compare an argument only once.
 */
export function testsOf(set: ValueSet, max: bigint): readonly (ValueTest | undefined)[] {
  if (has(set, 'first')) {
    if (set.first === 0n && set.last === max) return [undefined];
    if (set.first === set.last) return [{ op: 'SCMP_CMP_EQ', value: set.first, valueTwo: undefined }];
    if (set.first === 0n) return [{ op: 'SCMP_CMP_LE', value: set.last, valueTwo: undefined }];
    if (set.last === max) return [{ op: 'SCMP_CMP_GE', value: set.first, valueTwo: undefined }];
  }
  return patternsOf(set, max).map(({ mask, bits }) =>
    mask === max
      ? { op: 'SCMP_CMP_EQ', value: bits, valueTwo: undefined }
      : { op: 'SCMP_CMP_MASKED_EQ', value: mask, valueTwo: bits },
  );
}

function descending(a: bigint, b: bigint): number {
  return Number(b > a) - Number(b < a);
}

function range(first: bigint, last: bigint): readonly Range[] {
  return first <= last ? [{ first, last }] : [];
}

/** The set of a pattern, which is a range if the mask has no bit or all bits. */
function simplified(mask: bigint, bits: bigint, max: bigint): ValueSet {
  if (mask === 0n) return { first: 0n, last: max };
  return mask === max ? { first: bits, last: bits } : { mask, bits };
}

/** The bits of a mask, the highest first. */
function bitsOf(mask: bigint): readonly bigint[] {
  const digits = mask.toString(2);
  return [...digits].flatMap((digit, i) => (digit === '1' ? [1n << BigInt(digits.length - 1 - i)] : []));
}

/**
 * A set as patterns, whose masks may have no bit or all bits. A range becomes aligned blocks, whose sizes are powers
 * of two.
 */
function patternsOf(set: ValueSet, max: bigint): readonly Pattern[] {
  if (has(set, 'mask')) return [set];
  const blocks: Pattern[] = [];
  for (let next = set.first; next <= set.last; ) {
    let size = 1n;
    while (next % (2n * size) === 0n && next + 2n * size - 1n <= set.last) size *= 2n;
    blocks.push({ mask: max & ~(size - 1n), bits: next });
    next += size;
  }
  return blocks;
}

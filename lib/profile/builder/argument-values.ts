/** Sets of values of one argument, as comparisons cut them out, and how a set is written as comparisons again. */
import { has } from '../../util/own-data.js';
import type { Argument } from '../document/types.js';

/** Values from `first` to `last`, or those whose bits under `mask` (neither none nor all) are `bits`. */
export type ValueSet = Range | Pattern;

interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

interface Pattern {
  readonly mask: bigint;
  readonly bits: bigint;
}

/** What an argument is compared by. */
export type ValueTest = Omit<Argument, 'index'>;

/** The values for which a comparison holds, in disjoint shapes. `max` is the argument's largest value: all bits set. */
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
      return [shape(value, (valueTwo ?? 0n) & value, max)];
  }
}

/** All other values, in disjoint shapes. */
export function complement(set: ValueSet, max: bigint): readonly ValueSet[] {
  if (has(set, 'first')) return [...range(0n, set.first - 1n), ...range(set.last + 1n, max)];
  // For each bit of the mask, from the top: those that agree above it and differ in it.
  return bitsOf(set.mask).map((bit) => {
    const mask = set.mask & ~(bit - 1n);
    return shape(mask, (set.bits & mask) ^ bit, max);
  });
}

/** The values that both have, in disjoint shapes. */
export function intersection(a: ValueSet, b: ValueSet, max: bigint): readonly ValueSet[] {
  if (has(a, 'first') && has(b, 'first')) {
    const [first = 0n] = [a.first, b.first].sort(descending);
    const [, last = 0n] = [a.last, b.last].sort(descending);
    return range(first, last);
  }
  return patterns(a, max).flatMap((one) =>
    patterns(b, max).flatMap((other) => {
      const differ = (one.bits ^ other.bits) & one.mask & other.mask;
      return differ === 0n ? [shape(one.mask | other.mask, one.bits | other.bits, max)] : [];
    }),
  );
}

/**
 * Comparisons that take the values of a set, each value by one; undefined: any value is taken.
 * A range with two ends becomes aligned blocks, since a rule may compare an argument only once.
 */
export function testsOf(set: ValueSet, max: bigint): readonly (ValueTest | undefined)[] {
  if (has(set, 'first')) {
    if (set.first === 0n && set.last === max) return [undefined];
    if (set.first === set.last) return [{ op: 'SCMP_CMP_EQ', value: set.first, valueTwo: undefined }];
    if (set.first === 0n) return [{ op: 'SCMP_CMP_LE', value: set.last, valueTwo: undefined }];
    if (set.last === max) return [{ op: 'SCMP_CMP_GE', value: set.first, valueTwo: undefined }];
  }
  return patterns(set, max).map(({ mask, bits }) =>
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

/** A pattern, or the range that it is if its mask has no bit or all. */
function shape(mask: bigint, bits: bigint, max: bigint): ValueSet {
  if (mask === 0n) return { first: 0n, last: max };
  return mask === max ? { first: bits, last: bits } : { mask, bits };
}

/** The bits of a mask, the highest first. */
function bitsOf(mask: bigint): readonly bigint[] {
  const digits = mask.toString(2);
  return [...digits].flatMap((digit, i) => (digit === '1' ? [1n << BigInt(digits.length - 1 - i)] : []));
}

/** A set as patterns, whose masks may have no bit or all: a range as blocks of a power of two, each at a multiple of it. */
function patterns(set: ValueSet, max: bigint): readonly Pattern[] {
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

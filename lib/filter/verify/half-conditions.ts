/** Tests of one half of an argument, as conditions of a policy. */
import type { Condition } from '../../policy/policy.js';
import { MAX_WORD, type Pattern } from '../../policy/word-set.js';

/** One half of an argument, ANDed with `mask`. */
export interface Half {
  readonly index: number;
  readonly isHigh: boolean;
  readonly mask: number;
}

/** The condition that the half has these bits under the pattern's mask. */
export function matches({ index, isHigh }: Half, { mask, bits }: Pattern): Condition {
  if (!isHigh && mask === MAX_WORD) return { index, width: 32, op: 'eq', value: BigInt(bits) };
  const shift = isHigh ? 32n : 0n;
  return { index, width: isHigh ? 64 : 32, op: 'masked-eq', mask: BigInt(mask) << shift, value: BigInt(bits) << shift };
}

/** The condition that the whole half, without a mask, is at least or below `bound`. */
export function compares({ index, isHigh }: Half, op: 'ge' | 'lt', bound: number): Condition {
  return { index, width: isHigh ? 64 : 32, op, value: isHigh ? BigInt(bound) << 32n : BigInt(bound) };
}

/**
 * The bits of a call that decision diagrams test: those of `struct seccomp_data`, and whether the call carries the
 * exec gate's value.
 */
import type { Condition, PolicyCall } from '../../../policy/policy.js';
import { MAX_WORD } from '../../../policy/word-set.js';
import type { Abi } from '../../../syscalls/abi.js';
import { ARCH_OFFSET, argumentAt, BPF, type Instruction, isHighHalf, NR_OFFSET } from '../../bpf/instruction.js';
import { type Diagram, type Diagrams, FALSE, TRUE } from './decision-diagram.js';

/**
 * The levels of bits: first whether each half of the gate's value is carried, then the ABI, the number, the
 * instruction pointer and the arguments, the highest bit of each first.
 */
const HALVES = 6;
const ARCH = HALVES;
const NUMBER = ARCH + 32;
const POINTER = NUMBER + 32;
const ARGUMENTS = POINTER + 64;

/** Whether the call carries one half of the gate's value. */
export function gateHalfDiagram(half: number, diagrams: Diagrams): Diagram {
  return diagrams.bit(half, FALSE, TRUE);
}

/** Whether the call carries the gate's whole value. */
export function gateDiagram(diagrams: Diagrams): Diagram {
  let whole = TRUE;
  for (let half = HALVES - 1; half >= 0; half--) whole = diagrams.bit(half, FALSE, whole);
  return whole;
}

/** The level of the highest bit of the word at `offset` of `struct seccomp_data`. */
export function levelOf(offset: number, endian: Abi['endian']): number {
  if (offset === NR_OFFSET) return NUMBER;
  if (offset === ARCH_OFFSET) return ARCH;
  const index = argumentAt(offset);
  const register = index === undefined ? POINTER : ARGUMENTS + 64 * index;
  return isHighHalf(offset, endian) ? register : register + 32;
}

/** Whether the test of a jump holds for a word, ANDed with `mask`. */
export function testDiagram(level: number, mask: number, { code, k }: Instruction, diagrams: Diagrams): Diagram {
  const word = (bits: number) => BigInt(bits >>> 0);
  switch (code) {
    case BPF.jeq:
      return (k & ~mask) === 0 ? equal(level, 32, word(mask), word(k), diagrams) : FALSE;
    case BPF.jset:
      return diagrams.not(equal(level, 32, word(mask & k), 0n, diagrams));
    case BPF.jge:
      return atLeast(level, 32, word(mask), BigInt(k), diagrams);
    case BPF.jgt:
      return k === MAX_WORD ? FALSE : atLeast(level, 32, word(mask), BigInt(k) + 1n, diagrams);
    default:
      throw new RangeError(`instruction 0x${code.toString(16)} is not a test`);
  }
}

/** Whether a condition holds. */
export function conditionDiagram(condition: Condition, diagrams: Diagrams): Diagram {
  const { index, width, op, value } = condition;
  const level = ARGUMENTS + 64 * index + 64 - width;
  const ones = (1n << BigInt(width)) - 1n;
  switch (op) {
    case 'eq':
      return equal(level, width, ones, value, diagrams);
    case 'ne':
      return diagrams.not(equal(level, width, ones, value, diagrams));
    case 'masked-eq':
      return equal(level, width, condition.mask, value & condition.mask, diagrams);
    case 'ge':
      return atLeast(level, width, ones, value, diagrams);
    case 'gt':
      return value === ones ? FALSE : atLeast(level, width, ones, value + 1n, diagrams);
    case 'lt':
      return diagrams.not(atLeast(level, width, ones, value, diagrams));
    case 'le':
      return value === ones ? TRUE : diagrams.not(atLeast(level, width, ones, value + 1n, diagrams));
  }
}

/** Whether the number is in the range from `first` to `last`. */
export function numberWithin(first: number, last: number, diagrams: Diagrams): Diagram {
  const from = atLeast(NUMBER, 32, BigInt(MAX_WORD), BigInt(first), diagrams);
  return last === MAX_WORD
    ? from
    : diagrams.both(from, diagrams.not(atLeast(NUMBER, 32, BigInt(MAX_WORD), BigInt(last) + 1n, diagrams)));
}

/** Whether the call is of the ABI. */
export function archIs(audit: number, diagrams: Diagrams): Diagram {
  return equal(ARCH, 32, BigInt(MAX_WORD), BigInt(audit), diagrams);
}

/** Whether (value & mask) = bits. `bits` has no bit outside of the mask. */
function equal(level: number, width: number, mask: bigint, bits: bigint, diagrams: Diagrams): Diagram {
  let result: Diagram = TRUE;
  for (let i = 0; i < width; i++) {
    if (((mask >> BigInt(i)) & 1n) === 0n) continue;
    const place = level + width - 1 - i;
    result =
      ((bits >> BigInt(i)) & 1n) === 0n ? diagrams.bit(place, result, FALSE) : diagrams.bit(place, FALSE, result);
  }
  return result;
}

/** Whether (value & mask) ≥ bound. Built from the lowest bit up, because higher bits take precedence. */
function atLeast(level: number, width: number, mask: bigint, bound: bigint, diagrams: Diagrams): Diagram {
  let result: Diagram = TRUE;
  for (let i = 0; i < width; i++) {
    const place = level + width - 1 - i;
    const isOne = ((bound >> BigInt(i)) & 1n) === 1n;
    // A bit that the mask clears is 0.
    if (((mask >> BigInt(i)) & 1n) === 0n) result = isOne ? FALSE : result;
    else result = isOne ? diagrams.bit(place, FALSE, result) : diagrams.bit(place, result, TRUE);
  }
  return result;
}

/** The call that has the given bits. */
export function callFromBits(ones: ReadonlySet<number>): PolicyCall {
  const value = (level: number, width: number) => {
    let bits = 0n;
    for (let i = 0; i < width; i++) bits = (bits << 1n) | (ones.has(level + i) ? 1n : 0n);
    return bits;
  };
  const pointer = value(POINTER, 64);
  return {
    arch: Number(value(ARCH, 32)),
    number: Number(value(NUMBER, 32)),
    args: [0, 1, 2, 3, 4, 5].map((index) => value(ARGUMENTS + 64 * index, 64)),
    ...(pointer === 0n ? {} : { instructionPointer: pointer }),
  };
}

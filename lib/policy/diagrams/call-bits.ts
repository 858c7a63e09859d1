/**
 * The bits of a call that decision diagrams test: those of `struct seccomp_data`, and whether the call carries the
 * exec gate's value.
 */
import type { Condition, PolicyCall } from '../policy.js';
import { highWord, lowWord, MAX_WORD } from '../words.js';
import { type Diagram, type Diagrams, FALSE, TRUE } from './decision-diagram.js';

/**
 * The levels of bits: first whether each half of the gate's value is carried, then the ABI, the number, the
 * instruction pointer and the arguments, the highest bit of each first.
 */
export const ARCH = 6;
export const NUMBER = ARCH + 32;
export const POINTER = NUMBER + 32;
export const ARGUMENTS = POINTER + 64;

/** Whether a condition holds. */
export function conditionDiagram(condition: Condition, diagrams: Diagrams): Diagram {
  const { index, width, op, value } = condition;
  const level = ARGUMENTS + 64 * index + 64 - width;
  const ones = (1n << BigInt(width)) - 1n;
  if (isImpossible(condition)) return FALSE;
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
      return atLeast(level, width, ones, value + 1n, diagrams);
    case 'lt':
      return diagrams.not(atLeast(level, width, ones, value, diagrams));
    case 'le':
      return value === ones ? TRUE : diagrams.not(atLeast(level, width, ones, value + 1n, diagrams));
  }
}

/** Whether some arguments meet all conditions. */
export function canHold(conditions: readonly Condition[], diagrams: Diagrams): boolean {
  // Conditions on different arguments do not depend on each other.
  if (conditions.every(({ index }, i) => conditions.findIndex((each) => each.index === index) === i))
    return !conditions.some(isImpossible);
  return conditionsDiagram(conditions, diagrams) !== FALSE;
}

/** Whether no argument meets a condition. */
function isImpossible({ op, value, width }: Condition): boolean {
  return op === 'lt' ? value === 0n : op === 'gt' && value === (1n << BigInt(width)) - 1n;
}

/** Whether all conditions hold. */
export function conditionsDiagram(conditions: readonly Condition[], diagrams: Diagrams): Diagram {
  return conditions.reduce((all, each) => diagrams.both(all, conditionDiagram(each, diagrams)), TRUE);
}

/** The levels of the bits of an argument: the first, and the one after the last. */
export function argumentLevels(index: number): readonly [first: number, end: number] {
  return [ARGUMENTS + 64 * index, ARGUMENTS + 64 * (index + 1)];
}

/** The argument that some bits belong to, and its value with these bits. */
export function argumentFromBits(levels: ReadonlySet<number>): { readonly index: number; readonly value: bigint } {
  let [index, low, high] = [0, 0, 0];
  for (const level of levels) {
    index = (level - ARGUMENTS) >>> 6;
    const bit = 63 - ((level - ARGUMENTS) & 63);
    if (bit < 32) low |= 1 << bit;
    else high |= 1 << (bit - 32);
  }
  return { index, value: (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0) };
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

/** Whether the call is of one of the ABIs. */
export function archIsAny(audits: readonly number[], diagrams: Diagrams): Diagram {
  return audits.reduce<Diagram>((some, audit) => diagrams.choose(archIs(audit, diagrams), TRUE, some), FALSE);
}

/** Whether (value & mask) = bits. `bits` has no bit outside of the mask. */
export function equal(level: number, width: number, mask: bigint, bits: bigint, diagrams: Diagrams): Diagram {
  const [masks, ones] = [wordsOf(mask), wordsOf(bits)];
  let result: Diagram = TRUE;
  for (let i = 0; i < width; i++) {
    if (!hasBit(masks, i)) continue;
    const place = level + width - 1 - i;
    result = hasBit(ones, i) ? diagrams.bit(place, FALSE, result) : diagrams.bit(place, result, FALSE);
  }
  return result;
}

/** Whether (value & mask) ≥ bound. Built from the lowest bit up, because higher bits take precedence. */
export function atLeast(level: number, width: number, mask: bigint, bound: bigint, diagrams: Diagrams): Diagram {
  const [masks, ones] = [wordsOf(mask), wordsOf(bound)];
  let result: Diagram = TRUE;
  for (let i = 0; i < width; i++) {
    const place = level + width - 1 - i;
    // A bit that the mask clears is 0.
    if (!hasBit(masks, i)) result = hasBit(ones, i) ? FALSE : result;
    else result = hasBit(ones, i) ? diagrams.bit(place, FALSE, result) : diagrams.bit(place, result, TRUE);
  }
  return result;
}

/** The low and the high half. Operations on bigints take longer than on numbers. */
function wordsOf(value: bigint): readonly [number, number] {
  return [lowWord(value), highWord(value)];
}

function hasBit([low, high]: readonly [number, number], i: number): boolean {
  return (((i < 32 ? low : high) >>> (i & 31)) & 1) === 1;
}

/** An example of the calls of a set, which is not empty. */
export function exampleCall(calls: Diagram, diagrams: Diagrams): PolicyCall {
  return callFromBits(diagrams.difference(calls, FALSE)?.ones ?? new Set());
}

/** The call that has the given bits. */
export function callFromBits(ones: ReadonlySet<number>): PolicyCall {
  const word = (level: number) => {
    let bits = 0;
    for (let i = 0; i < 32; i++) bits = (bits << 1) | (ones.has(level + i) ? 1 : 0);
    return bits >>> 0;
  };
  const register = (level: number) => (BigInt(word(level)) << 32n) | BigInt(word(level + 32));
  const pointer = register(POINTER);
  return {
    arch: word(ARCH),
    number: word(NUMBER),
    args: [0, 1, 2, 3, 4, 5].map((index) => register(ARGUMENTS + 64 * index)),
    ...(pointer === 0n ? {} : { instructionPointer: pointer }),
  };
}

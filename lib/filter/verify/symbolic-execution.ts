/** Symbolic execution: finds every path through a program, and exactly the calls that take it. */

import {
  ALL_ARGUMENTS,
  type ArgumentRegion,
  type Split,
  splitByBound,
  splitByPattern,
  withWordSet,
  wordSetAt,
} from '../../policy/argument-region.js';
import { ALL_WORDS, inRange, MAX_WORD } from '../../policy/word-set.js';
import type { Abi } from '../../syscalls/abi.js';
import { argumentError } from '../../util/node-error.js';
import { has, own } from '../../util/own-data.js';
import { ARCH_OFFSET, argumentAt, BPF, type Instruction, isHighHalf, NR_OFFSET } from '../bpf/instruction.js';

/** The calls that take one path, and their return value. */
export interface ExecutionPath {
  /**
   * The values of their arguments; and, in further places of the region, of their ABI, instruction pointer and number.
   */
  readonly region: ArgumentRegion;
  readonly value: number;
}

export interface ExecutionOptions {
  readonly endian: Abi['endian'];
  /** One AUDIT_ARCH, or all except those listed. */
  readonly arch: number | readonly number[];
}

/**
 * The symbolic accumulator: a constant, or `word & mask`. If the bits that the mask cleared are known, `clearedBits`
 * is their value, and the accumulator equals `word - clearedBits`.
 */
type Accumulator =
  | { readonly constant: number }
  | { readonly offset: number; readonly mask: number; readonly clearedBits: number | undefined };

interface SymbolicState {
  readonly pc: number;
  readonly accumulator: Accumulator;
  readonly region: ArgumentRegion;
}

/** The place of the ABI in a region, after the twelve halves of arguments. */
const ARCH_WORDS = 12;
/** The place of the first of the two halves of the instruction pointer. */
const POINTER_WORDS = 13;
/** The place of the syscall number. */
export const NUMBER_WORDS = 15;

/** The limit on states: a hundred times what docker-default takes. */
const MOST_STATES = 100_000;

/**
 * Yields every path.
 * @throws {RangeError} if there are too many paths, if the program has an instruction that seccomp filters do not
 * use, or if it runs past its end.
 */
export function* executionPaths(
  instructions: readonly Instruction[],
  given: ExecutionOptions,
): Generator<ExecutionPath> {
  const options = own(given);
  const arch =
    typeof options.arch === 'number'
      ? ALL_WORDS
      : { ...ALL_WORDS, not: options.arch.map((bits) => ({ mask: MAX_WORD, bits })) };
  const region: ArgumentRegion = [...ALL_ARGUMENTS, arch, ALL_WORDS, ALL_WORDS, ALL_WORDS];
  const stack: SymbolicState[] = [{ pc: 0, accumulator: { constant: 0 }, region }];
  let states = 0;
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    if (++states > MOST_STATES) throw argumentError('range', 'the filter has too many paths');
    const instruction = instructions.at(state.pc);
    if (instruction === undefined) throw argumentError('range', `the filter runs past its end at ${state.pc}`);
    const { code, k } = instruction;
    if (code === BPF.ret) yield { region: state.region, value: k };
    else if (code === BPF.ja) stack.push({ ...state, pc: state.pc + 1 + k });
    else if (code === BPF.ld) stack.push({ ...state, pc: state.pc + 1, accumulator: load(k, options.arch) });
    else if (code === BPF.and) stack.push(...applyMask(state, k, options.endian));
    else stack.push(...branch(state, instruction, options.endian));
  }
}

function load(offset: number, arch: ExecutionOptions['arch']): Accumulator {
  return offset === ARCH_OFFSET && typeof arch === 'number'
    ? { constant: arch }
    : { offset, mask: MAX_WORD, clearedBits: undefined };
}

/**
 * An AND. If it clears one high bit, the region is split at multiples of that bit: within each part the result is the
 * word minus a constant, so comparisons keep their order.
 */
function applyMask(state: SymbolicState, k: number, endian: Abi['endian']): readonly SymbolicState[] {
  const { accumulator, region } = state;
  const next = { ...state, pc: state.pc + 1 };
  if (has(accumulator, 'constant')) return [{ ...next, accumulator: { constant: (accumulator.constant & k) >>> 0 } }];
  const mask = (accumulator.mask & k) >>> 0;
  const bit = accumulator.mask === MAX_WORD ? highBitClearedBy(k) : undefined;
  if (bit === undefined)
    return [{ ...next, accumulator: { offset: accumulator.offset, mask, clearedBits: undefined } }];
  const place = placeOf(accumulator.offset, endian);
  const states: SymbolicState[] = [];
  for (let start = 0; start <= MAX_WORD; start += bit) {
    const words = inRange(wordSetAt(region, place), start, start + bit - 1);
    const clearedBits = (start & bit) >>> 0;
    for (const part of withWordSet(region, place, words))
      states.push({ ...next, region: part, accumulator: { offset: accumulator.offset, mask, clearedBits } });
  }
  return states;
}

/** Words are split into at most 16 parts at multiples of such a bit. */
const LEAST_HIGH_BIT = 0x1000_0000;

/** The bit that an AND with `k` clears, if that is one high bit and no other; otherwise undefined. */
export function highBitClearedBy(k: number): number | undefined {
  const bits = ~k >>> 0;
  return bits >= LEAST_HIGH_BIT && (bits & (bits - 1)) === 0 ? bits : undefined;
}

function branch(state: SymbolicState, instruction: Instruction, endian: Abi['endian']): readonly SymbolicState[] {
  const yes = { ...state, pc: state.pc + 1 + instruction.jt };
  const no = { ...state, pc: state.pc + 1 + instruction.jf };
  const { accumulator } = state;
  if (has(accumulator, 'constant')) return [jumpHolds(accumulator.constant, instruction) ? yes : no];
  const parts = cutRegion(state.region, placeOf(accumulator.offset, endian), accumulator, instruction);
  return [...parts.yes.map((region) => ({ ...yes, region })), ...parts.no.map((region) => ({ ...no, region }))];
}

/** Whether the test of a jump holds for the accumulator. */
export function jumpHolds(accumulator: number, { code, k }: Instruction): boolean {
  switch (code) {
    case BPF.jeq:
      return accumulator === k;
    case BPF.jge:
      return accumulator >= k;
    case BPF.jgt:
      return accumulator > k;
    case BPF.jset:
      return (accumulator & k) !== 0;
    default:
      throw unknown(code);
  }
}

function cutRegion(
  region: ArgumentRegion,
  place: number,
  { mask, clearedBits }: { readonly mask: number; readonly clearedBits: number | undefined },
  { code, k }: Instruction,
): Split {
  const never = { yes: [], no: [region] };
  const ordered = (bound: number) => {
    if (clearedBits === undefined) return bound > MAX_WORD ? never : splitByBound(region, place, mask, bound);
    return bound + clearedBits > MAX_WORD ? never : splitByBound(region, place, MAX_WORD, bound + clearedBits);
  };
  switch (code) {
    case BPF.jeq:
      if ((k & ~mask) !== 0) return never;
      return splitByPattern(
        region,
        place,
        clearedBits === undefined ? { mask, bits: k } : { mask: MAX_WORD, bits: k + clearedBits },
      );
    case BPF.jge:
      return ordered(k);
    case BPF.jgt:
      return ordered(k + 1);
    case BPF.jset: {
      const { yes, no } = splitByPattern(region, place, { mask: (mask & k) >>> 0, bits: 0 });
      return { yes: no, no: yes };
    }
    default:
      throw unknown(code);
  }
}

/** The place in a region of the word at `offset`. */
function placeOf(offset: number, endian: Abi['endian']): number {
  if (offset === NR_OFFSET) return NUMBER_WORDS;
  if (offset === ARCH_OFFSET) return ARCH_WORDS;
  if (!Number.isInteger(offset / 4) || offset < 8 || offset >= 64)
    throw argumentError('range', `no word at offset ${offset}`);
  const half = isHighHalf(offset, endian) ? 1 : 0;
  const index = argumentAt(offset);
  return index === undefined ? POINTER_WORDS + half : 2 * index + half;
}

function unknown(code: number): RangeError {
  return argumentError('range', `can't follow instruction 0x${code.toString(16)}`);
}

/**
 * Follows a program for ranges of syscall numbers, as long as it tests only the ABI and the number. Two bounds of the
 * number describe the calls on such a path. This takes a tenth of the steps of program-diagrams.ts.
 */

import { MAX_WORD } from '../../policy/words.js';
import { indices } from '../../util/own-data.js';
import {
  ARCH_OFFSET,
  BPF,
  FIRST_ARGUMENT_OFFSET,
  type Instruction,
  instructionAt,
  NR_OFFSET,
  nextOf,
} from '../bpf/instruction.js';
import { jumpHolds } from '../bpf/interpreter.js';
import type { CheckedProgram } from './program-diagrams.js';

/** The instruction that all numbers of a range reach. */
export interface NumberPath {
  readonly first: number;
  readonly last: number;
  /**
   * A return, or the first load of code that only tests arguments and the exec gate. Undefined if the path cannot be
   * followed on numbers alone.
   */
  readonly at: number | undefined;
}

interface State {
  readonly at: number;
  readonly first: number;
  readonly last: number;
  /** The word in the accumulator. For a number, `clearedBits` have been subtracted. */
  readonly loaded: 'zero' | 'arch' | 'number';
  readonly clearedBits: number;
}

/** Limit on the size of a range for which a test of bits is evaluated, number by number. */
const MOST_TESTED = 64;

/** Ranges are split into at most 16 parts at multiples of such a bit. */
const LEAST_HIGH_BIT = 0x1000_0000;

/** One AUDIT_ARCH, or all except those listed. */
export type Arch = number | readonly number[];

/**
 * Finds the instruction that each number reaches.
 * @throws {RangeError} if the program runs past its end.
 */
export function numberPaths(
  { instructions, gate }: Pick<CheckedProgram, 'instructions' | 'gate'>,
  arch: Arch,
): readonly NumberPath[] {
  const ends: NumberPath[] = [];
  const isPlain = plainCode(instructions);
  const stack: State[] = [{ at: 0, first: 0, last: MAX_WORD, loaded: 'zero', clearedBits: 0 }];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const { at, first, last } = state;
    const instruction = instructionAt(instructions, at);
    const isEnd = isPlain[at] === 1 && (instruction.code === BPF.ret || instruction.code === BPF.ld);
    const next = isEnd || gate.has(at) ? undefined : after(state, instruction, arch);
    if (next === undefined) ends.push({ first, last, at: isEnd ? at : undefined });
    else stack.push(...next);
  }
  return ends;
}

/** Marks the instructions from which on neither the ABI nor the number is tested. */
function plainCode(instructions: readonly Instruction[]): Uint8Array {
  const isPlain = new Uint8Array(instructions.length);
  for (let at = instructions.length - 1; at >= 0; at--) {
    const instruction = instructionAt(instructions, at);
    const isTested = instruction.code === BPF.ld && instruction.k < FIRST_ARGUMENT_OFFSET;
    isPlain[at] = !isTested && nextOf(instruction, at).every((next) => isPlain[next] === 1) ? 1 : 0;
  }
  return isPlain;
}

/** The states after an instruction; undefined if two bounds do not describe them. */
function after(state: State, instruction: Instruction, arch: Arch): readonly State[] | undefined {
  const { code, k } = instruction;
  const at = state.at + 1;
  if (code === BPF.ja) return [{ ...state, at: at + k }];
  if (code === BPF.ld) {
    if (k === NR_OFFSET) return [{ ...state, at, loaded: 'number', clearedBits: 0 }];
    return k === ARCH_OFFSET ? [{ ...state, at, loaded: 'arch' }] : undefined;
  }
  if (state.loaded === 'number') return code === BPF.and ? cleared(state, k) : cut(state, instruction);
  if (code === BPF.and) return undefined;
  const isTrue = state.loaded === 'arch' ? archHolds(arch, instruction) : jumpHolds(0, instruction);
  if (isTrue === undefined) return undefined;
  return [{ ...state, at: at + (isTrue ? instruction.jt : instruction.jf) }];
}

function archHolds(arch: Arch, instruction: Instruction): boolean | undefined {
  if (typeof arch === 'number') return jumpHolds(arch, instruction);
  return instruction.code === BPF.jeq && arch.includes(instruction.k) ? false : undefined;
}

/**
 * An AND that clears one high bit. The range is split at multiples of that bit; within each part the result is the
 * number minus a constant, so comparisons keep their order.
 */
function cleared(state: State, k: number): readonly State[] | undefined {
  const bit = ~k >>> 0;
  if (state.clearedBits !== 0 || bit < LEAST_HIGH_BIT || (bit & (bit - 1)) !== 0) return undefined;
  const states: State[] = [];
  for (let start = 0; start <= MAX_WORD; start += bit) {
    const first = Math.max(state.first, start);
    const last = Math.min(state.last, start + bit - 1);
    if (first <= last)
      states.push({ at: state.at + 1, first, last, loaded: 'number', clearedBits: (start & bit) >>> 0 });
  }
  return states;
}

/** Splits the range where the answer of a test changes. Undefined for a test of bits if there are too many numbers. */
function cut(state: State, instruction: Instruction): readonly State[] | undefined {
  const { first, last, clearedBits } = state;
  const { code, jt, jf, k } = instruction;
  if (code === BPF.jset && last - first >= MOST_TESTED) return undefined;
  const holds = (number: number) => jumpHolds(number - clearedBits, instruction);
  const bound = k + clearedBits;
  const bounds = code === BPF.jset ? indices(last - first).map((i) => first + 1 + i) : [bound, bound + 1];
  const changes = bounds.filter((each) => each > first && each <= last && holds(each) !== holds(each - 1));
  return [first, ...changes].map((start, i) => ({
    at: state.at + 1 + (holds(start) ? jt : jf),
    first: start,
    last: (changes.at(i) ?? last + 1) - 1,
    loaded: 'number',
    clearedBits,
  }));
}

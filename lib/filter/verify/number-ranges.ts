/**
 * Follows a program for ranges of syscall numbers, as long as it tests only the ABI and the number. Two bounds of the
 * number describe the calls on such a path. This takes a tenth of the steps of symbolic-execution.ts.
 */

import { MAX_WORD } from '../../policy/word-set.js';
import { argumentError } from '../../util/node-error.js';
import { ARCH_OFFSET, BPF, FIRST_ARGUMENT_OFFSET, type Instruction, NR_OFFSET } from '../bpf/instruction.js';
import type { CheckedProgram } from './program-diagrams.js';
import { highBitClearedBy, jumpHolds } from './symbolic-execution.js';

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
  const isEnd = endings(instructions);
  const stack: State[] = [{ at: 0, first: 0, last: MAX_WORD, loaded: 'zero', clearedBits: 0 }];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const { at, first, last } = state;
    const instruction = instructions.at(at);
    if (instruction === undefined) throw argumentError('range', `the filter runs past its end at ${at}`);
    const next = isEnd[at] === 1 || gate.has(at) ? undefined : after(state, instruction, arch);
    if (next === undefined) ends.push({ first, last, at: isEnd[at] === 1 ? at : undefined });
    else stack.push(...next);
  }
  return ends;
}

/** Marks the returns and loads after which neither the ABI nor the number is tested. */
function endings(instructions: readonly Instruction[]): Uint8Array {
  const isPlain = new Uint8Array(instructions.length);
  const isEnd = new Uint8Array(instructions.length);
  for (let at = instructions.length - 1; at >= 0; at--) {
    const instruction = instructions[at];
    if (instruction === undefined) continue;
    isPlain[at] = leadsOnly(instruction, at + 1, isPlain);
    if (instruction.code === BPF.ret || instruction.code === BPF.ld) isEnd[at] = isPlain[at] ?? 0;
  }
  return isEnd;
}

/** Returns 1 if an instruction tests nothing but arguments and its successors are `isPlain`, else 0. */
function leadsOnly({ code, jt, jf, k }: Instruction, next: number, isPlain: Uint8Array): number {
  if (code === BPF.ret) return 1;
  if (code === BPF.ld) return k < FIRST_ARGUMENT_OFFSET ? 0 : (isPlain[next] ?? 0);
  if (code === BPF.ja) return isPlain[next + k] ?? 0;
  if (code === BPF.and) return isPlain[next] ?? 0;
  return (isPlain[next + jt] ?? 0) & (isPlain[next + jf] ?? 0);
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
  const bit = state.clearedBits === 0 ? highBitClearedBy(k) : undefined;
  if (bit === undefined) return undefined;
  const states: State[] = [];
  for (let start = 0; start <= MAX_WORD; start += bit) {
    const first = Math.max(state.first, start);
    const last = Math.min(state.last, start + bit - 1);
    if (first <= last)
      states.push({ at: state.at + 1, first, last, loaded: 'number', clearedBits: (start & bit) >>> 0 });
  }
  return states;
}

/** Splits the range by a comparison. */
function cut(state: State, instruction: Instruction): readonly State[] | undefined {
  const { code, jt, jf, k } = instruction;
  const yes = { ...state, at: state.at + 1 + jt };
  const no = { ...state, at: state.at + 1 + jf };
  const { first, last } = state;
  const bound = k + state.clearedBits;
  if (code === BPF.jeq) {
    if (bound < first || bound > last) return [no];
    const parts: State[] = [{ ...yes, first: bound, last: bound }];
    if (first < bound) parts.push({ ...no, last: bound - 1 });
    if (bound < last) parts.push({ ...no, first: bound + 1 });
    return parts;
  }
  if (code === BPF.jset) return last - first < MOST_TESTED ? tested(state, yes, no, instruction) : undefined;
  if (code !== BPF.jge && code !== BPF.jgt) return undefined;
  const from = code === BPF.jge ? bound : bound + 1;
  if (from <= first) return [yes];
  if (from > last) return [no];
  return [
    { ...yes, first: from },
    { ...no, last: from - 1 },
  ];
}

/** Splits the range where the result of a test of bits changes. */
function tested(
  { first, last, clearedBits }: State,
  yes: State,
  no: State,
  instruction: Instruction,
): readonly State[] {
  const states: State[] = [];
  for (let start = first; start <= last; ) {
    const answer = jumpHolds(start - clearedBits, instruction);
    let end = start;
    while (end < last && jumpHolds(end + 1 - clearedBits, instruction) === answer) end++;
    states.push({ ...(answer ? yes : no), first: start, last: end });
    start = end + 1;
  }
  return states;
}

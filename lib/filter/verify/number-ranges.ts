/**
 * Follows a program as far as it asks for nothing but the ABI and the number, for ranges of numbers: two bounds are all that
 * has to be known of a call there, which takes a tenth of the steps that exact sets take.
 */

import { MAX_WORD } from '../../policy/word-set.js';
import { fromCaller } from '../../util/caller.js';
import { ARCH_OFFSET, BPF, FIRST_ARGUMENT_OFFSET, type Instruction, NR_OFFSET } from '../bpf/instruction.js';
import type { CheckedProgram } from './diagrams/program-diagrams.js';
import { jumpHolds, LEAST_HIGH_BIT } from './symbolic-execution.js';

/** Where all numbers of a range come to. */
export interface NumberPath {
  readonly first: number;
  readonly last: number;
  /** A return, or the load from which on only arguments and the exec gate are asked for. Undefined: it takes more to follow. */
  readonly at: number | undefined;
}

interface State {
  readonly at: number;
  readonly first: number;
  readonly last: number;
  /** What is in the accumulator; the number is there less `clearedBits`. */
  readonly loaded: 'zero' | 'arch' | 'number';
  readonly clearedBits: number;
}

/** A test of bits is answered number by number, for so many at most. */
const MOST_TESTED = 64;

/** One AUDIT_ARCH, or those that it is not. */
export type Arch = number | readonly number[];

/**
 * Shares all numbers out among the places that they come to.
 * @throws RangeError on a program that runs past its end.
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
    if (instruction === undefined) throw fromCaller(new RangeError(`the filter runs past its end at ${at}`));
    const next = isEnd[at] === 1 || gate.has(at) ? undefined : after(state, instruction, arch);
    if (next === undefined) ends.push({ first, last, at: isEnd[at] === 1 ? at : undefined });
    else stack.push(...next);
  }
  return ends;
}

/** Returns and loads from which on neither the ABI nor the number is asked for. */
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

/** 1 if an instruction asks for nothing but arguments, and what may follow it is `isPlain`. */
function leadsOnly({ code, jt, jf, k }: Instruction, next: number, isPlain: Uint8Array): number {
  if (code === BPF.ret) return 1;
  if (code === BPF.ld) return k < FIRST_ARGUMENT_OFFSET ? 0 : (isPlain[next] ?? 0);
  if (code === BPF.ja) return isPlain[next + k] ?? 0;
  if (code === BPF.and) return isPlain[next] ?? 0;
  return (isPlain[next + jt] ?? 0) & (isPlain[next + jf] ?? 0);
}

/** What follows an instruction; undefined if two bounds don't tell. */
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

/** Clears one high bit, which is the same in few stretches of numbers: there, order stays what it was. */
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

/** Cuts the numbers along a comparison. */
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

/** Cuts the numbers where the answer changes. */
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

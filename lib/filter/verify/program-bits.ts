/** The bits of a call that the instructions of a program test. */
import { ARCH, ARGUMENTS, atLeast, equal, NUMBER, POINTER } from '../../policy/diagrams/call-bits.js';
import { type Diagram, type Diagrams, FALSE, TRUE } from '../../policy/diagrams/decision-diagram.js';
import { MAX_WORD } from '../../policy/words.js';
import type { Abi } from '../../syscalls/abi.js';
import { ARCH_OFFSET, argumentAt, BPF, type Instruction, isHighHalf, NR_OFFSET } from '../bpf/instruction.js';

/** Whether the call carries one half of the gate's value. */
export function gateHalfDiagram(half: number, diagrams: Diagrams): Diagram {
  return diagrams.bit(half, FALSE, TRUE);
}

/** Whether the call carries the gate's whole value. */
export function gateDiagram(diagrams: Diagrams): Diagram {
  let whole = TRUE;
  for (let half = ARCH - 1; half >= 0; half--) whole = diagrams.bit(half, FALSE, whole);
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

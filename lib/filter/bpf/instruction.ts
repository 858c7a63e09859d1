/**
 * The machine that runs a filter: classic BPF, as seccomp(2) accepts it.
 *
 * The machine has one 32-bit accumulator. A program is a list of instructions; jumps only go forward, and the last
 * instruction is a return. A program reads 32-bit words of `struct seccomp_data`: nr (4 bytes), arch (4),
 * instruction_pointer (8), args (6 × 8).
 * Sources: linux/filter.h, linux/bpf_common.h, linux/seccomp.h. kernel/seccomp.c limits which instructions a filter
 * may use.
 */

import type { Abi } from '../../syscalls/abi.js';
import { argumentError } from '../../util/node-error.js';

/** `struct sock_filter`: one instruction of 8 bytes. */
export interface Instruction {
  /** The operation, 16 bits. */
  readonly code: number;
  /** How many instructions to skip if a test holds (`jt`), and if it does not (`jf`); 8 bits each. */
  readonly jt: number;
  readonly jf: number;
  /** A constant, offset, mask or return value; 32 bits, unsigned. */
  readonly k: number;
}

/** The operations, by their names in the kernel's BPF assembler. */
export const BPF = {
  ld: 0x20, // BPF_LD | BPF_W | BPF_ABS
  ja: 0x05, // BPF_JMP | BPF_JA
  jeq: 0x15, // BPF_JMP | BPF_JEQ | BPF_K
  jgt: 0x25,
  jge: 0x35,
  jset: 0x45,
  and: 0x54, // BPF_ALU | BPF_AND | BPF_K
  ret: 0x06, // BPF_RET | BPF_K
} as const;

/** The positions of the instructions that can run after the one at `at`: of a branch, first the one for a test that holds. */
export function nextOf({ code, jt, jf, k }: Instruction, at: number): readonly number[] {
  switch (code) {
    case BPF.ret:
      return [];
    case BPF.ja:
      return [at + 1 + k];
    case BPF.ld:
    case BPF.and:
      return [at + 1];
    default:
      return [at + 1 + jt, at + 1 + jf];
  }
}

/** @throws {RangeError} if the program has no instruction there. */
export function instructionAt(instructions: readonly Instruction[], at: number): Instruction {
  const instruction = instructions.at(at);
  if (instruction === undefined) throw argumentError('range', `the filter runs past its end at ${at}`);
  return instruction;
}

/** BPF_MAXINSNS, the kernel's limit on the length of a program. */
export const MAX_INSTRUCTIONS = 4096;

/** Offsets in `struct seccomp_data`. */
export const NR_OFFSET = 0;
export const ARCH_OFFSET = 4;
/** The offset of the first argument, after the instruction pointer. */
export const FIRST_ARGUMENT_OFFSET = 16;

/** The offset of the low or the high 32 bits of an argument. */
export function argumentOffset(index: number, half: 'low' | 'high', endian: Abi['endian']): number {
  return FIRST_ARGUMENT_OFFSET + index * 8 + ((half === 'high') === (endian === 'little') ? 4 : 0);
}

/** The index of the argument whose half is at `offset`; undefined if there is none. */
export function argumentAt(offset: number): number | undefined {
  return offset < FIRST_ARGUMENT_OFFSET ? undefined : Math.floor((offset - FIRST_ARGUMENT_OFFSET) / 8);
}

/** Whether the word at `offset` is the high half of an argument, or of the instruction pointer. */
export function isHighHalf(offset: number, endian: Abi['endian']): boolean {
  return (offset % 8 === 4) === (endian === 'little');
}

/** The offset of the word that carries a half of the exec gate's value; see GateSite. */
export function gateHalfOffset(half: number, endian: Abi['endian']): number {
  return argumentOffset(3 + Math.floor(half / 2), half % 2 === 0 ? 'low' : 'high', endian);
}

/** The size of `struct sock_filter`. */
const INSTRUCTION_BYTES = 8;

/**
 * Encodes instructions as `struct sock_filter[]`.
 * @throws {RangeError} if a jump does not fit in 8 bits.
 */
export function encodeInstructions(instructions: readonly Instruction[], endian: Abi['endian']): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  const little = endian === 'little';
  instructions.forEach(({ code, jt, jf, k }, i) => {
    if (jt > 255 || jf > 255) throw argumentError('range', `the jump at ${i} is too long`);
    view.setUint16(i * INSTRUCTION_BYTES, code, little);
    view.setUint8(i * INSTRUCTION_BYTES + 2, jt);
    view.setUint8(i * INSTRUCTION_BYTES + 3, jf);
    view.setUint32(i * INSTRUCTION_BYTES + 4, k, little);
  });
  return bytes;
}

/**
 * Decodes `struct sock_filter[]`.
 * @throws {RangeError} if the length of `bytes` is not a multiple of 8.
 */
export function decodeInstructions(bytes: Uint8Array, endian: Abi['endian']): readonly Instruction[] {
  if (bytes.length % INSTRUCTION_BYTES !== 0)
    throw argumentError('range', 'the length of a filter must be a multiple of 8 bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = endian === 'little';
  const instructions: Instruction[] = [];
  for (let at = 0; at < bytes.length; at += INSTRUCTION_BYTES) {
    instructions.push({
      code: view.getUint16(at, little),
      jt: view.getUint8(at + 2),
      jf: view.getUint8(at + 3),
      k: view.getUint32(at + 4, little),
    });
  }
  return instructions;
}

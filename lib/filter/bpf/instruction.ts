/**
 * The machine that a filter runs on: classic BPF, as seccomp takes it.
 *
 * One 32-bit accumulator; a program is a list of instructions that only ever jumps forward and ends in a return.
 * It reads `struct seccomp_data`: nr (4 bytes), arch (4), instruction_pointer (8), args (6 × 8), in words of 4 bytes.
 * Sources: linux/filter.h, linux/bpf_common.h, linux/seccomp.h; kernel/seccomp.c says what seccomp allows of it.
 */

import type { Abi } from '../../syscalls/abi.js';
import { fromCaller } from '../../util/caller.js';

/** `struct sock_filter`: one instruction of 8 bytes. */
export interface Instruction {
  /** Operation, 16 bits. */
  readonly code: number;
  /** Instructions to skip if a test holds, and if not; 8 bits each. */
  readonly jt: number;
  readonly jf: number;
  /** Constant, offset, mask or return value; 32 bits, unsigned. */
  readonly k: number;
}

/** Operations, by the names of the BPF assembler. */
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

/** The kernel's limit on a program, BPF_MAXINSNS. */
export const MAX_INSTRUCTIONS = 4096;

/** Offsets in `struct seccomp_data`. */
export const NR_OFFSET = 0;
export const ARCH_OFFSET = 4;
/** … and where the arguments begin, after the instruction pointer. */
export const FIRST_ARGUMENT_OFFSET = 16;

/** Offset of half an argument: of its low or its high 32 bits. */
export function argumentOffset(index: number, half: 'low' | 'high', endian: Abi['endian']): number {
  return 16 + index * 8 + ((half === 'high') === (endian === 'little') ? 4 : 0);
}

/** Size of `struct sock_filter`. */
const INSTRUCTION_BYTES = 8;

/**
 * Instructions as the kernel takes them, in the machine's byte order.
 * @throws RangeError if a jump does not fit its 8 bits.
 */
export function encodeInstructions(instructions: readonly Instruction[], endian: Abi['endian']): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  const little = endian === 'little';
  instructions.forEach(({ code, jt, jf, k }, i) => {
    if (jt > 255 || jf > 255) throw fromCaller(new RangeError(`the jump at ${i} is too long`));
    view.setUint16(i * INSTRUCTION_BYTES, code, little);
    view.setUint8(i * INSTRUCTION_BYTES + 2, jt);
    view.setUint8(i * INSTRUCTION_BYTES + 3, jf);
    view.setUint32(i * INSTRUCTION_BYTES + 4, k, little);
  });
  return bytes;
}

/** Instructions out of the kernel's form. */
export function decodeInstructions(bytes: Uint8Array, endian: Abi['endian']): readonly Instruction[] {
  if (bytes.length % INSTRUCTION_BYTES !== 0) throw fromCaller(new RangeError('a filter has 8 bytes an instruction'));
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

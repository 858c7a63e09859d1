/**
 * Rejects programs that the kernel rejects: see seccomp_check_filter() in kernel/seccomp.c and bpf_check_classic() in
 * net/core/filter.c.
 */
import { argumentError } from '../../util/node-error.js';
import type { GateSite } from '../bpf/assemble.js';
import { BPF, type Instruction, MAX_INSTRUCTIONS, nextOf } from '../bpf/instruction.js';

/** The size of `struct seccomp_data`. */
const DATA_BYTES = 64;

/**
 * Checks every instruction, including unreachable ones. Checks also that each gate site is a `jeq`, to which a half of
 * the gate's value can be written. Accepts only the instructions that this package's filters use; the kernel accepts
 * more.
 * @throws {RangeError} naming the instruction that is wrong.
 */
export function checkProgram(instructions: readonly Instruction[], gate: readonly GateSite[]): void {
  const { length } = instructions;
  if (length === 0 || length > MAX_INSTRUCTIONS)
    throw argumentError('range', `a filter has 1 to ${MAX_INSTRUCTIONS} instructions, not ${length}`);
  for (const [at, instruction] of instructions.entries()) checkInstruction(instruction, at, length - 1);
  if (instructions.at(-1)?.code !== BPF.ret)
    throw argumentError('range', 'the last instruction of a filter must be a return');
  for (const { instruction } of gate)
    if (instructions.at(instruction)?.code !== BPF.jeq)
      throw argumentError('range', `instruction ${instruction} belongs to the exec gate and must be jeq`);
}

const CODES: ReadonlySet<number> = new Set(Object.values(BPF));

function checkInstruction(instruction: Instruction, at: number, last: number): void {
  const { code, k } = instruction;
  if (!CODES.has(code)) throw argumentError('range', `can't follow instruction 0x${code.toString(16)} at ${at}`);
  if (code === BPF.ld && (k % 4 !== 0 || k >= DATA_BYTES))
    throw argumentError(
      'range',
      `instruction ${at} loads from offset ${k}, which is not a word of struct seccomp_data`,
    );
  const isJump = code !== BPF.ld && code !== BPF.and;
  if (isJump && nextOf(instruction, at).some((next) => next > last))
    throw argumentError('range', `instruction ${at} jumps past the end`);
}

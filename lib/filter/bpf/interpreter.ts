/** Runs a filter for one call, as the kernel does. Supports the instructions of BPF in instruction.ts. */
import type { PolicyCall } from '../../policy/policy.js';
import { highWord, lowWord } from '../../policy/words.js';
import type { Abi } from '../../syscalls/abi.js';
import { argumentError } from '../../util/node-error.js';
import { ARCH_OFFSET, argumentAt, BPF, type Instruction, instructionAt, isHighHalf, NR_OFFSET } from './instruction.js';

/** The 32-bit return value of a filter, and the number of instructions that ran. */
export interface Execution {
  readonly value: number;
  readonly steps: number;
}

/**
 * Runs `instructions` on `call`.
 * @throws {RangeError} if the kernel would reject the program: for an unknown instruction, or if no return is
 * reached.
 */
export function interpret(instructions: readonly Instruction[], call: PolicyCall, endian: Abi['endian']): Execution {
  let accumulator = 0;
  let at = 0;
  for (let steps = 1; ; steps++) {
    const instruction = instructionAt(instructions, at);
    const { code, jt, jf, k } = instruction;
    at++;
    switch (code) {
      case BPF.ld:
        accumulator = wordAt(call, k, endian);
        break;
      case BPF.and:
        accumulator = (accumulator & k) >>> 0;
        break;
      case BPF.ja:
        at += k;
        break;
      case BPF.ret:
        return { value: k, steps };
      default:
        at += jumpHolds(accumulator, instruction) ? jt : jf;
    }
  }
}

/**
 * Whether the test of a jump holds for the accumulator.
 * @throws {RangeError} if the instruction is not such a jump.
 */
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
      throw argumentError('range', `can't follow instruction 0x${code.toString(16)}`);
  }
}

/** The word at `offset` of the call's `struct seccomp_data`. */
function wordAt(call: PolicyCall, offset: number, endian: Abi['endian']): number {
  if (offset === NR_OFFSET) return call.number >>> 0;
  if (offset === ARCH_OFFSET) return call.arch >>> 0;
  if (Number.isInteger(offset / 4) && offset >= 8 && offset < 64) {
    const index = argumentAt(offset);
    const register = index === undefined ? pointerOf(call) : (call.args[index] ?? 0n);
    return isHighHalf(offset, endian) ? highWord(register) : lowWord(register);
  }
  throw new RangeError(`no word at offset ${offset}`);
}

function pointerOf(call: PolicyCall): bigint {
  return Object.hasOwn(call, 'instructionPointer') ? (call.instructionPointer ?? 0n) : 0n;
}

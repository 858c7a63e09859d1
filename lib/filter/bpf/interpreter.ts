/** Runs a filter for one call, as the kernel does. Supports the instructions of BPF in instruction.ts. */
import type { PolicyCall } from '../../policy/policy.js';
import { highWord, lowWord } from '../../policy/word-set.js';
import type { Abi } from '../../syscalls/abi.js';
import { ARCH_OFFSET, argumentAt, BPF, type Instruction, isHighHalf, NR_OFFSET } from './instruction.js';

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
    const instruction = instructions.at(at);
    if (instruction === undefined) throw new RangeError(`the filter runs past its end at ${at}`);
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
      case BPF.jeq:
        at += accumulator === k ? jt : jf;
        break;
      case BPF.jgt:
        at += accumulator > k ? jt : jf;
        break;
      case BPF.jge:
        at += accumulator >= k ? jt : jf;
        break;
      case BPF.jset:
        at += (accumulator & k) !== 0 ? jt : jf;
        break;
      case BPF.ret:
        return { value: k, steps };
      default:
        throw new RangeError(`unknown instruction 0x${code.toString(16)} at ${at - 1}`);
    }
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

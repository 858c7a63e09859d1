/** Exact lengths of a filter's paths: the instructions that it runs for every syscall number. */
import { BPF, type Instruction } from '../lib/filter/bpf/instruction.js';
import { interpret } from '../lib/filter/bpf/interpreter.js';
import { evaluate } from '../lib/policy/evaluate.js';
import { decisionsOf, type Policy, type PolicyCall } from '../lib/policy/policy.js';
import { type Abi, abiOf } from '../lib/syscalls/abi.js';
import { syscallsOf } from '../lib/syscalls/table.js';
import { callsOn } from '../test/support/calls.js';

export interface Steps {
  /**
   * The instructions that the kernel emulates of a new filter: for all numbers of the native ABI and x86, up to an
   * argument.
   */
  readonly attach: number;
  /** The mean over native syscalls with conditions, with arguments on both sides of each; null if there are none. */
  readonly checked: number | null;
  /** The mean over native numbers that are denied with all arguments. */
  readonly denied: number | null;
}

export function stepsOf(instructions: readonly Instruction[], policy: Policy): Steps {
  const [native] = policy.abis;
  if (native === undefined) throw new RangeError('a policy needs at least one ABI');
  const { abi } = native;
  const isChecked = (number: number) => decisionsOf(native, number).some(({ conditions }) => conditions.length > 0);
  const numbers = new Set(numbersOf(abi));
  const checked = [...callsOn([abi.name], policy)].filter(({ number }) => numbers.has(number) && isChecked(number));
  const denied = bareCalls(abi).filter((call) => !isChecked(call.number) && evaluate(policy, call).kind !== 'allow');
  const mean = (calls: readonly PolicyCall[]) =>
    calls.length === 0 ? null : total(instructions, calls, abi.endian) / calls.length;
  return { attach: attachSteps(instructions, abi), checked: mean(checked), denied: mean(denied) };
}

/**
 * The kernel's emulation stops at a load other than number or ABI. Source: seccomp_is_const_allow(), kernel/seccomp.c.
 */
function attachSteps(instructions: readonly Instruction[], abi: Abi): number {
  const isArgument = ({ code, k }: Instruction) => code === BPF.ld && k >= 8;
  const stopping = instructions.map((each) => (isArgument(each) ? { ...each, code: BPF.ret } : each));
  const calls = (abi.name === 'x86_64' ? [abi, abiOf('x86')] : [abi]).flatMap(bareCalls);
  return total(stopping, calls, abi.endian);
}

function total(instructions: readonly Instruction[], calls: readonly PolicyCall[], endian: Abi['endian']): number {
  return calls.reduce((sum, call) => sum + interpret(instructions, call, endian).steps, 0);
}

/** A call of each number. */
function bareCalls(abi: Abi): readonly PolicyCall[] {
  return numbersOf(abi).map((number) => ({ arch: abi.audit, number, args: [] }));
}

/** All numbers from 0 to the last syscall, including unused ones. */
function numbersOf({ name }: Abi): readonly number[] {
  return Array.from({ length: Math.max(...syscallsOf(name).values()) + 1 }, (_, number) => number);
}

/** How long a filter's paths are, exactly: instructions, counted by running it for every syscall number. */
import { BPF, type Instruction } from '../lib/filter/bpf/instruction.js';
import { interpret } from '../lib/filter/bpf/interpreter.js';
import { evaluate } from '../lib/policy/evaluate.js';
import { type Call, decisionsOf, type Policy } from '../lib/policy/policy.js';
import { type Abi, abiOf } from '../lib/syscalls/abi.js';
import { syscallsOf } from '../lib/syscalls/table.js';
import { callsOn } from '../test/support/calls.js';

export interface Steps {
  /** Of all numbers of the native ABI and of x86, up to the first argument: what the kernel emulates of a new filter. */
  readonly attach: number;
  /** The mean over native syscalls with conditions and arguments on both sides of each; null if there are none. */
  readonly checked: number | null;
  /** The mean over native numbers that are denied whatever their arguments. */
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
  const mean = (calls: readonly Call[]) =>
    calls.length === 0 ? null : total(instructions, calls, abi.endian) / calls.length;
  return { attach: attachSteps(instructions, abi), checked: mean(checked), denied: mean(denied) };
}

/** The kernel stops where a filter looks at more than number and ABI. Source: seccomp_is_const_allow(), kernel/seccomp.c. */
function attachSteps(instructions: readonly Instruction[], abi: Abi): number {
  const isArgument = ({ code, k }: Instruction) => code === BPF.ld && k >= 8;
  const stopping = instructions.map((each) => (isArgument(each) ? { ...each, code: BPF.ret } : each));
  const calls = (abi.name === 'x86_64' ? [abi, abiOf('x86')] : [abi]).flatMap(bareCalls);
  return total(stopping, calls, abi.endian);
}

function total(instructions: readonly Instruction[], calls: readonly Call[], endian: Abi['endian']): number {
  return calls.reduce((sum, call) => sum + interpret(instructions, call, endian).steps, 0);
}

/** A call of each number. */
function bareCalls(abi: Abi): readonly Call[] {
  return numbersOf(abi).map((number) => ({ arch: abi.audit, number, args: [] }));
}

/** From 0 to the last syscall, with the holes. */
function numbersOf({ name }: Abi): readonly number[] {
  return Array.from({ length: Math.max(...syscallsOf(name).values()) + 1 }, (_, number) => number);
}

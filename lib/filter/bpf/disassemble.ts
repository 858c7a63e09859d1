/** Prints a filter as text, one commented instruction a line. */

import { ACTION_KINDS, actionBase } from '../../policy/action.js';
import { ABIS, type Abi, type AbiName } from '../../syscalls/abi.js';
import { syscallName } from '../../syscalls/table.js';
import { argumentError } from '../../util/node-error.js';
import { compiledOf, type Filter, requireFilter } from '../filter.js';
import {
  ARCH_OFFSET,
  argumentAt,
  BPF,
  decodeInstructions,
  type Instruction,
  isHighHalf,
  NR_OFFSET,
  nextOf,
} from './instruction.js';

const MNEMONICS: ReadonlyMap<number, string> = new Map(Object.entries(BPF).map(([name, code]) => [code, name]));

/**
 * Prints a filter in the notation of the kernel's bpf_asm, with absolute jump targets. Comments name the syscall,
 * ABI, argument or action that an instruction is about.
 *
 * @param filter - A filter that `compile` returned.
 * @returns One line for each instruction.
 * @throws {TypeError} if `filter` is not a Filter.
 * @throws {RangeError} if the filter has an instruction that seccomp filters do not use.
 * @example
 * import { compile, disassemble } from 'seccomp';
 * console.log(disassemble(compile('docker-default')));
 */
export function disassemble(filter: Filter): string {
  requireFilter(filter);
  const { policy, bytes } = compiledOf(filter);
  const endian = policy.abis.at(0)?.abi.endian ?? 'little';
  const instructions = decodeInstructions(bytes, endian);
  const reached = reach(instructions);
  const gated = new Map(filter.gate.map(({ instruction, half }) => [instruction, half]));
  const width = String(instructions.length).length;
  const lines = instructions.map((instruction, i) => {
    const text = `${String(i).padStart(width)}: ${operation(instruction, i)}`;
    const half = gated.get(i);
    const comment =
      half === undefined ? comments(instruction, reached[i], endian) : `half ${half} of the exec gate's value`;
    return comment === '' ? text : `${text.padEnd(width + 34)}; ${comment}`;
  });
  return `${lines.join('\n')}\n`;
}

/**
 * The state before an instruction: the ABIs whose calls can reach it, and the offset of the word in the accumulator, or
 * -1.
 */
interface Reached {
  readonly abis: Set<AbiName>;
  holds: number;
}

/** Follows each jump once. All jumps go forward, so one pass is enough. */
function reach(instructions: readonly Instruction[]): readonly Reached[] {
  const reached = instructions.map((): Reached => ({ abis: new Set(), holds: -1 }));
  const flow = (to: number, abis: Iterable<AbiName>, holds: number) => {
    const target = reached.at(to);
    if (target === undefined) return;
    for (const abi of abis) target.abis.add(abi);
    target.holds = holds;
  };
  flow(0, ABIS.keys(), -1);
  instructions.forEach((instruction, i) => {
    const { code, k } = instruction;
    const { abis, holds } = reached[i] ?? { abis: new Set<AbiName>(), holds: -1 };
    const [yes, no] = nextOf(instruction, i);
    if (yes === undefined) return;
    const testsArch = code === BPF.jeq && holds === ARCH_OFFSET;
    const named = testsArch ? abisOf(k) : [];
    flow(yes, testsArch ? named : abis, code === BPF.ld ? k : holds);
    if (no === undefined) return;
    flow(
      no,
      [...abis].filter((abi) => !named.includes(abi)),
      holds,
    );
  });
  return reached;
}

function operation({ code, jt, jf, k }: Instruction, i: number): string {
  const name = MNEMONICS.get(code);
  if (name === undefined) throw argumentError('range', `unknown instruction 0x${code.toString(16)} at ${i}`);
  if (code === BPF.ld) return `ld [${k}]`;
  if (code === BPF.ja) return `ja ${i + 1 + k}`;
  const constant = `${name.padEnd(4)} #0x${k.toString(16)}`;
  return code === BPF.ret || code === BPF.and ? constant : `${constant}, ${i + 1 + jt}, ${i + 1 + jf}`;
}

function comments({ code, k }: Instruction, reached: Reached | undefined, endian: Abi['endian']): string {
  if (code === BPF.ret) return actionText(k);
  if (code === BPF.ld) return wordText(k, endian);
  if (code === BPF.ja || code === BPF.and || reached === undefined) return '';
  if (reached.holds === ARCH_OFFSET) return abisOf(k).join(', ');
  if (reached.holds !== NR_OFFSET || code === BPF.jset) return ''; // A bit is common to many numbers.
  const names = [...reached.abis].flatMap((abi) => syscallName(abi, k) ?? []);
  return [...new Set(names)].slice(0, 3).join(', ');
}

function abisOf(audit: number): readonly AbiName[] {
  return [...ABIS.values()].flatMap((abi) => (abi.audit === audit ? [abi.name] : []));
}

function wordText(offset: number, endian: Abi['endian']): string {
  if (offset === NR_OFFSET) return 'number';
  if (offset === ARCH_OFFSET) return 'ABI';
  const half = isHighHalf(offset, endian) ? 'high' : 'low';
  const index = argumentAt(offset);
  return `${index === undefined ? 'instruction pointer' : `argument ${index}`}, ${half} half`;
}

function actionText(value: number): string {
  const base = (value & 0xffff_0000) >>> 0;
  const kind = ACTION_KINDS.find((each) => actionBase(each) === base);
  if (kind === undefined) return 'kill-process (unknown action)';
  const data = value & 0xffff;
  return kind === 'errno' || kind === 'trace' || (kind === 'trap' && data !== 0) ? `${kind}(${data})` : kind;
}

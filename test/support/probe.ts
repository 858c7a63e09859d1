/** Makes calls in the kernel, under a profile or without one, each in a child process of its own. */
import { constants } from 'node:os';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import type { FilterSource } from '../../lib/sandbox/plan/resolve-sources.js';
import type { AbiName } from '../../lib/syscalls/abi.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { compileC } from './compile-c.js';
import { run } from './processes.js';

/** The registers of a call. */
export interface ProbeCall {
  /** The native ABI, or `x32` or `x86` on an x86_64 machine. */
  readonly abi: AbiName;
  /** The register has 64 bits, of which the kernel reads 32. x32 has bit 30 set. */
  readonly number: number | bigint;
  /** Up to six arguments of 64 bits, signed or unsigned, a bigint above 2⁵³. x86 has the low 32 bits. Default 0. */
  readonly args?: readonly (number | bigint)[];
}

/**
 * The result of a call: `ok 0` (signed) or `errno EPERM`; or the end of the child: `signal SIGSYS` or `exit 3`. A call
 * that does not return within 10 seconds has the result `signal SIGALRM`.
 */
export type Answer = `ok ${string}` | `errno ${string}` | `signal ${string}` | `exit ${string}`;

/** The call of this name, with its number on the ABI. */
export function callTo(abi: AbiName, name: string, ...args: readonly (number | bigint)[]): ProbeCall {
  const number = syscallNumber(abi, name);
  if (number === undefined) throw new RangeError(`${abi} has no syscall ${name}`);
  return { abi, number, args };
}

/** Makes all `calls` in order, in one process under `profile`, or without a filter of ours under `unconfined`. */
export async function ask(
  profile: FilterSource,
  calls: readonly ProbeCall[],
  options: SpawnOptions = {},
): Promise<readonly Answer[]> {
  const { code, signal, stdout, stderr } = await run(compileC('probe.c'), calls.map(toArgument), profile, options);
  const lines = stdout.split('\n').slice(0, -1);
  if (code !== 0 || lines.length !== calls.length) {
    const end = signal ?? `exit ${code}`;
    throw new Error(`the probe answered ${lines.length} of ${calls.length} calls and ended with ${end}: ${stderr}`);
  }
  return lines.map(toAnswer);
}

/** The argument of probe.c for a call. `x86` means int $0x80 in a process of x86_64. */
export function toArgument({ abi, number, args = [] }: ProbeCall): string {
  const head = `${abi === 'x86' && process.arch !== 'ia32' ? 'x86' : 'native'}:${number}`;
  return args.length === 0 ? head : `${head}:${args.join(',')}`;
}

/** A line that the probe printed. */
export function toAnswer(line: string): Answer {
  const [kind, value = ''] = line.split(' ');
  switch (kind) {
    case 'ok':
      return `ok ${value}`;
    case 'errno':
      return `errno ${nameOf(Number(value), constants.errno)}`;
    case 'signal':
      return `signal ${nameOf(Number(value), constants.signals)}`;
    case 'exit':
      return `exit ${value}`;
    default:
      throw new Error(`the probe printed ${JSON.stringify(line)}`);
  }
}

/** The name of an errno or a signal; the number where Node has no name for it. */
function nameOf(number: number, names: Readonly<Record<string, number>>): string {
  return Object.keys(names).find((name) => names[name] === number) ?? String(number);
}

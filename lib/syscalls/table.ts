/** The syscall table: number, name and arguments of every syscall on every ABI, read from lib/syscalls/generated/. */

import { ABIS, type AbiName, abiOf } from './abi.js';
import { entriesByAbis, prototypesText } from './generated/arguments.js';
import { numbersText } from './generated/numbers.js';

declare const brand: unique symbol;

/** A syscall's number as `seccomp_data.nr` has it: with the base of mips, with bit 30 on x32. */
export type SyscallNumber = number & { readonly [brand]: true };

/** One argument register of a syscall. */
export interface ArgumentRegister {
  /** The C type that the kernel declares. */
  readonly type: string;
  readonly name: string | undefined;
  /** How many low bits of the register the kernel reads. */
  readonly width: 16 | 32 | 64;
}

interface Table {
  readonly numbers: ReadonlyMap<string, SyscallNumber>;
  readonly names: () => ReadonlyMap<number, string>;
  /** Entry points and arguments that have been read before: profiles ask again and again. */
  readonly entries: Map<string, string>;
  readonly known: Map<string, readonly ArgumentRegister[]>;
}

/** `seccomp_data.args` has six. */
const REGISTERS = 6;

/** By-value types that are narrower than a 64-bit register. A SYSCALL_DEFINE casts to them, which drops the rest. */
const WIDTHS: ReadonlyMap<string, 16 | 32> = new Map([
  ...['umode_t', 'old_uid_t', 'old_gid_t'].map((t) => [t, 16] as const),
  ...['int', 'unsigned', 'unsigned int', 'uint', 'u32', '__u32', '__s32', 'uint32_t'].map((t) => [t, 32] as const),
  ...['pid_t', 'uid_t', 'gid_t', 'qid_t', 'clockid_t', 'timer_t', 'mqd_t', 'rwf_t'].map((t) => [t, 32] as const),
  ...['key_t', 'key_serial_t', 'enum landlock_rule_type'].map((t) => [t, 32] as const),
  ...['aio_context', 'long', 'pid', 'size', 'ulong'].map((t) => [`compat_${t}_t`, 32] as const),
]);

/** Types that need two registers where a register has 32 bits. */
const LONG_LONG: ReadonlySet<string> = new Set(['loff_t', 'u64', '__u64']);

/** ABIs that start such a pair at an even register, and skip one for that. */
const ALIGNS_PAIRS: ReadonlySet<AbiName> = new Set(['arm', 'mips', 'mipsel', 'ppc']);

/** 32-bit ABIs with 64-bit registers: no pairs. */
const WIDE_REGISTERS: ReadonlySet<AbiName> = new Set(['mips64n32', 'mipsel64n32']);

/** Computes a value at its first use: importing this file costs nothing. */
function lazy<Value extends object>(compute: () => Value): () => Value {
  let value: Value | undefined;
  return () => {
    value ??= compute();
    return value;
  };
}

/** Plain loops: every first compilation of a process waits for them. */
function parseTable(abi: AbiName): Table {
  const numbers = new Map<string, SyscallNumber>();
  for (const line of numbersText(abi).trim().split('\n')) {
    const run = line.split(' ');
    const first = Number(run[0]);
    for (let i = 1; i < run.length; i++) numbers.set(run[i] ?? '', (first + i - 1) as SyscallNumber);
  }
  // Aliases come last in the text: the first name of a number is its own.
  const names = lazy(() => new Map([...numbers].reverse().map(([name, number]) => [number, name])));
  return { numbers, names, entries: new Map(), known: new Map() };
}

const tables = new Map<AbiName, Table>();

function tableOf(abi: AbiName): Table {
  const known = tables.get(abi);
  if (known !== undefined) return known;
  const table = parseTable(abiOf(abi).name);
  tables.set(abi, table);
  return table;
}

/** The parameters of a kernel function, as it declares them; undefined if none is known. */
function prototypeOf(entry: string): string | undefined {
  return textAfter(`\n${entry}: `, prototypesText(), '\n');
}

/** What stands between `mark` and the next `end`. */
function textAfter(mark: string, text: string, end: string): string | undefined {
  const at = text.indexOf(mark);
  return at < 0 ? undefined : text.slice(at + mark.length, text.indexOf(end, at + mark.length));
}

/** Reads a C parameter: all before the last word is the type, unless that word belongs to it. */
function parseParameter(text: string): { readonly type: string; readonly name: string | undefined } {
  const [, type, name] = /^(.*[ *]) ?(?!int$|long$|char$)(\w+)$/.exec(text) ?? [];
  return type === undefined || name === undefined ? { type: text, name: undefined } : { type: type.trim(), name };
}

/** How many low bits of a register the kernel reads for a type; all for a type that isn't known to be narrower. */
function widthOf(type: string, bits: 32 | 64): 16 | 32 | 64 {
  return WIDTHS.get(type.replace(/^const /, '')) ?? bits;
}

function parseArguments(abi: AbiName, parameters: string): readonly ArgumentRegister[] {
  const { bits, endian } = abiOf(abi);
  const registers: ArgumentRegister[] = [];
  for (const { type, name } of parameters === 'void' ? [] : parameters.split(', ').map(parseParameter)) {
    if (bits === 32 && LONG_LONG.has(type) && !WIDE_REGISTERS.has(abi)) {
      if (ALIGNS_PAIRS.has(abi) && registers.length % 2 === 1)
        registers.push({ type: 'u32', name: 'padding', width: 32 });
      const halves = endian === 'little' ? ['lo', 'hi'] : ['hi', 'lo'];
      for (const half of halves) registers.push({ type: 'u32', name: `${name}_${half}`, width: 32 });
    } else {
      registers.push({ type, name, width: widthOf(type, bits) });
    }
  }
  return registers.slice(0, REGISTERS);
}

/** A syscall's number, or undefined where the ABI has none of that name. */
export function syscallNumber(abi: AbiName, name: string): SyscallNumber | undefined {
  return tableOf(abi).numbers.get(name);
}

/** A syscall's name; of two names for a number, the one that isn't the alias. */
export function syscallName(abi: AbiName, number: number): string | undefined {
  return tableOf(abi).names().get(number);
}

/** All syscalls of an ABI by name, aliases too. */
export function syscallsOf(abi: AbiName): ReadonlyMap<string, SyscallNumber> {
  return tableOf(abi).numbers;
}

/** Every name that is a syscall on some ABI. */
export const syscallNames: () => ReadonlySet<string> = lazy(
  () => new Set([...ABIS.keys()].flatMap((abi) => [...syscallsOf(abi).keys()])),
);

/** The kernel function that a syscall enters, without `sys_`; undefined for an unknown one, '' for the few with none. */
export function entryPoint(abi: AbiName, name: string): string | undefined {
  const { numbers, entries } = tableOf(abi);
  if (!numbers.has(name)) return undefined;
  const entry = entries.get(name) ?? readEntryPoint(abi, name);
  entries.set(name, entry);
  return entry;
}

function readEntryPoint(abi: AbiName, name: string): string {
  // Later lists override earlier ones.
  for (const [abis, text] of entriesByAbis().toReversed()) {
    if (abis !== '*' && !abis.split(' ').includes(abi)) continue;
    const entry = textAfter(` ${name}=`, ` ${text.replace(/\s+/g, ' ')} `, ' ');
    if (entry !== undefined) return entry;
  }
  return name;
}

/**
 * A syscall's argument registers in order. A 64-bit parameter is two of them where registers have 32 bits.
 * Undefined where the ABI doesn't have the syscall, and for the few that have a number and no function.
 */
export function argumentsOf(abi: AbiName, name: string): readonly ArgumentRegister[] | undefined {
  const { known } = tableOf(abi);
  const before = known.get(name);
  if (before !== undefined) return before;
  const parameters = prototypeOf(entryPoint(abi, name) ?? '');
  if (parameters === undefined) return undefined;
  const read = parseArguments(abi, parameters);
  known.set(name, read);
  return read;
}

/**
 * How many low bits of an argument's register the kernel reads: what it declares, not what it later makes of it.
 * Bits above don't change what the call does. An unknown syscall or an argument that isn't used: the whole register.
 */
export function argumentWidth(abi: AbiName, name: string, index: number): 16 | 32 | 64 {
  const used = index < 0 ? undefined : argumentsOf(abi, name)?.at(index);
  return used?.width ?? abiOf(abi).bits;
}

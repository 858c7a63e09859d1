/**
 * The syscall table: the number, name and arguments of every syscall on every ABI. Read from lib/syscalls/generated/.
 */

import { once } from '../util/memo.js';
import { ABIS, type AbiName, abiOf } from './abi.js';
import { entriesByAbis, prototypesText } from './generated/arguments.js';
import { numbersText } from './generated/numbers.js';

declare const brand: unique symbol;

/** The number of a syscall in `seccomp_data.nr`: with the base of MIPS's ABIs, and with bit 30 on x32. */
export type SyscallNumber = number & { readonly [brand]: true };

/** One argument register of a syscall. */
export interface ArgumentRegister {
  /** The C type in the kernel's declaration. */
  readonly type: string;
  readonly name: string | undefined;
  /** The number of low bits of the register that the kernel reads. */
  readonly width: 16 | 32 | 64;
}

interface Table {
  readonly numbers: ReadonlyMap<string, SyscallNumber>;
  readonly names: () => ReadonlyMap<number, string>;
  /** Caches of entry points and arguments: profiles name the same syscalls many times. */
  readonly entries: Map<string, string>;
  readonly known: Map<string, readonly ArgumentRegister[]>;
}

/** The length of `seccomp_data.args`. */
const REGISTERS = 6;

/**
 * Types that are passed by value and are narrower than a 64-bit register. A SYSCALL_DEFINE casts to them, which drops
 * the other bits.
 */
const WIDTHS: ReadonlyMap<string, 16 | 32> = new Map([
  ...['umode_t', 'old_uid_t', 'old_gid_t'].map((t) => [t, 16] as const),
  ...['int', 'unsigned', 'unsigned int', 'uint', 'u32', '__u32', '__s32', 'uint32_t'].map((t) => [t, 32] as const),
  ...['pid_t', 'uid_t', 'gid_t', 'qid_t', 'clockid_t', 'timer_t', 'mqd_t', 'rwf_t'].map((t) => [t, 32] as const),
  ...['key_t', 'key_serial_t', 'enum landlock_rule_type'].map((t) => [t, 32] as const),
  ...['aio_context', 'long', 'pid', 'size', 'ulong'].map((t) => [`compat_${t}_t`, 32] as const),
]);

/** Types that take two registers if a register has 32 bits. */
const LONG_LONG: ReadonlySet<string> = new Set(['loff_t', 'u64', '__u64']);

/** ABIs on which a pair of registers starts at an even one. If the next register is odd, it is skipped. */
const ALIGNS_PAIRS: ReadonlySet<AbiName> = new Set(['arm', 'mips', 'mipsel', 'ppc']);

/** 32-bit ABIs with 64-bit registers, on which such a type takes one register. */
const WIDE_REGISTERS: ReadonlySet<AbiName> = new Set(['mips64n32', 'mipsel64n32']);

/** Parses a table. Uses plain loops, because the first compilation of a process waits for this. */
function parseTable(abi: AbiName): Table {
  const numbers = new Map<string, SyscallNumber>();
  for (const line of numbersText(abi).trim().split('\n')) {
    const run = line.split(' ');
    const first = Number(run[0]);
    for (let i = 1; i < run.length; i++) numbers.set(run[i] ?? '', (first + i - 1) as SyscallNumber);
  }
  // Aliases come last in the text, so reversing the order lets a syscall's own name win.
  const names = once(() => new Map([...numbers].reverse().map(([name, number]) => [number, name])));
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

/** The parameters of a kernel function, as declared; undefined if they are unknown. */
function prototypeOf(entry: string): string | undefined {
  return textAfter(`\n${entry}: `, prototypesText(), '\n');
}

/** The text between `mark` and the next `end`. */
function textAfter(mark: string, text: string, end: string): string | undefined {
  const at = text.indexOf(mark);
  return at < 0 ? undefined : text.slice(at + mark.length, text.indexOf(end, at + mark.length));
}

/** Parses a C parameter. Everything before the last word is the type, unless that word is part of the type. */
function parseParameter(text: string): { readonly type: string; readonly name: string | undefined } {
  const [, type, name] = /^(.*[ *]) ?(?!int$|long$|char$)(\w+)$/.exec(text) ?? [];
  return type === undefined || name === undefined ? { type: text, name: undefined } : { type: type.trim(), name };
}

/** The number of low bits of a register that the kernel reads for a type. An unknown type takes all bits. */
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

/** The number of a syscall; undefined if the ABI has none of that name. */
export function syscallNumber(abi: AbiName, name: string): SyscallNumber | undefined {
  return tableOf(abi).numbers.get(name);
}

/** The name of a syscall. If a number has several names, the one that is not an alias. */
export function syscallName(abi: AbiName, number: number): string | undefined {
  return tableOf(abi).names().get(number);
}

/** The syscalls of an ABI by name, including aliases. */
export function syscallsOf(abi: AbiName): ReadonlyMap<string, SyscallNumber> {
  return tableOf(abi).numbers;
}

/** All names of syscalls, of any ABI. */
export const syscallNames: () => ReadonlySet<string> = once(
  () => new Set([...ABIS.keys()].flatMap((abi) => [...syscallsOf(abi).keys()])),
);

/** The kernel function of a syscall, without `sys_`. Undefined if the syscall is unknown; '' if it has no function. */
export function entryPoint(abi: AbiName, name: string): string | undefined {
  const { numbers, entries } = tableOf(abi);
  if (!numbers.has(name)) return undefined;
  const entry = entries.get(name) ?? readEntryPoint(abi, name);
  entries.set(name, entry);
  return entry;
}

function readEntryPoint(abi: AbiName, name: string): string {
  // Later lists take precedence.
  for (const [abis, text] of entriesByAbis().toReversed()) {
    if (abis !== '*' && !abis.split(' ').includes(abi)) continue;
    const entry = textAfter(` ${name}=`, ` ${text.replace(/\s+/g, ' ')} `, ' ');
    if (entry !== undefined) return entry;
  }
  return name;
}

/**
 * The argument registers of a syscall, in order. A 64-bit parameter is two of them if registers have 32 bits.
 * Undefined if the ABI lacks the syscall or the syscall has no function.
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
 * The number of low bits of an argument's register that the kernel reads, by the declared type. Other bits do not
 * change what the call does. All bits if the syscall is unknown or the argument is unused.
 */
export function argumentWidth(abi: AbiName, name: string, index: number): 16 | 32 | 64 {
  const used = index < 0 ? undefined : argumentsOf(abi, name)?.at(index);
  return used?.width ?? abiOf(abi).bits;
}

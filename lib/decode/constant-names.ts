/** Writes the values of arguments by the names of constants. */
import type { AbiName } from '../syscalls/abi.js';
import { constantNames, constantOn } from '../syscalls/constants.js';
import { FAMILIES, type Family, type FamilyName, type Selection } from './constant-families.js';

/** The names of a family's constants on one ABI. */
interface Names {
  readonly numbers: ReadonlyMap<bigint, string>;
  /** The flags with the most bits are first, as O_TMPFILE contains O_DIRECTORY. */
  readonly flags: readonly (readonly [name: string, bits: bigint])[];
}

const namesByFamily = new Map<string, Names>();

function namesOn(family: FamilyName, abi: AbiName): Names {
  const key = `${family} ${abi}`;
  const names = namesByFamily.get(key) ?? readNamesOn(FAMILIES[family], abi);
  namesByFamily.set(key, names);
  return names;
}

function readNamesOn(family: Family, abi: AbiName): Names {
  const flags = selectedValues(family.flags, abi).filter(([, bits]) => bits !== 0n);
  return {
    numbers: new Map(selectedValues(family.numbers, abi).map(([name, value]) => [value, name])),
    flags: flags.sort(([, a], [, b]) => bitCount(b) - bitCount(a)),
  };
}

/** The selected constants that an ABI has, with their values. */
function selectedValues(selection: Selection | undefined, abi: AbiName): (readonly [name: string, value: bigint])[] {
  if (selection === undefined) return [];
  const { patterns, except } = selection;
  return patterns.flatMap(namesMatching).flatMap((name) => {
    const value = except.some((pattern) => matchesPattern(pattern, name)) ? undefined : constantOn(abi, name);
    return value === undefined ? [] : [[name, BigInt(value)] as const];
  });
}

/** The names that a pattern matches. */
function namesMatching(pattern: string): readonly string[] {
  if (!pattern.endsWith('*')) return [pattern];
  const beginning = pattern.slice(0, -1);
  return constantNames().filter((name) => name.startsWith(beginning));
}

function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function bitCount(bits: bigint): number {
  return bits.toString(2).replaceAll('0', '').length;
}

/** Writes a value by names: `O_RDONLY|O_CLOEXEC`, `SIGTERM`. Bits without a name are written as a number. */
export function writeByName(family: FamilyName, abi: AbiName, value: bigint): string {
  const { mask } = FAMILIES[family];
  const names = namesOn(family, abi);
  const number = value & mask;
  const taken: (readonly [string, bigint])[] = [];
  let left = value & ~mask;
  for (const [name, bits] of names.flags) {
    if ((left & bits) !== bits) continue;
    taken.push([name, bits]);
    left &= ~bits;
  }
  const parts = taken.sort(([, a], [, b]) => (a < b ? -1 : 1)).map(([name]) => name);
  if (left !== 0n) parts.push(writeNumber(left));
  const first = names.numbers.get(number) ?? (number === 0n ? undefined : writeNumber(number));
  // In a family of flags, the name of 0 (PROT_NONE) is written only without any flag.
  if (first !== undefined && (mask !== 0n || parts.length === 0)) parts.unshift(first);
  return parts.length === 0 ? '0' : parts.join('|');
}

/** Writes numbers below 65,536, which may be counts, in decimal and all others in hexadecimal. */
export function writeNumber(value: bigint): string {
  return value < 65_536n ? String(value) : `0x${value.toString(16)}`;
}

/** For tests: the constants of each family on an ABI, numbers and flags apart. */
export function namesOfFamilies(
  abi: AbiName,
): readonly (readonly [family: string, part: 'numbers' | 'flags', names: ReadonlyMap<string, bigint>])[] {
  return Object.entries<Family>(FAMILIES).flatMap(([family, { numbers, flags }]) => [
    [family, 'numbers', new Map(selectedValues(numbers, abi))] as const,
    [family, 'flags', new Map(selectedValues(flags, abi))] as const,
  ]);
}

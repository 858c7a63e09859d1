/** Describes sets of arguments: `family = AF_VSOCK`, `flags & 0x10000000 = 0x10000000`. */
import { meaningOfArgument } from '../decode/argument-meanings.js';
import { writeByName, writeNumber } from '../decode/constant-names.js';
import { type ArgumentRegion, wordSetAt } from '../policy/argument-region.js';
import { MAX_WORD, type WordSet } from '../policy/word-set.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { argumentsOf } from '../syscalls/table.js';

/** How many alternatives are written. */
const MOST_ALTERNATIVES = 8;

/** Returns the arguments of a syscall that are in one of the regions, in words; undefined for all arguments. */
export function regionsInWords(
  regions: readonly ArgumentRegion[],
  abi: AbiName,
  syscall: string | undefined,
): string | undefined {
  const alternatives = [...new Set(regions.map((region) => regionInWords(region, abi, syscall)))];
  if (alternatives.includes('')) return undefined;
  const more = alternatives.length - MOST_ALTERNATIVES;
  const written = alternatives.slice(0, MOST_ALTERNATIVES).join(' or ');
  return more > 0 ? `${written} or ${more} more` : written;
}

function regionInWords(region: ArgumentRegion, abi: AbiName, syscall: string | undefined): string {
  return [0, 1, 2, 3, 4, 5].flatMap((index) => argumentInWords(region, index, abi, syscall)).join(' and ');
}

function argumentInWords(
  region: ArgumentRegion,
  index: number,
  abi: AbiName,
  syscall: string | undefined,
): readonly string[] {
  const [low, high] = [wordSetAt(region, 2 * index), wordSetAt(region, 2 * index + 1)];
  const register = syscall === undefined ? undefined : argumentsOf(abi, syscall)?.at(index);
  const name = register?.name ?? `argument ${index}`;
  const width = register?.width ?? abiOf(abi).bits;
  const write = writerOf(abi, syscall, index);
  const halves = { low: `the low half of ${name}`, high: `the high half of ${name}` };
  // Comparisons of bits are the same for the whole argument.
  if (isAll(high)) return comparisons(low, { whole: width === 64 ? halves.low : name, bits: name }, width, write);
  const above = single(high);
  if (above === 0 || (above !== undefined && single(low) !== undefined)) {
    const base = BigInt(above) << 32n;
    const written = comparisons(low, { whole: name, bits: halves.low }, 64, (word) => write(base | word));
    return written.length > 0 ? written : [`${name} <= ${write(BigInt(MAX_WORD))}`];
  }
  return [
    ...comparisons(high, { whole: halves.high, bits: halves.high }, 64, writeNumber),
    ...comparisons(low, { whole: halves.low, bits: name }, 64, writeNumber),
  ];
}

type Write = (value: bigint) => string;

/** Returns what writes the values of an argument: by the names of constants, if it has such. */
function writerOf(abi: AbiName, syscall: string | undefined, index: number): Write {
  const meaning = syscall === undefined ? undefined : meaningOfArgument(abi, syscall, index);
  return meaning?.kind === 'constants' ? (value) => writeByName(meaning.family, abi, value) : writeNumber;
}

/**
 * The comparisons by which a half of an argument is in the set; none for the set of all words. `names` has the name of
 * what is compared as a whole, and of what is compared in some bits.
 */
function comparisons(
  set: WordSet,
  names: Record<'whole' | 'bits', string>,
  width: 16 | 32 | 64,
  write: Write,
): readonly string[] {
  const { low, high, pattern, not } = set;
  const all = width === 16 ? 0xffff : MAX_WORD;
  const compare = (mask: number, bits: number, operator: '=' | '!='): string =>
    mask === all
      ? `${names.whole} ${operator} ${write(BigInt(bits))}`
      : `${names.bits} & ${writeNumber(BigInt(mask))} ${operator} ${writeNumber(BigInt(bits))}`;
  if (low === high) return [compare(all, low, '=')];
  return [
    // Bounds that follow from the pattern alone are not written.
    ...(low > pattern.bits ? [`${names.whole} >= ${write(BigInt(low))}`] : []),
    ...(high < (pattern.bits | ~pattern.mask) >>> 0 ? [`${names.whole} <= ${write(BigInt(high))}`] : []),
    ...(pattern.mask === 0 ? [] : [compare(pattern.mask, pattern.bits, '=')]),
    ...not.map(({ mask, bits }) => compare(mask, bits, '!=')),
  ];
}

/** The only member of a set; undefined if it has several. */
function single({ low, high }: WordSet): number | undefined {
  return low === high ? low : undefined;
}

function isAll({ low, high, pattern, not }: WordSet): boolean {
  return low === 0 && high === MAX_WORD && pattern.mask === 0 && not.length === 0;
}

/** Makes the comparisons of rules from the recorded argument values of a syscall. */
import { meaningOfArgument } from '../decode/argument-meanings.js';
import { distinguishing } from '../decode/captures.js';
import { numberBits } from '../decode/constant-families.js';
import type { ObservedCall } from '../decode/observed-call.js';
import type { Argument } from '../profile/document/types.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { argumentWidth } from '../syscalls/table.js';

/**
 * Maximum rules of a syscall. Above it, the last argument is not compared: a program with so many values will use
 * others.
 */
export const MAX_RULES = 16;

/** A rule: comparisons that must all hold, and the first of the calls that it allows. */
export interface ArgumentRule<Seen extends ObservedCall> {
  readonly args: readonly Argument[];
  readonly first: Seen;
}

/**
 * Makes rules that allow all of `calls`, which are calls of one syscall on one ABI. Numbers, such as a family or a
 * command, are compared for equality: each recorded combination has a rule. Flags may be any selection of those that
 * were recorded with the combination. The result is one rule without comparisons if no argument tells calls apart, or
 * there are too many combinations.
 */
export function argumentRules<Seen extends ObservedCall>(
  calls: readonly [Seen, ...Seen[]],
): readonly ArgumentRule<Seen>[] {
  const [{ abi, syscall }] = calls;
  const indices = distinguishing(abi, syscall);
  for (let count = indices.length; count > 0; count--) {
    const layouts = indices.slice(0, count).map((index) => layoutOf(abi, syscall, index));
    const groups = grouped(calls, layouts);
    if (groups.length <= MAX_RULES) return groups.map((group) => groupRule(group, layouts));
  }
  return [{ args: [], first: calls[0] }];
}

/** The bits of an argument. */
interface Layout {
  readonly index: number;
  /** The bits of the register that the kernel reads. */
  readonly width: bigint;
  /** Those of them that are a number. The others are flags. */
  readonly number: bigint;
}

function layoutOf(abi: AbiName, syscall: string, index: number): Layout {
  const bits = Math.min(argumentWidth(abi, syscall, index), abiOf(abi).bits);
  const meaning = meaningOfArgument(abi, syscall, index);
  const number = meaning?.kind === 'constants' ? numberBits(meaning.family) : ALL_BITS;
  const width = (1n << BigInt(bits)) - 1n;
  return { index, width, number: number & width };
}

const ALL_BITS = (1n << 64n) - 1n;

/** Flags have at most 32 bits, also in 64-bit registers; a test checks that. So no number in a profile needs more. */
const FLAG_BITS = 0xffff_ffffn;

function grouped<Seen extends ObservedCall>(
  calls: readonly [Seen, ...Seen[]],
  layouts: readonly Layout[],
): readonly (readonly [Seen, ...Seen[]])[] {
  const groups = new Map<string, [Seen, ...Seen[]]>();
  for (const call of calls) {
    const key = layouts.map(({ index, number }) => (call.args[index] ?? 0n) & number).join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [call]);
    else group.push(call);
  }
  return [...groups.values()];
}

function groupRule<Seen extends ObservedCall>(
  calls: readonly [Seen, ...Seen[]],
  layouts: readonly Layout[],
): ArgumentRule<Seen> {
  const args = layouts.map((layout) =>
    comparisonOf(
      layout,
      calls.map(({ args }) => args[layout.index] ?? 0n),
    ),
  );
  return { args: args.filter(({ value, op }) => op === 'SCMP_CMP_EQ' || value !== 0n), first: calls[0] };
}

/**
 * Makes the comparison that holds for all values of a group. If a register has bits above those that the kernel reads,
 * compares only the bits that it reads, by a mask: libseccomp, which container runtimes use, compares all 64.
 */
function comparisonOf({ index, width, number }: Layout, values: readonly bigint[]): Argument {
  const [first = 0n] = values;
  const isAllNumber = number === width;
  if (isAllNumber && values.every((value) => value <= width)) {
    if (first <= FLAG_BITS) return { index, value: first, valueTwo: undefined, op: 'SCMP_CMP_EQ' };
    // The profile may be for a 32-bit ABI too, whose argument can't have a 64-bit value such as -1 as a long.
    return { index, value: FLAG_BITS, valueTwo: first & FLAG_BITS, op: 'SCMP_CMP_MASKED_EQ' };
  }
  const flags = values.reduce((all, value) => all | (value & width & ~number), 0n);
  const compared = isAllNumber ? width : ((width & FLAG_BITS) | flags | number) & ~flags;
  return { index, value: compared, valueTwo: first & number & width, op: 'SCMP_CMP_MASKED_EQ' };
}

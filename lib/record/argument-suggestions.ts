/** From the argument values that were seen of a syscall to the comparisons of a profile's rules. */

import { meaningOfArgument } from '../decode/argument-meanings.js';
import { distinguishing } from '../decode/captures.js';
import { numberBits } from '../decode/constant-families.js';
import type { ObservedCall } from '../decode/observed-call.js';
import type { Argument } from '../profile/document/types.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { argumentWidth } from '../syscalls/table.js';

/** Above it, the last of the arguments is not looked at; a program that asks in so many ways will ask in others. */
export const MOST_RULES = 16;

/** Comparisons that must all hold, and the first call for which they were made. */
export interface ArgumentRule<Seen extends ObservedCall> {
  readonly args: readonly Argument[];
  readonly first: Seen;
}

/**
 * The rules for the calls of one syscall on one ABI, all of which they allow. Numbers (a family, a command) are compared for
 * equality, each combination by a rule of its own; of flags, any selection of those that were seen with it. One rule
 * without comparisons where no argument tells calls apart, or there are too many combinations.
 */
export function argumentRules<Seen extends ObservedCall>(
  calls: readonly [Seen, ...Seen[]],
): readonly ArgumentRule<Seen>[] {
  const [{ abi, syscall }] = calls;
  const indices = distinguishing(abi, syscall);
  for (let count = indices.length; count > 0; count--) {
    const layouts = indices.slice(0, count).map((index) => layoutOf(abi, syscall, index));
    const groups = grouped(calls, layouts);
    if (groups.length <= MOST_RULES) return groups.map((group) => ruleOf(group, layouts));
  }
  return [{ args: [], first: calls[0] }];
}

/** Where the parts of an argument are. */
interface Layout {
  readonly index: number;
  /** What the kernel reads of the register. */
  readonly width: bigint;
  readonly number: bigint;
}

function layoutOf(abi: AbiName, syscall: string, index: number): Layout {
  const bits = Math.min(argumentWidth(abi, syscall, index), abiOf(abi).bits);
  const meaning = meaningOfArgument(abi, syscall, index);
  const number = meaning?.kind === 'constants' ? numberBits(meaning.family) : ALL;
  const width = (1n << BigInt(bits)) - 1n;
  return { index, width, number: number & width };
}

const ALL = (1n << 64n) - 1n;

/** Flags of these calls have 32 bits, in registers of 64 too: a test holds that. So no number of a profile needs more. */
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

function ruleOf<Seen extends ObservedCall>(
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
 * The comparison that all values of a group pass. Where bits stand in a register above those that the kernel reads, these
 * only are compared: libseccomp, by which container runtimes read a profile, compares all 64.
 */
function comparisonOf({ index, width, number }: Layout, values: readonly bigint[]): Argument {
  const [first = 0n] = values;
  const isAllNumber = number === width;
  if (isAllNumber && values.every((value) => value <= width)) {
    if (first <= FLAG_BITS) return { index, value: first, valueTwo: undefined, op: 'SCMP_CMP_EQ' };
    // A value of 64 bits, such as -1 as a long, does not fit the same argument of a 32-bit ABI that the profile may have too.
    return { index, value: FLAG_BITS, valueTwo: first & FLAG_BITS, op: 'SCMP_CMP_MASKED_EQ' };
  }
  const flags = values.reduce((all, value) => all | (value & width & ~number), 0n);
  const compared = isAllNumber ? width : ((width & FLAG_BITS) | flags | number) & ~flags;
  return { index, value: compared, valueTwo: first & number & width, op: 'SCMP_CMP_MASKED_EQ' };
}

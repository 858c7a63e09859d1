/**
 * Converts the `args` of a rule to conditions, which depend on the ABI, and reports comparisons that are probably
 * mistakes.
 */
import type { Condition } from '../../policy/policy.js';
import type { Abi } from '../../syscalls/abi.js';
import { argumentWidth } from '../../syscalls/table.js';
import type { Path } from '../../util/own-data.js';
import type { Diagnostics } from '../document/diagnostics.js';
import type { MeaningOptions } from '../document/options.js';
import type { Argument } from '../document/types.js';
import type { RuntimeWidth } from './libseccomp-order.js';

/** Where a comparison is. */
export interface ComparisonPlace {
  readonly abi: Abi;
  readonly syscall: string;
  readonly path: Path;
  /** Positive if the rule is more permissive than the default action, negative if it is less so, else 0. */
  readonly leniency: number;
}

/**
 * The conditions that a comparison means: to the container runtime, and as it is written. Undefined if it always holds.
 * The two differ only if the runtime compares 32 bits, and so drops the higher bits of the value.
 */
export interface ComparisonMeanings {
  readonly runtime: Condition | undefined;
  readonly written: Condition | undefined;
}

/** How many bits of an argument libseccomp compares on an ABI. It treats x32 as a 32-bit ABI. */
export function runtimeWidth({ name, bits }: Abi): RuntimeWidth {
  return name === 'x32' ? 32 : bits;
}

/**
 * The conditions for a comparison. They compare the bits that the kernel reads of the argument, or, with the option
 * `argumentWidth: 64`, those that the runtime compares. A value that does not fit is reported as a mistake; compat mode
 * then compares the whole register, as the runtime does.
 */
export function conditionsFor(
  argument: Argument,
  place: ComparisonPlace,
  options: Pick<MeaningOptions, 'argumentWidth'>,
  diagnostics: Diagnostics,
): ComparisonMeanings {
  const { abi, syscall, path } = place;
  const wide = runtimeWidth(abi);
  const width = options.argumentWidth === 64 ? wide : argumentWidth(abi.name, syscall, argument.index);
  const compared = Math.min(width, wide);
  if (fits(argument, compared)) {
    reportConstant(argument, width, place, diagnostics);
    const condition = conditionOf(argument, width);
    return { runtime: condition, written: condition };
  }
  const largest = (1n << BigInt(compared)) - 1n;
  const reader =
    options.argumentWidth === 64 || compared < width
      ? `container runtimes compare ${compared} bits`
      : `the kernel reads ${width} bits`;
  const message = (names: string) => {
    const value = argument.value > largest ? argument.value : argument.valueTwo;
    const what = `argument ${argument.index} of ${names}`;
    return `${value} does not fit: on ${abi.name} ${reader} of ${what}, so the largest value is ${largest}`;
  };
  diagnostics.reportOnce('mistake', [...path, 'value'], `${abi.name} ${compared}`, message, syscall);
  const whole = fits(argument, width) ? width : abi.bits;
  const written = fits(argument, whole) ? conditionOf(argument, whole) : conditionBeyond(argument, whole);
  return { runtime: conditionOf(truncated(argument, wide), wide), written };
}

/** Whether the values of a comparison fit a width. Bits of `valueTwo` outside of the mask are ignored. */
function fits({ op, value, valueTwo }: Argument, width: number): boolean {
  return [value, op === 'SCMP_CMP_MASKED_EQ' ? (valueTwo ?? 0n) & value : 0n].every((n) => n >> BigInt(width) === 0n);
}

function truncated(argument: Argument, width: number): Argument {
  const { value, valueTwo } = argument;
  return { ...argument, value: BigInt.asUintN(width, value), valueTwo: BigInt.asUintN(width, valueTwo ?? 0n) };
}

/**
 * The condition of a comparison whose values fit the width. Undefined for a mask of 0, which every argument matches.
 */
function conditionOf({ index, op, value, valueTwo }: Argument, width: Condition['width']): Condition | undefined {
  if (op !== 'SCMP_CMP_MASKED_EQ') return { index, width, op: COMPARISONS[op], value };
  return value === 0n ? undefined : { index, width, op: 'masked-eq', mask: value, value: (valueTwo ?? 0n) & value };
}

const COMPARISONS = {
  SCMP_CMP_EQ: 'eq',
  SCMP_CMP_NE: 'ne',
  SCMP_CMP_LT: 'lt',
  SCMP_CMP_LE: 'le',
  SCMP_CMP_GT: 'gt',
  SCMP_CMP_GE: 'ge',
} as const;

/**
 * The condition of a comparison with a value that no register of this width can hold. It holds always or never, except
 * that a mask keeps the bits that fit.
 */
function conditionBeyond(argument: Argument, width: Condition['width']): Condition {
  const { index, op, value, valueTwo } = argument;
  const never: Condition = { index, width, op: 'lt', value: 0n };
  const always: Condition = { index, width, op: 'ge', value: 0n };
  switch (op) {
    case 'SCMP_CMP_MASKED_EQ':
      if (((valueTwo ?? 0n) & value) >> BigInt(width) !== 0n) return never;
      return conditionOf(truncated(argument, width), width) ?? always;
    case 'SCMP_CMP_NE':
    case 'SCMP_CMP_LT':
    case 'SCMP_CMP_LE':
      return always;
    default:
      return never;
  }
}

/** Reports a comparison that holds always or never, and one with bits that are not compared. */
function reportConstant(argument: Argument, width: number, place: ComparisonPlace, diagnostics: Diagnostics): void {
  const { op, value, valueTwo } = argument;
  const { leniency, path, syscall } = place;
  const largest = (1n << BigInt(width)) - 1n;
  if (op === 'SCMP_CMP_MASKED_EQ') {
    const kind = leniency > 0 ? 'mistake' : 'notice';
    if (value === 0n) {
      const message = () => 'a mask of 0 holds for every argument: `value` is the mask, `valueTwo` what it equals';
      diagnostics.reportOnce(kind, [...path, 'value'], 'mask', message);
    } else if (((valueTwo ?? 0n) & ~value) !== 0n) {
      const message = () => `has bits outside of the mask ${value}, which are not compared: \`value\` is the mask`;
      diagnostics.reportOnce(kind, [...path, 'valueTwo'], 'mask', message);
    }
  }
  if ((op === 'SCMP_CMP_LT' && value === 0n) || (op === 'SCMP_CMP_GT' && value === largest)) {
    const message = (names: string) => `never holds for ${names}: arguments are unsigned, here of ${width} bits`;
    diagnostics.reportOnce(leniency < 0 ? 'mistake' : 'notice', [...path, 'value'], `never ${width}`, message, syscall);
  }
  if ((op === 'SCMP_CMP_GE' && value === 0n) || (op === 'SCMP_CMP_LE' && value === largest)) {
    const message = (names: string) => `always holds for ${names}: arguments are unsigned, here of ${width} bits`;
    diagnostics.reportOnce('notice', [...path, 'value'], `always ${width}`, message, syscall);
  }
}

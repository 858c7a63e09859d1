/** Comparisons: what one of a rule's `args` compares on an ABI, and what is odd about it there. */
import type { Condition } from '../../policy/policy.js';
import type { Abi } from '../../syscalls/abi.js';
import { argumentWidth } from '../../syscalls/table.js';
import type { Path } from '../../util/own-data.js';
import type { Diagnostics } from '../document/diagnostics.js';
import type { MeaningOptions } from '../document/options.js';
import type { Argument } from '../document/types.js';
import type { RuntimeWidth } from './libseccomp-order.js';

/** Where a comparison stands. */
export interface ArgumentContext {
  readonly abi: Abi;
  readonly syscall: string;
  readonly keys: Path;
  /** Whether the rule lets more or less through than the default action: positive, negative or 0. */
  readonly loosens: number;
}

/** A comparison; undefined: it holds always, as if it were not there. */
type Reading = Condition | undefined;

/**
 * A comparison as the runtime reads it, and as it is written. The two differ only if the value is too wide for an ABI
 * on which the runtime compares 32 bits: it drops the higher ones.
 */
export interface ArgumentConditions {
  readonly runtime: Reading;
  readonly written: Reading;
}

/** How many bits libseccomp compares: x32 counts as a 32-bit ABI there. */
export function runtimeWidth({ name, bits }: Abi): RuntimeWidth {
  return name === 'x32' ? 32 : bits;
}

/**
 * Reads a comparison. It is of as many bits as the kernel reads of the argument, or as the runtime compares if
 * `argumentWidth` is 64. A value too wide for that is an error in strict; in compat all of the register is compared, as
 * the runtime does.
 */
export function argumentConditions(
  argument: Argument,
  place: ArgumentContext,
  options: Pick<MeaningOptions, 'argumentWidth'>,
  diagnostics: Diagnostics,
): ArgumentConditions {
  const { abi, syscall } = place;
  const wide = runtimeWidth(abi);
  const width = options.argumentWidth === 64 ? wide : argumentWidth(abi.name, syscall, argument.index);
  const compared = Math.min(width, wide);
  if (fits(argument, compared)) {
    remarkOn(argument, width, place, diagnostics);
    const both = conditionOf(argument, width);
    return { runtime: both, written: both };
  }
  const largest = (1n << BigInt(compared)) - 1n;
  const reader =
    options.argumentWidth === 64 || compared < width
      ? `container runtimes compare ${compared} bits`
      : `the kernel reads ${width} bits`;
  diagnostics.reportOnce(
    'mistake',
    [...place.keys, 'value'],
    `${abi.name} ${compared}`,
    (names) => {
      const value = argument.value > largest ? argument.value : argument.valueTwo;
      return `${value} does not fit: on ${abi.name} ${reader} of argument ${argument.index} of ${names}, so the largest value is ${largest}`;
    },
    syscall,
  );
  const whole = fits(argument, width) ? width : abi.bits;
  const written = fits(argument, whole) ? conditionOf(argument, whole) : beyond(argument, whole);
  return { runtime: conditionOf(truncated(argument, wide), wide), written };
}

/** A MASKED_EQ's valueTwo is masked; of the others it is not looked at. */
function fits({ op, value, valueTwo }: Argument, width: number): boolean {
  return [value, op === 'SCMP_CMP_MASKED_EQ' ? (valueTwo ?? 0n) & value : 0n].every((n) => n >> BigInt(width) === 0n);
}

function truncated(argument: Argument, width: number): Argument {
  const { value, valueTwo } = argument;
  return { ...argument, value: BigInt.asUintN(width, value), valueTwo: BigInt.asUintN(width, valueTwo ?? 0n) };
}

function conditionOf({ index, op, value, valueTwo }: Argument, width: Condition['width']): Reading {
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

/** A comparison with a value that no register holds: it holds never or always, but for the low bits of a mask. */
function beyond(argument: Argument, width: Condition['width']): Condition {
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

/** Comparisons that hold always or never are no doubt meant otherwise. */
function remarkOn(argument: Argument, width: number, place: ArgumentContext, diagnostics: Diagnostics): void {
  const { op, value, valueTwo } = argument;
  const { loosens, keys, syscall } = place;
  const largest = (1n << BigInt(width)) - 1n;
  if (op === 'SCMP_CMP_MASKED_EQ') {
    const kind = loosens > 0 ? 'mistake' : 'notice';
    if (value === 0n) {
      const words = () => 'a mask of 0 holds for every argument: `value` is the mask, `valueTwo` what it equals';
      diagnostics.reportOnce(kind, [...keys, 'value'], 'mask', words);
    } else if (((valueTwo ?? 0n) & ~value) !== 0n) {
      const words = () => `has bits outside of the mask ${value}, which are not compared: \`value\` is the mask`;
      diagnostics.reportOnce(kind, [...keys, 'valueTwo'], 'mask', words);
    }
  }
  if ((op === 'SCMP_CMP_LT' && value === 0n) || (op === 'SCMP_CMP_GT' && value === largest)) {
    const words = (names: string) => `never holds for ${names}: arguments are unsigned, here of ${width} bits`;
    diagnostics.reportOnce(loosens < 0 ? 'mistake' : 'notice', [...keys, 'value'], `never ${width}`, words, syscall);
  }
  if ((op === 'SCMP_CMP_GE' && value === 0n) || (op === 'SCMP_CMP_LE' && value === largest)) {
    const words = (names: string) => `always holds for ${names}: arguments are unsigned, here of ${width} bits`;
    diagnostics.reportOnce('notice', [...keys, 'value'], `always ${width}`, words, syscall);
  }
}

/** Tests of syscall arguments, as the builder takes them: `arg(0).eq('AF_INET')`. */

import { SeccompError } from '../../errors.js';
import type { AbiName } from '../../syscalls/abi.js';
import { type ConstantName, constantNames, constantOn } from '../../syscalls/constants.js';
import { publicMethods } from '../../util/caller.js';
import { copyList, type Refuse } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';
import { shown } from '../document/diagnostics.js';
import type { Argument } from '../document/types.js';

/** A value that an argument is compared with: 64 bits, unsigned, or the name of a constant. */
export type Value = number | bigint | ConstantName;

/** Values whose bits are taken together. */
type Operand = readonly (bigint | string)[];

interface Alternative {
  readonly op: Argument['op'];
  readonly value: Operand;
  readonly valueTwo: Operand | undefined;
}

/** A test that one argument passes or not. */
export class ArgumentTest {
  /** Which argument, 0 to 5. */
  readonly index: number;
  /** The test is passed if one of these holds. */
  readonly #alternatives: readonly Alternative[];

  /** Whether a value is a test that `arg` made. */
  static is(value: unknown): value is ArgumentTest {
    return typeof value === 'object' && value !== null && #alternatives in value;
  }

  constructor(index: number, alternatives: readonly Alternative[]) {
    this.index = index;
    this.#alternatives = alternatives;
  }

  /** The alternatives with the values that constants have on an ABI; undefined if it lacks one of them. */
  on(abi: AbiName): readonly Argument[] | undefined {
    const known = this.#alternatives.flatMap(({ op, value, valueTwo }) => {
      const [first, second] = [bitsOn(abi, value), bitsOn(abi, valueTwo ?? [])];
      if (first === undefined || second === undefined) return [];
      return [{ index: this.index, value: first, valueTwo: valueTwo && second, op }];
    });
    return known.length === this.#alternatives.length ? known : undefined;
  }
}

/** What an argument can be tested for. All comparisons are unsigned, of what the kernel reads of the argument. */
export interface ArgumentTests {
  eq(value: Value): ArgumentTest;
  ne(value: Value): ArgumentTest;
  lt(value: Value): ArgumentTest;
  le(value: Value): ArgumentTest;
  gt(value: Value): ArgumentTest;
  ge(value: Value): ArgumentTest;
  /** The bits under `mask` equal `value`. */
  masked(mask: Value, value: Value): ArgumentTest;
  /** It is one of these. Each becomes a rule of its own. */
  in(values: readonly Value[]): ArgumentTest;
  /** All bits of all these are set. */
  hasFlags(...flags: readonly [Value, ...Value[]]): ArgumentTest;
  /** None of the bits of these is set. */
  hasNoFlags(...flags: readonly [Value, ...Value[]]): ArgumentTest;
}

/**
 * Begins a test of argument `index`, 0 to 5.
 * @throws SeccompError ERR_SECCOMP_OPTION for an index or a value that can't be, and for an unknown constant.
 */
export function arg(index: number): ArgumentTests {
  if (!Number.isInteger(index) || index < 0 || index > 5) fail(`arg(${shown(index)}): a syscall has arguments 0 to 5`);
  const test = (op: Argument['op'], value: Operand, valueTwo?: Operand) =>
    new ArgumentTest(index, [{ op, value, valueTwo }]);
  const tests: ArgumentTests = {
    eq: (value) => test('SCMP_CMP_EQ', [operand(value)]),
    ne: (value) => test('SCMP_CMP_NE', [operand(value)]),
    lt: (value) => test('SCMP_CMP_LT', [operand(value)]),
    le: (value) => test('SCMP_CMP_LE', [operand(value)]),
    gt: (value) => test('SCMP_CMP_GT', [operand(value)]),
    ge: (value) => test('SCMP_CMP_GE', [operand(value)]),
    masked: (mask, value) => test('SCMP_CMP_MASKED_EQ', [operand(mask)], [operand(value)]),
    in(values) {
      const listed = Array.isArray(values) ? copyList(values, MOST_VALUES, refuseValues) : [];
      if (listed.length === 0) fail(`arg(${index}).in(…): name at least one value, in an array`);
      return new ArgumentTest(
        index,
        listed.map((value) => ({ op: 'SCMP_CMP_EQ', value: [operand(value)], valueTwo: undefined })),
      );
    },
    hasFlags: (...flags) => test('SCMP_CMP_MASKED_EQ', bits(flags), bits(flags)),
    hasNoFlags: (...flags) => test('SCMP_CMP_MASKED_EQ', bits(flags), [0n]),
  };
  publicMethods(tests, ...TESTS);
  return tests;
}

/** More values of one argument than a filter has instructions. */
const MOST_VALUES = 4096;

const refuseValues: Refuse = (path, problem) => fail(`${['values', ...path].join('.')}: ${problem}`);
const TESTS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'masked', 'in', 'hasFlags', 'hasNoFlags'] as const;

function bits(flags: readonly Value[]): Operand {
  const operands = flags.map(operand);
  if (operands.every((flag) => flag === 0n)) fail('flags without a bit test nothing: name at least one flag');
  return operands;
}

function operand(value: unknown): bigint | string {
  if (typeof value === 'string') {
    if (constantNames().includes(value)) return value;
    return fail(`unknown constant ${shown(value)}${suggest(value, constantNames())}: write its number`);
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    fail(`${value} is no exact whole number: above 2⁵³ write a bigint`);
  }
  if (typeof value !== 'number' && typeof value !== 'bigint')
    fail(`${typeof value}: a value is a number, a bigint or the name of a constant`);
  const exact = BigInt(value);
  if (exact < 0n) fail(`${value} is negative: write it unsigned, as \`value >>> 0\` does for 32 bits`);
  if (exact >= 2n ** 64n) fail(`${value} has more than 64 bits`);
  return exact;
}

/** The bits of all operands on an ABI; undefined if it lacks a constant. */
function bitsOn(abi: AbiName, operands: Operand): bigint | undefined {
  const values = operands.map((each) => (typeof each === 'string' ? constantOn(abi, each) : each));
  return values.reduce<bigint | undefined>(
    (all, value) => (all === undefined || value === undefined ? undefined : all | BigInt(value)),
    0n,
  );
}

function fail(message: string): never {
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

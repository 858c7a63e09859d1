/** Tests of syscall arguments for the builder: `arg(0).eq('AF_INET')`. */

import type { AbiName } from '../../syscalls/abi.js';
import { type ConstantName, constantNames, constantOn } from '../../syscalls/constants.js';
import { limited, limitToOne } from '../../util/argument-count.js';
import { publicMethods } from '../../util/caller.js';
import { copyList, numberProblem, type Refuse } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';
import type { Argument } from '../document/types.js';
import { fail, received } from '../fail.js';

/** A value to compare an argument with: an unsigned integer of up to 64 bits, or the name of a constant. */
export type ArgumentValue = number | bigint | ConstantName;

/** Values that are ORed. */
type Operand = readonly (bigint | string)[];

interface Alternative {
  readonly op: Argument['op'];
  readonly value: Operand;
  readonly valueTwo: Operand | undefined;
}

/**
 * A test of one argument, as the methods of `arg(index)` return it.
 *
 * @example
 * import { arg, Profile } from 'seccomp';
 * const isUnix = arg(0).eq('AF_UNIX');
 * console.log(isUnix.index, Profile.denylist().deny('socket', isUnix).document.syscalls.length);
 */
export class ArgumentTest {
  /** The index of the argument, 0 to 5. */
  readonly index: number;
  /** The test is passed if one of these comparisons holds. */
  readonly #alternatives: readonly Alternative[];

  /** Whether a value is a test that `arg` made. */
  static is(value: unknown): value is ArgumentTest {
    return typeof value === 'object' && value !== null && #alternatives in value;
  }

  constructor(index: number, alternatives: readonly Alternative[]) {
    this.index = index;
    this.#alternatives = alternatives;
  }

  /**
   * Returns the alternatives, with the values that constants have on an ABI; undefined if the ABI lacks one of the
   * constants.
   */
  on(abi: AbiName): readonly Argument[] | undefined {
    const known = this.#alternatives.flatMap(({ op, value, valueTwo }) => {
      const [first, second] = [bitsOn(abi, value), bitsOn(abi, valueTwo ?? [])];
      if (first === undefined || second === undefined) return [];
      return [{ index: this.index, value: first, valueTwo: valueTwo && second, op }];
    });
    return known.length === this.#alternatives.length ? known : undefined;
  }
}

/**
 * The tests of one argument. All comparisons are unsigned, and of the bits that the kernel reads of the argument: see
 * argumentWidth in docs/reference/profile-format.md.
 */
export interface ArgumentTests {
  /**
   * Passes if the argument equals `value`.
   * @example
   * import { arg, Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('socket', arg(0).eq('AF_NETLINK'));
   */
  eq(value: ArgumentValue): ArgumentTest;
  /**
   * Passes if the argument differs from `value`.
   * @example
   * import { arg, Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('socket', arg(0).ne('AF_UNIX'));
   */
  ne(value: ArgumentValue): ArgumentTest;
  /**
   * Passes if the argument is less than `value`.
   * @example
   * import { arg, Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('ioctl', arg(0).lt(3));
   */
  lt(value: ArgumentValue): ArgumentTest;
  /**
   * Passes if the argument is at most `value`.
   * @example
   * import { arg, Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('ioctl', arg(0).le(2));
   */
  le(value: ArgumentValue): ArgumentTest;
  /**
   * Passes if the argument is greater than `value`.
   * @example
   * import { arg, Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('mmap', arg(1).gt(2n ** 30n));
   */
  gt(value: ArgumentValue): ArgumentTest;
  /**
   * Passes if the argument is at least `value`.
   * @example
   * import { arg, Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('mmap', arg(1).ge(2n ** 30n));
   */
  ge(value: ArgumentValue): ArgumentTest;
  /**
   * Passes if (argument & mask) = (value & mask).
   * @example
   * import { arg, Profile } from 'seccomp';
   * // mmap: any flags, but MAP_SHARED (1) or MAP_PRIVATE (2) must be MAP_PRIVATE.
   * const privateOnly = Profile.denylist().deny('mmap').allow('mmap', arg(3).masked(3, 'MAP_PRIVATE'));
   */
  masked(mask: ArgumentValue, value: ArgumentValue): ArgumentTest;
  /**
   * Passes if the argument is one of `values`. Each value becomes a rule of the document.
   * @param values - 1 to 4096 values.
   * @example
   * import { arg, Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('socket', arg(0).in(['AF_INET', 'AF_INET6']));
   */
  in(values: readonly ArgumentValue[]): ArgumentTest;
  /**
   * Passes if all bits of all `flags` are set.
   * @example
   * import { arg, Profile } from 'seccomp';
   * const noNewUserNamespace = Profile.denylist().deny('unshare', arg(0).hasFlags('CLONE_NEWUSER'));
   */
  hasFlags(...flags: readonly [ArgumentValue, ...ArgumentValue[]]): ArgumentTest;
  /**
   * Passes if no bit of any of the `flags` is set.
   * @example
   * import { arg, Profile } from 'seccomp';
   * const threadsOnly = Profile.denylist().deny('clone', arg(0).hasNoFlags('CLONE_THREAD'));
   */
  hasNoFlags(...flags: readonly [ArgumentValue, ...ArgumentValue[]]): ArgumentTest;
}

/**
 * Starts a test of a syscall's argument.
 *
 * @param index - The index of the argument, 0 to 5, in the order of the system call.
 * @returns The tests; pass one of them to a method of a profile such as `allow` or `deny`.
 * @throws {TypeError | RangeError} if the index is not 0 to 5. The tests throw one for values that are not
 * unsigned integers of at most 64 bits, and for unknown constants.
 * @example
 * import { arg, Profile } from 'seccomp';
 * const unixOnly = Profile.denylist().deny('socket', arg(0).ne('AF_UNIX'), { errno: 'EAFNOSUPPORT' });
 */
export function arg(index: number): ArgumentTests {
  if (!Number.isInteger(index) || index < 0 || index > 5)
    fail(`arg(): the index must be an integer from 0 to 5. Received ${received(index)}`, numberProblem(index));
  const test = (op: Argument['op'], value: Operand, valueTwo?: Operand) =>
    new ArgumentTest(index, [{ op, value, valueTwo }]);
  const tests: ArgumentTests = {
    eq: (value) => test('SCMP_CMP_EQ', [operand(value)]),
    ne: (value) => test('SCMP_CMP_NE', [operand(value)]),
    lt: (value) => test('SCMP_CMP_LT', [operand(value)]),
    le: (value) => test('SCMP_CMP_LE', [operand(value)]),
    gt: (value) => test('SCMP_CMP_GT', [operand(value)]),
    ge: (value) => test('SCMP_CMP_GE', [operand(value)]),
    masked: limited('masked', 2, (mask: ArgumentValue, value: ArgumentValue) =>
      test('SCMP_CMP_MASKED_EQ', [operand(mask)], [operand(value)]),
    ),
    in(values) {
      const listed = Array.isArray(values) ? copyList(values, MOST_VALUES, refuseValues) : [];
      if (listed.length === 0)
        fail(`arg(${index}).in(…): give an array of at least one value`, Array.isArray(values) ? 'value' : 'type');
      return new ArgumentTest(
        index,
        listed.map((value) => ({ op: 'SCMP_CMP_EQ', value: [operand(value)], valueTwo: undefined })),
      );
    },
    hasFlags: (...flags) => test('SCMP_CMP_MASKED_EQ', bits(flags), bits(flags)),
    hasNoFlags: (...flags) => test('SCMP_CMP_MASKED_EQ', bits(flags), [0n]),
  };
  limitToOne(tests, ONE_VALUE);
  publicMethods(tests, ...TESTS);
  return tests;
}

/** The limit on the values of one argument: a filter has at most this many instructions. */
const MOST_VALUES = 4096;

const refuseValues: Refuse = (path, problem, kind = 'value') =>
  fail(`${['values', ...path].join('.')}: ${problem}`, kind);

/** What to do instead of a second argument of these tests. */
const ONE_VALUE = {
  eq: 'for several values, use in([…])',
  ne: 'for several values, give a test for each',
  lt: 'leave it out',
  le: 'leave it out',
  gt: 'leave it out',
  ge: 'leave it out',
  in: 'give all values in one array',
} as const;

const TESTS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'masked', 'in', 'hasFlags', 'hasNoFlags'] as const;

function bits(flags: readonly ArgumentValue[]): Operand {
  const operands = flags.map(operand);
  if (operands.every((flag) => flag === 0n))
    fail('flags without any bits have no effect: give at least one flag', 'value');
  return operands;
}

function operand(value: unknown): bigint | string {
  if (typeof value === 'string') {
    if (constantNames().includes(value)) return value;
    return fail(`unknown constant ${received(value)}${suggest(value, constantNames())}: give its number`, 'value');
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    fail(`${value} is not an exact integer: use a bigint above 2⁵³`, 'range');
  }
  if (typeof value !== 'number' && typeof value !== 'bigint')
    fail(`a value must be a number, a bigint or the name of a constant. Received ${received(value)}`, 'type');
  const exact = BigInt(value);
  if (exact < 0n) fail(`${value} is negative: give the unsigned value, for 32 bits \`value >>> 0\``, 'range');
  if (exact >= 2n ** 64n) fail(`${value} has more than 64 bits`, 'range');
  return exact;
}

/** The union of the operands' bits on an ABI; undefined if it lacks one of the constants. */
function bitsOn(abi: AbiName, operands: Operand): bigint | undefined {
  const values = operands.map((each) => (typeof each === 'string' ? constantOn(abi, each) : each));
  return values.reduce<bigint | undefined>(
    (all, value) => (all === undefined || value === undefined ? undefined : all | BigInt(value)),
    0n,
  );
}

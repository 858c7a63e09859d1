/** Validates the call to explain, and converts its arguments to register values. */
import { refuseIn } from '../errors.js';
import type { PolicyCall } from '../policy/policy.js';
import { ABIS, type AbiName, abiOf, findAbi } from '../syscalls/abi.js';
import { suggestSyscall } from '../syscalls/suggest-syscall.js';
import { syscallNumber, syscallsOf } from '../syscalls/table.js';
import { shownName } from '../util/foreign-text.js';
import { argumentError } from '../util/node-error.js';
import { copyFields, copyList, numberProblem, type ProblemKind } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';

/** A call, by name. */
export interface ExplainQuery {
  /** The name of the syscall. */
  readonly syscall: string;
  /** Up to six argument registers; those left out are 0. */
  readonly args?: readonly (number | bigint)[] | undefined;
  /** Default: the native ABI of the host. */
  readonly abi?: AbiName | undefined;
}

/** The largest number of arguments of a syscall. */
const MOST_ARGUMENTS = 6;
/**
 * Limit on the elements of `args` that are copied. A list that is longer than six is refused later, with its own
 * message.
 */
const MOST_VALUES = 64;

/**
 * Validates and copies a question.
 * @throws {TypeError} if the value is not a question.
 */
export function readQuestion(question: unknown): Required<ExplainQuery> {
  const refuse = refuseIn('question', 'a question is { syscall: "openat", args, abi }');
  if (typeof question !== 'object' || question === null)
    return refuse([], 'must be an object that names a syscall', 'type');
  const { syscall, args, abi, ...others } = copyFields(question, refuse);
  for (const name of Object.keys(others)) refuse([name], 'is unknown');
  if (typeof syscall !== 'string') return refuse(['syscall'], 'must be the name of a syscall', 'type');
  if (args !== undefined && !Array.isArray(args)) return refuse(['args'], 'must be an array', 'type');
  if (abi !== undefined && typeof abi !== 'string') return refuse(['abi'], 'must be the name of an ABI', 'type');
  const given = copyList(args ?? [], MOST_VALUES, (path, problem, kind) => refuse(['args', ...path], problem, kind));
  return { syscall, args: given.map(registerOf), abi: abi === undefined ? undefined : requireAbi(abi) };
}

/**
 * Returns the call that a question describes, as it is made on `abi`.
 * @throws {TypeError | RangeError} if the ABI has no such syscall, or if a register can't hold an argument.
 */
export function callOf(
  { syscall, args = [] }: Pick<Required<ExplainQuery>, 'syscall' | 'args'>,
  abi: AbiName,
): PolicyCall {
  const number = syscallNumber(abi, syscall);
  if (number === undefined) {
    const hint = suggestSyscall(syscall, [...syscallsOf(abi).keys()]) || otherAbi(syscall);
    throw argumentError('value', `${abi} has no syscall ${shownName(syscall)}${hint}`);
  }
  return { arch: abiOf(abi).audit, number, args: registers(args) };
}

/** `: x86_64 has it`, or nothing. */
function otherAbi(syscall: string): string {
  const other = [...ABIS.keys()].find((each) => syscallNumber(each, syscall) !== undefined);
  return other === undefined ? '' : `: ${other} has it`;
}

/** Returns the six registers of a call; missing arguments are 0. Negative numbers become two's complement, as in C. */
export function registers(args: readonly unknown[]): readonly bigint[] {
  if (args.length > MOST_ARGUMENTS) throw notRegisters('value');
  return [0, 1, 2, 3, 4, 5].map((i) => BigInt.asUintN(64, BigInt(registerOf(args.at(i) ?? 0))));
}

/**
 * Returns `value` if a register can hold it, signed or unsigned.
 * @throws {TypeError | RangeError} otherwise.
 */
function registerOf(value: unknown): number | bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 64n) return value;
  throw notRegisters(numberProblem(value));
}

function notRegisters(kind: ProblemKind): TypeError | RangeError {
  const message = 'args must be up to six integers from −2⁶³ to 2⁶⁴ − 1; use bigints above 2⁵³';
  return argumentError(kind, message);
}

/** @throws {TypeError} if no ABI has this name. */
export function requireAbi(name: string): AbiName {
  const abi = findAbi(name);
  if (abi !== undefined) return abi.name;
  throw argumentError('value', `unknown ABI ${shownName(name)}${suggest(name, [...ABIS.keys()])}`);
}

/** A clause of the builder, and the rules of a document that it becomes. */

import { ABIS, type AbiName, abiOf } from '../../syscalls/abi.js';
import { constantNames, constantOn, isErrno } from '../../syscalls/constants.js';
import { argumentsOf, syscallNumber } from '../../syscalls/table.js';
import { numberProblem } from '../../util/own-data.js';
import { structuralKey } from '../../util/structural-key.js';
import { suggest } from '../../util/suggest.js';
import { type ActionName, ANYWHERE, type Argument, type Conditions, type Rule } from '../document/types.js';
import { fail, received } from '../fail.js';
import type { ArgumentTest } from './argument.js';
import { and, type HostCondition } from './host-conditions.js';

/** One call of the builder: which calls get which action. */
export interface Clause {
  /** Names of syscalls. */
  readonly names: readonly string[];
  /** Tests that a call must all pass. */
  readonly tests: readonly ArgumentTest[];
  readonly action: ActionName;
  /** The errno, by number or by name; or undefined. */
  readonly data: number | string | undefined;
  readonly where: HostCondition;
  readonly comment: string | undefined;
}

/**
 * Lowers a clause to rules: one for each alternative of its tests, and for each value that its constants have on
 * different architectures.
 * @throws {SeccompError} ERR_SECCOMP_OPTION if no call can match the clause.
 */
export function lowerClause(clause: Clause): readonly Rule[] {
  refuseMissingArguments(clause);
  const { names, action, comment } = clause;
  return loweringsByArch(clause).flatMap(({ value, where }) => {
    const condition = and(clause.where, where);
    if (condition === undefined) return [];
    return value.alternatives.map((args) => ({
      names: [...names],
      name: undefined,
      action,
      errnoRet: value.data,
      args,
      comment,
      ...condition,
    }));
  });
}

/**
 * Returns the number of an errno.
 * @throws {SeccompError} ERR_SECCOMP_OPTION if the number differs between architectures.
 */
export function errnoEverywhere(errno: number | string): number {
  const numbers = new Set([...ABIS.keys()].map((abi) => dataOn(abi, errno)));
  const [number] = numbers;
  if (numbers.size === 1 && number !== undefined) return number;
  const [native] = numbers;
  return fail(
    `${errno} has different numbers on different architectures, and a profile has one default errno: give the number ` +
      `(${native} on all architectures but mips and parisc)`,
  );
}

/** The arguments and the errno of a clause on one ABI. */
interface Lowering {
  readonly alternatives: readonly (readonly Argument[])[];
  readonly data: number | undefined;
}

interface PlacedLowering {
  readonly value: Lowering;
  readonly where: HostCondition;
}

/**
 * Lowers a clause for each architecture and groups equal results. The largest group becomes the fallback and excludes
 * the other architectures; unknown ones fall into it.
 */
function loweringsByArch(clause: Clause): readonly PlacedLowering[] {
  const found = new Map<string, { readonly value: Lowering | undefined; readonly arches: string[] }>();
  for (const { name, docker } of ABIS.values()) {
    const value = loweringOn(name, clause);
    const key = structuralKey(value);
    const entry = found.get(key) ?? { value, arches: [] };
    entry.arches.push(docker);
    found.set(key, entry);
  }
  const [most, ...others] = [...found.values()].sort((a, b) => b.arches.length - a.arches.length);
  const elsewhere = others.flatMap(({ arches }) => arches);
  const places = [
    { value: most?.value, where: elsewhere.length === 0 ? ANYWHERE : { ...ANYWHERE, excludes: onArches(elsewhere) } },
    ...others.map(({ value, arches }) => ({ value, where: { ...ANYWHERE, includes: onArches(arches) } })),
  ];
  return places.flatMap(({ value, where }) => (value === undefined ? [] : [{ value, where }]));
}

const onArches = (arches: readonly string[]): Conditions => ({ caps: undefined, arches, minKernel: undefined });

function loweringOn(abi: AbiName, { tests, data }: Clause): Lowering | undefined {
  const known = tests.map((test) => test.on(abi));
  const alternatives = known.reduce<readonly (readonly Argument[])[] | undefined>(
    (lists, each) => each && lists?.flatMap((list) => each.map((argument) => [...list, argument])),
    [[]],
  );
  return alternatives && { alternatives, data: data === undefined ? undefined : dataOn(abi, data) };
}

/** Returns the number of an errno on an ABI. 4095 is refused, as by libseccomp. */
function dataOn(abi: AbiName, data: number | string): number {
  const number = typeof data === 'string' && isErrno(data) ? constantOn(abi, data) : data;
  if (typeof number === 'number' && Number.isInteger(number) && number > 0 && number < 4095) return number;
  const hint = suggest(data, constantNames().filter(isErrno));
  return fail(
    `errno: ${received(data)} is not an errno${hint}: give a name such as 'EPERM', or a number from 1 to 4094`,
    typeof data === 'string' ? 'value' : numberProblem(data),
  );
}

/** Refuses a test of an argument that the syscall has on no ABI: it would test whatever the register contains. */
function refuseMissingArguments({ names, tests }: Clause): void {
  for (const name of tests.length > 0 ? names : []) {
    const counts = [...ABIS.keys()].flatMap((abi) =>
      syscallNumber(abi, name) === undefined ? [] : [argumentsOf(abi, name)?.length ?? 6],
    );
    const most = Math.max(...counts);
    const missing = tests.find(({ index }) => index >= most);
    if (missing) fail(`arg(${missing.index}): ${name} has ${most} argument${most === 1 ? '' : 's'}, counted from 0`);
  }
}

/** Returns Docker's names of ABIs. */
export function dockerArches(abis: readonly AbiName[]): string[] {
  return abis.map((abi) => abiOf(abi).docker);
}

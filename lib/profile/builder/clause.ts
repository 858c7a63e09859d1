/** A word of the builder: what shall happen with which calls, and the rules of a document that say so. */
import { SeccompError } from '../../errors.js';
import { ABIS, type AbiName, abiOf } from '../../syscalls/abi.js';
import { constantNames, constantOn, isErrno } from '../../syscalls/constants.js';
import { argumentsOf, syscallNumber } from '../../syscalls/table.js';
import { structuralKey } from '../../util/structural-key.js';
import { suggest } from '../../util/suggest.js';
import { shown } from '../document/diagnostics.js';
import { type ActionName, ANYWHERE, type Argument, type Conditions, type Rule } from '../document/types.js';
import type { ArgumentTest } from './argument.js';
import { and, type HostCondition } from './host-conditions.js';

/** What is said about syscalls. */
export interface Clause {
  /** Names of syscalls. */
  readonly names: readonly string[];
  /** All must hold. */
  readonly tests: readonly ArgumentTest[];
  readonly action: ActionName;
  /** The errno or message, by number or by the name of an errno. */
  readonly data: number | string | undefined;
  readonly circumstances: HostCondition;
  readonly comment: string | undefined;
}

/**
 * The rules that say it: one, or one for each alternative, and for each value that a constant has on different machines.
 * @throws SeccompError ERR_SECCOMP_OPTION if no call can be meant.
 */
export function lowerClause(word: Clause): readonly Rule[] {
  refuseMissingArguments(word);
  const { names, action, comment } = word;
  return loweringsByArch(word).flatMap(({ value, where }) => {
    const circumstances = and(word.circumstances, where);
    if (circumstances === undefined) return [];
    return value.alternatives.map((args) => ({
      names: [...names],
      name: undefined,
      action,
      errnoRet: value.data,
      args,
      comment,
      ...circumstances,
    }));
  });
}

/** The number of an errno that is the same everywhere. */
export function errnoEverywhere(errno: number | string): number {
  const numbers = new Set([...ABIS.keys()].map((abi) => dataOn(abi, errno)));
  const [number] = numbers;
  if (numbers.size === 1 && number !== undefined) return number;
  const [native] = numbers;
  return fail(
    `${errno} has different numbers on different architectures, and a profile has one default: write the number ` +
      `(${native} everywhere but on mips and parisc)`,
  );
}

/** What a word means on a machine. */
interface Lowering {
  readonly alternatives: readonly (readonly Argument[])[];
  readonly data: number | undefined;
}

interface PlacedLowering {
  readonly value: Lowering;
  readonly where: HostCondition;
}

/** The meanings of a word, each with the native architectures that have it; most machines' is that of all others. */
function loweringsByArch(word: Clause): readonly PlacedLowering[] {
  const found = new Map<string, { readonly value: Lowering | undefined; readonly arches: string[] }>();
  for (const { name, docker } of ABIS.values()) {
    const value = loweringOn(name, word);
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

/** The number of an errno on an ABI. 4095 is what libseccomp does not take. */
function dataOn(abi: AbiName, data: number | string): number {
  const number = typeof data === 'string' && isErrno(data) ? constantOn(abi, data) : data;
  if (typeof number === 'number' && Number.isInteger(number) && number > 0 && number < 4095) return number;
  const hint = suggest(data, constantNames().filter(isErrno));
  return fail(`${shown(data)} is no errno${hint}: give a name such as 'EPERM', or a number from 1 to 4094`);
}

/** A test of an argument that a syscall has on no ABI is a mistake, and would look at what a register happens to hold. */
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

/** Docker's names of architectures. */
export function dockerArches(abis: readonly AbiName[]): string[] {
  return abis.map((abi) => abiOf(abi).docker);
}

function fail(message: string): never {
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

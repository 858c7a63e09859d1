/** compare(): the syscalls on which two profiles differ. */
import { SeccompError } from '../errors.js';
import { returnValue } from '../policy/action.js';
import {
  type DifferingNumbers,
  differingNumbers,
  foreignDifference,
  MOST_STEPS,
  relationOf,
} from '../policy/algebra.js';
import { exampleCall } from '../policy/diagrams/call-bits.js';
import { Diagrams, TooManySteps } from '../policy/diagrams/decision-diagram.js';
import type { Action, Policy, PolicyCall } from '../policy/policy.js';
import { readOptions } from '../sandbox/options/table.js';
import type { CompileOptions } from '../sandbox/options/types.js';
import type { FilterSource } from '../sandbox/plan/resolve-sources.js';
import type { AbiName } from '../syscalls/abi.js';
import { syscallName, syscallsOf } from '../syscalls/table.js';
import { forJson } from '../util/json.js';
import { callsInWords } from './calls-in-words.js';
import { policiesOf } from './sources.js';

/** How two profiles relate. */
export interface PolicyComparison {
  /**
   * `subset`: `a` is more restrictive than `b` wherever the two differ; `superset`: `b` is more restrictive than `a`;
   * `differs`: neither is, as each denies calls that the other allows, or they deny a call with different errnos.
   */
  readonly relation: 'equal' | 'subset' | 'superset' | 'differs';
  /** What differs, by syscall, in the order of the names; numbers without a name and unlisted ABIs are last. */
  readonly differences: readonly PolicyDifference[];
}

/** A syscall on which two profiles differ, or numbers without a name. */
export interface PolicyDifference {
  /** The name of the syscall. Absent for numbers that have no name, and for calls of unlisted ABIs. */
  readonly syscall?: string;
  /** The numbers without a name: those from `first` to `last` that have none. Absent for a syscall. */
  readonly numbers?: { readonly first: number; readonly last: number };
  /** The ABIs whose calls differ in this way. Empty for the ABIs that neither profile covers. */
  readonly abis: readonly AbiName[];
  /** The two actions; several pairs if they depend on the arguments. */
  readonly cases: readonly DifferenceCase[];
}

/** The calls of a syscall for which one profile takes the action `a`, and the other the action `b`. */
export interface DifferenceCase {
  /** The action of the first profile. */
  readonly a: Action;
  /** The action of the second profile. */
  readonly b: Action;
  /**
   * The arguments of these calls: `family = AF_VSOCK`. Names at most eight alternatives, and `or others` if there are more.
   * Absent if all calls of the syscall are meant.
   */
  readonly when?: string;
  /** One of these calls, on the first of the ABIs. */
  readonly call: PolicyCall;
}

/**
 * Compares two profiles exactly: for every ABI, every number and all values of the arguments. Of two actions, the more
 * restrictive one is the one that the kernel takes if two filters return them. Two errnos are equally restrictive.
 *
 * @param a - A profile, filter or list as for `spawn`, or a policy.
 * @param b - The same.
 * @param options - The host that profiles are resolved for. Default: this machine, and a process without capabilities.
 * @returns How `a` relates to `b`, and the syscalls on which they differ. As JSON, arguments of calls are decimal strings.
 * @throws {ProfileError} if a profile is not valid.
 * @throws {SeccompError} ERR_SECCOMP_BUILTIN or ERR_SECCOMP_FILE if a profile can't be found or read;
 * ERR_SECCOMP_OPTION for options if neither `a` nor `b` has a profile to resolve; ERR_SECCOMP_TOO_LARGE if the argument
 * rules on some syscall are too intertwined.
 * @throws {TypeError | RangeError} if an argument has the wrong type, or is a policy that is not valid.
 * @example
 * import { compare, extend } from 'seccomp';
 *
 * const { relation, differences } = compare(extend('docker-default').deny('ptrace'), 'docker-default');
 * console.log(relation); // subset
 * for (const { syscall, cases } of differences)
 *   for (const { a, b, when = 'always' } of cases) console.log(syscall, a.kind, b.kind, when); // ptrace errno allow always
 */
export function compare(
  a: FilterSource | Policy,
  b: FilterSource | Policy,
  options: CompileOptions = {},
): PolicyComparison {
  const [inA, inB] = policiesOf(a, b, readOptions<CompileOptions>('compile', options));
  try {
    return forJson(comparePolicies(inA, inB));
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    throw new SeccompError('ERR_SECCOMP_TOO_LARGE', `${error.message}, and can't be compared: use fewer rules`);
  }
}

function comparePolicies(inA: Policy, inB: Policy): PolicyComparison {
  const diagrams = new Diagrams(MOST_STEPS);
  const differences = [...differingNumbers(inA, inB, diagrams)];
  const foreign = foreignDifference(inA, inB);
  const foreigns = foreign === undefined ? [] : [foreign];
  return {
    relation: relationOf([...differences.flatMap(({ parts }) => parts), ...foreigns]),
    differences: [
      ...bySyscall(differences, diagrams),
      ...differences.flatMap((each) => withoutName(each, diagrams)),
      ...foreigns.map((only) => ({ abis: [], cases: [only] })),
    ],
  };
}

/** The differences on syscalls by name. ABIs on which a syscall differs in the same way share one. */
function bySyscall(differences: readonly DifferingNumbers[], diagrams: Diagrams): readonly PolicyDifference[] {
  const found = new Map<string, PolicyDifference & { readonly syscall: string }>();
  for (const difference of differences) {
    for (const { syscall, number } of namesIn(difference)) {
      const { abi } = difference;
      const cases = casesOf(difference, syscall, number, diagrams);
      const key = [syscall, ...cases.map(keyOf)].join('\n');
      const before = found.get(key) ?? { syscall, abis: [], cases };
      found.set(key, { ...before, abis: [...before.abis, abi.name] });
    }
  }
  return [...found.values()].sort((a, b) => (a.syscall < b.syscall ? -1 : a.syscall > b.syscall ? 1 : 0));
}

function keyOf(each: DifferenceCase): string {
  const when = Object.hasOwn(each, 'when') ? each.when : '';
  return `${returnValue(each.a)} ${returnValue(each.b)} ${when}`;
}

/** The syscalls that have one of the numbers. */
function namesIn({ abi, first, last, listed, isRange }: DifferingNumbers) {
  const numbers = isRange
    ? [...new Set<number>(syscallsOf(abi.name).values())].filter(
        (each) => first <= each && each <= last && !listed.has(each),
      )
    : [first];
  return numbers.flatMap((number) => {
    const syscall = syscallName(abi.name, number);
    return syscall === undefined ? [] : [{ syscall, number }];
  });
}

/** The difference on the numbers that have no name, if there are any. */
function withoutName(difference: DifferingNumbers, diagrams: Diagrams): readonly PolicyDifference[] {
  const { abi, first, last, listed, isRange } = difference;
  for (let number = first; number <= last; number++) {
    if ((isRange && listed.has(number)) || syscallName(abi.name, number) !== undefined) continue;
    const cases = casesOf(difference, undefined, number, diagrams);
    return [{ numbers: { first, last }, abis: [abi.name], cases }];
  }
  return [];
}

function casesOf(
  { abi, parts }: DifferingNumbers,
  syscall: string | undefined,
  number: number,
  diagrams: Diagrams,
): readonly DifferenceCase[] {
  return parts.map(({ calls, a, b }) => {
    const when = callsInWords(calls, diagrams, abi.name, syscall);
    const { args } = exampleCall(calls, diagrams);
    return { a, b, ...(when !== undefined && { when }), call: { arch: abi.audit, number, args } };
  });
}

/** Comparing and combining policies: exact, for all calls. */
import { SeccompError } from '../errors.js';
import type { Abi, AbiName } from '../syscalls/abi.js';
import { compareRestriction, returnValue } from './action.js';
import { ALL_ARGUMENTS, exampleArguments, isSatisfiable, outcomesIn } from './argument-region.js';
import {
  type AbiPolicy,
  type Action,
  type Call,
  type Decision,
  decisionsOf,
  fill,
  type NumberRange,
  numbersOf,
  type Policy,
  rangesOf,
  sortedNumbers,
} from './policy.js';

/** A call that two policies decide differently. */
export interface Difference {
  /** One of the calls for which it is so. */
  readonly call: Call;
  /** Null: one that neither policy lists. */
  readonly abi: AbiName | null;
  readonly a: Action;
  readonly b: Action;
}

export interface Comparison {
  /** How `a` is to `b`: a subset lets nothing through that `b` does not; `differs` if each lets through what the other doesn't. */
  readonly relation: 'equal' | 'subset' | 'superset' | 'differs';
  /** One for each number, or range of numbers, and pair of actions. */
  readonly differences: readonly Difference[];
}

/** Compares two policies, call by call, by what the kernel counts as more restrictive. Two errnos differ both ways. */
export function compare(a: Policy, b: Policy): Comparison {
  const differences: Difference[] = [...allAbis(a, b)].flatMap((abi) => [...differencesOf(abi, a, b)]);
  if (returnValue(a.foreignAction) !== returnValue(b.foreignAction)) {
    const call = { arch: 0, number: 0, args: [] }; // No ABI has this AUDIT_ARCH.
    differences.push({ call, abi: null, a: a.foreignAction, b: b.foreignAction });
  }
  const orders = differences.map((each) => compareRestriction(each.a, each.b));
  const stricter = orders.every((order) => order < 0);
  const looser = orders.every((order) => order > 0);
  const relation = differences.length === 0 ? 'equal' : stricter ? 'subset' : looser ? 'superset' : 'differs';
  return { relation, differences };
}

/**
 * The policy that takes, for each call, the more restrictive action of the two.
 * @throws SeccompError ERR_SECCOMP_TOO_LARGE if both have hundreds of argument rules on one syscall.
 */
export function intersect(a: Policy, b: Policy): Policy {
  return combine(a, b, (x, y) => (compareRestriction(x, y) <= 0 ? x : y));
}

/** Two readings of what is decided for a number become one: decisions that take the more restrictive action of the two. */
export function intersectDecisions(
  a: readonly Decision[],
  b: readonly Decision[],
  otherwise: Action,
): readonly Decision[] {
  const rest: Decision = { conditions: [], action: otherwise, rule: undefined };
  return product([...a, rest], [...b, rest], (x, y) => (compareRestriction(x.action, y.action) <= 0 ? x : y));
}

/**
 * The policy that takes, for each call, the less restrictive action of the two.
 * @throws SeccompError ERR_SECCOMP_TOO_LARGE as intersect does.
 */
export function union(a: Policy, b: Policy): Policy {
  return combine(a, b, (x, y) => (compareRestriction(x, y) >= 0 ? x : y));
}

function combine(a: Policy, b: Policy, choose: (x: Action, y: Action) => Action): Policy {
  const defaultAction = choose(a.defaultAction, b.defaultAction);
  const abis = [...allAbis(a, b)].map((abi): AbiPolicy => {
    const [inA, inB] = [tableOf(a, abi), tableOf(b, abi)];
    // The index of a rule says nothing where there are two profiles.
    const chosen = (x: Decision, y: Decision) => ({ action: choose(x.action, y.action), rule: undefined });
    const both = (number: number) => product(inA.decide(number), inB.decide(number), chosen);
    const numbers = new Set([...inA.numbers, ...inB.numbers]);
    const ranges = commonRanges(abi, inA, inB).map(({ first, last }) => ({
      first,
      last,
      decisions: both(unlisted(first, last, numbers)),
    }));
    return { abi, syscalls: new Map([...numbers].map((number) => [number, both(number)])), ranges };
  });
  return { abis, defaultAction, foreignAction: choose(a.foreignAction, b.foreignAction) };
}

/** A policy's decisions on an ABI, complete: each list ends with what is taken without conditions. */
interface Decisions {
  readonly numbers: readonly number[];
  readonly ranges: readonly NumberRange[];
  decide(number: number): readonly Decision[];
}

function tableOf(policy: Policy, { name }: Abi): Decisions {
  const found = policy.abis.find(({ abi }) => abi.name === name);
  const rest = (action: Action): Decision => ({ conditions: [], action, rule: undefined });
  if (found === undefined) return { numbers: [], ranges: [], decide: () => [rest(policy.foreignAction)] };
  return {
    numbers: sortedNumbers(found),
    ranges: rangesOf(found),
    decide: (number) => [...decisionsOf(found, number), rest(policy.defaultAction)],
  };
}

/** Ranges in which all numbers that have no entry are decided alike, by both. Together they are all numbers of the ABI. */
function commonRanges(abi: Abi, a: Decisions, b: Decisions): readonly NumberRange[] {
  return numbersOf(abi).flatMap(({ first, last }) =>
    fill(first, last, a.ranges).flatMap((range) => fill(range.first, range.last, b.ranges)),
  );
}

/** The first number of a range that has no entry; the range's own first if all have one, as then nobody asks. */
function unlisted(first: number, last: number, numbers: ReadonlySet<number>): number {
  for (let number = first; number <= last; number++) if (!numbers.has(number)) return number;
  return first;
}

/** More make a program that is longer than the kernel takes. */
const MOST_PAIRS = 16_384;

/** First match in both: in order of the first list, then of the second, every pair that some call can take. */
function product(
  a: readonly Decision[],
  b: readonly Decision[],
  choose: (x: Decision, y: Decision) => Pick<Decision, 'action' | 'rule'>,
): readonly Decision[] {
  if (a.length * b.length > MOST_PAIRS) {
    const message = `two policies with ${a.length} and ${b.length} argument rules on one syscall are too large to be combined`;
    throw new SeccompError('ERR_SECCOMP_TOO_LARGE', `${message}: use fewer, or put on a filter for each`);
  }
  return a.flatMap((x) =>
    b.flatMap((y) => {
      const conditions = [...x.conditions, ...y.conditions];
      if (!isSatisfiable(conditions)) return [];
      const { action, rule } = choose(x, y);
      return [{ conditions, action, rule }];
    }),
  );
}

function allAbis(a: Policy, b: Policy): ReadonlySet<Abi> {
  return new Set([...a.abis, ...b.abis].map(({ abi }) => abi));
}

function* differencesOf(abi: Abi, a: Policy, b: Policy): Generator<Difference> {
  const [inA, inB] = [tableOf(a, abi), tableOf(b, abi)];
  const numbers = new Set([...inA.numbers, ...inB.numbers]);
  const places = [...numbers, ...commonRanges(abi, inA, inB).map(({ first, last }) => unlisted(first, last, numbers))];
  for (const number of new Set(places)) {
    const seen = new Set<string>();
    for (const found of differingRegions(inA.decide(number), inB.decide(number), a.defaultAction)) {
      const key = `${returnValue(found.a)} ${returnValue(found.b)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      yield {
        call: { arch: abi.audit, number, args: exampleArguments(found.region) },
        abi: abi.name,
        a: found.a,
        b: found.b,
      };
    }
  }
}

function* differingRegions(a: readonly Decision[], b: readonly Decision[], unused: Action) {
  for (const ours of outcomesIn(ALL_ARGUMENTS, a, unused)) {
    for (const theirs of outcomesIn(ours.region, b, unused)) {
      if (returnValue(ours.action) !== returnValue(theirs.action))
        yield { region: theirs.region, a: ours.action, b: theirs.action };
    }
  }
}

/** Compares and combines policies exactly: for every ABI, every number and all values of the arguments. */
import { SeccompError } from '../errors.js';
import type { Abi, AbiName } from '../syscalls/abi.js';
import { compareRestriction, returnValue } from './action.js';
import { ALL_ARGUMENTS, exampleArguments, isSatisfiable, outcomesIn } from './argument-region.js';
import {
  type AbiPolicy,
  type Action,
  type Decision,
  decisionsOf,
  fill,
  type NumberRange,
  numbersOf,
  type Policy,
  type PolicyCall,
  rangesOf,
  sortedNumbers,
} from './policy.js';

/** A difference between two policies: calls for which one has the action `a`, and the other the action `b`. */
export interface PolicyDifference {
  /** One of these calls. */
  readonly call: PolicyCall;
  /** The ABI of the calls; null for all ABIs that neither policy lists. */
  readonly abi: AbiName | null;
  readonly a: Action;
  readonly b: Action;
}

/** How two policies relate. */
export interface PolicyComparison {
  /**
   * `subset`: `a` is more restrictive than `b` wherever the two differ; `superset`: `b` is more restrictive than `a`;
   * `differs`: neither is, as each denies calls that the other allows, or they deny a call with different errnos.
   */
  readonly relation: 'equal' | 'subset' | 'superset' | 'differs';
  /** One difference for each number, or range of numbers, and pair of actions. */
  readonly differences: readonly PolicyDifference[];
}

/** Compares two policies. The more restrictive action is the one that the kernel takes if two filters return both. */
export function compare(a: Policy, b: Policy): PolicyComparison {
  const differences: PolicyDifference[] = [...allAbis(a, b)].flatMap((abi) => [...differencesOf(abi, a, b)]);
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
 * Returns the policy that takes, for each call, the more restrictive action of the two.
 * @throws {SeccompError} ERR_SECCOMP_TOO_LARGE if both have hundreds of argument rules on one syscall.
 */
export function intersect(a: Policy, b: Policy): Policy {
  return combine(a, b, (x, y) => (compareRestriction(x, y) <= 0 ? x : y));
}

/**
 * Intersects two lists of decisions on one number, in which `otherwise` is the default action. Each pair takes the more
 * restrictive decision, with its rule; of two that are equally restrictive, that of `a`.
 */
export function intersectDecisions(
  a: readonly Decision[],
  b: readonly Decision[],
  otherwise: Action,
): readonly Decision[] {
  const rest: Decision = { conditions: [], action: otherwise, rule: undefined };
  return product([...a, rest], [...b, rest], (x, y) => (compareRestriction(x.action, y.action) <= 0 ? x : y));
}

/**
 * Returns the policy that takes, for each call, the less restrictive action of the two.
 * @throws {SeccompError} ERR_SECCOMP_TOO_LARGE if both have hundreds of argument rules on one syscall.
 */
export function union(a: Policy, b: Policy): Policy {
  return combine(a, b, (x, y) => (compareRestriction(x, y) >= 0 ? x : y));
}

function combine(a: Policy, b: Policy, choose: (x: Action, y: Action) => Action): Policy {
  const defaultAction = choose(a.defaultAction, b.defaultAction);
  const abis = [...allAbis(a, b)].map((abi): AbiPolicy => {
    const [inA, inB] = [tableOf(a, abi), tableOf(b, abi)];
    // The rule is dropped: with two profiles, an index does not identify a rule.
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

/** The decisions of a policy on one ABI. Each list is complete: its last decision has no conditions. */
interface DecisionTable {
  readonly numbers: readonly number[];
  readonly ranges: readonly NumberRange[];
  decide(number: number): readonly Decision[];
}

function tableOf(policy: Policy, { name }: Abi): DecisionTable {
  const found = policy.abis.find(({ abi }) => abi.name === name);
  const rest = (action: Action): Decision => ({ conditions: [], action, rule: undefined });
  if (found === undefined) return { numbers: [], ranges: [], decide: () => [rest(policy.foreignAction)] };
  return {
    numbers: sortedNumbers(found),
    ranges: rangesOf(found),
    decide: (number) => [...decisionsOf(found, number), rest(policy.defaultAction)],
  };
}

/**
 * Divides all numbers of an ABI into ranges. In each range, all numbers that have no entry of their own have the same
 * decisions in `a`, and the same ones in `b`.
 */
function commonRanges(abi: Abi, a: DecisionTable, b: DecisionTable): readonly NumberRange[] {
  return numbersOf(abi).flatMap(({ first, last }) =>
    fill(first, last, a.ranges).flatMap((range) => fill(range.first, range.last, b.ranges)),
  );
}

/** The first number of a range that has no entry; `first` if all have one, as then the range decides nothing. */
function unlisted(first: number, last: number, numbers: ReadonlySet<number>): number {
  for (let number = first; number <= last; number++) if (!numbers.has(number)) return number;
  return first;
}

/** The most pairs of decisions on one syscall. More would make a longer program than the kernel takes. */
const MOST_PAIRS = 16_384;

/**
 * The pairs of decisions that some call takes, in the order of `a` and then of `b`. For any call, the first pair whose
 * conditions hold consists of the first decision of `a` that holds and the first one of `b`.
 */
function product(
  a: readonly Decision[],
  b: readonly Decision[],
  choose: (x: Decision, y: Decision) => Pick<Decision, 'action' | 'rule'>,
): readonly Decision[] {
  if (a.length * b.length > MOST_PAIRS) {
    const message = `two policies with ${a.length} and ${b.length} argument rules on one syscall can't be combined`;
    throw new SeccompError('ERR_SECCOMP_TOO_LARGE', `${message}: use fewer rules, or attach a filter for each`);
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

function* differencesOf(abi: Abi, a: Policy, b: Policy): Generator<PolicyDifference> {
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

/** Compares and combines policies exactly: for every ABI, every number and all values of the arguments. */
import { SeccompError } from '../errors.js';
import type { Abi, AbiName } from '../syscalls/abi.js';
import { syscallName } from '../syscalls/table.js';
import { compareRestriction, returnValue } from './action.js';
import { canHold, conditionsDiagram, exampleCall } from './diagrams/call-bits.js';
import { type Diagram, Diagrams, FALSE, TooManySteps, TRUE } from './diagrams/decision-diagram.js';
import { type Outcome, outcomesOf } from './diagrams/policy-meanings.js';
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

/** How two policies relate. */
export interface PolicyRelation {
  /** See the public compare(). */
  readonly relation: 'equal' | 'subset' | 'superset' | 'differs';
  /** A call for each number, or range of numbers, and pair of actions. The ABI is null for all ABIs that neither lists. */
  readonly differences: readonly {
    readonly call: PolicyCall;
    readonly abi: AbiName | null;
    readonly a: Action;
    readonly b: Action;
  }[];
}

/** The limit on the steps of a comparison. All of them take about a second. */
export const MOST_STEPS = 1_500_000;

/** Compares two policies. The more restrictive action is the one that the kernel takes if two filters return both. */
export function compare(a: Policy, b: Policy, diagrams = new Diagrams(MOST_STEPS)): PolicyRelation {
  const differences = [...differingNumbers(a, b, diagrams)].flatMap(({ abi, number, parts }) =>
    parts.map(({ calls, a, b }) => {
      const { args } = exampleCall(calls, diagrams);
      return { call: { arch: abi.audit, number, args }, abi: abi.name, a, b };
    }),
  );
  const foreign = foreignDifference(a, b);
  const all = foreign === undefined ? differences : [...differences, { abi: null, ...foreign }];
  return { relation: relationOf(all), differences: all };
}

/** How the two actions for calls of unlisted ABIs differ, with such a call; undefined if they are equal. */
export function foreignDifference(a: Policy, b: Policy) {
  if (returnValue(a.foreignAction) === returnValue(b.foreignAction)) return undefined;
  const call: PolicyCall = { arch: 0, number: 0, args: [] }; // No ABI has this AUDIT_ARCH.
  return { call, a: a.foreignAction, b: b.foreignAction };
}

/** How two policies relate, given the actions for all calls for which these differ. */
export function relationOf(pairs: readonly { readonly a: Action; readonly b: Action }[]): PolicyRelation['relation'] {
  const orders = pairs.map(({ a, b }) => compareRestriction(a, b));
  if (orders.length === 0) return 'equal';
  if (orders.every((order) => order < 0)) return 'subset';
  return orders.every((order) => order > 0) ? 'superset' : 'differs';
}

/**
 * Returns the policy that takes, for each call, the more restrictive action of the two.
 * @throws {SeccompError} ERR_SECCOMP_TOO_LARGE if they have more than MOST_PAIRS pairs of argument rules on one syscall.
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
  diagrams: Diagrams,
): readonly Decision[] {
  const rest: Decision = { conditions: [], action: otherwise, rule: undefined };
  return product([...a, rest], [...b, rest], diagrams, (x, y) => {
    return compareRestriction(x.action, y.action) <= 0 ? x : y;
  });
}

/**
 * Returns the policy that takes, for each call, the less restrictive action of the two.
 * @throws {SeccompError} ERR_SECCOMP_TOO_LARGE if they have more than MOST_PAIRS pairs of argument rules on one syscall.
 */
export function union(a: Policy, b: Policy): Policy {
  return combine(a, b, (x, y) => (compareRestriction(x, y) >= 0 ? x : y));
}

function combine(a: Policy, b: Policy, choose: (x: Action, y: Action) => Action): Policy {
  const defaultAction = choose(a.defaultAction, b.defaultAction);
  const diagrams = new Diagrams(Number.POSITIVE_INFINITY);
  const abis = [...allAbis(a, b)].map((abi): AbiPolicy => {
    const [inA, inB] = [tableOf(a, abi), tableOf(b, abi)];
    // The rule is dropped: with two profiles, an index does not identify a rule.
    const chosen = (x: Decision, y: Decision) => ({ action: choose(x.action, y.action), rule: undefined });
    const both = (number: number) => product(inA.decide(number), inB.decide(number), diagrams, chosen);
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
 * conditions hold consists of the first decision of `a` that holds and the first one of `b`. `diagrams` has no limit on
 * steps, as the diagram of a list of conditions is small. It may forget all others.
 */
function product(
  a: readonly Decision[],
  b: readonly Decision[],
  diagrams: Diagrams,
  choose: (x: Decision, y: Decision) => Pick<Decision, 'action' | 'rule'>,
): readonly Decision[] {
  if (a.length * b.length > MOST_PAIRS) {
    const message = `two policies with ${a.length} and ${b.length} argument rules on one syscall can't be combined`;
    throw new SeccompError('ERR_SECCOMP_TOO_LARGE', `${message}: use fewer rules, or attach a filter for each`);
  }
  const calls = ({ conditions }: Decision) => conditionsDiagram(conditions, diagrams);
  // Without conditions in `a`, all that matters is whether those in `b` can hold.
  const isPlain = a.every(({ conditions }) => conditions.length === 0);
  const someCalls = ({ conditions }: Decision) => (canHold(conditions, diagrams) ? TRUE : FALSE);
  const callsInB = () => b.map(isPlain ? someCalls : calls);
  let inB = callsInB();
  return a.flatMap((x) => {
    if (diagrams.clearIfLarge()) inB = callsInB();
    const inX = calls(x);
    return b.flatMap((y, i) => {
      if (diagrams.both(inX, inB.at(i) ?? FALSE) === FALSE) return [];
      const { action, rule } = choose(x, y);
      return [{ conditions: [...x.conditions, ...y.conditions], action, rule }];
    });
  });
}

function allAbis(a: Policy, b: Policy): ReadonlySet<Abi> {
  return new Set([...a.abis, ...b.abis].map(({ abi }) => abi));
}

/** The calls of one number, or of the unlisted numbers of a range, for which two policies take different actions. */
export interface DifferingNumbers {
  readonly abi: Abi;
  /** The number, or the bounds of the range. */
  readonly first: number;
  readonly last: number;
  readonly isRange: boolean;
  /** The numbers that have an entry in either policy. They do not belong to a range. */
  readonly listed: ReadonlySet<number>;
  /** An example: the number, or one of the range that is not listed. */
  readonly number: number;
  /** The calls, by both actions. At least one part. */
  readonly parts: readonly DifferingCalls[];
}

/** Calls for which one policy takes the action `a`, and the other the action `b`. */
export interface DifferingCalls {
  readonly calls: Diagram;
  readonly a: Action;
  readonly b: Action;
}

/**
 * Finds all calls of ABIs that either policy lists for which the two take different actions.
 * @throws {TooManySteps} if the rules are too intertwined.
 */
export function* differingNumbers(a: Policy, b: Policy, diagrams: Diagrams): Generator<DifferingNumbers> {
  for (const abi of allAbis(a, b)) {
    const [inA, inB] = [tableOf(a, abi), tableOf(b, abi)];
    const listed = new Set([...inA.numbers, ...inB.numbers]);
    const single = [...listed].map((number) => ({ first: number, last: number, number, isRange: false }));
    const ranges = commonRanges(abi, inA, inB)
      .map(({ first, last }) => ({ first, last, number: unlisted(first, last, listed), isRange: true }))
      .filter(({ number }) => !listed.has(number));
    for (const numbers of [...single, ...ranges]) {
      const parts = differingCalls(abi, numbers.number, [inA, inB], diagrams);
      if (parts.length > 0) yield { abi, ...numbers, listed, parts };
    }
  }
}

/** Compares the decisions on a number. @throws {TooManySteps} with the syscall. */
function differingCalls(
  { name }: Abi,
  number: number,
  [a, b]: readonly [DecisionTable, DecisionTable],
  diagrams: Diagrams,
): readonly DifferingCalls[] {
  try {
    return differingOutcomes(outcomesOf(a.decide(number), diagrams), outcomesOf(b.decide(number), diagrams), diagrams);
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    throw new TooManySteps(`the argument rules on ${syscallName(name, number) ?? number} are too intertwined`);
  }
}

function differingOutcomes(
  inA: readonly Outcome[],
  inB: readonly Outcome[],
  diagrams: Diagrams,
): readonly DifferingCalls[] {
  return inA.flatMap((ours) =>
    inB.flatMap((theirs) => {
      const calls = diagrams.both(ours.calls, theirs.calls);
      return calls === FALSE || returnValue(ours.action) === returnValue(theirs.action)
        ? []
        : [{ calls, a: ours.action, b: theirs.action }];
    }),
  );
}

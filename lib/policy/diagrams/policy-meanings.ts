/** The meaning of a policy for each syscall number of an AUDIT_ARCH: as ranges of numbers, and as decision diagrams. */

import { type Abi, X32_BIT } from '../../syscalls/abi.js';
import { returnValue } from '../action.js';
import { isOf } from '../evaluate.js';
import { type AbiPolicy, type Action, type Decision, decisionsOf, type Policy, rangesOf } from '../policy.js';
import { MAX_WORD } from '../words.js';
import { conditionsDiagram } from './call-bits.js';
import { type Diagram, type Diagrams, FALSE, TRUE } from './decision-diagram.js';

/** What the policy decides for a number. */
export interface NumberMeaning {
  readonly decisions: readonly Decision[];
  readonly otherwise: Action;
  /** Undefined for calls of an ABI that the policy does not list. */
  readonly abi: Abi | undefined;
  /** Equal for equal meanings, whatever their ABI. */
  readonly key: string;
}

/** A range of numbers with the same meaning. */
export interface MeantRange {
  readonly first: number;
  readonly last: number;
  readonly meaning: NumberMeaning;
}

/** The meaning of calls of ABIs that the policy does not list. */
export function foreignMeaning({ foreignAction }: Policy): NumberMeaning {
  return meaningOf([], foreignAction);
}

/**
 * The meanings of all numbers of an AUDIT_ARCH, in order. Each is looked up as by evaluate(): an error in how the compiler
 * divides the numbers must not be repeated here.
 */
export class NumberMeanings {
  /** The first number of each range. Neighbors with the same meaning are one range. */
  readonly #starts: number[] = [];
  readonly #meanings: NumberMeaning[] = [];

  constructor(policy: Policy, audit: number) {
    const abis = policy.abis.filter(({ abi }) => abi.audit === audit);
    // All syscalls of an unconditional rule share one list.
    const known = new Map(abis.map((each) => [each, new Map<readonly Decision[], NumberMeaning>()]));
    const meaningAt = (number: number) => {
      const own = abis.find((each) => isOf(each, { arch: audit, number }));
      if (own === undefined) return foreignMeaning(policy);
      const decisions = decisionsOf(own, number);
      const meaning = known.get(own)?.get(decisions) ?? meaningOf(decisions, policy.defaultAction, own.abi);
      known.get(own)?.set(decisions, meaning);
      return meaning;
    };
    for (const number of boundsOf(abis)) {
      const meaning = meaningAt(number);
      if (this.#meanings.at(-1)?.key === meaning.key) continue;
      this.#starts.push(number);
      this.#meanings.push(meaning);
    }
  }

  /** The meanings of the numbers from `first` to `last`. */
  *within(first: number, last: number): Generator<MeantRange> {
    for (let i = lowerBound(this.#starts, first + 1) - 1; i < this.#starts.length; i++) {
      const from = Math.max(first, this.#starts[i] ?? 0);
      const meaning = this.#meanings[i];
      if (from > last || meaning === undefined) return;
      yield { first: from, last: Math.min(last, (this.#starts.at(i + 1) ?? 2 ** 32) - 1), meaning };
    }
  }
}

/** The numbers at which a meaning may begin, in order: those of the policy, those after them, and where an ABI begins. */
function boundsOf(abis: readonly AbiPolicy[]): Float64Array {
  const bounds = new Set([0, X32_BIT, MAX_WORD]);
  for (const policy of abis) {
    for (const number of policy.syscalls.keys()) bounds.add(number).add(number + 1);
    for (const { first, last } of rangesOf(policy)) bounds.add(first).add(last + 1);
  }
  bounds.delete(MAX_WORD + 1);
  return Float64Array.from(bounds).sort();
}

function meaningOf(decisions: readonly Decision[], otherwise: Action, abi?: Abi): NumberMeaning {
  const rest = returnValue(otherwise);
  const [first] = decisions;
  if (first === undefined) return { decisions, otherwise, abi, key: `${rest}` };
  const key =
    first.conditions.length === 0 ? `${returnValue(first.action)}` : `${decisions.map(keyOf).join(';')};${rest}`;
  return { decisions, otherwise, abi, key };
}

/** The content of a decision. Independent of the compiler's key: an omission there must not be repeated here. */
function keyOf({ conditions, action }: Decision): string {
  const tests = conditions.map((condition) => {
    const { index, width, op, value } = condition;
    return `${index} ${width} ${op} ${value}${condition.op === 'masked-eq' ? `/${condition.mask}` : ''}`;
  });
  return `${tests} ${returnValue(action)}`;
}

/** The return value of a call: that of the first decision whose conditions hold, or `otherwise`. */
export function meaningDiagram(
  { decisions, otherwise }: Pick<NumberMeaning, 'decisions' | 'otherwise'>,
  diagrams: Diagrams,
): Diagram {
  const value = (action: Action) => diagrams.constant(returnValue(action));
  return decisions.reduceRight<Diagram>((rest, { conditions, action }) => {
    return diagrams.choose(conditionsDiagram(conditions, diagrams), value(action), rest);
  }, value(otherwise));
}

/** An action, and the calls that get it. */
export interface Outcome {
  readonly action: Action;
  readonly calls: Diagram;
}

/** The actions that some calls get, with these calls. The last decision has no conditions. */
export function outcomesOf(decisions: readonly Decision[], diagrams: Diagrams): readonly Outcome[] {
  const [first, last] = [decisions.at(0), decisions.at(-1)];
  if (first === undefined || last === undefined) return [];
  if (first.conditions.length === 0) return [{ action: first.action, calls: TRUE }];
  const actions = new Map(decisions.map(({ action }) => [returnValue(action), action]));
  const taken = meaningDiagram({ decisions, otherwise: last.action }, diagrams);
  return [...actions].flatMap(([value, action]) => {
    const calls = diagrams.map(taken, (each) => (each === value ? TRUE : FALSE));
    return calls === FALSE ? [] : [{ action, calls }];
  });
}

/** The index of the first number that is at least `bound`. */
function lowerBound(numbers: readonly number[], bound: number): number {
  let from = 0;
  let to = numbers.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((numbers[middle] ?? 0) < bound) from = middle + 1;
    else to = middle;
  }
  return from;
}

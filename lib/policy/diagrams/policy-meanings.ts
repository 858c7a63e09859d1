/** The meaning of a policy for each syscall number of an AUDIT_ARCH: as ranges of numbers, and as decision diagrams. */

import type { Abi } from '../../syscalls/abi.js';
import { returnValue } from '../action.js';
import {
  type AbiPolicy,
  type Action,
  type Decision,
  fill,
  numberSpans,
  type Policy,
  rangesOf,
  sortedNumbers,
} from '../policy.js';
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

/** The meanings of all numbers of an AUDIT_ARCH, in order. */
export class NumberMeanings {
  readonly #policy: Policy;
  /** The first number of each range. Neighbors with the same meaning are one range. */
  readonly #starts: number[] = [];
  readonly #meanings: NumberMeaning[] = [];

  constructor(policy: Policy, audit: number) {
    this.#policy = policy;
    const abis = policy.abis.filter(({ abi }) => abi.audit === audit);
    for (const { first, last, policy: its } of numberSpans(abis)) {
      if (its === undefined) this.#add(first, foreignMeaning(policy));
      else this.#addNumbers(its, first, last);
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

  #add(start: number, meaning: NumberMeaning): void {
    if (this.#starts.at(-1) === start) {
      this.#starts.pop();
      this.#meanings.pop();
    }
    if (this.#meanings.at(-1)?.key === meaning.key) return;
    this.#starts.push(start);
    this.#meanings.push(meaning);
  }

  #addNumbers(policy: AbiPolicy, from: number, to: number): void {
    const numbers = sortedNumbers(policy);
    // All syscalls of an unconditional rule share one list.
    const known = new Map<readonly Decision[], NumberMeaning>();
    const meaning = (list: readonly Decision[]) => {
      const made = known.get(list) ?? meaningOf(list, this.#policy.defaultAction, policy.abi);
      known.set(list, made);
      return made;
    };
    let i = lowerBound(numbers, from);
    for (const range of fill(from, to, rangesOf(policy))) {
      const rest = meaning(range.decisions);
      this.#add(range.first, rest);
      for (; i < numbers.length; i++) {
        const number = numbers[i] ?? MAX_WORD;
        if (number > range.last) break;
        this.#add(number, meaning(policy.syscalls.get(number) ?? []));
        if (number < range.last && numbers.at(i + 1) !== number + 1) this.#add(number + 1, rest);
      }
    }
  }
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

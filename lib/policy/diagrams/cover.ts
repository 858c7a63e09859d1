/**
 * Describes a set of calls by lists of conditions of which none compares an argument twice. Source of the method, here
 * by argument instead of by bit: Minato, "Fast Generation of Irredundant Sum-of-Products Forms", 1992.
 */
import type { Condition } from '../policy.js';
import { conditionsBetween, MOST_CONDITIONS, type Width } from './argument-sets.js';
import { argumentLevels, conditionDiagram } from './call-bits.js';
import { type Diagram, type Diagrams, FALSE, TRUE } from './decision-diagram.js';

/** The limit on lists of conditions, and on the conditions that are made for them. */
const MOST_LISTS = 1024;
const MOST_MADE = 2048;

/** Thrown if a set of calls cannot be described. */
export class CannotCover extends RangeError {}

/**
 * Returns lists of conditions: each call of `least` meets one of them, and no call that is not in `most`. `width` is the
 * number of bits that are compared of an argument.
 * @throws {CannotCover} if other bits matter, or there are too many lists.
 * @throws {TooManySteps} if the diagrams grow too large.
 */
export function coverCalls(
  least: Diagram,
  most: Diagram,
  diagrams: Diagrams,
  width: (index: number) => Width,
): readonly (readonly Condition[])[] {
  return new Cover(diagrams, width).parts(least, most, 0).map(({ conditions }) => conditions);
}

/** A list of conditions, and the calls that meet them all. */
interface Part {
  readonly conditions: readonly Condition[];
  readonly calls: Diagram;
}

/** Some values of an argument, and what the further arguments decide for these. */
interface Case {
  readonly values: Diagram;
  /** The calls that remain to be covered, and those that may be. */
  least: Diagram;
  readonly most: Diagram;
}

class Cover {
  readonly #diagrams: Diagrams;
  readonly #width: (index: number) => Width;
  #made = 0;

  constructor(diagrams: Diagrams, width: (index: number) => Width) {
    this.#diagrams = diagrams;
    this.#width = width;
  }

  /** Covers all calls of `least` and none outside of `most`, which depend only on the arguments from `index` on. */
  parts(least: Diagram, most: Diagram, index: number): readonly Part[] {
    if (least === FALSE) return [];
    if (most === TRUE) return [{ conditions: [], calls: TRUE }];
    const cases = this.#cases(least, most, index);
    // Calls that any value of the argument may cover come last, without a condition on it.
    const always = cases.reduce((all, each) => this.#diagrams.both(all, each.most), TRUE);
    const parts = cases.flatMap((each) =>
      this.parts(this.#diagrams.without(each.least, always), each.most, index + 1).flatMap((part) =>
        this.#extend(part, { index, each, cases, always }),
      ),
    );
    const rest = this.#union(cases.map((each) => each.least));
    const all = [...parts, ...this.parts(rest, always, index + 1)];
    if (all.length > MOST_LISTS) throw new CannotCover('it takes too many rules');
    return all;
  }

  /** Adds conditions on the argument `index` to a part for one of the cases. Takes what it covers from all of them. */
  #extend(
    { conditions, calls }: Part,
    {
      index,
      each,
      cases,
      always,
    }: { readonly index: number; readonly each: Case; readonly cases: readonly Case[]; readonly always: Diagram },
  ): readonly Part[] {
    const needs = ({ least }: Case) => this.#diagrams.both(calls, this.#diagrams.without(least, always)) !== FALSE;
    if (!needs(each)) return []; // A part for an earlier case covers these calls.
    const allowed = cases.filter(({ most }) => this.#diagrams.without(calls, most) === FALSE);
    const tests = this.#tests(index, each, allowed, allowed.filter(needs));
    const tested = tests.map((test) => ({ test, holds: conditionDiagram(test, this.#diagrams) }));
    const values = this.#union(tested.map(({ holds }) => holds));
    for (const other of cases)
      if (this.#diagrams.without(other.values, values) === FALSE)
        other.least = this.#diagrams.without(other.least, calls);
    return tested.map(({ test, holds }) => {
      return { conditions: [test, ...conditions], calls: this.#diagrams.both(holds, calls) };
    });
  }

  /** Conditions that hold for the values of a case, if possible of all that are `wanted`, and for `allowed` ones only. */
  #tests(index: number, own: Case, allowed: readonly Case[], wanted: readonly Case[]): readonly Condition[] {
    const values = (cases: readonly Case[]) => this.#union(cases.map(({ values }) => values));
    const most = values(allowed);
    const few = this.#between(index, own.values, most);
    const many = wanted.length === 1 ? few : this.#between(index, values(wanted), most);
    const tests = few === undefined || (many !== undefined && many.length <= few.length) ? many : few;
    if (tests === undefined)
      throw new CannotCover(`argument ${index} has too many values, or is wider than what is compared`);
    return tests;
  }

  #between(index: number, least: Diagram, most: Diagram): readonly Condition[] | undefined {
    const conditions = conditionsBetween(least, most, this.#diagrams, this.#width(index));
    this.#made += conditions?.length ?? MOST_CONDITIONS;
    if (this.#made > MOST_MADE) throw new CannotCover('it takes too many rules');
    return conditions;
  }

  /** Divides the values of an argument into those for which the further arguments decide alike. */
  #cases(least: Diagram, most: Diagram, index: number): readonly Case[] {
    const [, end] = argumentLevels(index);
    return [...this.#diagrams.partition(least, end)].flatMap(([least, some]) =>
      [...this.#diagrams.partition(most, end)].flatMap(([most, others]) => {
        const values = this.#diagrams.both(some, others);
        return values === FALSE ? [] : [{ values, least, most }];
      }),
    );
  }

  #union(sets: readonly Diagram[]): Diagram {
    return sets.reduce<Diagram>((all, set) => this.#diagrams.choose(set, TRUE, all), FALSE);
  }
}

/** Writes sets of values of one argument, given as diagrams, as conditions. */
import type { Condition } from '../policy.js';
import { argumentFromBits, argumentLevels, conditionDiagram, conditionsDiagram } from './call-bits.js';
import { type Diagram, type Diagrams, FALSE } from './decision-diagram.js';

export type Width = Condition['width'];

/**
 * Returns conditions of which at least one holds exactly for the values of a set that is neither empty nor whole;
 * undefined if they are too many.
 */
export function conditionsFor(set: Diagram, diagrams: Diagrams): readonly Condition[] | undefined {
  const single = conditionFor(set, diagrams);
  return single !== undefined ? [single] : conditionsBetween(set, set, diagrams, widthOf(set, diagrams));
}

/**
 * Returns a condition that holds exactly for the values of a set that is neither empty nor whole, if there is one. It
 * compares `width` bits, if that is possible.
 */
export function conditionFor(
  set: Diagram,
  diagrams: Diagrams,
  width: Width = widthOf(set, diagrams),
): Condition | undefined {
  for (const each of new Set([width, ...WIDTHS])) {
    const condition = oneBetween(set, set, diagrams, each);
    if (condition !== undefined) return condition;
  }
  return undefined;
}

const WIDTHS = [32, 64, 16] as const;

/**
 * Returns conditions that hold together exactly for the values of a set that is neither empty nor whole, if there are
 * any: bounds, and bits that all values share.
 */
export function allConditionsFor(
  set: Diagram,
  diagrams: Diagrams,
  width: Width = widthOf(set, diagrams),
): readonly Condition[] | undefined {
  const { index, mask: tested } = testedBits(set, diagrams);
  if (tested >> BigInt(width) !== 0n) return undefined;
  const first = smallest(set, diagrams);
  const bits = bitsOf(diagrams.shared(set, ...argumentLevels(index)), index, first, width);
  const candidates: readonly Condition[] = [
    { index, width, op: 'ge', value: first },
    { index, width, op: 'le', value: largest(set, index, width, diagrams) },
    ...(bits === undefined ? [] : [bits]),
  ];
  const meet = (all: readonly Condition[]) => conditionsDiagram(all, diagrams);
  if (meet(candidates) !== set) return undefined;
  return candidates.reduceRight((all, each) => {
    const fewer = all.filter((other) => other !== each);
    return meet(fewer) === set ? fewer : all;
  }, candidates);
}

/** Returns the values of a set, if it has at most `count`. */
export function valuesOf(set: Diagram, diagrams: Diagrams, count: number): readonly Condition[] | undefined {
  const { index } = testedBits(set, diagrams);
  const width = widthOf(set, diagrams);
  const values: Condition[] = [];
  for (let rest = set; rest !== FALSE; ) {
    const value: Condition = { index, width, op: 'eq', value: smallest(rest, diagrams) };
    if (values.push(value) > count) return undefined;
    rest = without(rest, value, diagrams);
  }
  return values;
}

/** The most conditions for one set: a range of 64-bit values with two bounds takes up to 126. */
export const MOST_CONDITIONS = 256;

/**
 * Returns conditions that compare `width` bits. For all values of `least` at least one of them holds, for those that
 * are not in `most` none. `least` is not empty and part of `most`, which is not whole. Undefined if there is no such
 * condition, since other bits matter, or if there are too many.
 */
export function conditionsBetween(
  least: Diagram,
  most: Diagram,
  diagrams: Diagrams,
  width: Width,
): readonly Condition[] | undefined {
  const conditions: Condition[] = [];
  for (const each of partsBetween(least, most, diagrams, width)) {
    if (each === undefined || conditions.length === MOST_CONDITIONS) return undefined;
    conditions.push(each);
  }
  return conditions;
}

/** The conditions that conditionsBetween() returns, one after the other; undefined if there are no more. */
function* partsBetween(
  least: Diagram,
  most: Diagram,
  diagrams: Diagrams,
  width: Width,
): Generator<Condition | undefined> {
  const single = oneBetween(least, most, diagrams, width);
  if (single !== undefined) return yield single;
  let rest = least;
  for (const end of ends(least, most, diagrams, width)) {
    yield end;
    rest = without(rest, end, diagrams);
  }
  while (rest !== FALSE) {
    const next = sharedBits(rest, most, diagrams, width) ?? part(rest, most, diagrams, width);
    yield next;
    if (next === undefined) return;
    rest = without(rest, next, diagrams);
  }
}

/** Returns the first conditions of which at least one holds exactly for the values of a set: at most `count`. */
export function someConditionsFor(set: Diagram, diagrams: Diagrams, count: number): readonly Condition[] {
  const conditions: Condition[] = [];
  for (const each of partsBetween(set, set, diagrams, widthOf(set, diagrams)))
    if (each === undefined || conditions.push(each) === count) break;
  return conditions;
}

/** A condition that holds for all values of `least`, and for none outside of `most`, if there is one. */
function oneBetween(least: Diagram, most: Diagram, diagrams: Diagrams, width: Width): Condition | undefined {
  const isWhole = (condition: Condition) => without(least, condition, diagrams) === FALSE;
  const found = [...exact(most, diagrams, width), ...ends(least, most, diagrams, width).filter(isWhole)].at(0);
  return found ?? sharedBits(least, most, diagrams, width);
}

/** The condition that the argument has the bits that all values of `least` share, if it holds for none outside of `most`. */
function sharedBits(least: Diagram, most: Diagram, diagrams: Diagrams, width: Width): Condition | undefined {
  const { index } = testedBits(most, diagrams);
  const levels = diagrams.shared(least, ...argumentLevels(index));
  const bits = bitsOf(levels, index, smallest(least, diagrams), width);
  return bits !== undefined && without(conditionDiagram(bits, diagrams), most, diagrams) === FALSE ? bits : undefined;
}

/** The conditions that the argument has one value, or any but one. */
function exact(set: Diagram, diagrams: Diagrams, width: Width): readonly Condition[] {
  const { index } = testedBits(set, diagrams);
  const candidates: readonly Condition[] = [
    { index, width, op: 'eq', value: smallest(set, diagrams) },
    { index, width, op: 'ne', value: smallest(diagrams.not(set), diagrams) },
  ];
  return candidates.filter((each) => each.value >> BigInt(width) === 0n && conditionDiagram(each, diagrams) === set);
}

/** The conditions, for some values of `least`, that the argument is below the first value outside of `most`, or above the last. */
function ends(least: Diagram, most: Diagram, diagrams: Diagrams, width: Width): readonly Condition[] {
  const { index } = testedBits(most, diagrams);
  const outside = diagrams.not(most);
  const candidates: readonly Condition[] = [
    { index, width, op: 'lt', value: smallest(outside, diagrams) },
    { index, width, op: 'gt', value: largest(outside, index, width, diagrams) },
  ];
  return candidates.filter((each) => {
    if (each.value >> BigInt(width) !== 0n) return false;
    const holds = conditionDiagram(each, diagrams);
    return diagrams.both(holds, outside) === FALSE && diagrams.both(holds, least) !== FALSE;
  });
}

/** A condition for the smallest value of `least` and others of `most`. */
function part(least: Diagram, most: Diagram, diagrams: Diagrams, width: Width): Condition | undefined {
  const ones = diagrams.difference(least, FALSE)?.ones ?? NONE;
  const { index } = testedBits(most, diagrams);
  return bitsOf(diagrams.tested(most, ones), index, argumentFromBits(ones).value, width);
}

/** The condition that the bits with these levels are as in `value`; undefined if some are beyond `width`. */
function bitsOf(levels: ReadonlySet<number>, index: number, value: bigint, width: Width): Condition | undefined {
  const mask = argumentFromBits(levels).value;
  if (mask >> BigInt(width) !== 0n) return undefined;
  const isAll = mask === (1n << BigInt(width)) - 1n;
  return isAll
    ? { index, width, op: 'eq', value: value & mask }
    : { index, width, op: 'masked-eq', mask, value: value & mask };
}

/** The values of a set that do not meet a condition, or are not in another set. */
function without(set: Diagram, other: Condition | Diagram, diagrams: Diagrams): Diagram {
  const excluded = typeof other === 'number' ? other : conditionDiagram(other, diagrams);
  return diagrams.without(set, excluded);
}

function widthOf(set: Diagram, diagrams: Diagrams): Width {
  return testedBits(set, diagrams).mask >> 32n === 0n ? 32 : 64;
}

function smallest(set: Diagram, diagrams: Diagrams): bigint {
  return argumentFromBits(diagrams.difference(set, FALSE)?.ones ?? NONE).value;
}

function largest(set: Diagram, index: number, width: Width, diagrams: Diagrams): bigint {
  const [first, end] = argumentLevels(index);
  return argumentFromBits(diagrams.lastOnes(set, first + 64 - width, end - 1)).value;
}

const NONE: ReadonlySet<number> = new Set();

/** The only argument whose bits a set depends on, and these bits. */
function testedBits(set: Diagram, diagrams: Diagrams): { readonly index: number; readonly mask: bigint } {
  const { index, value: mask } = argumentFromBits(diagrams.levels(set));
  return { index, mask };
}

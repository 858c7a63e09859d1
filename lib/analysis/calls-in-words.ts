/** Describes sets of calls by their arguments: `family = AF_VSOCK`, `flags & 0x10000000 = 0x10000000`. */
import { meaningOfArgument } from '../decode/argument-meanings.js';
import { writeByName, writeNumber } from '../decode/constant-names.js';
import {
  allConditionsFor,
  conditionFor,
  someConditionsFor,
  valuesOf,
  type Width,
} from '../policy/diagrams/argument-sets.js';
import { argumentLevels } from '../policy/diagrams/call-bits.js';
import { type Diagram, type Diagrams, FALSE, TRUE } from '../policy/diagrams/decision-diagram.js';
import type { Condition } from '../policy/policy.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { argumentsOf } from '../syscalls/table.js';

/** How many alternatives are written. */
const MOST_ALTERNATIVES = 8;

/** Returns the arguments of the calls of a set, in words; undefined if all arguments are meant. */
export function callsInWords(
  calls: Diagram,
  diagrams: Diagrams,
  abi: AbiName,
  syscall: string | undefined,
): string | undefined {
  if (calls === TRUE) return undefined;
  /** The calls as alternatives, each of which holds if all its parts do. */
  function* alternatives(set: Diagram, index: number): Generator<readonly string[]> {
    if (set === TRUE) yield [];
    if (set === TRUE || set === FALSE) return;
    const register = registerOf(abi, syscall, index);
    const [, end] = argumentLevels(index);
    for (const [rest, values] of diagrams.partition(set, end)) {
      if (rest === FALSE) continue;
      const all = values === TRUE ? [[]] : valuesInWords(values, register, diagrams);
      for (const own of all) for (const others of alternatives(rest, index + 1)) yield [...own, ...others];
    }
  }
  const written: string[] = [];
  for (const words of alternatives(calls, 0)) {
    if (written.length === MOST_ALTERNATIVES) return `${written.join(' or ')} or others`;
    written.push(words.join(' and '));
  }
  return written.join(' or ');
}

/** An argument of a syscall: how its name and values are written. */
interface Register {
  readonly name: string;
  readonly width: Width;
  write(value: bigint): string;
}

function registerOf(abi: AbiName, syscall: string | undefined, index: number): Register {
  const register = syscall === undefined ? undefined : argumentsOf(abi, syscall)?.at(index);
  const meaning = syscall === undefined ? undefined : meaningOfArgument(abi, syscall, index);
  return {
    name: register?.name ?? `argument ${index}`,
    width: register?.width ?? abiOf(abi).bits,
    write: (value) => (meaning?.kind === 'constants' ? writeByName(meaning.family, abi, value) : writeNumber(value)),
  };
}

/** The most values that are listed one by one. */
const MOST_VALUES = 16;

/** A set of values as alternatives, each of which holds if all its parts do. */
function valuesInWords(values: Diagram, register: Register, diagrams: Diagrams): readonly (readonly string[])[] {
  const inWords = (condition: Condition) => conditionInWords(condition, register);
  const single = conditionFor(values, diagrams, register.width);
  if (single !== undefined) return [[inWords(single)]];
  const listed = valuesOf(values, diagrams, MOST_VALUES);
  const all = listed === undefined ? allConditionsFor(values, diagrams) : undefined;
  if (all !== undefined) return [all.map(inWords)];
  return (listed ?? someConditionsFor(values, diagrams, MOST_ALTERNATIVES + 1)).map((each) => [inWords(each)]);
}

function conditionInWords(condition: Condition, { name, width, write }: Register): string {
  const { op, value } = condition;
  if (op === 'masked-eq') return `${name} & ${writeNumber(condition.mask)} = ${writeNumber(value)}`;
  const compared = condition.width < width ? `the low half of ${name}` : name;
  switch (op) {
    case 'eq':
      return `${compared} = ${write(value)}`;
    case 'ne':
      return `${compared} != ${write(value)}`;
    case 'ge':
      return `${compared} >= ${write(value)}`;
    case 'gt':
      return `${compared} >= ${write(value + 1n)}`;
    case 'le':
      return `${compared} <= ${write(value)}`;
    case 'lt':
      return `${compared} <= ${write(value - 1n)}`;
  }
}

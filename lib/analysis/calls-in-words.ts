/** Describes sets of calls by their arguments: `family = AF_VSOCK`, `flags & 0x10000000 = 0x10000000`. */
import { meaningOfArgument } from '../decode/argument-meanings.js';
import { writeByName, writeNumber } from '../decode/constant-names.js';
import {
  allConditionsFor,
  conditionFor,
  conditionsFor,
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
  const known = new Map<Diagram, Alternatives>([
    [FALSE, { count: 0, first: [] }],
    [TRUE, { count: 1, first: [[]] }],
  ]);
  const alternatives = (set: Diagram, index: number): Alternatives => {
    const before = known.get(set);
    if (before !== undefined) return before;
    const register = registerOf(abi, syscall, index);
    const [, end] = argumentLevels(index);
    const found = [...diagrams.partition(set, end)].map(([rest, values]) => {
      const own = values === TRUE ? [[]] : valuesInWords(values, register, diagrams);
      const others = alternatives(rest, index + 1);
      const first = own.flatMap((one) => others.first.map((more) => [...one, ...more]));
      return { count: own.length * others.count, first };
    });
    const made = {
      count: found.reduce((sum, { count }) => sum + count, 0),
      first: found.flatMap(({ first }) => first).slice(0, MOST_ALTERNATIVES),
    };
    known.set(set, made);
    return made;
  };
  const { count, first } = alternatives(calls, 0);
  const written = first.map((words) => words.join(' and ')).join(' or ');
  return count > first.length ? `${written} or ${count - first.length} more` : written;
}

interface Alternatives {
  readonly count: number;
  /** The first of them, each of which holds if all its parts do. */
  readonly first: readonly (readonly string[])[];
}

/** What is compared, as it is written. */
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
  const some = listed ?? conditionsFor(values, diagrams);
  return some === undefined ? [[`${register.name} has one of many values`]] : some.map((each) => [inWords(each)]);
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

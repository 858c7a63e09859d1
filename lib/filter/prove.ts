/**
 * Proves that a filter decides as its policy says: for every ABI and every syscall number, known or not, and for all
 * 64-bit values of all arguments. The program's bytes are run symbolically, path by path; what a path returns is held
 * against the policy on exactly the calls that take the path.
 */
import { returnValue } from '../policy/action.js';
import {
  type AbiPolicy,
  type Action,
  type Call,
  type Decision,
  fill,
  type NumberRange,
  numberSpans,
  type Policy,
  sortedNumbers,
} from '../policy/policy.js';
import { outcomes, wordsOf } from '../policy/region.js';
import { contains, inRange, MAX_WORD, member, memberBut, type Words } from '../policy/words.js';
import type { Abi } from '../syscalls/abi.js';
import { syscallName, syscallNumber } from '../syscalls/table.js';
import { type Filter, GATED_CALLS } from './filter.js';
import { decode, type Instruction } from './instruction.js';
import { callOf, NUMBER_WORDS, type Path, paths } from './paths.js';

/** What was shown, and how much there was to show. */
export interface Proof {
  /** Paths through the program, and regions of argument values that were compared. */
  readonly paths: number;
  readonly regions: number;
}

/** A call that the filter decides otherwise than its policy. */
export interface Counterexample {
  readonly call: Call;
  /** What the filter returns, a SECCOMP_RET_* value. */
  readonly returned: number;
  readonly meant: Action;
}

/** Holds a filter against a policy, by default its own; stops at the first call that they decide differently. */
export function prove(filter: Filter, policy: Policy = filter.policy): Proof | Counterexample {
  const gate = new Map(filter.gate.map(({ instruction, half }) => [instruction, half]));
  return new Prover(policy).prove(decode(filter.bytes, filter.policy.abis[0]?.abi.endian ?? 'little'), gate);
}

class Prover {
  readonly #policy: Policy;
  readonly #otherwise: number;
  #paths = 0;
  #regions = 0;

  constructor(policy: Policy) {
    this.#policy = policy;
    this.#otherwise = returnValue(policy.defaultAction);
  }

  prove(instructions: readonly Instruction[], gate: ReadonlyMap<number, number>): Proof | Counterexample {
    const endian = this.#policy.abis[0]?.abi.endian ?? 'little';
    const audits = [...new Set(this.#policy.abis.map(({ abi }) => abi.audit))];
    for (const audit of [...audits, undefined]) {
      const abis = this.#policy.abis.filter(({ abi }) => abi.audit === audit);
      for (const path of paths(instructions, { endian, arch: audit ?? audits, gate })) {
        this.#paths++;
        const wrong = this.#check(path, audit, abis);
        if (wrong !== undefined) return wrong;
      }
    }
    return { paths: this.#paths, regions: this.#regions };
  }

  /** Looks for a call among those of the path that the policy decides otherwise. */
  #check(path: Path, arch: number | undefined, abis: readonly AbiPolicy[]): Counterexample | undefined {
    for (const { first, last, policy } of numberSpans(abis)) {
      const words = inRange(wordsOf(path.region, NUMBER_WORDS), first, last);
      if (words === undefined) continue;
      const wrong =
        policy === undefined ? this.#checkForeign(path, words, arch) : this.#checkNumbers(path, words, policy);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  #checkForeign(path: Path, numbers: Words, arch: number | undefined): Counterexample | undefined {
    this.#regions++;
    const meant = this.#policy.foreignAction;
    if (path.value === returnValue(meant)) return undefined;
    return { call: callOf(path.region, member(numbers) ?? 0, arch), returned: path.value, meant };
  }

  #checkNumbers(path: Path, words: Words, policy: AbiPolicy): Counterexample | undefined {
    if (path.opened === WHOLE_GATE) return this.#checkGate(path, words, policy);
    const { numbers, decisions, constants } = tableOf(policy);
    const known: number[] = [];
    for (let i = lowerBound(numbers, words.low); i < numbers.length; i++) {
      const number = numbers[i] ?? MAX_WORD;
      if (number > words.high) break;
      if (!contains(words, number)) continue;
      known.push(number);
      const wrong =
        constants[i] === path.value ? undefined : this.#compare(path, number, decisions[i] ?? [], policy.abi);
      if (wrong !== undefined) return wrong;
    }
    this.#regions += known.length;
    for (const range of fill(words.low, words.high, policy.ranges ?? [])) {
      const wrong = this.#checkRange(path, words, known, range, policy.abi);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  /** Numbers that are not `known` are decided by their range. */
  #checkRange(
    path: Path,
    words: Words,
    known: readonly number[],
    { first, last, decisions }: NumberRange,
    abi: Abi,
  ): Counterexample | undefined {
    this.#regions++;
    if (decisions.length === 0 && path.value === this.#otherwise) return undefined;
    const inside = inRange(words, first, last);
    if (inside === undefined) return undefined;
    const number = memberBut(
      inside,
      known.filter((each) => each >= first && each <= last),
    );
    return number === undefined ? undefined : this.#compare(path, number, decisions, abi);
  }

  #compare(path: Path, number: number, decisions: readonly Decision[], abi: Abi): Counterexample | undefined {
    try {
      for (const { region, action } of outcomes(path.region, decisions, this.#policy.defaultAction)) {
        this.#regions++;
        if (returnValue(action) === path.value) continue;
        return { call: callOf(region, number, abi.audit), returned: path.value, meant: action };
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const name = syscallName(abi.name, number) ?? `syscall ${number}`;
      throw new RangeError(`${error.message}: ${name} on ${abi.name}`, { cause: error });
    }
  }

  /** The whole value of the gate lets a call through, and only those that a gate may be for. */
  #checkGate(path: Path, words: Words, { abi }: AbiPolicy): Counterexample | undefined {
    this.#regions++;
    const gated = GATED_CALLS.flatMap((name) => syscallNumber(abi.name, name) ?? []).filter((number) =>
      contains(words, number),
    );
    const through = path.value === returnValue({ kind: 'allow' });
    const other = through ? memberBut(words, gated) : member(words);
    if (other === undefined) return undefined;
    return { call: callOf(path.region, other, abi.audit), returned: path.value, meant: this.#policy.defaultAction };
  }
}

/** All six halves of the gate's value. */
const WHOLE_GATE = 0b111111;

/** An ABI's decisions in the order of the numbers. */
interface Table {
  readonly numbers: readonly number[];
  readonly decisions: readonly (readonly Decision[])[];
  /** What the decisions return whatever the arguments; −1 if it depends on them. */
  readonly constants: readonly number[];
}

const tables = new WeakMap<AbiPolicy, Table>();

function tableOf(policy: AbiPolicy): Table {
  const known = tables.get(policy);
  if (known !== undefined) return known;
  const numbers = sortedNumbers(policy);
  const decisions = numbers.map((number) => policy.syscalls.get(number) ?? []);
  // The syscalls of a rule without conditions share one list.
  const values = new Map<readonly Decision[], number>();
  const constants = decisions.map((list) => {
    const [first] = list;
    const constant = values.get(list) ?? (first?.conditions.length === 0 ? returnValue(first.action) : -1);
    values.set(list, constant);
    return constant;
  });
  const table = { numbers, decisions, constants };
  tables.set(policy, table);
  return table;
}

/** The index of the first number that is not below `bound`. */
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

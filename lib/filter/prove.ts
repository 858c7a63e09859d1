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
  rangesOf,
  sortedNumbers,
} from '../policy/policy.js';
import { readPolicy, refuseIn } from '../policy/read.js';
import { outcomes, wordsOf } from '../policy/region.js';
import { contains, inRange, MAX_WORD, member, memberBut, type Words } from '../policy/words.js';
import type { Abi } from '../syscalls/abi.js';
import { syscallName, syscallNumber } from '../syscalls/table.js';
import { type Filter, GATED_CALLS, policyOf, refuseOther } from './filter.js';
import { decode, type Instruction } from './instruction.js';
import { numberPaths } from './number-paths.js';
import { callOf, NUMBER_WORDS, type Path, type PathOptions, paths } from './paths.js';

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

/**
 * Holds a filter against a policy, by default its own; stops at the first call that they decide differently.
 * @throws SeccompError ERR_SECCOMP_OPTION for what is no filter or no policy.
 */
export function prove(filter: Filter, given?: Policy): Proof | Counterexample {
  refuseOther(filter);
  const policy = given === undefined ? policyOf(filter) : readPolicy(given, refuseIn('policy'));
  const gate = new Map(filter.gate.map(({ instruction, half }) => [instruction, half]));
  return new Prover(policy, decode(filter.bytes, policyOf(filter).abis.at(0)?.abi.endian ?? 'little'), gate).prove();
}

class Prover {
  readonly #policy: Policy;
  readonly #otherwise: number;
  readonly #instructions: readonly Instruction[];
  readonly #options: Omit<PathOptions, 'arch' | 'states'> & { readonly gate: ReadonlyMap<number, number> };
  /** Paths from instructions on that ask for arguments alone, and what they were held against already. */
  readonly #tails = new Map<number, Tail>();
  #paths = 0;
  #regions = 0;

  constructor(policy: Policy, instructions: readonly Instruction[], gate: ReadonlyMap<number, number>) {
    this.#policy = policy;
    this.#otherwise = returnValue(policy.defaultAction);
    this.#instructions = instructions;
    this.#options = { endian: policy.abis.at(0)?.abi.endian ?? 'little', gate };
  }

  prove(): Proof | Counterexample {
    const audits = [...new Set(this.#policy.abis.map(({ abi }) => abi.audit))];
    for (const audit of audits) {
      const wrong = this.#proveAudit(audit);
      if (wrong !== undefined) return wrong;
    }
    return this.#follow({ arch: audits }, undefined, []) ?? { paths: this.#paths, regions: this.#regions };
  }

  #proveAudit(audit: number): Counterexample | undefined {
    const abis = this.#policy.abis.filter(({ abi }) => abi.audit === audit);
    const meanings = this.#meanings(abis);
    const states = { count: 0 };
    for (const { first, last, at } of numberPaths(this.#instructions, audit, this.#options.gate)) {
      const wrong =
        at === undefined
          ? this.#follow({ arch: audit, numbers: { first, last }, states }, audit, abis)
          : this.#checkTail(this.#tailAt(at, audit, states), { first, last }, meanings, audit);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  /** Follows all paths from the program's beginning, with exact sets of all that a call carries. */
  #follow(
    options: Pick<PathOptions, 'arch' | 'numbers' | 'states'>,
    audit: number | undefined,
    abis: readonly AbiPolicy[],
  ): Counterexample | undefined {
    for (const path of paths(this.#instructions, { ...this.#options, ...options })) {
      this.#paths++;
      const wrong = this.#check(path, audit, abis);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  #tailAt(at: number, arch: number, states: { count: number }): Tail {
    const known = this.#tails.get(at);
    if (known !== undefined) return known;
    const found = [...paths(this.#instructions, { ...this.#options, arch, states, from: at })];
    const tail = { paths: found, proven: new Set<string>() };
    this.#tails.set(at, tail);
    this.#paths += found.length;
    return tail;
  }

  /** Holds paths that ask for arguments alone against what is meant for each of the numbers that come there. */
  #checkTail(
    tail: Tail,
    { first, last }: { readonly first: number; readonly last: number },
    { starts, meanings }: Meanings,
    audit: number,
  ): Counterexample | undefined {
    for (let i = lowerBound(starts, first + 1) - 1; i < starts.length; i++) {
      const number = Math.max(first, starts[i] ?? 0);
      if (number > last) break;
      const meaning = meanings[i];
      if (meaning === undefined || tail.proven.has(meaning.key)) continue;
      for (const path of tail.paths) {
        const wrong = this.#compare(path, number, meaning, audit);
        if (wrong !== undefined) return wrong;
      }
      tail.proven.add(meaning.key);
    }
    return undefined;
  }

  /** What is meant for all numbers of an AUDIT_ARCH, in order; neighbours that mean the same are one. */
  #meanings(abis: readonly AbiPolicy[]): Meanings {
    const starts: number[] = [];
    const meanings: Meaning[] = [];
    const add = (start: number, meaning: Meaning) => {
      if (starts.at(-1) === start) {
        starts.pop();
        meanings.pop();
      }
      if (meanings.at(-1)?.key === meaning.key) return;
      starts.push(start);
      meanings.push(meaning);
    };
    for (const { first, last, policy } of numberSpans(abis)) {
      if (policy === undefined) add(first, meaningOf([], this.#policy.foreignAction));
      else this.#addNumbers(policy, first, last, add);
    }
    return { starts, meanings };
  }

  #addNumbers(policy: AbiPolicy, from: number, to: number, add: (start: number, meaning: Meaning) => void): void {
    const numbers = sortedNumbers(policy);
    // The syscalls of a rule without conditions share one list.
    const known = new Map<readonly Decision[], Meaning>();
    const meaning = (list: readonly Decision[]) => {
      const made = known.get(list) ?? meaningOf(list, this.#policy.defaultAction, policy.abi);
      known.set(list, made);
      return made;
    };
    let i = lowerBound(numbers, from);
    for (const range of fill(from, to, rangesOf(policy))) {
      const rest = meaning(range.decisions);
      add(range.first, rest);
      for (; i < numbers.length; i++) {
        const number = numbers[i] ?? MAX_WORD;
        if (number > range.last) break;
        add(number, meaning(policy.syscalls.get(number) ?? []));
        if (number < range.last && numbers.at(i + 1) !== number + 1) add(number + 1, rest);
      }
    }
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
        constants[i] === path.value ? undefined : this.#compareWith(path, number, decisions[i] ?? [], policy.abi);
      if (wrong !== undefined) return wrong;
    }
    this.#regions += known.length;
    for (const range of fill(words.low, words.high, rangesOf(policy))) {
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
    return number === undefined ? undefined : this.#compareWith(path, number, decisions, abi);
  }

  #compareWith(path: Path, number: number, decisions: readonly Decision[], abi: Abi): Counterexample | undefined {
    return this.#compare(path, number, { decisions, otherwise: this.#policy.defaultAction, abi }, abi.audit);
  }

  #compare(
    path: Path,
    number: number,
    meaning: Omit<Meaning, 'key'>,
    audit: number | undefined,
  ): Counterexample | undefined {
    const { decisions, otherwise, abi } = meaning;
    try {
      for (const { region, action } of outcomes(path.region, decisions, otherwise)) {
        this.#regions++;
        if (returnValue(action) === path.value) continue;
        return { call: callOf(region, number, audit), returned: path.value, meant: action };
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof RangeError) || abi === undefined) throw error;
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

/** Paths from an instruction on that ask for arguments alone, and the keys of what they were shown to mean. */
interface Tail {
  readonly paths: readonly Path[];
  readonly proven: Set<string>;
}

/** What is decided for a number. */
interface Meaning {
  readonly decisions: readonly Decision[];
  readonly otherwise: Action;
  /** Undefined: that of a call of an ABI that is not listed. */
  readonly abi: Abi | undefined;
  /** The same for all that mean the same, whatever their ABI. */
  readonly key: string;
}

interface Meanings {
  /** The first number of each. */
  readonly starts: readonly number[];
  readonly meanings: readonly Meaning[];
}

function meaningOf(decisions: readonly Decision[], otherwise: Action, abi?: Abi): Meaning {
  const rest = returnValue(otherwise);
  const [first] = decisions;
  if (first === undefined) return { decisions, otherwise, abi, key: `${rest}` };
  const key =
    first.conditions.length === 0 ? `${returnValue(first.action)}` : `${decisions.map(keyOf).join(';')};${rest}`;
  return { decisions, otherwise, abi, key };
}

/** What a decision says, in full. Not the compiler's own key: what that forgot would stay unseen here. */
function keyOf({ conditions, action }: Decision): string {
  const asked = conditions.map((condition) => {
    const { index, width, op, value } = condition;
    return `${index} ${width} ${op} ${value}${condition.op === 'masked-eq' ? `/${condition.mask}` : ''}`;
  });
  return `${asked} ${returnValue(action)}`;
}

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

/**
 * Proves that a filter decides as its policy says: for every ABI and every syscall number, known or not, and for all
 * 64-bit values of all arguments. The program's bytes are followed for ranges of numbers; from where only arguments are asked
 * for, what it returns becomes a decision diagram, and so does what the policy says. Equal functions have one diagram.
 */
import { actionOf, returnValue } from '../../policy/action.js';
import type { Policy } from '../../policy/policy.js';
import { readPolicy, refuseIn } from '../../policy/read-policy.js';
import { MAX_WORD } from '../../policy/word-set.js';
import type { Abi } from '../../syscalls/abi.js';
import { syscallName, syscallNumber } from '../../syscalls/table.js';
import { fromCaller } from '../../util/caller.js';
import { decodeInstructions } from '../bpf/instruction.js';
import { type Filter, GATED_CALLS, policyOf, requireFilter } from '../filter.js';
import { archIs, callFromBits, gateDiagram, numberWithin } from './diagrams/call-bits.js';
import { type Diagram, Diagrams, FALSE, TooManySteps, TRUE } from './diagrams/decision-diagram.js';
import {
  foreignMeaning,
  type MeantRange,
  meaningDiagram,
  type NumberMeaning,
  NumberMeanings,
} from './diagrams/policy-meanings.js';
import { type CheckedProgram, ProgramDiagrams } from './diagrams/program-diagrams.js';
import { checkProgram } from './kernel-checks.js';
import { followsInLockstep } from './lockstep.js';
import { type NumberPath, numberPaths } from './number-ranges.js';
import type { Counterexample, Proof } from './proof.js';

/**
 * Holds a filter against a policy, by default its own; stops at the first call that they decide differently.
 * @throws SeccompError ERR_SECCOMP_OPTION for what is no filter or no policy; RangeError for a program that the kernel would
 * refuse, and where rules on one syscall are too intertwined to be followed.
 */
export function prove(filter: Filter, given?: Policy): Proof | Counterexample {
  requireFilter(filter);
  const policy = given === undefined ? policyOf(filter) : readPolicy(given, refuseIn('policy'));
  return new Prover(policy, readProgram(filter), false).prove();
}

/** Proves a filter that asks all conditions one after the other, however intertwined they are. */
export function proveInLockstep(filter: Filter): Proof | Counterexample {
  return new Prover(policyOf(filter), readProgram(filter), true).prove();
}

function readProgram(filter: Filter): CheckedProgram {
  const endian = policyOf(filter).abis.at(0)?.abi.endian ?? 'little';
  const instructions = decodeInstructions(filter.bytes, endian);
  checkProgram(instructions, filter.gate);
  return { instructions, gate: new Map(filter.gate.map(({ instruction, half }) => [instruction, half])), endian };
}

class Prover {
  readonly #policy: Policy;
  readonly #program: CheckedProgram;
  /** Whether program and rules are followed in step first; else only where diagrams take too much. */
  readonly #isInStep: boolean;
  #diagrams = new Diagrams();
  #returned: ProgramDiagrams;
  /** What meanings are, by their keys. */
  readonly #meant = new Map<string, Diagram>();
  /** What was followed in step, and shown to be right. */
  readonly #shown = new Set<string>();
  #ranges = 0;
  #steps = 0;

  constructor(policy: Policy, program: CheckedProgram, isInStep: boolean) {
    this.#policy = policy;
    this.#program = program;
    this.#isInStep = isInStep;
    this.#returned = new ProgramDiagrams(program, this.#diagrams);
  }

  prove(): Proof | Counterexample {
    const audits = [...new Set(this.#policy.abis.map(({ abi }) => abi.audit))];
    for (const audit of audits) {
      const meanings = new NumberMeanings(this.#policy, audit);
      for (const path of numberPaths(this.#program, audit)) {
        const wrong = this.#checkPath(path, meanings, audit);
        if (wrong !== undefined) return wrong;
      }
    }
    return this.#checkForeign(audits) ?? { ranges: this.#ranges, steps: this.#steps + this.#diagrams.steps };
  }

  #checkPath({ first, last, at }: NumberPath, meanings: NumberMeanings, audit: number): Counterexample | undefined {
    this.#ranges++;
    for (const range of meanings.within(first, last)) {
      const wrong = this.#named(range, () =>
        at === undefined ? this.#checkFromStart(range, audit) : this.#checkFrom(at, range, audit),
      );
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  /** Calls of ABIs that are not listed. */
  #checkForeign(audits: readonly number[]): Counterexample | undefined {
    const isListed = audits.reduce<Diagram>(
      (some, audit) => this.#diagrams.choose(archIs(audit, this.#diagrams), TRUE, some),
      FALSE,
    );
    const isForeign = this.#diagrams.not(isListed);
    const meant = this.#meaning(foreignMeaning(this.#policy));
    for (const { first, at } of numberPaths(this.#program, audits)) {
      this.#ranges++;
      const wrong = this.#compare(this.#returned.from(at ?? 0), meant, isForeign);
      if (wrong === undefined) continue;
      return at === undefined ? wrong : { ...wrong, call: { ...wrong.call, number: first } };
    }
    return undefined;
  }

  /** Where nothing but arguments, and the gate, is asked for from `at` on. */
  #checkFrom(at: number, range: MeantRange, audit: number): Counterexample | undefined {
    const { first, last, meaning } = range;
    const isGated = splitAtGatedCalls(first, last, meaning.abi).every((part) => part.isGated);
    const key = `${at} ${isGated} ${meaning.key}`;
    if (this.#shown.has(key)) return undefined;
    const isShown = () => {
      const diagrams = new Diagrams();
      const isInStep = followsInLockstep(this.#program, at, meaning, isGated, diagrams);
      this.#steps += diagrams.steps;
      if (isInStep) this.#shown.add(key);
      return isInStep;
    };
    if (this.#isInStep && meaning.decisions.length > 1 && isShown()) return undefined;
    try {
      return this.#compareFrom(at, range, audit);
    } catch (error) {
      if (!(error instanceof TooManySteps) || this.#isInStep || !isShown()) throw error;
      this.#startAgain();
      return undefined;
    }
  }

  /** Forgets diagrams that were too large, for those of other syscalls; each time there is less room for them. */
  #startAgain(): void {
    this.#steps += this.#diagrams.steps;
    this.#diagrams = new Diagrams(Math.floor(this.#diagrams.steps / 4));
    this.#returned = new ProgramDiagrams(this.#program, this.#diagrams);
    this.#meant.clear();
  }

  #compareFrom(at: number, { first, last, meaning }: MeantRange, audit: number): Counterexample | undefined {
    const found = this.#returned.from(at);
    const meant = this.#meaning(meaning);
    if (found === meant) return undefined;
    for (const part of splitAtGatedCalls(first, last, meaning.abi)) {
      const wrong = this.#compare(found, part.isGated ? this.#gated(found, meant) : meant);
      if (wrong !== undefined) return { ...wrong, call: { ...wrong.call, arch: audit, number: part.first } };
    }
    return undefined;
  }

  /** Where it takes more than two bounds to follow the number: the whole program, for calls of these numbers. */
  #checkFromStart({ first, last, meaning }: MeantRange, audit: number): Counterexample | undefined {
    const diagrams = this.#diagrams;
    const found = this.#returned.from(0);
    for (const part of splitAtGatedCalls(first, last, meaning.abi)) {
      const isPart = diagrams.both(archIs(audit, diagrams), numberWithin(part.first, part.last, diagrams));
      const meant = this.#meaning(meaning);
      const inside = diagrams.choose(isPart, found, FALSE);
      const wrong = this.#compare(inside, part.isGated ? this.#gated(inside, meant, isPart) : meant, isPart);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  /** Looks for a call with `isAsked` that two diagrams decide differently. */
  #compare(found: Diagram, meant: Diagram, isAsked: Diagram = TRUE): Counterexample | undefined {
    const within = (diagram: Diagram) => this.#diagrams.choose(isAsked, diagram, FALSE);
    const difference = this.#diagrams.difference(within(found), within(meant));
    if (difference === undefined) return undefined;
    return { call: callFromBits(difference.ones), returned: difference.a, meant: actionOf(difference.b) };
  }

  /** What a call that may have a gate is to return: if `found` has one, the call goes through with the gate's whole value. */
  #gated(found: Diagram, meant: Diagram, isAsked: Diagram = TRUE): Diagram {
    const plain = this.#diagrams.choose(isAsked, meant, FALSE);
    if (found === plain) return meant;
    const through = this.#diagrams.constant(returnValue({ kind: 'allow' }));
    return this.#diagrams.choose(gateDiagram(this.#diagrams), through, meant);
  }

  #meaning(meaning: NumberMeaning): Diagram {
    const known = this.#meant.get(meaning.key);
    if (known !== undefined) return known;
    const made = meaningDiagram(meaning, this.#diagrams);
    this.#meant.set(meaning.key, made);
    return made;
  }

  /** Says which syscall it is whose rules take too long to be followed. */
  #named<Result>({ first, meaning: { abi } }: MeantRange, check: () => Result): Result {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof TooManySteps) || abi === undefined) throw error;
      const name = syscallName(abi.name, first) ?? `syscall ${first}`;
      throw fromCaller(new TooManySteps(`${error.message}: ${name} on ${abi.name}`, { cause: error }));
    }
  }
}

/** Numbers that are all gated calls, or none is. */
interface NumberPart {
  readonly first: number;
  readonly last: number;
  readonly isGated: boolean;
}

/** Tells the calls apart that a gate may be for. */
function splitAtGatedCalls(first: number, last: number, abi: Abi | undefined): readonly NumberPart[] {
  const numbers = abi === undefined ? [] : GATED_CALLS.flatMap((name) => syscallNumber(abi.name, name) ?? []);
  const parts: NumberPart[] = [];
  let next = first;
  for (const number of numbers.toSorted((a, b) => a - b)) {
    if (number < next || number > last) continue;
    if (number > next) parts.push({ first: next, last: number - 1, isGated: false });
    parts.push({ first: number, last: number, isGated: true });
    next = number + 1;
  }
  return next > Math.min(last, MAX_WORD) ? parts : [...parts, { first: next, last, isGated: false }];
}

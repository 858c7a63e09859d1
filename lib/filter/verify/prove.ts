/**
 * Proves that a filter decides as a policy does: for every ABI, for every syscall number, known or not, and for all
 * 64-bit values of all arguments. The program is followed for ranges of numbers. Where only arguments are tested, its
 * return value becomes a decision diagram, and so do the policy's decisions: equal functions have the same diagram.
 */
import { refuseIn } from '../../errors.js';
import { actionOf, returnValue } from '../../policy/action.js';
import { archIs, archIsAny, callFromBits, numberWithin } from '../../policy/diagrams/call-bits.js';
import { type Diagram, Diagrams, FALSE, TooManySteps, TRUE } from '../../policy/diagrams/decision-diagram.js';
import {
  foreignMeaning,
  type MeantRange,
  meaningDiagram,
  type NumberMeaning,
  NumberMeanings,
} from '../../policy/diagrams/policy-meanings.js';
import type { Policy } from '../../policy/policy.js';
import { readPolicy } from '../../policy/read-policy.js';
import { MAX_WORD } from '../../policy/words.js';
import type { Abi } from '../../syscalls/abi.js';
import { syscallName, syscallNumber } from '../../syscalls/table.js';
import { fromCaller } from '../../util/caller.js';
import { forJson } from '../../util/json.js';
import { decodeInstructions } from '../bpf/instruction.js';
import { type CompiledFilter, compiledOf, type Filter, GATED_CALLS, requireFilter } from '../filter.js';
import { checkProgram } from './kernel-checks.js';
import { followsInLockstep } from './lockstep.js';
import { type NumberPath, numberPaths } from './number-ranges.js';
import { gateDiagram } from './program-bits.js';
import { type CheckedProgram, ProgramDiagrams } from './program-diagrams.js';
import type { Counterexample, Proof } from './proof.js';

/**
 * Proves that a filter decides every call as a policy does, or finds a call that they decide differently.
 *
 * @param filter - A filter that `compile` returned.
 * @param given - The policy to compare with. Default: the filter's own.
 * @returns A Proof, or the first Counterexample that was found: `'call' in result` tells them apart. As JSON, arguments of its
 * call are decimal strings.
 * @throws {TypeError} if `filter` is not a Filter or `given` is not a policy.
 * @throws {RangeError} if the kernel would reject the program, or if the rules on one syscall are too intertwined to
 * be followed.
 * @example
 * import { compile, prove } from 'seccomp';
 * const result = prove(compile('docker-default'));
 * console.log('call' in result ? result.call : `proven in ${result.steps} steps`);
 */
export function prove(filter: Filter, given?: Policy): Proof | Counterexample {
  requireFilter(filter);
  const compiled = compiledOf(filter);
  const policy = given === undefined ? compiled.policy : readPolicy(given, refuseIn('policy'));
  return forJson(proveProgram(compiled, policy));
}

/** The bytes of a program, and the policy that they were compiled from. */
type Program = Pick<CompiledFilter, 'policy' | 'bytes' | 'gate'>;

/** Proves a program, as `prove` does. */
export function proveProgram(program: Program, policy: Policy = program.policy): Proof | Counterexample {
  return new Prover(policy, readProgram(program), false).prove();
}

/** Proves a program that tests all conditions in order, however intertwined the rules are. */
export function proveInLockstep(program: Program): Proof | Counterexample {
  return new Prover(program.policy, readProgram(program), true).prove();
}

function readProgram({ policy, bytes, gate }: Program): CheckedProgram {
  const endian = policy.abis.at(0)?.abi.endian ?? 'little';
  const instructions = decodeInstructions(bytes, endian);
  checkProgram(instructions, gate);
  return { instructions, gate: new Map(gate.map(({ instruction, half }) => [instruction, half])), endian };
}

class Prover {
  readonly #policy: Policy;
  readonly #program: CheckedProgram;
  /** Whether lockstep is tried before diagrams; otherwise it is tried if the diagrams grow too large. */
  readonly #isInStep: boolean;
  #diagrams = new Diagrams();
  #returned: ProgramDiagrams;
  /** The diagrams of meanings, by their keys. */
  readonly #meant = new Map<string, Diagram>();
  /** The keys of meanings that were proven in lockstep. */
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
        at === undefined ? this.#compareFrom(at, range, audit) : this.#checkFrom(at, range, audit),
      );
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  /** Checks the calls of ABIs that the policy does not list. */
  #checkForeign(audits: readonly number[]): Counterexample | undefined {
    const isForeign = this.#diagrams.not(archIsAny(audits, this.#diagrams));
    const meant = this.#meaning(foreignMeaning(this.#policy));
    for (const { first, at } of numberPaths(this.#program, audits)) {
      this.#ranges++;
      const wrong = this.#compare(this.#returned.from(at ?? 0), meant, isForeign);
      if (wrong === undefined) continue;
      return at === undefined ? wrong : { ...wrong, call: { ...wrong.call, number: first } };
    }
    return undefined;
  }

  /** Checks code that tests nothing but arguments and the gate, from `at` on. */
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

  /**
   * Drops diagrams that grew too large, to free memory for those of other syscalls. Lowers the limit on steps each
   * time.
   */
  #startAgain(): void {
    this.#steps += this.#diagrams.steps;
    this.#diagrams = new Diagrams(Math.floor(this.#diagrams.steps / 4));
    this.#returned = new ProgramDiagrams(this.#program, this.#diagrams);
    this.#meant.clear();
  }

  /**
   * Compares the code from `at` on with a meaning. Numbers that cannot be followed as a range have no `at`: the whole
   * program becomes a diagram, restricted to these numbers.
   */
  #compareFrom(
    at: number | undefined,
    { first, last, meaning }: MeantRange,
    audit: number,
  ): Counterexample | undefined {
    const diagrams = this.#diagrams;
    const found = this.#returned.from(at ?? 0);
    const meant = this.#meaning(meaning);
    if (found === meant) return undefined;
    for (const part of splitAtGatedCalls(first, last, meaning.abi)) {
      const isPart = () => diagrams.both(archIs(audit, diagrams), numberWithin(part.first, part.last, diagrams));
      const scope = at === undefined ? isPart() : TRUE;
      const inside = diagrams.choose(scope, found, FALSE);
      const wrong = this.#compare(inside, part.isGated ? this.#gated(inside, meant, scope) : meant, scope);
      if (wrong === undefined) continue;
      return at === undefined ? wrong : { ...wrong, call: { ...wrong.call, arch: audit, number: part.first } };
    }
    return undefined;
  }

  /** Finds a call for which two diagrams differ, among the calls for which `scope` is true. */
  #compare(found: Diagram, meant: Diagram, scope: Diagram = TRUE): Counterexample | undefined {
    const within = (diagram: Diagram) => this.#diagrams.choose(scope, diagram, FALSE);
    const difference = this.#diagrams.difference(within(found), within(meant));
    if (difference === undefined) return undefined;
    return { call: callFromBits(difference.ones), returned: difference.a, meant: actionOf(difference.b) };
  }

  /**
   * Returns the required results of calls that may have a gate: if `found` has one, a call with the gate's whole value
   * is allowed.
   */
  #gated(found: Diagram, meant: Diagram, scope: Diagram = TRUE): Diagram {
    const plain = this.#diagrams.choose(scope, meant, FALSE);
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

  /** Adds the name of the syscall to TooManySteps. */
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

/** Numbers that are all calls that may have a gate, or none of which is. */
interface NumberPart {
  readonly first: number;
  readonly last: number;
  readonly isGated: boolean;
}

/** Splits a range of numbers at the calls that may have a gate. */
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

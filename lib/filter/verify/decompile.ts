/** Decompiles a program to a policy. Works for every seccomp filter that decides by ABI, number and arguments. */

import { actionOf, returnValue } from '../../policy/action.js';
import { archIs, archIsAny, NUMBER, numberWithin, POINTER } from '../../policy/diagrams/call-bits.js';
import { type Diagram, Diagrams, FALSE, TooManySteps } from '../../policy/diagrams/decision-diagram.js';
import type { AbiPolicy, Action, Decision, NumberRange, Policy } from '../../policy/policy.js';
import { numbersOf } from '../../policy/policy.js';
import { ABIS, type Abi } from '../../syscalls/abi.js';
import { argumentError } from '../../util/node-error.js';
import { invalidType, invalidValue } from '../../util/option-errors.js';
import { indices } from '../../util/own-data.js';
import { structuralKey } from '../../util/structural-key.js';
import { ARCH_OFFSET, BPF, decodeInstructions, type Instruction, instructionAt, nextOf } from '../bpf/instruction.js';
import { mergeAdjacent } from '../merge-adjacent.js';
import { decisionsFrom, MOST_STEPS, numberWords } from './decision-list.js';
import { type NumberPath, numberPaths } from './number-ranges.js';
import { type CheckedProgram, ProgramDiagrams } from './program-diagrams.js';

/** The longest span of numbers that becomes entries of single numbers; a longer span becomes a range. */
const LONGEST_ENTRY = 64;

/**
 * Decompiles a seccomp filter, of this package or another, to a policy that decides every call as the filter does.
 *
 * @param bytes - The program, `struct sock_filter[]`.
 * @param endian - The byte order of the machine that the filter is for. Default `little`.
 * @returns A policy, which `compile`, `prove`, `compare` and `evaluate` accept.
 * @throws {RangeError} if no policy can decide as the program does: it has other instructions, or decides by the
 * instruction pointer or by an unknown ABI; or if it needs more than 4096 decisions on one syscall number.
 * @throws {TypeError} if `bytes` is not a Uint8Array, or `endian` is not a byte order.
 * @example
 * import { compile, decompile, evaluate } from 'seccomp';
 * const policy = decompile(compile('docker-default').bytes);
 * console.log(evaluate(policy, { arch: policy.abis[0].abi.audit, number: 0, args: [] }));
 */
export function decompile(bytes: Uint8Array, endian: Abi['endian'] = 'little'): Policy {
  if (!isUint8Array(bytes))
    throw invalidType('bytes', 'a Uint8Array of struct sock_filter, such as Filter.bytes', bytes);
  if (endian !== 'little' && endian !== 'big')
    throw invalidValue(
      'endian',
      endian,
      'must be "little" or "big", the byte order of the machine that the filter is for',
    );
  try {
    return policyOf(decodeInstructions(new Uint8Array(bytes), endian), endian);
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    throw argumentError('range', 'the tests of the filter are too intertwined');
  }
}

function policyOf(instructions: readonly Instruction[], endian: Abi['endian']): Policy {
  const tested = testedAudits(instructions);
  const known = [...ABIS.values()].filter((abi) => abi.endian === endian);
  const named = known.filter(({ audit }) => tested.has(audit));
  // A program that does not test the ABI decides all ABIs alike.
  return new Decompiler({ instructions, gate: NO_GATE, endian }).policy(named.length > 0 ? named : known.slice(0, 1));
}

/** Reads the kind of a typed array, of this realm or another; undefined for every other value. */
const kindOfArray = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get;

function isUint8Array(value: unknown): boolean {
  return kindOfArray !== undefined && Reflect.apply(kindOfArray, value, []) === 'Uint8Array';
}

const NO_GATE: CheckedProgram['gate'] = new Map();

/** Returns the AUDIT_ARCH values that the program compares the ABI with. */
function testedAudits(instructions: readonly Instruction[]): ReadonlySet<number> {
  const tested = new Set<number>();
  const reached = new Set(
    instructions.flatMap(({ code, k }, at) => (code === BPF.ld && k === ARCH_OFFSET ? [at + 1] : [])),
  );
  for (const at of reached) {
    const instruction = instructionAt(instructions, at);
    if (instruction.code === BPF.jeq) tested.add(instruction.k);
    if (instruction.code === BPF.ld || instruction.code === BPF.and) continue;
    for (const next of nextOf(instruction, at)) reached.add(next);
  }
  return tested;
}

function abiPolicy(abi: Abi, spans: readonly NumberRange[], defaultAction: Action): AbiPolicy {
  const rest = structuralKey([{ conditions: [], action: defaultAction }]);
  const own = spans.filter(({ decisions }) => decisions.length > 0 && structuralKey(decisions) !== rest);
  const isEntry = ({ first, last }: NumberRange) => last - first < LONGEST_ENTRY;
  const entries = own
    .filter(isEntry)
    .flatMap(({ first, last, decisions }) =>
      indices(last - first + 1).map((i): readonly [number, readonly Decision[]] => [first + i, decisions]),
    );
  return { abi, syscalls: new Map(entries), ranges: own.filter((span) => !isEntry(span)) };
}

/** The limit on the number of ranges that a set of numbers is split into. */
const MOST_RANGES = 4096;

class Decompiler {
  readonly #program: CheckedProgram;
  /** By instruction: the decisions of the code from there on, which only tests arguments. */
  readonly #known = new Map<number, readonly Decision[]>();
  readonly #diagrams = new Diagrams(MOST_STEPS);
  #whole: Diagram | undefined;

  constructor(program: CheckedProgram) {
    this.#program = program;
  }

  policy(abis: readonly Abi[]): Policy {
    const foreignAction = this.#foreignAction([...new Set(abis.map(({ audit }) => audit))]);
    const paths = new Map(abis.map((abi) => [abi, this.#paths(abi)]));
    const [native = []] = paths.values();
    const defaultAction = this.#longest(native) ?? foreignAction;
    const otherwise = returnValue(defaultAction);
    return {
      abis: [...paths].map(([abi, each]) => abiPolicy(abi, this.#spans(abi, each, otherwise), defaultAction)),
      defaultAction,
      foreignAction,
    };
  }

  /** The numbers of an ABI, in ranges that reach the same instruction, in order. */
  #paths(abi: Abi): readonly NumberPath[] {
    const own = numbersOf(abi);
    return numberPaths(this.#program, abi.audit)
      .flatMap(({ first, last, at }) =>
        own.map((range) => ({ first: Math.max(first, range.first), last: Math.min(last, range.last), at })),
      )
      .filter(({ first, last }) => first <= last)
      .toSorted((a, b) => a.first - b.first);
  }

  /** The action for calls of ABIs that the program does not compare with. */
  #foreignAction(audits: readonly number[]): Action {
    const ends = new Set(numberPaths(this.#program, audits).map(({ at }) => this.#returnedAt(at)));
    const [value] = ends;
    const only = ends.size === 1 && value !== undefined ? value : this.#valueExcept(audits);
    if (only === undefined)
      throw argumentError('range', 'the filter distinguishes calls of unknown ABIs, which a policy cannot do');
    return actionOf(only);
  }

  /** The return value of an instruction; undefined if it is not a return. */
  #returnedAt(at: number | undefined): number | undefined {
    const instruction = at === undefined ? undefined : this.#program.instructions.at(at);
    return instruction?.code === BPF.ret ? instruction.k : undefined;
  }

  /** The action of the longest range of numbers that always has the same one. */
  #longest(paths: readonly NumberPath[]): Action | undefined {
    const runs = mergeAdjacent(
      paths.map(({ first, last, at }) => ({ length: last + 1 - first, value: this.#returnedAt(at) })),
      (merged, next) => merged.value === next.value,
      (merged, next) => ({ ...merged, length: merged.length + next.length }),
    );
    const [best] = runs.filter(({ value }) => value !== undefined).toSorted((a, b) => b.length - a.length);
    return best?.value === undefined ? undefined : actionOf(best.value);
  }

  /** All numbers of an ABI, in ranges with the same decisions. */
  #spans({ audit }: Abi, paths: readonly NumberPath[], otherwise: number): readonly NumberRange[] {
    return mergeSpans(
      paths.flatMap((path): readonly NumberRange[] => {
        const { first, last, at } = path;
        if (at !== undefined) return [{ first, last, decisions: this.#decisionsFrom(at, otherwise) }];
        return this.#split(audit, path).map((range) => {
          const words = numberWords(audit, range.first);
          return { ...range, decisions: decisionsFrom(this.#program, 0, otherwise, words) };
        });
      }),
    );
  }

  #decisionsFrom(at: number, otherwise: number): readonly Decision[] {
    const decisions = this.#known.get(at) ?? decisionsFrom(this.#program, at, otherwise, new Map());
    this.#known.set(at, decisions);
    return decisions;
  }

  /** The diagram of the whole program, for calls that cannot be followed on their numbers alone. */
  get #returned(): Diagram {
    this.#whole ??= new ProgramDiagrams(this.#program, this.#diagrams).from(0);
    return this.#whole;
  }

  /** The return value for all ABIs except for some; undefined if there are several. */
  #valueExcept(audits: readonly number[]): number | undefined {
    const diagrams = this.#diagrams;
    const isListed = archIsAny(audits, diagrams);
    const found = diagrams.without(this.#returned, isListed);
    const value = diagrams.difference(found, FALSE)?.a ?? 0;
    return found === diagrams.without(diagrams.constant(value), isListed) ? value : undefined;
  }

  /** Splits numbers that cannot be followed as a range into ranges for which the program decides alike. */
  #split(audit: number, { first: from, last: to }: NumberPath): readonly Omit<NumberRange, 'decisions'>[] {
    const diagrams = this.#diagrams;
    const within = diagrams.both(archIs(audit, diagrams), numberWithin(from, to, diagrams));
    const parts = diagrams.partition(diagrams.both(within, this.#returned), NUMBER);
    const starts: number[] = [];
    let last: Diagram = FALSE;
    for (const part of parts.keys())
      for (const [first, rest] of diagrams.runs(part, NUMBER, POINTER)) {
        if (rest === FALSE || rest === last) continue; // Nothing is returned for other ABIs and numbers.
        last = rest;
        if (starts.push(first) > MOST_RANGES)
          throw argumentError('range', 'the filter splits the syscall numbers into too many ranges');
      }
    return starts.map((first, i) => ({ first, last: (starts.at(i + 1) ?? to + 1) - 1 }));
  }
}

/** Merges neighbors with equal decisions. */
function mergeSpans(spans: readonly NumberRange[]): readonly NumberRange[] {
  return mergeAdjacent(
    spans,
    (merged, next) =>
      merged.last + 1 === next.first && structuralKey(merged.decisions) === structuralKey(next.decisions),
    (merged, next) => ({ ...merged, last: next.last }),
  );
}

/** Decompiles a program to a policy. Works for every seccomp filter that decides by ABI, number and arguments. */

import { actionOf, returnValue } from '../../policy/action.js';
import { ALL_ARGUMENTS, type ArgumentRegion, splitRegion } from '../../policy/argument-region.js';
import type { AbiPolicy, Action, Condition, Decision, NumberRange, Policy } from '../../policy/policy.js';
import { numbersOf } from '../../policy/policy.js';
import { atLeast, MAX_WORD, type WordSet } from '../../policy/word-set.js';
import { ABIS, type Abi } from '../../syscalls/abi.js';
import { argumentError } from '../../util/node-error.js';
import { invalidType, invalidValue } from '../../util/option-errors.js';
import { has, indices } from '../../util/own-data.js';
import { structuralKey } from '../../util/structural-key.js';
import {
  ARCH_OFFSET,
  argumentAt,
  BPF,
  decodeInstructions,
  type Instruction,
  isHighHalf,
  NR_OFFSET,
} from '../bpf/instruction.js';
import { mergeAdjacent } from '../merge-adjacent.js';
import { Diagrams, TooManySteps } from './diagrams/decision-diagram.js';
import type { CheckedProgram } from './diagrams/program-diagrams.js';
import { compares, type Half, matches } from './half-conditions.js';
import { type NumberPath, numberPaths } from './number-ranges.js';
import { coverProgram } from './rule-cover.js';
import { executionPaths, jumpHolds, NUMBER_WORDS } from './symbolic-execution.js';

/** The limit on the decisions of one syscall. A program of 4096 instructions should not lead to more. */
const MOST_DECISIONS = 4096;
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
  const instructions = decodeInstructions(new Uint8Array(bytes), endian);
  const tested = testedAudits(instructions);
  const known = [...ABIS.values()].filter((abi) => abi.endian === endian);
  const named = known.filter(({ audit }) => tested.has(audit));
  // A program that does not test the ABI decides all ABIs alike.
  const abis = named.length > 0 ? named : known.slice(0, 1);
  const audits = [...new Set(abis.map(({ audit }) => audit))];
  const program = { instructions, gate: NO_GATE, endian };
  const foreignAction = foreignActionOf(program, audits);
  const tables = abis.map((abi) => ({ abi, ranges: rangesOf(program, abi) }));
  const defaultAction = longest(program, tables.at(0)?.ranges ?? []) ?? foreignAction;
  const reader = new Reader(program, returnValue(defaultAction));
  return {
    abis: tables.map(({ abi, ranges }) => abiPolicy(abi, reader.spans(abi, ranges), defaultAction)),
    defaultAction,
    foreignAction,
  };
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

/** The numbers of an ABI, in ranges that reach the same instruction, in order. */
function rangesOf(program: CheckedProgram, abi: Abi): readonly NumberPath[] {
  const own = numbersOf(abi);
  return numberPaths(program, abi.audit)
    .flatMap(({ first, last, at }) =>
      own.map((range) => ({ first: Math.max(first, range.first), last: Math.min(last, range.last), at })),
    )
    .filter(({ first, last }) => first <= last)
    .toSorted((a, b) => a.first - b.first);
}

/** Returns the AUDIT_ARCH values that the program compares the ABI with. */
function testedAudits(instructions: readonly Instruction[]): ReadonlySet<number> {
  const tested = new Set<number>();
  const seen = new Set<number>();
  const stack = instructions.flatMap(({ code, k }, at) => (code === BPF.ld && k === ARCH_OFFSET ? [at + 1] : []));
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const instruction = instructions.at(at);
    if (instruction === undefined || seen.has(at)) continue;
    seen.add(at);
    const { code, jt, jf, k } = instruction;
    if (code === BPF.ja) stack.push(at + 1 + k);
    if (code === BPF.jeq) tested.add(k);
    if (code === BPF.jeq || code === BPF.jge || code === BPF.jgt || code === BPF.jset)
      stack.push(at + 1 + jt, at + 1 + jf);
  }
  return tested;
}

function foreignActionOf(program: CheckedProgram, audits: readonly number[]): Action {
  const ends = numberPaths(program, audits).map(({ at }) => returnedAt(program, at));
  const values = ends.includes(undefined)
    ? [...executionPaths(program.instructions, { endian: program.endian, arch: audits })].map((path) => path.value)
    : ends;
  const [value, ...others] = new Set(values);
  if (value === undefined || others.length > 0)
    throw argumentError('range', 'the filter distinguishes calls of unknown ABIs, which a policy cannot do');
  return actionOf(value);
}

/** The return value of an instruction; undefined if it is not a return. */
function returnedAt({ instructions }: CheckedProgram, at: number | undefined): number | undefined {
  const instruction = at === undefined ? undefined : instructions.at(at);
  return instruction?.code === BPF.ret ? instruction.k : undefined;
}

/** The action of the longest range of numbers that always has the same one. */
function longest(program: CheckedProgram, ranges: readonly NumberPath[]): Action | undefined {
  let best = { length: 0, value: 0 };
  let run: { readonly first: number; readonly value: number | undefined } = { first: 0, value: undefined };
  for (const { first, last, at } of ranges) {
    const value = returnedAt(program, at);
    if (run.value !== value) run = { first, value };
    const length = last + 1 - run.first;
    if (value !== undefined && length > best.length) best = { length, value };
  }
  return best.length === 0 ? undefined : actionOf(best.value);
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

/** The limit on diagram steps. Higher than in prove(), because decompilation does not delay the start of a process. */
const MOST_STEPS = 5_000_000;

class Reader {
  readonly #program: CheckedProgram;
  readonly #instructions: readonly Instruction[];
  readonly #endian: Abi['endian'];
  readonly #otherwise: number;
  /** By instruction: the decisions of the code from there on, which only tests arguments. */
  readonly #covers = new Map<number, readonly Decision[]>();

  constructor(program: CheckedProgram, otherwise: number) {
    this.#program = program;
    this.#instructions = program.instructions;
    this.#endian = program.endian;
    this.#otherwise = otherwise;
  }

  /** All numbers of an ABI, in ranges with the same decisions. */
  spans(abi: Abi, ranges: readonly NumberPath[]): readonly NumberRange[] {
    return mergeSpans(
      ranges.flatMap(({ first, last, at }) => {
        const decisions = at === undefined ? undefined : this.#coverFrom(at);
        return decisions === undefined ? this.#followed(abi, first, last) : [{ first, last, decisions }];
      }),
    );
  }

  /** Returns the decisions of the code from `at` on; undefined if the diagrams grow too large. */
  #coverFrom(at: number): readonly Decision[] | undefined {
    try {
      const cover = this.#covers.get(at) ?? coverProgram(this.#program, at, this.#otherwise, new Diagrams(MOST_STEPS));
      this.#covers.set(at, cover);
      return cover;
    } catch (error) {
      if (error instanceof TooManySteps) return undefined;
      throw error;
    }
  }

  /** Decompiles numbers path by path: those that cannot be followed as a range, or whose diagrams grow too large. */
  #followed(abi: Abi, from: number, to: number): readonly NumberRange[] {
    const found = [...executionPaths(this.#instructions, { endian: this.#endian, arch: abi.audit })];
    const starts = new Set([from]);
    for (const { region } of found)
      for (const start of boundaries(region[NUMBER_WORDS])) if (from < start && start <= to) starts.add(start);
    const sorted = [...starts].toSorted((a, b) => a - b);
    return sorted.map((first, i) => ({
      first,
      last: (sorted.at(i + 1) ?? to + 1) - 1,
      decisions: this.#decisions(abi, first),
    }));
  }

  /** The decisions on one number: runs the program with this number, for all arguments. */
  #decisions(abi: Abi, number: number): readonly Decision[] {
    const list: Decision[] = [];
    const visit = (
      at: number,
      loaded: Loaded,
      conditions: readonly Condition[],
      region: readonly ArgumentRegion[],
    ): void => {
      if (region.length === 0) return; // No call takes this path.
      const instruction = this.#instructions.at(at);
      if (instruction === undefined) throw argumentError('range', `the filter runs past its end at ${at}`);
      const { code, jt, jf, k } = instruction;
      if (code === BPF.ret) {
        list.push({ conditions, action: actionOf(k) });
        if (list.length > MOST_DECISIONS)
          throw argumentError('range', `more than ${MOST_DECISIONS} decisions on number ${number}`);
      } else if (code === BPF.ja) visit(at + 1 + k, loaded, conditions, region);
      else if (code === BPF.ld) visit(at + 1, load(k, number, abi, this.#endian), conditions, region);
      else if (code === BPF.and) visit(at + 1, and(loaded, k), conditions, region);
      else {
        const { when, yes, no } = alternatives(instruction, loaded, at + 1 + jt, at + 1 + jf);
        let rest = region;
        for (const condition of when) {
          visit(
            yes,
            loaded,
            [...conditions, condition],
            rest.flatMap((part) => splitRegion(part, condition).yes),
          );
          rest = rest.flatMap((part) => splitRegion(part, condition).no);
        }
        // Calls that meet a condition have been decided above: the first decision that holds applies.
        visit(no, loaded, conditions, rest);
      }
    };
    visit(0, { constant: 0 }, [], [ALL_ARGUMENTS]);
    return list;
  }
}

/** The accumulator: a constant, or one half of an argument, ANDed with `mask`. */
type Loaded = { readonly constant: number } | Half;

function load(offset: number, number: number, abi: Abi, endian: Abi['endian']): Loaded {
  if (offset === NR_OFFSET) return { constant: number };
  if (offset === ARCH_OFFSET) return { constant: abi.audit };
  const index = argumentAt(offset);
  if (index === undefined)
    throw argumentError('range', 'the filter tests the instruction pointer, which a policy cannot do');
  return { index, isHigh: isHighHalf(offset, endian), mask: MAX_WORD };
}

function and(loaded: Loaded, mask: number): Loaded {
  if (has(loaded, 'constant')) return { constant: (loaded.constant & mask) >>> 0 };
  return { ...loaded, mask: (loaded.mask & mask) >>> 0 };
}

/** A branch as a list of conditions. If one of them holds, `yes` is next, else `no`. */
function alternatives(instruction: Instruction, loaded: Loaded, jt: number, jf: number) {
  const { code, k } = instruction;
  if (has(loaded, 'constant')) return { when: [], yes: jt, no: jumpHolds(loaded.constant, instruction) ? jt : jf };
  const { mask } = loaded;
  switch (code) {
    case BPF.jset:
      return { when: [matches(loaded, { mask: (mask & k) >>> 0, bits: 0 })], yes: jf, no: jt };
    case BPF.jeq:
      return { when: (k & ~mask) === 0 ? [matches(loaded, { mask, bits: k })] : [], yes: jt, no: jf };
    case BPF.jgt:
      return { when: k === MAX_WORD ? [] : isAtLeast(loaded, k + 1), yes: jt, no: jf };
    default:
      return { when: isAtLeast(loaded, k), yes: jt, no: jf };
  }
}

/** The alternative conditions for a half of at least `bound`. */
function isAtLeast(half: Half, bound: number): readonly Condition[] {
  if (half.mask === MAX_WORD) return [compares(half, 'ge', bound)];
  return atLeast(half.mask, bound).map((pattern) => matches(half, pattern));
}

/** The bounds of the ranges that a set of numbers consists of. */
function* boundaries(words: WordSet | undefined): Generator<number> {
  if (words === undefined) return;
  const { low, high, pattern, not } = words;
  yield low;
  if (high < MAX_WORD) yield high + 1;
  for (const { mask, bits } of [pattern, ...not]) {
    // An excluded pattern only matters where it overlaps the set's own pattern.
    const both = mask & pattern.mask;
    if ((bits & both) === (pattern.bits & both)) yield* blocks(words, mask | pattern.mask, bits | pattern.bits);
  }
}

/** The limit on the number of ranges that a set of numbers is split into. */
const MOST_BLOCKS = 4096;

/** The first number of each block of numbers with (number & mask) = bits, and the first number after it. */
function* blocks({ low, high }: WordSet, mask: number, bits: number): Generator<number> {
  if (mask === 0) return;
  const step = (mask & -mask) >>> 0;
  if ((high - low) / step <= MOST_BLOCKS) {
    for (let start = Math.ceil(low / step) * step; start <= high; start += step) yield start;
    return;
  }
  const free = ~(mask | (step - 1)) >>> 0;
  let count = 0;
  // Counts down through all combinations of the free bits, to 0.
  for (let some = free; ; some = ((some - 1) & free) >>> 0) {
    if (++count > MOST_BLOCKS)
      throw argumentError(
        'range',
        `the mask 0x${(mask >>> 0).toString(16)} splits the syscall numbers into too many ranges`,
      );
    const start = (bits | some) >>> 0;
    yield start;
    if (start + step <= MAX_WORD) yield start + step;
    if (some === 0) return;
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

/** Decompiles a program to a policy. Works for every seccomp filter that decides by ABI, number and arguments. */

import { actionOf, returnValue } from '../../policy/action.js';
import type { AbiPolicy, Action, Decision, NumberRange, Policy } from '../../policy/policy.js';
import { numbersOf } from '../../policy/policy.js';
import { MAX_WORD, type WordSet } from '../../policy/word-set.js';
import { ABIS, type Abi } from '../../syscalls/abi.js';
import { argumentError } from '../../util/node-error.js';
import { invalidType, invalidValue } from '../../util/option-errors.js';
import { indices } from '../../util/own-data.js';
import { structuralKey } from '../../util/structural-key.js';
import { ARCH_OFFSET, BPF, decodeInstructions, type Instruction } from '../bpf/instruction.js';
import { mergeAdjacent } from '../merge-adjacent.js';
import { decisionsFrom, numberWords } from './decision-list.js';
import { type NumberPath, numberPaths } from './number-ranges.js';
import type { CheckedProgram } from './program-diagrams.js';
import { executionPaths, NUMBER_WORDS } from './symbolic-execution.js';

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

class Reader {
  readonly #program: CheckedProgram;
  readonly #otherwise: number;
  /** By instruction: the decisions of the code from there on, which only tests arguments. */
  readonly #known = new Map<number, readonly Decision[]>();

  constructor(program: CheckedProgram, otherwise: number) {
    this.#program = program;
    this.#otherwise = otherwise;
  }

  /** All numbers of an ABI, in ranges with the same decisions. */
  spans(abi: Abi, ranges: readonly NumberPath[]): readonly NumberRange[] {
    return mergeSpans(
      ranges.flatMap(({ first, last, at }) =>
        at === undefined ? this.#followed(abi, first, last) : [{ first, last, decisions: this.#decisionsFrom(at) }],
      ),
    );
  }

  #decisionsFrom(at: number): readonly Decision[] {
    const decisions = this.#known.get(at) ?? decisionsFrom(this.#program, at, this.#otherwise, new Map());
    this.#known.set(at, decisions);
    return decisions;
  }

  /** Decompiles numbers that cannot be followed as a range. */
  #followed(abi: Abi, from: number, to: number): readonly NumberRange[] {
    const { instructions, endian } = this.#program;
    const starts = new Set([from]);
    for (const { region } of executionPaths(instructions, { endian, arch: abi.audit }))
      for (const start of boundaries(region[NUMBER_WORDS])) if (from < start && start <= to) starts.add(start);
    const sorted = [...starts].toSorted((a, b) => a - b);
    return sorted.map((first, i) => ({
      first,
      last: (sorted.at(i + 1) ?? to + 1) - 1,
      decisions: decisionsFrom(this.#program, 0, this.#otherwise, numberWords(abi.audit, first)),
    }));
  }
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

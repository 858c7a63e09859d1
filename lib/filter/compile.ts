/**
 * Compiles a policy to a filter. The program tests the ABI first, then finds the range of the syscall number in a
 * comparison tree, and loads arguments only for syscalls with argument rules.
 */

import { SeccompError } from '../errors.js';
import { type AttachFlag, isAllowing, returnValue } from '../policy/action.js';
import { TooManySteps } from '../policy/diagrams/decision-diagram.js';
import {
  type AbiPolicy,
  type Decision,
  decisionsOf,
  fill,
  type NumberRange,
  numberSpans,
  type Policy,
  rangesOf,
  sortedNumbers,
} from '../policy/policy.js';
import type { Abi } from '../syscalls/abi.js';
import { syscallNumber, syscallsOf } from '../syscalls/table.js';
import { argumentError } from '../util/node-error.js';
import { has, own } from '../util/own-data.js';
import { assemble } from './bpf/assemble.js';
import { GraphBuilder, type GraphNode } from './bpf/graph.js';
import {
  ARCH_OFFSET,
  decodeInstructions,
  encodeInstructions,
  gateHalfOffset,
  MAX_INSTRUCTIONS,
  NR_OFFSET,
} from './bpf/instruction.js';
import { type CompiledFilter, type Filter, filterOf } from './filter.js';
import { compileDecisions, compileDecisionsInOrder } from './optimize/argument-rules.js';
import {
  buildNumberTree,
  type EmulatedNumbers,
  mergeStarts,
  NONE_EMULATED,
  type OutcomeRange,
} from './optimize/number-tree.js';
import { buildSharedTree } from './optimize/number-tree-x32.js';
import { largestSyscalls, type SyscallPart } from './optimize/size-report.js';
import { lookupPrecompiled } from './precompiled/lookup.js';
import type { Counterexample, Proof } from './verify/proof.js';
import { proveInLockstep, proveProgram } from './verify/prove.js';

export interface FilterOptions {
  /**
   * Native syscalls that a call with the exec gate's value may make although the policy denies them; see
   * docs/reference/how-it-works.md#the-exec-gate. Default none. The value is in arguments 3 to 5, so these must be syscalls with at most three
   * arguments.
   */
  readonly gate?: readonly string[];
  /** Whether to prove the program. Default true. */
  readonly prove?: boolean;
  /** The flags with which the filter is attached. Default none. */
  readonly flags?: readonly AttachFlag[];
}

/** The 32-bit words of the gate's value: two for each of the arguments 3, 4 and 5. */
const GATE_HALVES = [0, 1, 2, 3, 4, 5] as const;

/** Compiles a policy to a Filter, as `compileFilter` does. */
export function compilePolicy(policy: Policy, options: FilterOptions = {}): Filter {
  return filterOf(compileFilter(policy, options));
}

/**
 * Compiles `policy`.
 * @throws {SeccompError} ERR_SECCOMP_TOO_LARGE if the program is longer than the kernel accepts, or its rules are too
 * intertwined to be proven; ERR_SECCOMP_PROOF if the program does not decide as the policy does, which is a bug of
 * this package.
 */
export function compileFilter(policy: Policy, options: FilterOptions = {}): CompiledFilter {
  const { gate: opened = [], prove: shouldProve = true, flags = [] } = own(options);
  const [native] = policy.abis;
  if (native === undefined) throw argumentError('range', 'a policy needs at least one ABI');
  const other = policy.abis.find(({ abi }) => abi.endian !== native.abi.endian);
  if (other !== undefined) throw differentByteOrder(other.abi, native.abi);
  const gated = new Set(opened.flatMap((name) => syscallNumber(native.abi.name, name) ?? []));
  if (!shouldProve) return { ...build(policy, gated, compileDecisions).program, flags, proof: null };
  const precompiled = [...gated].every((number) => isOpen(policy, number)) ? lookupProven(policy) : undefined;
  return { ...(precompiled ?? compileProven(policy, gated)), flags };
}

function differentByteOrder(abi: Abi, native: Abi): SeccompError {
  const message = `${abi.name} has a different byte order from the native ABI, ${native.name}: no filter covers both`;
  return new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
}

/** A compiled policy, without what its callers add. */
type Proven = Omit<CompiledFilter, 'flags'>;
type Program = Omit<Proven, 'proof'>;

/** Compiles a policy. The native numbers in `gated` get a gate if the policy does not always allow them. */
function build(
  policy: Policy,
  gated: ReadonlySet<number>,
  how: typeof compileDecisions,
): { readonly program: Program; readonly parts: readonly SyscallPart[] } {
  const compiler = new Compiler(policy, gated, how);
  const { instructions, gate } = assemble(compiler.root());
  const { parts } = compiler;
  if (instructions.length > MAX_INSTRUCTIONS) throw tooLong(instructions.length, parts);
  const bytes = encodeInstructions(instructions, policy.abis.at(0)?.abi.endian ?? 'little');
  return { program: { policy, instructions, bytes, gate }, parts };
}

function compileProven(policy: Policy, gated: ReadonlySet<number>): Proven {
  const { program, parts } = build(policy, gated, compileDecisions);
  try {
    return { ...program, proof: requireProof(proveProgram(program)) };
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    return compileInOrder(policy, gated, tooIntertwined(error, parts));
  }
}

/**
 * Compiles the conditions in their order. The program is longer, and can be proven however intertwined the rules are.
 * @throws {SeccompError} `refusal`, if this program is too long, or can't be proven either.
 */
function compileInOrder(policy: Policy, gated: ReadonlySet<number>, refusal: SeccompError): Proven {
  try {
    const { program } = build(policy, gated, compileDecisionsInOrder);
    return { ...program, proof: requireProof(proveInLockstep(program)) };
  } catch (error) {
    const isTooLarge = error instanceof SeccompError && error.code === refusal.code;
    throw isTooLarge || error instanceof TooManySteps ? refusal : error;
  }
}

/** Returns the precompiled program of a policy, if there is one and it is proven to decide as the policy does. */
function lookupProven(policy: Policy): Proven | undefined {
  const bytes = lookupPrecompiled(policy);
  const [native] = policy.abis;
  if (bytes === undefined || native === undefined) return undefined;
  const instructions = decodeInstructions(bytes, native.abi.endian);
  const program = { policy, instructions, bytes, gate: [] };
  const proof = proveProgram(program);
  return has(proof, 'call') ? undefined : { ...program, proof };
}

/** Whether the policy allows a native syscall for all arguments, so that it needs no gate. */
function isOpen({ abis: [native], defaultAction }: Policy, number: number): boolean {
  const [first] = native === undefined ? [] : decisionsOf(native, number);
  if (first !== undefined && first.conditions.length > 0) return false;
  return isAllowing(first?.action ?? defaultAction);
}

function tooLong(length: number, parts: readonly SyscallPart[]): SeccompError {
  const over = `${length - MAX_INSTRUCTIONS} more than the ${MAX_INSTRUCTIONS} that the kernel accepts`;
  const message =
    `the filter has ${length} instructions, ${over}: use fewer argument rules${largestPartsHint(parts)}, ` +
    'or fewer ABIs (architectures, archMap)';
  return new SeccompError('ERR_SECCOMP_TOO_LARGE', message);
}

function largestPartsHint(parts: readonly SyscallPart[]): string {
  const names = largestSyscalls(parts);
  return names === '' ? '' : `; most are for ${names}`;
}

/** @throws {SeccompError} ERR_SECCOMP_PROOF if a call is decided differently. */
function requireProof(result: Proof | Counterexample): Proof {
  if (!has(result, 'call')) return result;
  const { call, returned, meant } = result;
  const where = `syscall ${call.number} of ABI 0x${call.arch.toString(16)} with arguments ${call.args.join(', ')}`;
  const what = `returns 0x${returned.toString(16)}, but the policy's action is ${meant.kind}`;
  throw new SeccompError(
    'ERR_SECCOMP_PROOF',
    `the compiled filter ${what}, for ${where}: please report this with the profile`,
  );
}

function tooIntertwined(error: TooManySteps, parts: readonly SyscallPart[]): SeccompError {
  const message =
    `the filter can't be proven (${error.message}): ` +
    `use fewer argument rules on one syscall${largestPartsHint(parts)}`;
  return new SeccompError('ERR_SECCOMP_TOO_LARGE', message, { cause: error });
}

/** The limit on the size of an ABI's table. arm's private syscalls are farther from its first number than this. */
const TABLE_SIZE = 1024;

/**
 * The numbers that the kernel emulates: the table of an ABI, which ends with its newest syscall. The kernel may know
 * newer ones than this package. It has no table of x32.
 */
function emulatedNumbers(abis: readonly AbiPolicy[]): EmulatedNumbers {
  const numbers = abis.flatMap(({ abi }) => (abi.name === 'x32' ? [] : [...syscallsOf(abi.name).values()]));
  if (numbers.length === 0) return NONE_EMULATED;
  const first = Math.min(...numbers);
  return { first, end: Math.max(...numbers.filter((number) => number < first + TABLE_SIZE)) + 1 };
}

class Compiler {
  readonly #builder = new GraphBuilder();
  readonly #policy: Policy;
  /** Every syscall that has decisions of its own. Complete when the root has been made. */
  readonly parts: SyscallPart[] = [];
  readonly #gated: ReadonlySet<number>;
  readonly #decide: typeof compileDecisions;

  constructor(policy: Policy, gated: ReadonlySet<number>, how: typeof compileDecisions) {
    this.#policy = policy;
    this.#gated = gated;
    this.#decide = how;
  }

  /** Tests the ABI, the native one first. */
  root(): GraphNode {
    const audits = new Set(this.#policy.abis.map(({ abi }) => abi.audit));
    const foreign = this.#builder.return(returnValue(this.#policy.foreignAction));
    const dispatch = [...audits].reduceRight<GraphNode>(
      (no, audit) => this.#builder.branch('jeq', audit, this.#numbers(audit), no),
      foreign,
    );
    return dispatch === foreign ? foreign : this.#builder.load(ARCH_OFFSET, dispatch);
  }

  /** Tests the number, for the ABIs that share an AUDIT_ARCH. */
  #numbers(audit: number): GraphNode {
    const abis = this.#policy.abis.filter(({ abi }) => abi.audit === audit);
    const ranges = this.#ranges(abis);
    const emulated = emulatedNumbers(abis);
    const tree =
      abis.length > 1
        ? buildSharedTree(ranges, emulated, this.#builder)
        : buildNumberTree(ranges, emulated, this.#builder);
    return ranges.length === 1 ? tree : this.#builder.load(NR_OFFSET, tree);
  }

  #ranges(abis: readonly AbiPolicy[]): readonly OutcomeRange[] {
    const entries = new Map(abis.map((abi) => [abi, this.#outcomes(abi)]));
    const ranges = numberSpans(abis).flatMap(({ first, last, policy }): readonly OutcomeRange[] => {
      if (policy === undefined)
        return [{ start: first, outcome: this.#builder.return(returnValue(this.#policy.foreignAction)) }];
      return fill(first, last, rangesOf(policy)).flatMap((range) =>
        this.#within(range, policy, entries.get(policy) ?? []),
      );
    });
    return mergeStarts(ranges);
  }

  /** The outcomes of a range of numbers, in order: those of its entries, and that of all other numbers. */
  #within(
    { first, last, decisions }: NumberRange,
    { abi }: AbiPolicy,
    entries: readonly OutcomeRange[],
  ): readonly OutcomeRange[] {
    const rest = this.#decide(decisions, this.#policy.defaultAction, abi, this.#builder);
    const own = entries.filter(({ start }) => start >= first && start <= last);
    const all = [
      { start: first, outcome: rest },
      ...own.flatMap((entry) => [entry, { start: entry.start + 1, outcome: rest }]),
    ];
    return all.filter(({ start }, i) => start <= last && start !== all.at(i + 1)?.start);
  }

  /** The outcomes of numbers with an entry of their own, in order. */
  #outcomes(policy: AbiPolicy): readonly OutcomeRange[] {
    const gated = policy === this.#policy.abis.at(0) ? this.#gated : new Set<number>();
    // All syscalls of an unconditional rule share one list.
    const known = new Map<readonly Decision[], GraphNode>();
    return sortedNumbers(policy, gated).map((start) => {
      const decisions = policy.syscalls.get(start) ?? decisionsOf(policy, start);
      const outcome =
        known.get(decisions) ?? this.#decide(decisions, this.#policy.defaultAction, policy.abi, this.#builder);
      known.set(decisions, outcome);
      this.parts.push({ abi: policy.abi.name, number: start, outcome });
      return { start, outcome: gated.has(start) ? this.#gate(outcome, policy.abi) : outcome };
    });
  }

  /**
   * Adds the exec gate: allows a call that carries the gate's value, and continues with `denied` for all others. Adds
   * nothing if all calls are allowed.
   */
  #gate(denied: GraphNode, { endian }: Abi): GraphNode {
    const builder = this.#builder;
    const through = builder.return(returnValue({ kind: 'allow' }));
    if (denied === through || denied === builder.return(returnValue({ kind: 'log' }))) return denied;
    return GATE_HALVES.reduceRight<GraphNode>(
      (yes, half) => builder.load(gateHalfOffset(half, endian), builder.branch('jeq', 0, yes, denied, half)),
      through,
    );
  }
}

/** The policy: what is decided for each syscall number of each ABI. No names, no JSON, no capabilities. */
import { type Abi, type AbiName, X32_BIT } from '../syscalls/abi.js';

/** What the kernel does with a call. Source: seccomp(2). */
export type Action =
  | { readonly kind: 'allow' | 'log' | 'notify' | 'kill-thread' | 'kill-process' }
  /** SIGSYS, whose si_errno is `data` (16 bits; default 0), by which other people's programs tell their traps apart. */
  | { readonly kind: 'trap'; readonly data?: number }
  /** The call fails with `errno` (0 to 4095) and is not carried out. */
  | { readonly kind: 'errno'; readonly errno: number }
  /** A tracer is told `message` (16 bits). */
  | { readonly kind: 'trace'; readonly message: number };

export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** One comparison of an argument's low `width` bits, unsigned. Values and masks fit the width. */
export type Condition = {
  /** Which argument, 0 to 5. */
  readonly index: number;
  /** How many low bits of the register the kernel reads; the others are not compared. */
  readonly width: 16 | 32 | 64;
  readonly value: bigint;
} & ({ readonly op: Comparison } | { readonly op: 'masked-eq'; readonly mask: bigint });

/** An action, taken if all conditions hold. */
export interface Decision {
  readonly conditions: readonly Condition[];
  readonly action: Action;
  /** The index in its profile of the rule that made it. Has no effect on what is decided. */
  readonly rule?: number | undefined;
}

export interface AbiPolicy {
  readonly abi: Abi;
  /** For each syscall number (32 bits, unsigned), the decisions in order: the first one whose conditions hold is taken. */
  readonly syscalls: ReadonlyMap<number, readonly Decision[]>;
  /** What is decided for numbers that are not in `syscalls`: sorted and disjoint ranges. Default none. */
  readonly ranges?: readonly NumberRange[] | undefined;
}

/** Syscall numbers from `first` to `last`, both included. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
  readonly decisions: readonly Decision[];
}

export interface Policy {
  /** The native ABI first. */
  readonly abis: readonly AbiPolicy[];
  /** For a call that no decision takes. */
  readonly defaultAction: Action;
  /** For a call of an ABI that is not listed. */
  readonly foreignAction: Action;
}

/** A syscall as a filter sees it: `struct seccomp_data`. */
export interface Call {
  /** AUDIT_ARCH_*, 32 bits. */
  readonly arch: number;
  /** 32 bits, unsigned: −1 is 0xffffffff. */
  readonly number: number;
  /** Six registers of 64 bits. */
  readonly args: readonly bigint[];
  /** Where it was made, 64 bits. Policies don't look at it; other people's filters may. Default 0. */
  readonly instructionPointer?: bigint;
}

/** The ranges of numbers that an ABI's policy decides; none if it lacks the property. */
export function rangesOf(policy: AbiPolicy): readonly NumberRange[] {
  return Object.hasOwn(policy, 'ranges') ? (policy.ranges ?? []) : [];
}

/** What is decided for a number, in order; nothing: the default. */
export function decisionsOf(policy: AbiPolicy, number: number): readonly Decision[] {
  const ranges = rangesOf(policy);
  return (
    policy.syscalls.get(number) ?? ranges.find(({ first, last }) => first <= number && number <= last)?.decisions ?? []
  );
}

/** The numbers that an ABI has decisions for, in order; and more, if given. A typed array sorts without a comparator. */
export function sortedNumbers({ syscalls }: AbiPolicy, more: Iterable<number> = []): readonly number[] {
  const numbers = [...syscalls.keys()];
  for (const number of more) if (!syscalls.has(number)) numbers.push(number);
  return Array.from(Uint32Array.from(numbers).sort());
}

/** The numbers of an AUDIT_ARCH that belong to one ABI; to none that is decided, if `policy` is undefined. */
export interface NumberSpan {
  readonly first: number;
  readonly last: number;
  readonly policy: AbiPolicy | undefined;
}

/** Shares all numbers out among the ABIs of one AUDIT_ARCH: x86_64 and x32 as isX32() says, any other has them all. */
export function numberSpans(abis: readonly AbiPolicy[]): readonly NumberSpan[] {
  const named = (name: AbiName) => abis.find(({ abi }) => abi.name === name);
  const x86_64 = named('x86_64');
  const x32 = named('x32');
  if (x86_64 === undefined && x32 === undefined) return [{ first: 0, last: 0xffff_ffff, policy: abis.at(0) }];
  return [
    { first: 0, last: X32_BIT - 1, policy: x86_64 },
    { first: X32_BIT, last: 0xffff_fffe, policy: x32 },
    { first: 0xffff_ffff, last: 0xffff_ffff, policy: x86_64 },
  ];
}

/** The numbers of its AUDIT_ARCH that are an ABI's own. */
export function numbersOf({ name }: Abi): readonly Omit<NumberRange, 'decisions'>[] {
  const x32 = { first: X32_BIT, last: 0xffff_fffe };
  if (name === 'x32') return [x32];
  const all = { first: 0, last: 0xffff_ffff };
  return name === 'x86_64'
    ? [
        { ...all, last: X32_BIT - 1 },
        { ...all, first: 0xffff_ffff },
      ]
    : [all];
}

/** Covers `first` to `last` without a gap: the ranges in it, and between them ranges without decisions. */
export function fill(first: number, last: number, ranges: readonly NumberRange[]): readonly NumberRange[] {
  const filled: NumberRange[] = [];
  let next = first;
  for (const range of ranges) {
    const from = Math.max(range.first, next);
    const to = Math.min(range.last, last);
    if (from > to) continue;
    if (from > next) filled.push({ first: next, last: from - 1, decisions: [] });
    filled.push({ first: from, last: to, decisions: range.decisions });
    next = to + 1;
  }
  return next > last ? filled : [...filled, { first: next, last, decisions: [] }];
}

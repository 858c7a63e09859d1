/**
 * The policy: the action for each call, by ABI and syscall number. It has no names of syscalls, no JSON and no
 * capabilities; `resolve` makes it from a profile and a host.
 */
import { type Abi, type AbiName, X32_BIT } from '../syscalls/abi.js';

/** What the kernel does with a call. Source: seccomp(2). */
export type Action =
  | { readonly kind: 'allow' | 'log' | 'notify' | 'kill-thread' | 'kill-process' }
  /** Sends SIGSYS with `data` in si_errno (16 bits; default 0), by which a program distinguishes its own traps. */
  | { readonly kind: 'trap'; readonly data?: number }
  /** The call fails with `errno` (0 to 4095) and is not executed. */
  | { readonly kind: 'errno'; readonly errno: number }
  /** A tracer receives `message` (16 bits). */
  | { readonly kind: 'trace'; readonly message: number };

export type ComparisonOperator = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/**
 * A comparison of the low `width` bits of an argument, which are read as an unsigned number. `value` and `mask` fit the
 * width. `masked-eq` compares the argument and `value` under `mask`.
 */
export type Condition = {
  /** Which argument, 0 to 5. */
  readonly index: number;
  /** How many low bits of the register the kernel reads. The other bits are not compared. */
  readonly width: 16 | 32 | 64;
  readonly value: bigint;
} & ({ readonly op: ComparisonOperator } | { readonly op: 'masked-eq'; readonly mask: bigint });

/** An action, taken if all conditions hold. */
export interface Decision {
  /** The conditions. Without any, the action is always taken. */
  readonly conditions: readonly Condition[];
  /** The action. */
  readonly action: Action;
  /**
   * Provenance: the index, in the profile's list of rules, of the rule that made the decision. Undefined or absent if
   * no rule made it. `resolve` sets it and `explain` reads it. It has no effect on the meaning of the decision, nor on
   * the compiled program. `intersect` and `union` drop it, because with two profiles an index does not identify a rule.
   */
  readonly rule?: number | undefined;
}

export interface AbiPolicy {
  readonly abi: Abi;
  /** Syscall number (32 bits, unsigned) → decisions in order. The first one whose conditions all hold is taken. */
  readonly syscalls: ReadonlyMap<number, readonly Decision[]>;
  /** Decisions for numbers that are not in `syscalls`: ranges in ascending order that do not overlap. Default none. */
  readonly ranges?: readonly NumberRange[] | undefined;
}

/** Syscall numbers from `first` to `last`, both included. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
  readonly decisions: readonly Decision[];
}

/** The action for each call, as `resolve` makes it from a profile. Policies can be compared, combined and compiled. */
export interface Policy {
  /** The native ABI first. */
  readonly abis: readonly AbiPolicy[];
  /** For a call that no decision takes. */
  readonly defaultAction: Action;
  /** For a call of an ABI that is not listed. */
  readonly foreignAction: Action;
}

/** A syscall as a filter sees it: `struct seccomp_data`. */
export interface PolicyCall {
  /** AUDIT_ARCH_*, 32 bits. */
  readonly arch: number;
  /** Syscall number, 32 bits, unsigned: −1 is 0xffffffff. */
  readonly number: number;
  /** Six registers of 64 bits. */
  readonly args: readonly bigint[];
  /** Address of the instruction after the call, 64 bits. Policies ignore it; filters may read it. Default 0. */
  readonly instructionPointer?: bigint;
}

/** The number ranges of an ABI's policy; empty if it has none. */
export function rangesOf(policy: AbiPolicy): readonly NumberRange[] {
  return Object.hasOwn(policy, 'ranges') ? (policy.ranges ?? []) : [];
}

/** The index of the rule that made a decision; undefined if no rule did. */
export function ruleOf(decision: Decision): number | undefined {
  return Object.hasOwn(decision, 'rule') ? decision.rule : undefined;
}

/** The decisions for a syscall number, in order; empty if only the default action applies. */
export function decisionsOf(policy: AbiPolicy, number: number): readonly Decision[] {
  const ranges = rangesOf(policy);
  return (
    policy.syscalls.get(number) ?? ranges.find(({ first, last }) => first <= number && number <= last)?.decisions ?? []
  );
}

/** The numbers that have an entry in an ABI's policy, and those in `more`, in ascending order. */
export function sortedNumbers({ syscalls }: AbiPolicy, more: Iterable<number> = []): readonly number[] {
  const numbers = [...syscalls.keys()];
  for (const number of more) if (!syscalls.has(number)) numbers.push(number);
  // A typed array sorts numbers without a comparator.
  return Array.from(Uint32Array.from(numbers).sort());
}

/** Numbers of one AUDIT_ARCH that belong to one ABI. `policy` is undefined if that ABI is not listed in the policy. */
export interface NumberSpan {
  readonly first: number;
  readonly last: number;
  readonly policy: AbiPolicy | undefined;
}

/**
 * Divides all 32-bit numbers among the ABIs of one AUDIT_ARCH. x86_64 and x32 share one, and isX32() distinguishes
 * their numbers; every other ABI has an AUDIT_ARCH of its own.
 */
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

/** The numbers that belong to an ABI, out of all numbers of its AUDIT_ARCH. */
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

/** Covers `first` to `last` without gaps: the given ranges, clipped, and ranges without decisions between them. */
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

/** The policy: what is decided for each syscall number of each ABI. No names, no JSON, no capabilities. */
import type { Abi } from '../syscalls/abi.js';

/** What the kernel does with a call. Source: seccomp(2). */
export type Action =
  | { readonly kind: 'allow' | 'log' | 'trap' | 'notify' | 'kill-thread' | 'kill-process' }
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
}

export interface AbiPolicy {
  readonly abi: Abi;
  /** For each syscall number (32 bits, unsigned), the decisions in order: the first one whose conditions hold is taken. */
  readonly syscalls: ReadonlyMap<number, readonly Decision[]>;
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

/** Bit 30 of a number, which tells x32 from x86_64. Source: __X32_SYSCALL_BIT, asm/unistd.h. */
export const X32_BIT = 0x4000_0000;

/**
 * Tells whether a call with an x86_64 AUDIT_ARCH is an x32 call. −1 is not: it is what a tracer writes to skip a call.
 */
export function isX32(number: number): boolean {
  return number >= X32_BIT && number !== 0xffff_ffff;
}

/** The numbers that an ABI has decisions for, in order; and more, if given. A typed array sorts without a comparator. */
export function sortedNumbers({ syscalls }: AbiPolicy, more: Iterable<number> = []): readonly number[] {
  return Array.from(Uint32Array.from(new Set([...syscalls.keys(), ...more])).sort());
}

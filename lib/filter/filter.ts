/** The filter: a compiled program with what is known about it. */
import { SeccompError } from '../errors.js';
import type { Policy } from '../policy/policy.js';
import type { AbiName } from '../syscalls/abi.js';
import type { GateSite } from './assemble.js';
import type { Instruction } from './instruction.js';
import type { Proof } from './prove.js';

/**
 * Calls that an exec gate may be for: execve, the ways to end if it fails, seccomp, which puts the next filter on, and
 * sendmsg, which hands a listener over. At most three arguments each.
 */
export const GATED_CALLS: readonly string[] = ['execve', 'exit', 'exit_group', 'seccomp', 'sendmsg'];

/** What a profile may ask of the kernel when the filter is put on: SECCOMP_FILTER_FLAG_* of seccomp(2). */
export type AttachFlag = 'LOG' | 'SPEC_ALLOW';

/** A classic-BPF program that carries out `policy`. Immutable; may be put on any number of processes. */
export class Filter {
  readonly policy: Policy;
  readonly instructions: readonly Instruction[];
  readonly #bytes: Uint8Array;
  /**
   * Where the exec gate's value belongs; empty if the filter has no gate. Until somebody writes a random value there the
   * gate stands open for zeros, so only spawn and execve compile one in. See docs/exec-gate.md.
   */
  readonly gate: readonly GateSite[];
  /** What has been shown of the program, for all calls; null if it was not asked for. */
  readonly proof: Proof | null;
  /** How it is to be put on. */
  readonly flags: readonly AttachFlag[];

  /** Whether a value is a filter that this module made. */
  static is(value: unknown): value is Filter {
    return typeof value === 'object' && value !== null && #bytes in value;
  }

  constructor(
    policy: Policy,
    instructions: readonly Instruction[],
    bytes: Uint8Array,
    gate: readonly GateSite[],
    proof: Proof | null = null,
    flags: readonly AttachFlag[] = [],
  ) {
    this.policy = policy;
    this.instructions = instructions;
    this.#bytes = bytes;
    this.gate = gate;
    this.proof = proof;
    this.flags = flags;
  }

  /** The program as `struct sock_filter[]`, in the byte order of its ABIs: a copy each time. */
  get bytes(): Uint8Array {
    return this.#bytes.slice();
  }

  /** The ABIs whose calls the filter decides one by one, the native one first. */
  get abis(): readonly AbiName[] {
    return this.policy.abis.map(({ abi }) => abi.name);
  }
}

/** @throws SeccompError ERR_SECCOMP_OPTION for what is no filter. */
export function refuseOther(filter: unknown): void {
  if (Filter.is(filter)) return;
  throw new SeccompError('ERR_SECCOMP_OPTION', 'filter: must be a Filter: give what compile returns');
}

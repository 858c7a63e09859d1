/** The filter: a compiled program with what is known about it. */
import { SeccompError } from '../errors.js';
import type { AttachFlag } from '../policy/action.js';
import type { Policy } from '../policy/policy.js';
import { readPolicy } from '../policy/read-policy.js';
import type { AbiName } from '../syscalls/abi.js';
import { fromCaller } from '../util/caller.js';
import { freeze, own } from '../util/own-data.js';
import type { GateSite } from './bpf/assemble.js';
import type { Instruction } from './bpf/instruction.js';
import type { Proof } from './verify/proof.js';

/**
 * Calls that an exec gate may be for: execve, the ways to end if it fails, seccomp, which puts the next filter on, and
 * sendmsg, which hands a listener over. At most three arguments each.
 */
export const GATED_CALLS: readonly string[] = ['execve', 'exit', 'exit_group', 'seccomp', 'sendmsg'];

/** What a filter is made of. */
interface FilterParts {
  readonly policy: Policy;
  readonly instructions: readonly Instruction[];
  readonly bytes: Uint8Array;
  readonly gate?: readonly GateSite[];
  readonly proof?: Proof | null;
  readonly flags?: readonly AttachFlag[];
}

let madeHere = false;

/** Makes a filter. Only this module can, so that what is put on has come from the compiler. */
export function makeFilter(parts: FilterParts): Filter {
  madeHere = true;
  return new Filter(parts);
}

let itsPolicy: (filter: Filter) => Policy;

/** What a filter carries out, itself: not for callers, who could change it. */
export function policyOf(filter: Filter): Policy {
  return itsPolicy(filter);
}

/** A classic-BPF program that carries out `policy`. Immutable; may be put on any number of processes. */
export class Filter {
  readonly instructions: readonly Instruction[];
  readonly #policy: Policy;
  #policyForCallers: Policy | undefined;
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

  static {
    itsPolicy = (filter) => filter.#policy;
  }

  /** @internal Filters are made by compile(). */
  constructor(parts: FilterParts) {
    const isOurs = madeHere;
    madeHere = false;
    if (!isOurs) throw fromCaller(new TypeError('Illegal constructor: filters are made by compile()'));
    const { policy, instructions, bytes, gate = [], proof = null, flags = [] } = own(parts);
    this.#policy = policy;
    this.instructions = freeze(instructions);
    this.#bytes = bytes;
    this.gate = freeze(gate);
    this.proof = freeze(proof);
    this.flags = freeze(flags);
    Object.freeze(this);
  }

  /** What it carries out: a frozen copy, whose Maps are not this filter's. */
  get policy(): Policy {
    this.#policyForCallers ??= freeze(
      readPolicy(this.#policy, () => {
        throw new TypeError('a policy of ours is always one');
      }),
    );
    return this.#policyForCallers;
  }

  /** The program as `struct sock_filter[]`, in the byte order of its ABIs: a copy each time. */
  get bytes(): Uint8Array {
    return this.#bytes.slice();
  }

  /** The ABIs whose calls the filter decides one by one, the native one first. */
  get abis(): readonly AbiName[] {
    return this.#policy.abis.map(({ abi }) => abi.name);
  }
}

/** @throws SeccompError ERR_SECCOMP_OPTION for what is no filter. */
export function requireFilter(filter: unknown): void {
  if (Filter.is(filter)) return;
  throw new SeccompError('ERR_SECCOMP_OPTION', 'filter: must be a Filter: give what compile returns');
}

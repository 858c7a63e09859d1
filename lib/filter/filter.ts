/** The class Filter: a compiled program, with its policy, proof and attach flags. */
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
 * The syscalls that an exec gate may open: execve; exit and exit_group, for when execve fails; seccomp, for the next
 * filter; and sendmsg, to send a listener to another process. Each has at most three arguments.
 */
export const GATED_CALLS: readonly string[] = ['execve', 'exit', 'exit_group', 'seccomp', 'sendmsg'];

/** The parts of a filter. */
interface FilterParts {
  readonly policy: Policy;
  readonly instructions: readonly Instruction[];
  readonly bytes: Uint8Array;
  readonly gate?: readonly GateSite[];
  readonly proof?: Proof | null;
  readonly flags?: readonly AttachFlag[];
}

let isMakingFilter = false;

/** Makes a filter. Only this module can, so every filter that is attached was made by the compiler. */
export function makeFilter(parts: FilterParts): Filter {
  isMakingFilter = true;
  return new Filter(parts);
}

let readPolicyOf: (filter: Filter) => Policy;

/** The policy of a filter. Callers of the package get a copy, because they could change its Maps. */
export function policyOf(filter: Filter): Policy {
  return readPolicyOf(filter);
}

/**
 * A compiled classic-BPF program, with the policy that it carries out. A filter is immutable, and can be attached to
 * any number of processes.
 *
 * @example
 * import { compile, spawn } from 'seccomp';
 * const filter = compile('docker-default');
 * console.log(filter.instructions.length, filter.abis);
 * spawn('true', [], filter);
 */
export class Filter {
  readonly instructions: readonly Instruction[];
  readonly #policy: Policy;
  #policyForCallers: Policy | undefined;
  readonly #bytes: Uint8Array;
  /**
   * The instructions that contain the exec gate's value; empty if the filter has no gate. Until a random value is
   * written there, the gate lets through every call that carries zeros. Therefore only `spawn` and `execve` compile
   * filters with a gate. See docs/exec-gate.md.
   */
  readonly gate: readonly GateSite[];
  /** The proof that the program decides every call as the policy does; null if none was made. */
  readonly proof: Proof | null;
  /** The flags with which the filter is attached. */
  readonly flags: readonly AttachFlag[];

  /** Whether a value is a filter that this module made. */
  static is(value: unknown): value is Filter {
    return typeof value === 'object' && value !== null && #bytes in value;
  }

  static {
    readPolicyOf = (filter) => filter.#policy;
  }

  /** @internal Filters are made by compile(). */
  constructor(parts: FilterParts) {
    const isInternal = isMakingFilter;
    isMakingFilter = false;
    if (!isInternal) throw fromCaller(new TypeError('Illegal constructor: filters are made by compile()'));
    const { policy, instructions, bytes, gate = [], proof = null, flags = [] } = own(parts);
    this.#policy = policy;
    this.instructions = freeze(instructions);
    this.#bytes = bytes;
    this.gate = freeze(gate);
    this.proof = freeze(proof);
    this.flags = freeze(flags);
    Object.freeze(this);
  }

  /** The policy that the filter carries out: a frozen copy. */
  get policy(): Policy {
    this.#policyForCallers ??= freeze(
      readPolicy(this.#policy, () => {
        throw new TypeError('the policy of a filter is valid');
      }),
    );
    return this.#policyForCallers;
  }

  /** The program as `struct sock_filter[]`, in the byte order of its ABIs. A copy is returned each time. */
  get bytes(): Uint8Array {
    return this.#bytes.slice();
  }

  /** The ABIs whose syscalls the filter decides individually, the native one first. */
  get abis(): readonly AbiName[] {
    return this.#policy.abis.map(({ abi }) => abi.name);
  }
}

/** @throws {SeccompError} ERR_SECCOMP_OPTION if the value is not a Filter. */
export function requireFilter(filter: unknown): void {
  if (Filter.is(filter)) return;
  throw new SeccompError('ERR_SECCOMP_OPTION', 'filter: must be a Filter, as returned by compile()');
}

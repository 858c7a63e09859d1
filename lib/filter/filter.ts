/** A compiled policy, and the class Filter, in which callers of the package get it. */

import type { AttachFlag } from '../policy/action.js';
import type { Policy } from '../policy/policy.js';
import { readPolicy } from '../policy/read-policy.js';
import type { AbiName } from '../syscalls/abi.js';
import { nodeError } from '../util/node-error.js';
import { invalidType } from '../util/option-errors.js';
import { freeze } from '../util/own-data.js';
import type { GateSite } from './bpf/assemble.js';
import type { Instruction } from './bpf/instruction.js';
import type { Proof } from './verify/proof.js';

/**
 * The syscalls that an exec gate may open: execve; exit and exit_group, for when execve fails; seccomp, for the next
 * filter; sendmsg, to send a listener to another process; and read, to wait for a guardian. Each has at most three
 * arguments.
 */
export const GATED_CALLS: readonly string[] = ['execve', 'exit', 'exit_group', 'read', 'seccomp', 'sendmsg'];

/** What the compiler makes of a policy. Callers of the package get it as a Filter, which they can't change. */
export interface CompiledFilter {
  readonly policy: Policy;
  readonly instructions: readonly Instruction[];
  /** The instructions as `struct sock_filter[]`, in the byte order of the policy's ABIs. */
  readonly bytes: Uint8Array;
  readonly gate: readonly GateSite[];
  readonly proof: Proof | null;
  readonly flags: readonly AttachFlag[];
}

let isMakingFilter = false;

const filters = new WeakMap<CompiledFilter, Filter>();

/** The Filter of a compiled policy: the same object each time. */
export function filterOf(compiled: CompiledFilter): Filter {
  const known = filters.get(compiled);
  if (known !== undefined) return known;
  isMakingFilter = true;
  const filter = new Filter(compiled);
  filters.set(compiled, filter);
  return filter;
}

let readCompiled: (filter: Filter) => CompiledFilter;

/** What a Filter was made of. Callers of the package get copies, because they could change its Maps and bytes. */
export function compiledOf(filter: Filter): CompiledFilter {
  return readCompiled(filter);
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
  /** The instructions of the program, `{ code, jt, jf, k }` each. */
  readonly instructions: readonly Instruction[];
  readonly #compiled: CompiledFilter;
  #policyForCallers: Policy | undefined;
  /**
   * The instructions that contain the exec gate's value; empty if the filter has no gate. Until a random value is
   * written there, the gate lets through every call that carries zeros. Therefore only `spawn` and `execve` compile
   * filters with a gate. See docs/reference/how-it-works.md#the-exec-gate.
   */
  readonly gate: readonly GateSite[];
  /** The proof that the program decides every call as the policy does; null if none was made. */
  readonly proof: Proof | null;
  /** The flags with which the filter is attached. */
  readonly flags: readonly AttachFlag[];

  /** Whether a value is a filter that this module made. */
  static is(value: unknown): value is Filter {
    return typeof value === 'object' && value !== null && #compiled in value;
  }

  static {
    readCompiled = (filter) => filter.#compiled;
  }

  /** @internal Filters are made by compile(). */
  constructor(compiled: CompiledFilter) {
    const isInternal = isMakingFilter;
    isMakingFilter = false;
    if (!isInternal)
      throw nodeError(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor: filters are made by compile()');
    this.#compiled = compiled;
    this.instructions = freeze(compiled.instructions);
    this.gate = freeze(compiled.gate);
    this.proof = freeze(compiled.proof);
    this.flags = freeze(compiled.flags);
    Object.freeze(this);
  }

  /** The policy that the filter carries out: a frozen copy. */
  get policy(): Policy {
    this.#policyForCallers ??= freeze(
      readPolicy(this.#compiled.policy, () => {
        throw new TypeError('the policy of a filter is valid');
      }),
    );
    return this.#policyForCallers;
  }

  /** The program as `struct sock_filter[]`, in the byte order of its ABIs. A copy is returned each time. */
  get bytes(): Uint8Array {
    return this.#compiled.bytes.slice();
  }

  /** The ABIs whose syscalls the filter decides individually, the native one first. */
  get abis(): readonly AbiName[] {
    return this.#compiled.policy.abis.map(({ abi }) => abi.name);
  }
}

/** @throws {TypeError} if the value is not a Filter. */
export function requireFilter(filter: unknown): void {
  if (Filter.is(filter)) return;
  throw invalidType('filter', 'a Filter, as returned by compile()', filter);
}

/**
 * io_uring. libuv ≥ 1.49 on Linux ≥ 6.6 makes an instance for each event loop, and aborts the process if io_uring_enter
 * fails later. So a filter that denies io_uring is attached to a Node that has no instance: fork() and seccomp/register
 * start Node again where it can't make one. harden() refuses such a filter, or lets it allow the use of the existing
 * instances.
 */
import { SeccompError } from '../../errors.js';
import { compileFilter } from '../../filter/compile.js';
import type { CompiledFilter } from '../../filter/filter.js';
import { union } from '../../policy/algebra.js';
import type { Policy } from '../../policy/policy.js';
import { syscallNumber } from '../../syscalls/table.js';
import { deniesCall } from './libuv-calls.js';
import { descriptorsOf, openDescriptors } from './open-descriptors.js';

/**
 * Returns whether a Node must have no io_uring instance when these policies take effect: using the instance would fail,
 * or would bypass a profile that denies making one.
 */
export function deniesIoUring(policies: readonly Policy[]): boolean {
  return deniesCall(policies, 'io_uring_setup') || deniesCall(policies, 'io_uring_enter');
}

/** Returns the descriptors of this process's io_uring instances. */
export function ioUringDescriptors(): readonly number[] {
  return descriptorsOf('anon_inode:[io_uring]', openDescriptors());
}

/**
 * Returns the filters in a form that can be attached to this process, which may have io_uring instances.
 *
 * @param isAccepted - Whether filters that deny io_uring_enter are changed to allow that call on the existing
 * instances.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if that is not accepted, and a filter denies it.
 */
export function besideIoUring(filters: readonly CompiledFilter[], isAccepted: boolean): readonly CompiledFilter[] {
  const denies = ({ policy }: CompiledFilter) => deniesCall([policy], 'io_uring_enter');
  if (!filters.some(denies)) return filters;
  const instances = ioUringDescriptors();
  if (instances.length === 0) return filters;
  if (!isAccepted) throw instancesError();
  return filters.map((filter) => (denies(filter) ? allowingEnter(instances, filter) : filter));
}

/** Compiles the same filter, which also allows io_uring_enter on these descriptors. */
function allowingEnter(instances: readonly number[], { policy, flags }: CompiledFilter): CompiledFilter {
  const abi = policy.abis[0]?.abi;
  const number = abi === undefined ? undefined : syscallNumber(abi.name, 'io_uring_enter');
  if (abi === undefined || number === undefined) throw instancesError();
  const decisions = instances.map((fd) => ({
    conditions: [{ index: 0, width: 32, op: 'eq', value: BigInt(fd) } as const],
    action: { kind: 'allow' } as const,
  }));
  // The strictest action, so that the union takes the profile's action for all other calls.
  const kill = { kind: 'kill-process' } as const;
  const exception = {
    abis: [{ abi, syscalls: new Map([[number, decisions]]), ranges: [] }],
    defaultAction: kill,
    foreignAction: kill,
  };
  return compileFilter(union(policy, exception), { flags });
}

function instancesError(): SeccompError {
  return new SeccompError(
    'ERR_SECCOMP_UNSUPPORTED',
    "this Node's event loops have io_uring instances, and the filter denies io_uring_enter: the process would abort " +
      'when it next uses them. Start it with `npx seccomp run -p PROFILE -- node …`, fork() or --require ' +
      'seccomp/register, or in an environment that denies io_uring_setup. acceptRings: true leaves a hole: no filter ' +
      'sees what native code requests through these instances (see docs/reference/node-processes.md)',
  );
}

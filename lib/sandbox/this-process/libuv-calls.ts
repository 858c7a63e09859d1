/**
 * Calls that libuv makes for Node itself. A policy that denies one of them breaks Node, not only the program that Node
 * runs.
 */
import { isAllowing } from '../../policy/action.js';
import { evaluate } from '../../policy/evaluate.js';
import type { Policy } from '../../policy/policy.js';
import { syscallNumber } from '../../syscalls/table.js';

/**
 * Arguments 1 to 5 of these calls. Argument 0 is passed to `deniesCall`. Sources: libuv's src/unix/linux.c and
 * src/unix/core.c.
 */
const LIBUV_CALLS = {
  io_uring_setup: [1n, 0n, 0n, 0n, 0n],
  io_uring_enter: [1n, 1n, 1n, 0n, 0n], // IORING_ENTER_GETEVENTS
  accept4: [0n, 0n, 0x8_0800n, 0n, 0n], // SOCK_NONBLOCK | SOCK_CLOEXEC
} as const;

/**
 * Returns whether one of the policies denies a call that libuv makes.
 *
 * @param first - The call's first argument: a descriptor, or the number of entries for io_uring_setup.
 */
export function deniesCall(policies: readonly Policy[], name: keyof typeof LIBUV_CALLS, first = 3): boolean {
  return policies.some((policy) => {
    const abi = policy.abis[0]?.abi;
    const number = abi === undefined ? undefined : syscallNumber(abi.name, name);
    if (abi === undefined || number === undefined) return false;
    return !isAllowing(evaluate(policy, { arch: abi.audit, number, args: [BigInt(first), ...LIBUV_CALLS[name]] }));
  });
}

/** What policies do with calls that libuv makes, and does not do without. */
import { evaluate } from '../../policy/evaluate.js';
import type { Policy } from '../../policy/policy.js';
import { syscallNumber } from '../../syscalls/table.js';

/** The arguments of calls as libuv makes them, after the first. Source: src/unix/linux.c, src/unix/core.c. */
const ARGUMENTS = {
  io_uring_setup: [1n, 0n, 0n, 0n, 0n],
  io_uring_enter: [1n, 1n, 1n, 0n, 0n], // IORING_ENTER_GETEVENTS
  accept4: [0n, 0n, 0x8_0800n, 0n, 0n], // SOCK_NONBLOCK | SOCK_CLOEXEC
} as const;

/** Whether one of the policies denies a call that libuv makes, with this first argument: a descriptor. */
export function denies(policies: readonly Policy[], name: keyof typeof ARGUMENTS, first = 3): boolean {
  return policies.some((policy) => {
    const abi = policy.abis[0]?.abi;
    const number = abi === undefined ? undefined : syscallNumber(abi.name, name);
    if (abi === undefined || number === undefined) return false;
    const { kind } = evaluate(policy, { arch: abi.audit, number, args: [BigInt(first), ...ARGUMENTS[name]] });
    return kind !== 'allow' && kind !== 'log';
  });
}

/**
 * Whether a Node under them must not have made an io_uring before: its use would be denied, or be a way around a profile
 * that denies making one.
 */
export function forbidRings(policies: readonly Policy[]): boolean {
  return denies(policies, 'io_uring_setup') || denies(policies, 'io_uring_enter');
}

/** What policies do with the io_uring instances that libuv makes. */
import { evaluate } from '../policy/evaluate.js';
import type { Policy } from '../policy/policy.js';
import { syscallNumber } from '../syscalls/table.js';

/** Whether one of them denies a call of io_uring, as libuv makes it: io_uring_enter(ring, n, n, IORING_ENTER_GETEVENTS). */
export function denies(policies: readonly Policy[], name: 'io_uring_setup' | 'io_uring_enter'): boolean {
  return policies.some((policy) => {
    const abi = policy.abis[0]?.abi;
    const number = abi === undefined ? undefined : syscallNumber(abi.name, name);
    if (abi === undefined || number === undefined) return false;
    const { kind } = evaluate(policy, { arch: abi.audit, number, args: [3n, 1n, 1n, 1n, 0n, 0n] });
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

/**
 * The filter that keeps a tree from slowing its guardian. Landlock and the guardian's own state keep it from signals and
 * tracing, but a process of the same user may change how it is scheduled.
 */

import { equals } from '../policy/denials.js';
import type { Condition, Decision, Policy } from '../policy/policy.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { constants } from '../syscalls/constants.js';
import { EPERM } from '../syscalls/errno.js';
import { syscallNumber } from '../syscalls/table.js';
import { BPF } from './bpf/instruction.js';
import { compileFilter } from './compile.js';

/** A filter into which the child writes the process ID of its guardian. */
export interface GuardianFilter {
  readonly bytes: Uint8Array;
  /** The instructions whose constant is that ID. */
  readonly sites: readonly number[];
}

/** Stands for the guardian's ID: greater than any. Source: PID_MAX_LIMIT of linux/threads.h is 4 Mi. */
export const GUARDIAN_ID = 0x7f_ff_ff_7f;

/** IOPRIO_WHO_USER of linux/ioprio.h. */
const IOPRIO_WHO_USER = 3;

/**
 * The calls that change how other processes are scheduled. The first argument of a call, or the second after what it
 * means, is a process ID; a group's is its leader's. Limits, such as RLIMIT_CPU, would end it.
 */
const CALLS: readonly (readonly [syscall: string, index: number, everyProcessOfUser?: number])[] = [
  ['prlimit64', 0],
  ['sched_setaffinity', 0],
  ['sched_setattr', 0],
  ['sched_setparam', 0],
  ['sched_setscheduler', 0],
  ['setpriority', 1, constants.PRIO_USER],
  ['ioprio_set', 1, IOPRIO_WHO_USER],
];

/**
 * Allows all calls but those that change the guardian's limits, or how it is scheduled.
 *
 * @param guardian - The guardian's process ID.
 */
export function guardianPolicy(abis: readonly AbiName[], guardian = GUARDIAN_ID): Policy {
  return {
    abis: abis.map((name) => ({ abi: abiOf(name), syscalls: denialsOn(name, guardian), ranges: [] })),
    defaultAction: { kind: 'allow' },
    foreignAction: { kind: 'allow' },
  };
}

function denialsOn(abi: AbiName, guardian: number): ReadonlyMap<number, readonly Decision[]> {
  const denials = new Map<number, readonly Decision[]>();
  const deny = (condition: Condition): Decision => ({
    conditions: [condition],
    action: { kind: 'errno', errno: EPERM },
    rule: undefined,
  });
  for (const [syscall, index, user] of CALLS) {
    const number = syscallNumber(abi, syscall);
    if (number === undefined) continue;
    const denied = [deny(equals(index, guardian))];
    denials.set(number, user === undefined ? denied : [...denied, deny(equals(0, user))]);
  }
  return denials;
}

/** Compiles the filter, for the ABIs of a machine. */
export function compileGuardianFilter(abis: readonly AbiName[]): GuardianFilter {
  const { instructions, bytes } = compileFilter(guardianPolicy(abis));
  const sites = instructions.flatMap(({ code, k }, i) => (code === BPF.jeq && k === GUARDIAN_ID ? [i] : []));
  return { bytes, sites };
}

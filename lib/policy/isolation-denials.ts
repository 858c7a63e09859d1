/** Calls that reach other processes without a signal: what the filter of an isolated or a supervised child denies besides. */
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { argumentWidth, syscallNumber } from '../syscalls/table.js';
import { permissiveness } from './action.js';
import { intersect, intersectDecisions } from './algebra.js';
import { holds } from './evaluate.js';
import { type Action, type Condition, type Decision, decisionsOf, type Policy } from './policy.js';

const ALLOW: Action = Object.freeze({ kind: 'allow' });
const EPERM = 1;
const DENY: Action = Object.freeze({ kind: 'errno', errno: EPERM });

/** What is denied, and to whom. */
export interface Denials {
  /** Another process's limits, and input that a terminal is made to believe was typed. */
  readonly isolated: boolean;
  /** Taking another process's descriptors, the listener of the supervisor among them. */
  readonly supervised: boolean;
}

interface Denied {
  readonly syscall: string;
  readonly to: keyof Denials;
  readonly conditions: (abi: AbiName) => readonly Condition[];
  readonly why: string;
}

/** TIOCSTI and TIOCLINUX of asm-generic/ioctls.h, and where they differ: asm/ioctls.h of MIPS. The kernel reads 32 bits. */
const ioctl = (generic: bigint, mips: bigint) => (abi: AbiName) => [
  { index: 1, width: 32, op: 'eq', value: abi.startsWith('mips') ? mips : generic } as const,
];

const DENIED: readonly Denied[] = [
  {
    syscall: 'prlimit64',
    to: 'isolated',
    conditions: (abi) => [
      { index: 0, width: 32, op: 'ne', value: 0n },
      { index: 2, width: argumentWidth(abi, 'prlimit64', 2), op: 'ne', value: 0n },
    ],
    why: 'isolate denies prlimit64 with new limits for a process by its number: for the caller itself give 0',
  },
  {
    syscall: 'ioctl',
    to: 'isolated',
    conditions: ioctl(0x5412n, 0x5472n),
    why: 'isolate denies ioctl TIOCSTI, which puts input into a terminal that others read from',
  },
  {
    syscall: 'ioctl',
    to: 'isolated',
    conditions: ioctl(0x541cn, 0x5483n),
    why: 'isolate denies ioctl TIOCLINUX, which pastes into a console that others read from',
  },
  {
    syscall: 'pidfd_getfd',
    to: 'supervised',
    conditions: () => [],
    why: 'a supervised child may not take descriptors of other processes, among which is the listener of its own filter',
  },
];

/** What is denied besides to a child whose calls somebody answers: who is asked about pidfd_getfd decides about it. */
export function supervisedDenials(policy: Policy, isolated: boolean): Denials {
  const isAsked = policy.abis.some((each) => {
    const number = syscallNumber(each.abi.name, 'pidfd_getfd');
    return number !== undefined && decisionsOf(each, number).some(({ action }) => action.kind === 'notify');
  });
  return { isolated, supervised: !isAsked };
}

/** Why a call is denied, and what it fails with. */
export interface Reason {
  readonly action: Action;
  readonly why: string;
}

const deniedTo = (denials: Denials) => DENIED.filter(({ to }) => denials[to]);

/**
 * `policy`, and what is denied besides: on its own ABIs, and on `others` where it lets the calls of ABIs through that it does
 * not list.
 */
export function withDenials(policy: Policy, others: readonly AbiName[], denials: Denials): Policy {
  if (deniedTo(denials).length === 0) return policy;
  if (permissiveness(policy.foreignAction) !== 0) {
    const names = new Set([...policy.abis.map(({ abi }) => abi.name), ...others]);
    return intersect(policy, denialsPolicy([...names], denials));
  }
  const abis = policy.abis.map((each) => {
    const narrowing = [...decisionsOn(each.abi.name, denials)].map(([number, denied]) => {
      const both = intersectDecisions(decisionsOf(each, number), [...denied, REST], policy.defaultAction);
      return [number, both] as const;
    });
    return { ...each, syscalls: new Map([...each.syscalls, ...narrowing]) };
  });
  return { ...policy, abis };
}

/** What is denied on these ABIs, and nothing else. */
export function denialsPolicy(abis: readonly AbiName[], denials: Denials): Policy {
  return {
    abis: abis.map((name) => ({ abi: abiOf(name), syscalls: decisionsOn(name, denials), ranges: [] })),
    defaultAction: ALLOW,
    foreignAction: ALLOW,
  };
}

const REST: Decision = Object.freeze({ conditions: Object.freeze([]), action: ALLOW, rule: undefined });

function decisionsOn(abi: AbiName, denials: Denials): ReadonlyMap<number, readonly Decision[]> {
  const decisions = new Map<number, readonly Decision[]>();
  for (const { syscall, conditions } of deniedTo(denials)) {
    const number = syscallNumber(abi, syscall);
    if (number === undefined) continue;
    const decision = { conditions: conditions(abi), action: DENY, rule: undefined };
    decisions.set(number, [...(decisions.get(number) ?? []), decision]);
  }
  return decisions;
}

/** Why such a call is denied besides; undefined if it is not. */
export function denialOf(abi: AbiName, syscall: string, args: readonly bigint[], denials: Denials): Reason | undefined {
  const taken = deniedTo(denials).find(
    (each) => each.syscall === syscall && each.conditions(abi).every((condition) => holds(condition, args)),
  );
  return taken && { action: DENY, why: taken.why };
}

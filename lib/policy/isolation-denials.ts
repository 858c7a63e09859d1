/**
 * The calls by which a program affects other processes without a signal. The filter of an isolated or of a supervised
 * child denies them, whatever its profile allows.
 */
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { EPERM } from '../syscalls/errno.js';
import { argumentWidth, syscallNumber } from '../syscalls/table.js';
import { permissiveness } from './action.js';
import { intersectDecisions } from './algebra.js';
import { holds } from './evaluate.js';
import {
  type AbiPolicy,
  type Action,
  type Condition,
  type Decision,
  decisionsOf,
  numbersOf,
  type Policy,
} from './policy.js';

const ALLOW: Action = Object.freeze({ kind: 'allow' });
const DENY: Action = Object.freeze({ kind: 'errno', errno: EPERM });

/** Which of the calls are denied to a child. */
export interface Denials {
  /** Whether to deny what isolation denies: setting limits of other processes, and putting input into a terminal. */
  readonly isolated: boolean;
  /**
   * Whether to deny what supervision denies: taking descriptors of other processes, such as the supervisor's listener.
   */
  readonly supervised: boolean;
}

interface DeniedCall {
  readonly syscall: string;
  readonly to: keyof Denials;
  readonly conditions: (abi: AbiName) => readonly Condition[];
  readonly why: string;
}

/**
 * Returns the condition for a request of ioctl(2), whose number differs on MIPS. The kernel reads 32 bits of it. Source
 * of TIOCSTI and TIOCLINUX: asm-generic/ioctls.h, and asm/ioctls.h of MIPS.
 */
const ioctl = (generic: bigint, mips: bigint) => (abi: AbiName) => [
  { index: 1, width: 32, op: 'eq', value: abi.startsWith('mips') ? mips : generic } as const,
];

const DENIED: readonly DeniedCall[] = [
  {
    syscall: 'prlimit64',
    to: 'isolated',
    conditions: (abi) => [
      { index: 0, width: 32, op: 'ne', value: 0n },
      { index: 2, width: argumentWidth(abi, 'prlimit64', 2), op: 'ne', value: 0n },
    ],
    why: "isolate denies prlimit64 with new limits and a process ID: to set the caller's own limits, pass 0 as pid",
  },
  {
    syscall: 'ioctl',
    to: 'isolated',
    conditions: ioctl(0x5412n, 0x5472n),
    why: 'isolate denies ioctl TIOCSTI, which inserts input into a terminal that other processes read',
  },
  {
    syscall: 'ioctl',
    to: 'isolated',
    conditions: ioctl(0x541cn, 0x5483n),
    why: 'isolate denies ioctl TIOCLINUX, which pastes input into a console that other processes read',
  },
  {
    syscall: 'pidfd_getfd',
    to: 'supervised',
    conditions: () => [],
    why: 'supervision denies pidfd_getfd, by which a child could take the listener of its own filter',
  },
];

/**
 * Returns the denials for a supervised child. If the policy notifies on pidfd_getfd, its handler decides, and
 * supervision does not deny the call.
 */
export function supervisedDenials(policy: Policy, isolated: boolean): Denials {
  const hasHandler = policy.abis.some((each) => {
    const number = syscallNumber(each.abi.name, 'pidfd_getfd');
    return number !== undefined && decisionsOf(each, number).some(({ action }) => action.kind === 'notify');
  });
  return { isolated, supervised: !hasHandler };
}

/** The denial of one call. */
export interface Denial {
  readonly action: Action;
  /** Whether isolation or supervision denies it. */
  readonly to: keyof Denials;
  readonly why: string;
}

const deniedTo = (denials: Denials) => DENIED.filter(({ to }) => denials[to]);

/**
 * Adds denials to a policy: on its own ABIs; and on `others`, if the policy allows calls of ABIs that it does not list.
 * The denials have no rule. The policy's own decisions keep theirs.
 */
export function withDenials(policy: Policy, others: readonly AbiName[], denials: Denials): Policy {
  if (deniedTo(denials).length === 0) return policy;
  const { defaultAction, foreignAction } = policy;
  const listed = policy.abis.map((each) => denyOn(each, defaultAction, denials));
  if (permissiveness(foreignAction) === 0) return { ...policy, abis: listed };
  const names = new Set(others);
  for (const { abi } of listed) names.delete(abi.name);
  const added = [...names].map((name) => denyOn(unlisted(name, foreignAction), defaultAction, denials));
  return { ...policy, abis: [...listed, ...added] };
}

function denyOn(policy: AbiPolicy, defaultAction: Action, denials: Denials): AbiPolicy {
  const denied = [...decisionsOn(policy.abi.name, denials)].map(([number, decisions]) => {
    const both = intersectDecisions(decisionsOf(policy, number), [...decisions, REST], defaultAction);
    return [number, both] as const;
  });
  return { ...policy, syscalls: new Map([...policy.syscalls, ...denied]) };
}

/** The policy of an ABI that is not listed: every call has the foreign action. */
function unlisted(name: AbiName, foreignAction: Action): AbiPolicy {
  const abi = abiOf(name);
  const decisions = [{ conditions: [], action: foreignAction, rule: undefined }];
  return { abi, syscalls: new Map(), ranges: numbersOf(abi).map((numbers) => ({ ...numbers, decisions })) };
}

/** A policy that denies these calls on some ABIs, and allows all others. */
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

/** The denial that applies to a call; undefined if none does. */
export function denialOf(abi: AbiName, syscall: string, args: readonly bigint[], denials: Denials): Denial | undefined {
  const taken = deniedTo(denials).find(
    (each) => each.syscall === syscall && each.conditions(abi).every((condition) => holds(condition, args)),
  );
  return taken && { action: DENY, to: taken.to, why: taken.why };
}

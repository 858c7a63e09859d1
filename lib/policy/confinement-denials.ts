/** Adds the calls that are denied to a child, whatever its profile allows, to a policy: see denied-calls.ts. */
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { syscallNumber } from '../syscalls/table.js';
import { permissiveness } from './action.js';
import { intersectDecisions } from './algebra.js';
import type { Denials, DeniedBy } from './denials.js';
import { DENIED } from './denied-calls.js';
import { Diagrams } from './diagrams/decision-diagram.js';
import { holds } from './evaluate.js';
import { type AbiPolicy, type Action, type Decision, decisionsOf, numbersOf, type Policy } from './policy.js';

const ALLOW: Action = Object.freeze({ kind: 'allow' });

/**
 * Adds what supervision denies to the denials for a child. If the policy notifies on pidfd_getfd, its handler decides,
 * and supervision does not deny the call.
 */
export function supervisedDenials(policy: Policy, denials: Denials): Denials {
  const hasHandler = policy.abis.some((each) => {
    const number = syscallNumber(each.abi.name, 'pidfd_getfd');
    return number !== undefined && decisionsOf(each, number).some(({ action }) => action.kind === 'notify');
  });
  return { ...denials, supervised: !hasHandler };
}

/** The denial of one call. */
export interface Denial {
  readonly action: Action;
  /** What denies it. */
  readonly by: DeniedBy;
  readonly why: string;
}

const deniedTo = (denials: Denials) => DENIED.filter(({ to }) => to.some((each) => denials[each]));

/**
 * Adds denials to a policy: on its own ABIs; and on `others`, if the policy allows calls of ABIs that it does not list.
 * The denials have no rule. The policy's own decisions keep theirs.
 */
export function withDenials(policy: Policy, others: readonly AbiName[], denials: Denials): Policy {
  if (deniedTo(denials).length === 0) return policy;
  const { defaultAction, foreignAction } = policy;
  const diagrams = new Diagrams(Number.POSITIVE_INFINITY);
  const listed = policy.abis.map((each) => denyOn(each, defaultAction, denials, diagrams));
  if (permissiveness(foreignAction) === 0) return { ...policy, abis: listed };
  const names = new Set(others);
  for (const { abi } of listed) names.delete(abi.name);
  const added = [...names].map((name) => denyOn(unlisted(name, foreignAction), defaultAction, denials, diagrams));
  return { ...policy, abis: [...listed, ...added] };
}

function denyOn(policy: AbiPolicy, defaultAction: Action, denials: Denials, diagrams: Diagrams): AbiPolicy {
  const denied = [...decisionsOn(policy.abi.name, denials)].map(([number, decisions]) => {
    const both = intersectDecisions(decisionsOf(policy, number), [...decisions, REST], defaultAction, diagrams);
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
  for (const { syscall, conditions, errno } of deniedTo(denials)) {
    const number = syscallNumber(abi, syscall);
    if (number === undefined) continue;
    const decision = {
      conditions: conditions(abi),
      action: { kind: 'errno', errno: errno(abi) } as const,
      rule: undefined,
    };
    decisions.set(number, [...(decisions.get(number) ?? []), decision]);
  }
  return decisions;
}

/** The denial that applies to a call; undefined if none does. */
export function denialOf(abi: AbiName, syscall: string, args: readonly bigint[], denials: Denials): Denial | undefined {
  const taken = deniedTo(denials).find(
    (each) => each.syscall === syscall && each.conditions(abi).every((condition) => holds(condition, args)),
  );
  return taken && { action: { kind: 'errno', errno: taken.errno(abi) }, by: taken.by, why: taken.why };
}

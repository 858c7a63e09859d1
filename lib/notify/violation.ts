/** Violations: calls that a profile did not let through, as a person reads them. */

import { distinguishing } from '../decode/captures.js';
import { decode } from '../decode/decode.js';
import type { ObservedCall } from '../decode/observed-call.js';
import { callSiteOf, observedCall, type RecordedCall, recordedCall } from '../decode/observed-call.js';
import type { NativeKind } from '../native.js';
import { actionOf, returnValue } from '../policy/action.js';
import { type Denials, denialOf } from '../policy/isolation-denials.js';
import type { Action } from '../policy/policy.js';
import { type Explainer, explainerFor, type Reason, type RuleReference } from '../profile/explain.js';
import type { Profile } from '../profile/profile.js';
import type { Host } from '../profile/resolve/resolve.js';
import { argumentWidth, syscallNumber } from '../syscalls/table.js';
import { isFallback } from './fallback.js';

/** The diagnostics channel that every violation is published on, with the child. */
export const CHANNEL = 'seccomp:violation';

export type OnViolation = (violation: Violation) => void;

/**
 * A kind of calls that a profile answers with an errno, and the first of them: plain data, which JSON and structuredClone keep.
 * The kernel does not say which call it killed or trapped.
 */
export interface Violation extends RecordedCall {
  readonly action: Action;
  /** Whether programs expect this denial, and use an older call instead: `clone3` that is answered ENOSYS, for example. */
  readonly fallback: boolean;
  /** The arguments as a person reads them: paths, flags by name, addresses. */
  readonly decoded: readonly string[];
  /** How many such calls there were when this was made. */
  readonly count: number;
  /** The source of the profile that denied it; null: a compiled filter did. */
  readonly profile: string | null;
  /** The rule of the profile that took it; null: none did. */
  readonly rule: RuleReference | null;
  /** In words. */
  readonly why: string;
  /**
   * A rule in Docker's format that would let it through; not where `rule` denies it, which has to change first. Null where
   * no rule says just that: the syscall has no name, a value is above 2⁵³, which JSON does not keep, or it is not the profile
   * that denies it: `why` says what does.
   */
  readonly remedy: Remedy | null;
}

/** A rule that allows a syscall: with arguments of these values only, if there are any. */
export interface Remedy {
  readonly names: readonly [string];
  readonly action: 'SCMP_ACT_ALLOW';
  readonly args?: readonly RemedyArgument[] | undefined;
}

export interface RemedyArgument {
  readonly index: number;
  /** A safe integer. */
  readonly value: number;
  readonly op: 'SCMP_CMP_EQ';
}

/** What the profiles of a filter say of calls. */
export interface Judges {
  readonly profiles: readonly Profile[];
  readonly host: Host;
  /** What is denied besides what they say. */
  readonly denials: Denials;
}

/** The violation of a kind of calls, of which there was one. */
export function violationOf(kind: NativeKind, judges: Judges): Violation {
  const call = observedCall(kind);
  const action = actionOf(kind.answer);
  const [explainer, reason] = explained(kind, call, action, judges);
  const besides = reason === undefined ? whyDenied(call, action, judges) : undefined;
  return {
    ...recordedCall(call, callSiteOf(kind)),
    action,
    fallback: isFallback(call.syscall, action, reason?.isNewer ?? false),
    decoded: decode(call),
    count: 1,
    profile: explainer?.profile.source ?? null,
    rule: reason?.rule ?? null,
    why: reason?.why ?? besides ?? 'a compiled filter decides so',
    remedy: besides === undefined ? remedyOf(call) : null,
  };
}

/** Those of one filter, which all its violations are explained by. */
const explainers = new WeakMap<Judges, readonly Explainer[]>();

function explainersOf(judges: Judges): readonly Explainer[] {
  const known = explainers.get(judges) ?? judges.profiles.map((profile) => explainerFor(profile, judges.host));
  explainers.set(judges, known);
  return known;
}

/** The first profile that decides the call as it was answered, and why; nothing if a compiled filter did. */
function explained(
  { arch, number, args }: NativeKind,
  { abi, syscall }: ObservedCall,
  action: Action,
  judges: Judges,
): readonly [Explainer, Reason] | readonly [] {
  for (const explainer of explainersOf(judges)) {
    const reason = explainer.explain(abi, syscall, { arch, number, args });
    if (returnValue(reason.action) === returnValue(action)) return [explainer, reason];
  }
  return [];
}

/** Why the call is denied whatever profiles say; undefined if it is not. */
function whyDenied({ abi, syscall, args }: ObservedCall, action: Action, { denials }: Judges): string | undefined {
  const reason = denialOf(abi, syscall, args, denials);
  return reason !== undefined && returnValue(reason.action) === returnValue(action) ? reason.why : undefined;
}

/** Such calls by name, and by the values that tell what is asked. */
function remedyOf({ abi, syscall, args }: ObservedCall): Remedy | null {
  if (syscallNumber(abi, syscall) === undefined) return null;
  const tests = distinguishing(abi, syscall).map((index) => ({
    index,
    value: Number(BigInt.asUintN(argumentWidth(abi, syscall, index), args.at(index) ?? 0n)),
    op: 'SCMP_CMP_EQ' as const,
  }));
  if (!tests.every(({ value }) => Number.isSafeInteger(value))) return null;
  return { names: [syscall], action: 'SCMP_ACT_ALLOW', args: tests.length === 0 ? undefined : tests };
}

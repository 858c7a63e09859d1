/** Violations: calls that a profile did not let through, as a person reads them. */
import type { NativeKind } from '../native.js';
import { actionOf, compareRestriction } from '../policy/action.js';
import type { Action } from '../policy/policy.js';
import type { RuleDocument } from '../profile/document.js';
import { type Explanation, explainCall, type RuleReference } from '../profile/explain.js';
import type { Profile } from '../profile/profile.js';
import type { Host } from '../profile/resolve.js';
import { argumentWidth } from '../syscalls/table.js';
import type { ObservedCall } from './call.js';
import { distinguishing } from './captures.js';
import { decode } from './decode.js';
import { observedCall, type Sighting, sightingOf } from './kind.js';

/** The diagnostics channel that every violation is published on, with the child. */
export const CHANNEL = 'seccomp:violation';

export type OnViolation = (violation: Violation) => void;

/** A kind of calls that a profile did not let through, and the first of them. */
export interface Violation extends Sighting, ObservedCall {
  readonly action: Action;
  /** The arguments as a person reads them: paths, flags by name, addresses. */
  readonly decoded: readonly string[];
  /** How many such calls there were when this was made. */
  readonly count: number;
  /** The rule of the profile that took it; null: none did, or what was put on is no profile. */
  readonly rule: RuleReference | null;
  /** In words. */
  readonly why: string;
  /** A rule in Docker's format that would let it through; not where `rule` denies it, which has to change first. */
  readonly remedy: RuleDocument;
}

/** What the profiles that were put on say of calls. */
export interface Judges {
  readonly profiles: readonly Profile[];
  readonly host: Host;
}

export function violationOf(kind: NativeKind, count: number, judges: Judges): Violation {
  const call = observedCall(kind);
  const action = actionOf(kind.answer);
  const explained = explanationOf(call, judges);
  return {
    ...call,
    ...sightingOf(kind),
    action,
    decoded: decode(call),
    count,
    rule: explained?.rule ?? null,
    why: explained?.why ?? 'a compiled filter or a syscall without a name decides so',
    remedy: remedyOf(call),
  };
}

/** The strictest of their explanations. */
function explanationOf({ syscall, args, abi }: ObservedCall, { profiles, host }: Judges): Explanation | undefined {
  if (syscall.startsWith('syscall ')) return undefined;
  return profiles
    .map((profile) => explainCall(profile, { syscall, args, abi }, host))
    .reduce<Explanation | undefined>(
      (a, b) => (a === undefined || compareRestriction(b.action, a.action) < 0 ? b : a),
      undefined,
    );
}

/** Such calls by name, and by the values that tell what is asked. */
function remedyOf({ abi, syscall, args }: ObservedCall): RuleDocument {
  const tests = distinguishing(abi, syscall).map((index) => ({
    index,
    value: BigInt.asUintN(argumentWidth(abi, syscall, index), args[index] ?? 0n),
    op: 'SCMP_CMP_EQ' as const,
  }));
  return { names: [syscall], action: 'SCMP_ACT_ALLOW', ...(tests.length === 0 ? {} : { args: tests }) };
}

/** The policy of a profile on a host, and its diagnostics, as text. */
import { evaluate } from '../../lib/policy/evaluate.js';
import type { Action, Policy } from '../../lib/policy/policy.js';
import type { ProfileOptions } from '../../lib/profile/document/options.js';
import type { ArgumentDocument, ProfileDocument, RuleDocument } from '../../lib/profile/document/types.js';
import { type Host, issuesOn, resolveWithDiagnostics } from '../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../lib/profile/source.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { numberOf } from './arbitrary.js';

/** x86_64 alone, Linux 6.18, no capabilities. */
export const HOST: Host = { abi: 'x86_64', abis: [], kernel: { major: 6, minor: 18 }, capabilities: new Set() };

/** A rule, by default one that allows. */
export function rule(
  name: string,
  args: readonly ArgumentDocument[] = [],
  rest: Partial<RuleDocument> = {},
): RuleDocument {
  return { names: [name], action: 'SCMP_ACT_ALLOW', args, ...rest };
}

/** `arg(0, 'EQ', 5)` */
export function arg(index: number, op: string, value: number | bigint, valueTwo = 0n): ArgumentDocument {
  return { index, op: `SCMP_CMP_${op}` as ArgumentDocument['op'], value, valueTwo };
}

export const DENY = { action: 'SCMP_ACT_ERRNO', errnoRet: 13 } as const;

/** A profile of rules, by default with errno 1 as its default action. */
export function documentOf(syscalls: readonly RuleDocument[], rest: Partial<ProfileDocument> = {}): ProfileDocument {
  return { defaultAction: 'SCMP_ACT_ERRNO', syscalls, ...rest };
}

/** The diagnostics of a profile: `error syscalls[0]: …`. */
export function said(document: ProfileDocument, options: ProfileOptions = {}, on: Host = HOST): readonly string[] {
  const issues = issuesOn(profileOf(document, options), on);
  return issues.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
}

/** The policy of a profile, whatever diagnostics it has. */
export function policyFor(document: ProfileDocument, options: ProfileOptions = {}, on: Host = HOST): Policy {
  return resolveWithDiagnostics(profileOf(document, options), on).policy;
}

/** The decision of a policy for a call by name or number, as text. */
export function decide(
  policy: Policy,
  call: string | number,
  args: readonly bigint[] = [],
  abi: AbiName = 'x86_64',
): string {
  const number = typeof call === 'number' ? call : numberOf(abi, call);
  return inWords(evaluate(policy, { arch: abiOf(abi).audit, number, args }));
}

export function inWords(action: Action): string {
  return action.kind === 'errno' ? `errno ${action.errno}` : action.kind;
}

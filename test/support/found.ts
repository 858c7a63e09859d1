/** The diagnostics of documents and rules, as text. */
import { checkProfile } from '../../lib/analysis/check.js';
import type { ProfileIssue } from '../../lib/errors.js';
import type { ProfileOptions } from '../../lib/profile/document/options.js';

export const COMPAT: ProfileOptions = { mode: 'compat' };

export const inWords = ({ severity, path, message }: ProfileIssue) => `${severity} ${path}: ${message}`;

/** The diagnostics of a document, as text. */
export function found(text: string, options: ProfileOptions = {}): readonly string[] {
  return checkProfile(text, options).map(inWords);
}

/** The diagnostics of a rule, in a profile with the given default action. */
export function foundInRule(
  rule: string,
  options: ProfileOptions = {},
  defaultAction = 'SCMP_ACT_ERRNO',
): readonly string[] {
  return found(`{"defaultAction": "${defaultAction}", "syscalls": [{${rule}}]}`, options);
}

export const ALLOW = '"names": ["read"], "action": "SCMP_ACT_ALLOW"';
export const DENY = '"names": ["read"], "action": "SCMP_ACT_ERRNO"';

/** What is found in documents and rules, in words. */
import type { ProfileIssue } from '../../lib/errors.js';
import type { ProfileOptions } from '../../lib/profile/document/options.js';
import { checkProfile } from '../../lib/profile/source.js';

export const COMPAT: ProfileOptions = { mode: 'compat' };

export const inWords = ({ severity, path, message }: ProfileIssue) => `${severity} ${path}: ${message}`;

/** What is found in a document, in words. */
export function found(text: string, options: ProfileOptions = {}): readonly string[] {
  return checkProfile(text, options).map(inWords);
}

/** What is found in a rule of a profile that denies by default, or does as `defaultAction` says. */
export function foundInRule(
  rule: string,
  options: ProfileOptions = {},
  defaultAction = 'SCMP_ACT_ERRNO',
): readonly string[] {
  return found(`{"defaultAction": "${defaultAction}", "syscalls": [{${rule}}]}`, options);
}

export const ALLOW = '"names": ["read"], "action": "SCMP_ACT_ALLOW"';
export const DENY = '"names": ["read"], "action": "SCMP_ACT_ERRNO"';

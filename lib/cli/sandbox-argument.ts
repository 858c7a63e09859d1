/** Sandboxes that an argument of `seccomp check` names. They are told from profiles by their keys. */
import { type CheckOptions, checkProfile, type Profile, type ProfileIssue } from '../index.js';
import { readRegularFile } from '../profile/read-file.js';
import { kindOfString, SANDBOX_NAMES } from '../profile/source-names.js';
import { isSandboxText, type ReadSandbox, readSandboxFile, readSandboxText } from '../sandbox/file/read.js';

/** Checks the sandbox that an argument names. Undefined if it names none. */
export function checkSandbox(argument: string, options: CheckOptions): readonly ProfileIssue[] | undefined {
  const kind = kindOfString(argument);
  if (kind === 'name' && SANDBOX_NAMES.includes(argument)) return [];
  if (kind === 'text') return checkSandboxText(argument, 'inline', options);
  if (kind !== 'path' || !isSandboxText(readRegularFile(argument, argument))) return undefined;
  return issuesOf(readSandboxFile(argument, argument), options);
}

/** Checks a text if it is a sandbox. Undefined if it is none. */
export function checkSandboxText(
  text: string,
  source: string,
  options: CheckOptions,
): readonly ProfileIssue[] | undefined {
  return isSandboxText(text) ? issuesOf(readSandboxText(text, source), options) : undefined;
}

/** The issues of a sandbox, and those of its profiles on the host. */
function issuesOf({ sandbox, issues }: ReadSandbox, { mode, format, host }: CheckOptions): readonly ProfileIssue[] {
  const flag = mode === undefined ? (format === undefined ? undefined : '--format') : '--compat';
  if (flag !== undefined) throw new Error(`${flag} has no effect on a sandbox: leave it out`);
  if (sandbox === undefined || host === undefined) return issues;
  const profiles = Array.isArray(sandbox.profile) ? sandbox.profile : [sandbox.profile];
  return [
    ...issues,
    ...profiles.flatMap((profile: Profile) => checkProfile(profile, { host }).slice(profile.warnings.length)),
  ];
}

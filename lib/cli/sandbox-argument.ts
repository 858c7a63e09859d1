/** Sandboxes that an argument of `seccomp check` names. They are told from profiles by their keys. */
import { describeIssue } from '../errors.js';
import { type CheckOptions, checkProfile, type Profile, type ProfileIssue } from '../index.js';
import { readRegularFile } from '../profile/read-file.js';
import { builtinNames, kindOfString, SANDBOX_NAMES } from '../profile/source-names.js';
import { isSandboxText, type ReadSandbox, readSandboxFile, readSandboxText } from '../sandbox/file/read.js';
import { untrustedProfile } from '../sandbox/file/untrusted.js';

/** Checks the sandbox that an argument names. Undefined if it names none. */
export function checkSandbox(argument: string, options: CheckOptions): readonly ProfileIssue[] | undefined {
  const kind = kindOfString(argument);
  if (kind === 'name' && SANDBOX_NAMES.includes(argument)) return [];
  if (kind === 'text') return checkSandboxText(argument, 'inline', options);
  if (kind !== 'path' || !isSandboxText(readRegularFile(argument, argument))) return undefined;
  return issuesOf(readSandboxFile(argument, argument, true), options);
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
  const { profile, source } = sandbox;
  const all: readonly (readonly [Profile, string])[] = Array.isArray(profile)
    ? profile.map((each: Profile, i) => [each, `profile[${i}]`] as const)
    : [[profile as Profile, 'profile']];
  return [
    ...issues,
    ...all.flatMap(([each, path]) => {
      const found = checkProfile(each, { host }).slice(each.warnings.length);
      return found.flatMap((issue) => placed(issue, each, path, source) ?? []);
    }),
  ];
}

/**
 * An issue of a profile, at its place: in the sandbox, or in the file that it names or extends. Undefined for a warning about a
 * profile of this package, which nobody can change.
 */
function placed(issue: ProfileIssue, profile: Profile, path: string, source: string): ProfileIssue | undefined {
  if (profile.source === source) return { ...issue, path: issue.path === '' ? path : `${path}.${issue.path}` };
  if (issue.severity === 'warning' && isOfPackage(profile)) return undefined;
  return { severity: issue.severity, path: '', message: describeIssue(profile.source, issue) };
}

const isOfPackage = (profile: Profile): boolean =>
  profile === untrustedProfile() || builtinNames().includes(profile.source);

/** checkProfile(): the errors and warnings of a profile, found by what a start does with it. */
import { type ProfileIssue, SeccompError } from '../errors.js';
import { compileFilter } from '../filter/compile.js';
import type { Diagnostic } from '../profile/document/diagnostics.js';
import type { Profile } from '../profile/profile.js';
import { eachHost, ruleApplies } from '../profile/resolve/host-match.js';
import { type Host, issuesOn, resolve } from '../profile/resolve/resolve.js';
import { type CheckOptions, type ProfileSource, readForCheck } from '../profile/source.js';
import { refuseImpossible } from '../sandbox/plan/agent-handoff.js';
import { hasNotify } from '../sandbox/plan/notifications.js';

/**
 * Returns all errors and warnings of a profile. Does not throw for an invalid profile. Without `host`, the errors are those
 * that exist on every host.
 *
 * @param source - As for `loadProfile`.
 * @param options - As for `loadProfile`. With `host`, problems that exist only on that host are reported too.
 * @returns The problems, in the order of the text; an empty array if there are none.
 * @throws {SeccompError} ERR_SECCOMP_BUILTIN, ERR_SECCOMP_FILE or ERR_SECCOMP_OPTION, as `loadProfile` does.
 * @example
 * import { checkProfile } from 'seccomp';
 *
 * for (const { severity, line, column, path, message } of checkProfile('{"defaultAction": "SCMP_ACT_ALOW"}'))
 *   console.log(`${severity} at ${line}:${column}, ${path}: ${message}`);
 */
export function checkProfile(source: ProfileSource, options: CheckOptions = {}): readonly ProfileIssue[] {
  const { profile, issues, host } = readForCheck(source, options);
  if (profile === undefined) return issues;
  return [...issues, ...(host === undefined ? errorsOnEveryHost(profile) : issuesOfStart(profile, host))];
}

const isError = ({ severity }: ProfileIssue): boolean => severity === 'error';

/** The errors for which a profile is refused wherever it is used. If no two hosts share one, those of the first. */
function errorsOnEveryHost(profile: Profile): readonly ProfileIssue[] {
  let first: readonly ProfileIssue[] | undefined;
  let shared: readonly ProfileIssue[] = [];
  const seen = new Set<string>();
  for (const host of eachHost()) {
    const applying = profile.document.syscalls.map((rule) => Number(ruleApplies(rule, host)));
    const variant = `${host.abi} ${applying.join('')}`;
    if (seen.has(variant)) continue;
    seen.add(variant);
    const errors = issuesOfStart(profile, host).filter(isError);
    if (errors.length === 0) return [];
    const isShared = (issue: ProfileIssue) =>
      errors.some(({ path, message }) => path === issue.path && message === issue.message);
    shared = first === undefined ? errors : shared.filter(isShared);
    first ??= errors;
  }
  return shared.length > 0 ? shared : (first ?? []);
}

/** The issues that the steps of a start find on a host: resolving the profile, and planning its filter. */
function issuesOfStart(profile: Profile, host: Host): readonly ProfileIssue[] {
  const issues = issuesOn(profile, host);
  return issues.some(isError) || profile.isUnconfined ? issues : [...issues, ...refusals(profile, host)];
}

function refusals(profile: Profile, host: Host): readonly ProfileIssue[] {
  const policy = resolve(profile, host);
  const { listenerPath: path, listenerMetadata: metadata } = profile.document;
  return profile.issues([
    ...refusal(() => compileFilter(policy)),
    ...refusal(() => path && hasNotify(policy) && refuseImpossible({ path, metadata })),
  ]);
}

function refusal(step: () => unknown): readonly Diagnostic[] {
  try {
    step();
    return [];
  } catch (error) {
    if (!(error instanceof SeccompError)) throw error;
    return [{ path: [], message: error.message, severity: 'error' }];
  }
}

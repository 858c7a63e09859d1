/** Matchers for `expect` of Vitest and Jest. */
import { SeccompError } from '../errors.js';
import type { StartSource } from '../sandbox/plan/resolve-sources.js';
import type { RunOptions } from '../sandbox/run.js';
import { own, propertyOf } from '../util/own-data.js';
import { allowed, type DenialOptions, denied } from './assertions.js';
import type { ProbeCall } from './calls.js';
import { type NeedsOptions, needsNoMore } from './needed-syscalls.js';
import type { ProbeOptions } from './probe.js';
import { makesNoDeniedCalls, runs } from './programs.js';
import type { Verdict } from './verdict.js';

/** The methods that the matchers add to the object that `expect` returns. */
export interface SeccompMatchers<Result = unknown> {
  /**
   * The value is a profile. Passes if the kernel allows all `calls` under it. See `assertAllowed`. `.not` passes if it denies
   * the one call.
   */
  toAllowSyscall(calls: ProbeCall | readonly ProbeCall[], options?: ProbeOptions): Result;
  /**
   * The value is a profile. Passes if the kernel denies all `calls` under it, with `errno` if that is given. See
   * `assertDenied`. `.not` passes if it does not deny the one call, or with another errno.
   */
  toDenySyscall(calls: ProbeCall | readonly ProbeCall[], options?: DenialOptions): Result;
  /**
   * The value is a command, `[file, ...arguments]`. Passes if it ends with exit code 0 under `profile`. See
   * `assertRunsUnder`. `.not` passes if it fails by itself after a call of it was denied, other than a fallback.
   */
  toRunUnder(profile: StartSource, options?: RunOptions): Promise<Result>;
  /**
   * The value is a command. Passes if it ends with exit code 0 under `profile` and makes no call that is denied. See
   * `assertMakesNoDeniedCalls`. `.not` passes if it makes one.
   */
  toMakeNoDeniedCalls(profile: StartSource, options?: RunOptions): Promise<Result>;
  /** The value is a command. Passes if it makes only syscalls that `file` lists. See `assertNeedsNoMore`. */
  toNeedNoMoreThan(file: string | URL, options?: NeedsOptions): Promise<Result>;
}

/** The `this` with which Vitest and Jest call a matcher. */
interface Context {
  readonly isNot?: boolean;
}

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * Matchers for `expect.extend`, where `seccomp/testing/vitest` and `seccomp/testing/jest` can't be named in the
 * configuration.
 *
 * @example
 * import { matchers } from 'seccomp/testing';
 *
 * const { pass, message } = matchers.toDenySyscall.call({}, 'docker-default', 'mount');
 * console.log(pass, message()); // true 'mount is denied with EPERM; should not be denied'
 */
export const matchers = {
  toAllowSyscall(
    this: Context,
    profile: StartSource,
    calls: ProbeCall | readonly ProbeCall[],
    options?: ProbeOptions,
  ): MatcherResult {
    refuseNotSeveral(this, calls, 'toDenySyscall');
    return matcherResult(this, allowed(profile, calls, options));
  },

  toDenySyscall(
    this: Context,
    profile: StartSource,
    calls: ProbeCall | readonly ProbeCall[],
    options?: DenialOptions,
  ): MatcherResult {
    refuseNotSeveral(this, calls, 'toAllowSyscall');
    return matcherResult(this, denied(profile, calls, options));
  },

  async toRunUnder(
    this: Context,
    command: readonly string[],
    profile: StartSource,
    options?: RunOptions,
  ): Promise<MatcherResult> {
    return matcherResult(this, await runs(command, profile, options));
  },

  async toMakeNoDeniedCalls(
    this: Context,
    command: readonly string[],
    profile: StartSource,
    options?: RunOptions,
  ): Promise<MatcherResult> {
    return matcherResult(this, await makesNoDeniedCalls(command, profile, options));
  },

  async toNeedNoMoreThan(
    this: Context,
    command: readonly string[],
    file: string | URL,
    options?: NeedsOptions,
  ): Promise<MatcherResult> {
    return matcherResult(this, await needsNoMore(command, file, options));
  },
};

/** A verdict that can't be told fails with and without `.not`. */
function matcherResult(context: Context, verdict: Verdict): MatcherResult {
  const { holds, message, unproven } = own(verdict);
  const isNot = propertyOf(context, 'isNot') === true;
  return { pass: holds ?? isNot, message: () => (isNot ? (unproven ?? message) : message) };
}

/**
 * Refuses `.not` with several calls: `.not.toDenySyscall([a, b])` would pass if only one of the two is allowed, which
 * is hardly ever intended.
 */
function refuseNotSeveral(context: Context, calls: unknown, other: string): void {
  const isOne = typeof calls === 'string' ? !calls.startsWith('@') : !Array.isArray(calls);
  if (propertyOf(context, 'isNot') !== true || isOne) return;
  const message = `.not with several calls is ambiguous: use ${other}, which is about all of them`;
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

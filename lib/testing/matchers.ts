/** Matchers for `expect.extend` of Vitest and Jest. */
import { SeccompError } from '../errors.js';
import type { SpawnOptions } from '../sandbox/options/options.js';
import type { FilterSource, HostOptions } from '../sandbox/plan/plan-filters.js';
import type { RunOptions } from '../sandbox/run.js';
import { propertyOf } from '../util/own-data.js';
import { allowed, type DenialOptions, denied, runs } from './assertions.js';
import type { ProbeCall } from './calls.js';
import type { Verdict } from './command.js';
import { needsNoMore } from './needed-syscalls.js';

/** What the matchers add to what `expect` gives. */
export interface SeccompMatchers<Result = unknown> {
  /** The value is a profile; the kernel allows all `calls` under it. */
  toAllowSyscall(calls: ProbeCall | readonly ProbeCall[], options?: HostOptions): Result;
  /** The value is a profile; the kernel denies all `calls` under it: with `errno`, if that is given. */
  toDenySyscall(calls: ProbeCall | readonly ProbeCall[], options?: DenialOptions): Result;
  /** The value is a command, `[file, ...arguments]`: it ends with exit code 0 under `profile`. To be awaited. */
  toRunUnder(profile: FilterSource, options?: RunOptions): Promise<Result>;
  /** The value is a command: it makes no syscall that the list `file` has not; a list that is not there is written. */
  toNeedNoMoreThan(file: string | URL, options?: SpawnOptions): Promise<Result>;
}

/** What Vitest and Jest call a matcher with. */
interface Context {
  readonly isNot?: boolean;
}

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** To be given to `expect.extend`. */
export const matchers = {
  toAllowSyscall(
    this: Context,
    profile: FilterSource,
    calls: ProbeCall | readonly ProbeCall[],
    options?: HostOptions,
  ): MatcherResult {
    refuseNotAll(this, calls, 'toDenySyscall');
    return resultOf(allowed(profile, calls, options));
  },

  toDenySyscall(
    this: Context,
    profile: FilterSource,
    calls: ProbeCall | readonly ProbeCall[],
    options?: DenialOptions,
  ): MatcherResult {
    refuseNotAll(this, calls, 'toAllowSyscall');
    return resultOf(denied(profile, calls, options));
  },

  async toRunUnder(
    this: Context,
    command: readonly string[],
    profile: FilterSource,
    options?: RunOptions,
  ): Promise<MatcherResult> {
    return resultOf(await runs(command, profile, options));
  },

  async toNeedNoMoreThan(
    this: Context,
    command: readonly string[],
    file: string | URL,
    options?: SpawnOptions,
  ): Promise<MatcherResult> {
    return resultOf(await needsNoMore(command, file, options));
  },
};

function resultOf({ holds, message }: Verdict): MatcherResult {
  return { pass: holds, message: () => message };
}

/** "Not all are denied" would pass if one of them is allowed, and is hardly ever meant. */
function refuseNotAll(context: Context, calls: unknown, other: string): void {
  const isOne = typeof calls === 'string' ? !calls.startsWith('@') : !Array.isArray(calls);
  if (propertyOf(context, 'isNot') !== true || isOne) return;
  throw new SeccompError(
    'ERR_SECCOMP_OPTION',
    `.not of several calls says little: use ${other}, which means all of them`,
  );
}

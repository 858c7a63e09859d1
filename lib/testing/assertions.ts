/**
 * Assertions about profiles. Each throws an AssertionError that names the call or the command, and what happened to it.
 */
import { AssertionError } from 'node:assert';
import { inspect } from 'node:util';
import { readOptions } from '../sandbox/options/table.js';
import type { StartSource } from '../sandbox/plan/resolve-sources.js';
import type { RunOptions } from '../sandbox/run.js';
import { errnos, MAX_ERRNO } from '../syscalls/errno.js';
import { fromCaller } from '../util/caller.js';
import { argumentError } from '../util/node-error.js';
import { own } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';
import type { ProbeAnswer, ProbeCall } from './calls.js';
import { type NeedsOptions, needsNoMore } from './needed-syscalls.js';
import { type ProbeOptions, probe } from './probe.js';
import { makesNoDeniedCalls, runs } from './programs.js';
import type { Verdict } from './verdict.js';

/** Options of `assertDenied` and `toDenySyscall`. */
export interface DenialOptions extends ProbeOptions {
  /**
   * The errno that the calls must fail with, by name, such as `EPERM`, or in digits if it has no name. Default: any
   * denial, also one that kills.
   */
  readonly errno?: string;
}

/** Decides whether all `calls` are allowed. */
export function allowed(
  profile: StartSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: ProbeOptions,
): Verdict {
  return verdictOn(probe(profile, calls, options), isAllowed, 'allowed');
}

/** Decides whether none of `calls` is allowed. */
export function denied(
  profile: StartSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: DenialOptions,
): Verdict {
  const { errno, ...others } = readOptions<DenialOptions>('assertDenied', options);
  const wanted = errno === undefined ? undefined : readErrno(errno);
  const answers = probe(profile, calls, own(others));
  if (wanted === undefined) return verdictOn(answers, (answer) => !isAllowed(answer) && !isDeferred(answer), 'denied');
  return verdictOn(
    answers,
    (answer) => {
      const { errno: found } = own(answer);
      return found !== undefined && errnoNumber(found) === wanted;
    },
    `denied with ${errno}`,
  );
}

const isAllowed = ({ outcome }: ProbeAnswer) => outcome === 'allowed';

/** Whether the profile leaves the call to another process, which may allow it. */
const isDeferred = ({ outcome }: ProbeAnswer) => outcome === 'notified' || outcome === 'traced';

/**
 * Asserts that the running kernel allows calls under a profile. The calls are not carried out: see `probe`.
 *
 * @param profile - As for `spawn`: a profile, a list of profiles, or a sandbox.
 * @param calls - One call or a list of calls; see {@link ProbeCall}.
 * @param options - Options of `probe`.
 * @throws {AssertionError} if the kernel does not allow all calls. The message names up to ten of them.
 * @throws {ProfileError | SeccompError} as `probe` does.
 * @example
 * import { assertAllowed } from 'seccomp/testing';
 *
 * assertAllowed('docker-default', ['read', 'openat', { syscall: 'socket', args: [2, 1, 0] }]);
 */
export function assertAllowed(
  profile: StartSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: ProbeOptions,
): void {
  assertHolds(allowed(profile, calls, options), assertAllowed);
}

/**
 * Asserts that the running kernel denies calls under a profile. The calls are not carried out: see `probe`.
 *
 * @param profile - As for `spawn`: a profile, a list of profiles, or a sandbox.
 * @param calls - One call or a list of calls; see {@link ProbeCall}.
 * @param options - `errno` that the calls must fail with, and options of `probe`.
 * @throws {AssertionError} if the kernel allows one of the calls or leaves it to a supervisor or a tracer, or one does not
 * fail with `errno`.
 * @throws {ProfileError | SeccompError} as `probe` does.
 * @throws {TypeError} for an unknown errno.
 * @example
 * import { assertDenied } from 'seccomp/testing';
 *
 * assertDenied('docker-default', ['mount', '@keyring']);
 * assertDenied('docker-default', 'mount', { errno: 'EPERM' });
 */
export function assertDenied(
  profile: StartSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: DenialOptions,
): void {
  assertHolds(denied(profile, calls, options), assertDenied);
}

/**
 * Asserts that a command works under a profile: it starts, and ends with exit code 0.
 *
 * @param command - The program and its arguments: `[file, ...arguments]`.
 * @param profile - As for `spawn`: a profile, a list of profiles, or a sandbox.
 * @param options - Options of `run`, such as `cwd`, `env` and `timeout`. Denied calls are collected unless `onViolation`
 * is false.
 * @returns A promise that rejects with an AssertionError if the command does not work, or a handler of `notify` has
 * answered one of its calls. The message has the end of its
 * stderr, and the first three kinds of calls that the profile denied, each with its rule. Rejects with a ProfileError
 * or SeccompError if an argument is not valid, also for a profile with SCMP_ACT_NOTIFY and a `listenerPath`, whose agent
 * may answer calls.
 * @example
 * import { assertRunsUnder } from 'seccomp/testing';
 *
 * await assertRunsUnder(['sh', '-c', 'echo hello'], 'docker-default');
 */
export async function assertRunsUnder(
  command: readonly string[],
  profile: StartSource,
  options?: RunOptions,
): Promise<void> {
  assertHolds(await runs(command, profile, options), assertRunsUnder);
}

/**
 * Asserts that a command works under a profile and makes no call that is denied, not even one whose failure it hides: it
 * starts, ends with exit code 0, and tries no network and no file that is not granted. Calls whose denial programs expect
 * don't count: `fallback` of a violation. Processes that outlive it count for two seconds; then the assertion fails.
 *
 * @param command - The program and its arguments: `[file, ...arguments]`.
 * @param profile - As for `spawn`: a profile, a list of profiles, or a sandbox.
 * @param options - Options of `run`, such as `network` and `paths`. Denied files are reported: `reportPaths`.
 * @returns A promise that rejects with an AssertionError if a call was denied, which the first line of its message names, if
 * denied calls may be missing (`unseenCalls`, `unlistedViolations`), or if the command does not work. It rejects with the RunError of a command
 * that is not started, and as `assertRunsUnder`.
 * @example
 * import { assertMakesNoDeniedCalls } from 'seccomp/testing';
 *
 * await assertMakesNoDeniedCalls(['sort', '/dev/null'], 'docker-default', { network: 'none', paths: { read: ['@system'] } });
 */
export async function assertMakesNoDeniedCalls(
  command: readonly string[],
  profile: StartSource,
  options?: RunOptions,
): Promise<void> {
  assertHolds(await makesNoDeniedCalls(command, profile, options), assertMakesNoDeniedCalls);
}

/**
 * Asserts that a command makes no other syscalls than those that a file lists. The first run writes the file, which is
 * to be committed; later runs fail if the command, for example after an update of a dependency, makes a syscall that it
 * did not make before. Where the environment variable CI is set, and not to `false` or 0, a missing file is a failure.
 *
 * @param command - The program and its arguments: `[file, ...arguments]`. It runs without a filter.
 * @param file - Path or URL of a JSON file: a list of names as `neededSyscalls` returns it.
 * @param options - Options of `spawn`, such as `cwd` and `env`; `repeat` and `update`.
 * @returns A promise that rejects with an AssertionError if the command makes another syscall, or with a SeccompError:
 * ERR_SECCOMP_FILE if the file can't be read or written, ERR_SECCOMP_OPTION if the command does not end with exit code
 * 0.
 * @example
 * import { mkdtempSync, writeFileSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { assertNeedsNoMore, neededSyscalls } from 'seccomp/testing';
 *
 * const file = join(mkdtempSync(join(tmpdir(), 'example-')), 'syscalls.json');
 * writeFileSync(file, JSON.stringify(await neededSyscalls(['true'])));
 * await assertNeedsNoMore(['true'], file);
 */
export async function assertNeedsNoMore(
  command: readonly string[],
  file: string | URL,
  options?: NeedsOptions,
): Promise<void> {
  assertHolds(await needsNoMore(command, file, options), assertNeedsNoMore);
}

function assertHolds({ holds, message }: Verdict, stackStartFn: (...args: never[]) => unknown): void {
  if (!holds) throw fromCaller(new AssertionError({ message, stackStartFn }));
}

/** Names the answers that are not as wanted; if all are, names all, for the negation. */
function verdictOn(
  answers: readonly ProbeAnswer[],
  isWanted: (answer: ProbeAnswer) => boolean,
  wanted: string,
): Verdict {
  const wrong = answers.filter((answer) => !isWanted(answer));
  const holds = wrong.length === 0;
  const facts = (holds ? answers : wrong).map((answer) => `${answer.call} is ${outcomeInWords(answer)}`);
  const more = facts.length > LISTED_CALLS ? `, and ${facts.length - LISTED_CALLS} more` : '';
  const expected = `${holds ? 'should not be' : 'should be'} ${wanted}`;
  const named = `${facts.slice(0, LISTED_CALLS).join(', ')}${more}`;
  const message = `${named}; ${expected}`;
  if (holds || !wrong.every(isDeferred)) return { holds, message };
  return { holds: undefined, message, unproven: `${named}, which may allow or deny it` };
}

/** How many calls a message names. */
const LISTED_CALLS = 10;

function outcomeInWords(answer: ProbeAnswer): string {
  const { outcome, errno } = own(answer);
  if (isDeferred(answer)) return outcome === 'notified' ? 'left to a supervisor' : 'left to a tracer';
  return errno === undefined ? outcome : `denied with ${errno}`;
}

/** @throws {TypeError} for a text that is not an errno: the assertion could never hold. */
function readErrno(errno: unknown): number {
  const number = typeof errno === 'string' ? errnoNumber(errno) : Number.NaN;
  if (Number.isInteger(number) && number > 0 && number <= MAX_ERRNO) return number;
  const nearest = suggest(errno, [...errnos().keys()]);
  const message = `options.errno: ${inspect(errno)} is not an errno${nearest}: give a name such as "EPERM", or digits`;
  throw argumentError(typeof errno === 'string' ? 'value' : 'type', message);
}

/** Errnos are compared by number, since some have two names: EAGAIN and EWOULDBLOCK. */
function errnoNumber(errno: string): number {
  return errnos().get(errno) ?? (/^\d+$/.test(errno) ? Number(errno) : Number.NaN);
}

/**
 * Assertions about profiles. Each throws an AssertionError that names the call or the command, and what happened to it.
 */
import { AssertionError } from 'node:assert';
import { inspect } from 'node:util';
import { SeccompError } from '../errors.js';
import { normalizeArguments } from '../sandbox/arguments.js';
import { RunError } from '../sandbox/child/result.js';
import { readOptions } from '../sandbox/options/table.js';
import type { HostOptions, SpawnOptions } from '../sandbox/options/types.js';
import { hasNotify } from '../sandbox/plan/notifications.js';
import { type FilterSource, resolveSources } from '../sandbox/plan/resolve-sources.js';
import { type RunOptions, runCall } from '../sandbox/run.js';
import { errnos, MAX_ERRNO } from '../syscalls/errno.js';
import { fromCaller } from '../util/caller.js';
import { argumentError } from '../util/node-error.js';
import { own } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';
import type { ProbeAnswer, ProbeCall } from './calls.js';
import { readCommandLine } from './command.js';
import { needsNoMore } from './needed-syscalls.js';
import { probe } from './probe.js';
import type { Verdict } from './verdict.js';

/** Options of `assertDenied` and `toDenySyscall`. */
export interface DenialOptions extends HostOptions {
  /**
   * The errno that the calls must fail with, by name, such as `EPERM`, or in digits if it has no name. Default: any
   * denial, also one that kills.
   */
  readonly errno?: string;
}

/** Decides whether all `calls` are allowed. */
export function allowed(
  profile: FilterSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: HostOptions,
): Verdict {
  return verdictOn(probe(profile, calls, options), isAllowed, 'allowed');
}

/** Decides whether none of `calls` is allowed. */
export function denied(
  profile: FilterSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: DenialOptions,
): Verdict {
  const { errno, capabilities, abis } = readOptions<DenialOptions>('assertDenied', options);
  const wanted = errno === undefined ? undefined : readErrno(errno);
  const answers = probe(profile, calls, { capabilities, abis });
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

/** Decides whether `command` ends with exit code 0 under `profile`, whose filter alone answers its calls. */
export async function runs(command: readonly string[], profile: FilterSource, options?: RunOptions): Promise<Verdict> {
  const { file, args, text } = readCommandLine(command);
  const read = readOptions<RunOptions>('run', options);
  const onViolation = read.onViolation ?? true; // For the denied calls in the error's message, and for a negation.
  const call = normalizeArguments<RunOptions>('run', {
    command: file,
    args,
    profile,
    options: own({ ...read, onViolation }),
  });
  const sources = resolveSources(call.profile, call.options);
  const { profiles, policy } = sources;
  if (policy !== undefined && hasNotify(policy) && profiles.some(({ document }) => document.listenerPath))
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      'listenerPath: its agent may answer calls: assert under a profile without it',
    );
  const { notify, answered } = countedHandlers(call.options.notify);
  const reportPaths = onViolation !== false && call.options.paths !== undefined;
  const watched = { ...call, profile: sources.loaded, options: own({ reportPaths, ...call.options, notify }) };
  const verdict = await runCall(watched).then(
    (): Verdict => ({ holds: true, message: `${text} runs under the profile, and should not` }),
    failureVerdict,
  );
  if (answered.size === 0) return verdict;
  const message = `${text}: a handler of options.notify answered ${[...answered].join(', ')}, not the profile`;
  return { holds: undefined, message };
}

function failureVerdict(error: unknown): Verdict {
  if (!(error instanceof RunError)) throw error;
  return isDenied(error)
    ? { holds: false, message: error.message }
    : { holds: undefined, message: error.message, unproven: `${error.message}\n${UNEXPLAINED}` };
}

/**
 * Whether a program failed by itself after one of its calls was denied, other than one whose denial programs expect. One
 * that is missing, is ended from outside, or fails under any profile shows nothing about this one.
 */
function isDenied(error: RunError<unknown>): boolean {
  const { code } = own(error);
  const { exitCode, signal, limit, violations, unlistedViolations } = error;
  const isByItself = exitCode !== null || (signal !== null && FAULTS.has(signal));
  return (
    code === undefined &&
    limit === null &&
    isByItself &&
    (violations.some(({ fallback }) => !fallback) || unlistedViolations > 0)
  );
}

/** The signals that a denial or a failed check raises. */
const FAULTS: ReadonlySet<string> = new Set(['SIGSYS', 'SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGBUS', 'SIGFPE', 'SIGSEGV']);

const UNEXPLAINED =
  'nothing shows that this is because of the profile: for .not, a call must be denied, and the program must end by itself';

/** Returns handlers that note the names of the calls that they get. */
function countedHandlers(handlers: RunOptions['notify']) {
  const answered = new Set<string>();
  if (handlers === undefined) return { notify: undefined, answered };
  const counted = Object.entries(handlers).map(([name, handler]): [string, typeof handler] => [
    name,
    (call) => {
      answered.add(name);
      return handler(call);
    },
  ]);
  return { notify: own(Object.fromEntries(counted)), answered };
}

/**
 * Asserts that the running kernel allows calls under a profile. The calls are not carried out: see `probe`.
 *
 * @param profile - A profile as `spawn` takes it, or a list of profiles.
 * @param calls - One call or a list of calls; see {@link ProbeCall}.
 * @param options - `capabilities` and `abis` that the profile is resolved for, as for `spawn`.
 * @throws {AssertionError} if the kernel does not allow all calls. The message names up to ten of them.
 * @throws {ProfileError | SeccompError} as `probe` does.
 * @example
 * import { assertAllowed } from 'seccomp/testing';
 *
 * assertAllowed('docker-default', ['read', 'openat', { syscall: 'socket', args: [2, 1, 0] }]);
 */
export function assertAllowed(
  profile: FilterSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: HostOptions,
): void {
  assertHolds(allowed(profile, calls, options), assertAllowed);
}

/**
 * Asserts that the running kernel denies calls under a profile. The calls are not carried out: see `probe`.
 *
 * @param profile - A profile as `spawn` takes it, or a list of profiles.
 * @param calls - One call or a list of calls; see {@link ProbeCall}.
 * @param options - `errno` that the calls must fail with; `capabilities` and `abis` as for `spawn`.
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
  profile: FilterSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: DenialOptions,
): void {
  assertHolds(denied(profile, calls, options), assertDenied);
}

/**
 * Asserts that a command works under a profile: it starts, and ends with exit code 0.
 *
 * @param command - The program and its arguments: `[file, ...arguments]`.
 * @param profile - A profile as `spawn` takes it, or a list of profiles.
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
  profile: FilterSource,
  options?: RunOptions,
): Promise<void> {
  assertHolds(await runs(command, profile, options), assertRunsUnder);
}

/**
 * Asserts that a command makes no other syscalls than those that a file lists. The first run writes the file, which is
 * to be committed; later runs fail if the command, for example after an update of a dependency, makes a syscall that it
 * did not make before. Where the environment variable CI is set, a missing file is a failure.
 *
 * @param command - The program and its arguments: `[file, ...arguments]`. It runs without a filter.
 * @param file - Path or URL of a JSON file: a list of names as `neededSyscalls` returns it.
 * @param options - Options of `spawn`, such as `cwd` and `env`.
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
  options?: SpawnOptions,
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

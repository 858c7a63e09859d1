/** What tests claim of profiles: each throws an AssertionError that says which call the kernel answered otherwise, and how. */
import { AssertionError } from 'node:assert';
import { inspect } from 'node:util';
import { SeccompError } from '../errors.js';
import { invocation } from '../sandbox/arguments.js';
import { RunError } from '../sandbox/child/result.js';
import { RUN_OPTIONS, readOptions, type SpawnOptions } from '../sandbox/options/options.js';
import type { FilterSource, HostOptions } from '../sandbox/plan/plan-filters.js';
import { type RunOptions, runToEnd } from '../sandbox/run.js';
import { errnos } from '../syscalls/errno.js';
import { fromCaller } from '../util/caller.js';
import { own } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';
import type { ProbeAnswer, ProbeCall } from './calls.js';
import { readCommand, type Verdict } from './command.js';
import { needsNoMore } from './needed-syscalls.js';
import { probe } from './probe.js';

/** Options of assertDenied. */
export interface DenialOptions extends HostOptions {
  /** The errno that the calls must fail with, such as `EPERM`; digits for one without a name. Default any denial, a killing one too. */
  readonly errno?: string;
}

/** All `calls` are allowed. */
export function allowed(
  profile: FilterSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: HostOptions,
): Verdict {
  return verdict(probe(profile, calls, options), ({ outcome }) => outcome === 'allowed', 'allowed');
}

/** None of `calls` is allowed. */
export function denied(
  profile: FilterSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: DenialOptions,
): Verdict {
  const { errno, capabilities, abis } = readOptions<DenialOptions>(options, ['errno', 'capabilities', 'abis']);
  const wanted = errno === undefined ? undefined : readErrno(errno);
  const answers = probe(profile, calls, { capabilities, abis });
  if (wanted === undefined) return verdict(answers, ({ outcome }) => outcome !== 'allowed', 'denied');
  return verdict(
    answers,
    (answer) => answer.errno !== undefined && numberOf(answer.errno) === wanted,
    `denied with ${errno}`,
  );
}

/** `command` runs under `profile` and ends with exit code 0. */
export async function runs(command: readonly string[], profile: FilterSource, options?: RunOptions): Promise<Verdict> {
  const { file, args, text } = readCommand(command);
  const invoked = invocation<RunOptions>([file, args, profile, options], RUN_OPTIONS);
  const onViolation = invoked.options.onViolation ?? true;
  try {
    await runToEnd({ ...invoked, options: own({ ...invoked.options, onViolation }) });
    return { holds: true, message: `${text} runs under the profile, and should not` };
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return { holds: false, message: error.message };
  }
}

/** @throws AssertionError if the kernel does not allow one of `calls` under `profile`. */
export function assertAllowed(
  profile: FilterSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: HostOptions,
): void {
  insist(allowed(profile, calls, options), assertAllowed);
}

/** @throws AssertionError if the kernel allows one of `calls` under `profile`, or denies it otherwise than `errno` says. */
export function assertDenied(
  profile: FilterSource,
  calls: ProbeCall | readonly ProbeCall[],
  options?: DenialOptions,
): void {
  insist(denied(profile, calls, options), assertDenied);
}

/** Rejects with an AssertionError if the command does not start under `profile`, or not end with exit code 0. */
export async function assertRunsUnder(
  command: readonly string[],
  profile: FilterSource,
  options?: RunOptions,
): Promise<void> {
  insist(await runs(command, profile, options), assertRunsUnder);
}

/** Rejects with an AssertionError if the command needs a syscall that the list `file` has not; see docs/testing.md. */
export async function assertNeedsNoMore(
  command: readonly string[],
  file: string | URL,
  options?: SpawnOptions,
): Promise<void> {
  insist(await needsNoMore(command, file, options), assertNeedsNoMore);
}

function insist({ holds, message }: Verdict, stackStartFn: (...args: never[]) => unknown): void {
  if (!holds) throw fromCaller(new AssertionError({ message, stackStartFn }));
}

function verdict(answers: readonly ProbeAnswer[], isWanted: (answer: ProbeAnswer) => boolean, wanted: string): Verdict {
  const wrong = answers.filter((answer) => !isWanted(answer));
  const told = (wrong.length === 0 ? answers : wrong).map((answer) => `${answer.call} is ${shown(answer)}`);
  const more = told.length > LISTED ? `, and ${told.length - LISTED} more` : '';
  const should = `${wrong.length === 0 ? 'should not be' : 'should be'} ${wanted}`;
  return { holds: wrong.length === 0, message: `${told.slice(0, LISTED).join(', ')}${more}; ${should}` };
}

/** How many calls a message names. */
const LISTED = 10;

function shown({ outcome, errno }: ProbeAnswer): string {
  return errno === undefined ? outcome : `denied with ${errno}`;
}

/** @throws SeccompError ERR_SECCOMP_OPTION for what is no errno: no call would ever fail with it. */
function readErrno(errno: unknown): number {
  const number = typeof errno === 'string' ? numberOf(errno) : Number.NaN;
  if (Number.isInteger(number) && number > 0 && number <= MOST_ERRNO) return number;
  const message = `options.errno: ${inspect(errno)} is no errno${suggest(errno, [...errnos().keys()])}: give a name such as "EPERM", or digits`;
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

/** The largest that a filter returns: MAX_ERRNO in include/linux/err.h. */
const MOST_ERRNO = 4095;

/** By number, as some have two names: EAGAIN is EWOULDBLOCK. */
function numberOf(errno: string): number {
  return errnos().get(errno) ?? (/^\d+$/.test(errno) ? Number(errno) : Number.NaN);
}

/**
 * The exit status of `seccomp`. Every status of the command is chosen in this file, except the status of a program that
 * replaces the command.
 */
import type { LimitReason } from '../index.js';
import type { ProgramEnd } from '../process-tree/program-end.js';
import { NOT_RUN } from '../sandbox/this-process/exit-status.js';

/** The same statuses as those of env(1), nohup(1) and docker run. 125 is also that of seccomp/register. */
const FAILED = NOT_RUN;
const TIMED_OUT = 124;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;
/** A shell's status for a program that was ended by signal n is 128 + n. */
const BY_SIGNAL = 128;

/** The command itself failed: by its arguments, a profile, a file, or because the kernel refused a filter. */
export function exitFailed(): void {
  process.exitCode = FAILED;
}

/**
 * The command has a result: status 0 if the result is good, 1 if it is bad. Does not replace the status of an earlier
 * failure.
 */
export function exitWithResult(isGood: boolean): void {
  process.exitCode ??= isGood ? 0 : 1;
}

/** The program could not be started. */
export function exitNotStarted(isFound: boolean): void {
  process.exitCode = isFound ? NOT_EXECUTABLE : NOT_FOUND;
}

/**
 * The program was ended at a limit: the status of timeout(1) for its time; else as it has ended, which is 137 for a kill by
 * the kernel.
 */
export function exitAtLimit(limit: LimitReason, end: ProgramEnd): void {
  if (limit === 'time') process.exitCode = TIMED_OUT;
  else exitAsProgram(end);
}

/** The program has ended, by exiting or by a signal. An unknown end is a failure of the command. */
export function exitAsProgram({ code, signalNumber }: ProgramEnd): void {
  process.exitCode = signalNumber === null ? (code ?? FAILED) : BY_SIGNAL + signalNumber;
}

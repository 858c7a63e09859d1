/** The only error classes: every failure of this package's own is one of these, with a code, a place and a remedy. */

import { denialLines } from './supervisor/denials.js';
import type { Violation } from './supervisor/violation.js';
import { own } from './util/own-data.js';

/** What kind of failure it is. */
export type SeccompErrorCode =
  /** The profile is not valid; see `ProfileError.issues`. */
  | 'ERR_SECCOMP_PROFILE'
  /** No built-in profile has this name. */
  | 'ERR_SECCOMP_BUILTIN'
  /** The profile's file can't be read. */
  | 'ERR_SECCOMP_FILE'
  /** The filter is longer than the kernel takes. */
  | 'ERR_SECCOMP_TOO_LARGE'
  /** The compiled filter failed its proof: a mistake of this package's, and nothing was started. */
  | 'ERR_SECCOMP_PROOF'
  /** This system, kernel or CPU can't do it. */
  | 'ERR_SECCOMP_UNSUPPORTED'
  /** The addon is missing or does not load. */
  | 'ERR_SECCOMP_ADDON'
  /** An option is unknown, of the wrong type, or can't be honoured. */
  | 'ERR_SECCOMP_OPTION'
  /** The kernel refused the filter; nothing was started. */
  | 'ERR_SECCOMP_ATTACH'
  /** The agent at a profile's listenerPath was not reached; nothing was started. Or the socket for one can't be had. */
  | 'ERR_SECCOMP_AGENT';

/** A failure of this package, not of the program that it was to start. */
export class SeccompError extends Error {
  override readonly name: string = 'SeccompError';
  readonly code: SeccompErrorCode;

  constructor(code: SeccompErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** One thing that is wrong with a profile, or looks wrong. */
export interface ProfileIssue {
  /** An `error` is refused; a `warning` only told. */
  readonly severity: 'error' | 'warning';
  /** Where, as a JSON path: `syscalls[3].args[0].op`; empty for the document itself. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
  /** Place in the text, counted from 1; absent if the profile was given as an object. */
  readonly line?: number;
  readonly column?: number;
}

/** How many errors a message lists; `issues` has them all. */
const LISTED = 100;

/** A profile that is not valid, with everything that is wrong with it. */
export class ProfileError extends SeccompError {
  override readonly name = 'ProfileError';
  /** What the profile was read from: a path, a built-in's name, or `inline`. */
  readonly source: string;
  /** Errors and warnings, in the order in which they were found. */
  readonly issues: readonly ProfileIssue[];

  constructor(source: string, issues: readonly ProfileIssue[]) {
    super('ERR_SECCOMP_PROFILE', summary(source, issues));
    this.source = source;
    this.issues = issues;
  }
}

function summary(source: string, issues: readonly ProfileIssue[]): string {
  const errors = issues.filter(({ severity }) => severity === 'error');
  const warnings = issues.length - errors.length;
  const lines = errors.slice(0, LISTED).map((issue) => describeIssue(source, issue));
  if (errors.length > LISTED) lines.push(`${source}: and ${errors.length - LISTED} more errors`);
  if (warnings > 0) lines.push(`${source}: and ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`);
  return lines.join('\n');
}

/** `profile.json:3:14: syscalls[0].action: unknown action …` */
export function describeIssue(source: string, issue: ProfileIssue): string {
  const { path, message, line, column } = own(issue);
  const place = line === undefined ? '' : `:${line}:${column}`;
  return `${source}${place}: ${path === '' ? '' : `${path}: `}${message}`;
}

/** What became of a program: `run` resolves to it, and rejects with an error that has all of it. */
export interface RunResult<Output = string> {
  /** The command and its arguments with spaces between them: to be read, not to be run. */
  readonly command: string;
  /** Empty if it is no pipe. */
  readonly stdout: Output;
  readonly stderr: Output;
  /** Null if a signal ended it, or it was not started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether it was ended because it took longer than `timeout`. */
  readonly timedOut: boolean;
  /** The calls that its profile did not let through, one of each kind; none unless onViolation is given. */
  readonly violations: readonly Violation[];
  /** How many calls were denied beyond the kinds that `violations` lists. */
  readonly unlistedViolations: number;
}

/**
 * The program was not started, was ended by us, or did not end with exit code 0. `message` has its stderr, and after it the
 * first of the calls that were denied.
 */
export class RunError<Output = string> extends Error implements RunResult<Output> {
  override readonly name = 'RunError';
  /**
   * Why it was not started (ENOENT, EACCES, …), or was ended: ETIMEDOUT, ABORT_ERR, ERR_CHILD_PROCESS_STDIO_MAXBUFFER.
   * Undefined if it ended by itself.
   */
  readonly code: string | undefined;
  readonly command: string;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly violations: readonly Violation[];
  readonly unlistedViolations: number;

  /** `hint`: the last line of the message. */
  constructor(reason: string, code: string | undefined, result: RunResult<Output>, options?: ErrorOptions, hint = '') {
    const first = `${result.command}: ${reason}`;
    const lines = [first, String(result.stderr).trimEnd(), ...denialLines(result), hint];
    super(lines.filter((line) => line !== '').join('\n'), options);
    this.code = code;
    this.command = result.command;
    this.stdout = result.stdout;
    this.stderr = result.stderr;
    this.exitCode = result.exitCode;
    this.signal = result.signal;
    this.timedOut = result.timedOut;
    this.violations = result.violations;
    this.unlistedViolations = result.unlistedViolations;
  }
}

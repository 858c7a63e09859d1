/** The error classes. Every failure of this package's own is one of these, with a code, a place and a remedy. */

import { denialLines } from './notify/denial-messages.js';
import type { Violation } from './notify/violation.js';
import type { Enforcement } from './sandbox/child/enforcement.js';
import { defineHidden, fromCaller, withoutFrames } from './util/caller.js';
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
  declare readonly name: string;
  readonly code: SeccompErrorCode;

  constructor(code: SeccompErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    withoutFrames(options?.cause);
    fromCaller(this);
  }

  /** What JSON.stringify writes. */
  toJSON(): object {
    const { name, code, message } = this;
    return { name, code, message };
  }
}

defineHidden(SeccompError.prototype, 'name', 'SeccompError');

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

/** How many errors a message lists, so that what Node prints of an uncaught one fits a terminal; `issues` has them all. */
const LISTED = 8;

/** A profile that is not valid, with everything that is wrong with it. */
export class ProfileError extends SeccompError {
  declare readonly name: 'ProfileError';
  /** What the profile was read from: a path, a built-in's name, or `inline`. */
  readonly source: string;
  /** Errors and warnings, in the order in which they were found. Not enumerable. */
  declare readonly issues: readonly ProfileIssue[];

  constructor(source: string, issues: readonly ProfileIssue[]) {
    super('ERR_SECCOMP_PROFILE', summary(source, issues));
    this.source = source;
    defineHidden(this, 'issues', issues);
  }

  override toJSON(): object {
    const { source, issues } = this;
    return { ...super.toJSON(), source, issues };
  }
}

defineHidden(ProfileError.prototype, 'name', 'ProfileError');

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
  /** What was enforced on it, and what was not. */
  readonly enforcement: Enforcement;
  /** The calls that its profile did not let through, one of each kind; none unless onViolation is given. */
  readonly violations: readonly Violation[];
  /** How many calls were denied beyond the kinds that `violations` lists. */
  readonly unlistedViolations: number;
}

/**
 * The program was not started, was ended by us, or did not end with exit code 0. `message` has the last lines of its stderr,
 * and after them the first of the calls that were denied. `command`, `stdout`, `stderr`, `timedOut`, `enforcement`, `violations` and
 * `unlistedViolations` are not enumerable: printing the error does not print them.
 */
export class RunError<Output = string> extends Error implements RunResult<Output> {
  declare readonly name: 'RunError';
  /**
   * Why it was not started (ENOENT, EACCES, …), or was ended: ETIMEDOUT, ABORT_ERR, ERR_CHILD_PROCESS_STDIO_MAXBUFFER.
   * Undefined if it ended by itself.
   */
  readonly code: string | undefined;
  declare readonly command: string;
  declare readonly stdout: Output;
  declare readonly stderr: Output;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  declare readonly timedOut: boolean;
  declare readonly enforcement: Enforcement;
  declare readonly violations: readonly Violation[];
  declare readonly unlistedViolations: number;

  /** `hint`: the last line of the message. */
  constructor(reason: string, code: string | undefined, result: RunResult<Output>, options?: ErrorOptions, hint = '') {
    const first = `${firstLine(result.command)}: ${reason}`;
    const lines = [first, lastLines(String(result.stderr)), ...denialLines(result), hint];
    super(lines.filter((line) => line !== '').join('\n'), options);
    const { command, stdout, stderr, timedOut, enforcement, violations, unlistedViolations } = result;
    const hidden = { command, stdout, stderr, timedOut, enforcement, violations, unlistedViolations };
    for (const [name, value] of Object.entries(hidden)) defineHidden(this, name, value);
    this.code = code;
    this.exitCode = result.exitCode;
    this.signal = result.signal;
    withoutFrames(options?.cause);
    fromCaller(this);
  }

  /** What JSON.stringify writes. */
  toJSON(): object {
    const { name, code, message, command, exitCode, signal, timedOut, stdout, stderr } = this;
    const { enforcement, violations, unlistedViolations } = this;
    const ended = { name, code, message, command, exitCode, signal, timedOut, stdout, stderr };
    return { ...ended, enforcement, violations, unlistedViolations };
  }
}

defineHidden(RunError.prototype, 'name', 'RunError');

/** How much of stderr a message has: lines, and characters of them. */
const STDERR_LINES = 3;
const STDERR_CHARACTERS = 1000;

/** How many characters of a command a message has. */
const COMMAND_CHARACTERS = 200;

/** The last lines of a program's stderr. */
function lastLines(stderr: string): string {
  const all = stderr.trimEnd();
  const end = all.slice(-STDERR_CHARACTERS).split('\n').slice(-STDERR_LINES).join('\n');
  const printable = end.replace(/[^\P{Cc}\n\t]/gu, ''); // What a child writes does not control the reader's terminal.
  return end === all ? printable : `… (the end of stderr; the property has all of it)\n${printable}`;
}

/** The first line of a command. */
function firstLine(command: string): string {
  const [line = ''] = command.slice(0, COMMAND_CHARACTERS).split('\n');
  return line === command ? line : `${line}…`;
}

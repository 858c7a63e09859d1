/** The error classes. Every failure of this package's own is one of these, with a code, a place and a remedy. */

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

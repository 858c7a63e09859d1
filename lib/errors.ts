/** The only error classes: every failure of this package's own is one of these, with a code, a place and a remedy. */

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
  | 'ERR_SECCOMP_ATTACH';

/** A failure of this package, not of the program that it was to start. */
export class SeccompError extends Error {
  override readonly name: string = 'SeccompError';
  readonly code: SeccompErrorCode;

  constructor(code: SeccompErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** One thing that is wrong with a profile. */
export interface ProfileIssue {
  /** Where, as a JSON path: `syscalls[3].args[0].op`; empty for the document itself. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
  /** Place in the text, counted from 1; absent if the profile was given as an object. */
  readonly line?: number;
  readonly column?: number;
}

/** A profile that is not valid, with everything that is wrong with it. */
export class ProfileError extends SeccompError {
  override readonly name = 'ProfileError';
  /** What the profile was read from: a path, a built-in's name, or `inline`. */
  readonly source: string;
  readonly issues: readonly ProfileIssue[];

  constructor(source: string, issues: readonly ProfileIssue[]) {
    super('ERR_SECCOMP_PROFILE', issues.map((issue) => describe(source, issue)).join('\n'));
    this.source = source;
    this.issues = issues;
  }
}

function describe(source: string, { path, message, line, column }: ProfileIssue): string {
  const place = line === undefined ? '' : `:${line}:${column}`;
  return `${source}${place}: ${path === '' ? '' : `${path}: `}${message}`;
}

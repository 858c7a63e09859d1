/** The error classes of this package. An error names the thing that failed, its place and the remedy. */
import { defineHidden, fromCaller, runAs, withoutFrames } from './util/caller.js';
import { member, printableLine, printableLines, shownName } from './util/foreign-text.js';
import { argumentError } from './util/node-error.js';
import { invalidType } from './util/option-errors.js';
import { own, type Path, type ProblemKind, type Refuse } from './util/own-data.js';

/** The kinds of failure: the values of `SeccompError.code`. */
export type SeccompErrorCode =
  /** The profile is not valid. `ProfileError.issues` lists every problem. */
  | 'ERR_SECCOMP_PROFILE'
  /** No built-in profile or sandbox has this name. */
  | 'ERR_SECCOMP_BUILTIN'
  /** The sandbox file is not valid. `SandboxFileError.issues` lists every problem. */
  | 'ERR_SECCOMP_SANDBOX'
  /** The file of the profile or of the sandbox cannot be read. */
  | 'ERR_SECCOMP_FILE'
  /** The filter is longer than the kernel accepts: BPF_MAXINSNS, 4096 instructions. */
  | 'ERR_SECCOMP_TOO_LARGE'
  /** The compiled filter failed its proof. This is a bug in this package. The program was not started. */
  | 'ERR_SECCOMP_PROOF'
  /** This operating system, kernel or CPU does not support the request. */
  | 'ERR_SECCOMP_UNSUPPORTED'
  /** The native addon is missing, or Node cannot load it. */
  | 'ERR_SECCOMP_ADDON'
  /** An option is unknown, has no effect here, or can't be honored: on this kernel, or together with the others. */
  | 'ERR_SECCOMP_OPTION'
  /** The kernel refused the filter. The program was not started. */
  | 'ERR_SECCOMP_ATTACH'
  /**
   * The agent at the profile's listenerPath did not answer, and the program was not started; or `listen` could not open
   * its socket.
   */
  | 'ERR_SECCOMP_AGENT'
  /** A child sent something else than messages over its channel, which is closed; or more messages wait for it than may. */
  | 'ERR_SECCOMP_CHANNEL';

/**
 * An error of this package: a wrong profile or option, or a refusal by the kernel. A program that fails after its start
 * is not a SeccompError.
 *
 * @example
 * import { loadProfile, SeccompError } from 'seccomp';
 *
 * try {
 *   loadProfile('dokcer-default');
 * } catch (error) {
 *   if (!(error instanceof SeccompError)) throw error;
 *   console.log(error.code); // ERR_SECCOMP_BUILTIN
 *   console.log(error.message); // It proposes docker-default.
 * }
 */
export class SeccompError extends Error {
  /** The name of the class. */
  declare readonly name: string;
  /** The kind of failure. */
  readonly code: SeccompErrorCode;

  /**
   * Makes an error of this package, for code that extends it.
   *
   * @param code - The kind of failure.
   * @param message - The message. It names the thing, its place and the remedy.
   * @param options - `cause`, the error that led to this one. It loses its stack frames, which lie in this package.
   * @throws {TypeError} if a parameter has the wrong type.
   */
  constructor(code: SeccompErrorCode, message: string, options?: ErrorOptions) {
    runAs(new.target, () => {
      requireText(code, 'code');
      requireText(message, 'message');
      if (options !== undefined) requireObject(options, 'options');
    });
    super(LISTED.test(code) ? printableLines(message) : printableLine(message), options);
    this.code = code;
    withoutFrames(options?.cause);
    fromCaller(this, new.target);
  }

  /** Returns the name, the code and the message, as for Node's own errors. */
  override toString(): string {
    return `${this.name} [${this.code}]: ${this.message}`;
  }

  /** Returns the properties that JSON.stringify writes. */
  toJSON(): object {
    const { name, code, message } = this;
    return { name, code, message };
  }
}

defineHidden(SeccompError.prototype, 'name', 'SeccompError');

/** The errors whose message has a line for each problem. */
const LISTED = /PROFILE|SANDBOX/;

function requireText(value: unknown, name: string): void {
  if (typeof value !== 'string') throw invalidType(name, 'of type string', value);
}

function requireObject(value: unknown, name: string): void {
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'of type object', value);
}

/** Checks the parameters of the error of a document, on behalf of its class. */
function requireDocument(entry: Parameters<typeof runAs>[0], source: unknown, issues: unknown): void {
  runAs(entry, () => {
    requireText(source, 'source');
    if (!Array.isArray(issues)) throw invalidType('issues', 'an instance of Array', issues);
    for (const [i, issue] of issues.entries()) {
      requireObject(issue, `issues[${i}]`);
      requireText(issue.path, `issues[${i}].path`);
      requireText(issue.message, `issues[${i}].message`);
    }
  });
}

/**
 * Returns a function that throws Node's error for a problem with a parameter, or with a part of it.
 *
 * @param parameter - The parameter's name: `options.notify`.
 * @param form - The form that the parameter has: `a host is { abi, kernel, capabilities }`.
 */
export function refuseIn(parameter: string, form = ''): Refuse {
  return (path: Path, problem: string, kind: ProblemKind = 'value') => {
    const place = path.map(member).join('');
    const text = [problem, form].filter((each) => each !== '').join('; ');
    throw argumentError(kind, `${parameter}${place}: ${text}`);
  };
}

/** One problem of a profile, or of a sandbox file. */
export interface ProfileIssue {
  /** A document with an `error` is refused; a `warning` is only reported. */
  readonly severity: 'error' | 'warning';
  /** JSON path of the problem, for example `syscalls[3].args[0].op`; empty for the document itself. */
  readonly path: string;
  /** Description of the problem and its remedy. */
  readonly message: string;
  /** Line in the profile's text, from 1; absent if the profile is an object. */
  readonly line?: number;
  /** Column in that line, from 1, in UTF-16 code units; absent if the profile is an object. */
  readonly column?: number;
}

/** Maximum number of errors in a message: an uncaught error that Node prints must fit a terminal. */
const LISTED_ERRORS = 8;

/**
 * A profile is not valid. The message lists the first errors; `issues` has every error and warning.
 *
 * @example
 * import { loadProfile, ProfileError } from 'seccomp';
 *
 * try {
 *   loadProfile('{ "defaultAction": "SCMP_ACT_ERRRNO" }');
 * } catch (error) {
 *   if (!(error instanceof ProfileError)) throw error;
 *   for (const { path, line, column, message } of error.issues) console.log(`${line}:${column} ${path}: ${message}`);
 * }
 */
export class ProfileError extends SeccompError {
  /** The name of the class. */
  declare readonly name: 'ProfileError';
  /** Source of the profile: a path, a built-in's name, or `inline` for text and objects. */
  readonly source: string;
  /** All errors and warnings, in the order of their discovery. This property is not enumerable. */
  declare readonly issues: readonly ProfileIssue[];

  /**
   * Makes the error of a profile.
   *
   * @param source - A path, a built-in's name, or `inline`.
   * @param issues - All errors and warnings.
   * @throws {TypeError} if a parameter has the wrong type.
   */
  constructor(source: string, issues: readonly ProfileIssue[]) {
    requireDocument(new.target, source, issues);
    super('ERR_SECCOMP_PROFILE', issueSummary(source, issues));
    this.source = source;
    defineHidden(this, 'issues', issues);
  }

  /** Returns the properties that JSON.stringify writes. */
  override toJSON(): object {
    const { source, issues } = this;
    return { ...super.toJSON(), source, issues };
  }
}

defineHidden(ProfileError.prototype, 'name', 'ProfileError');

/**
 * A sandbox file is not valid. The message lists the first errors; `issues` has every error and warning.
 *
 * @example
 * import { loadSandbox, SandboxFileError } from 'seccomp';
 *
 * try {
 *   loadSandbox('{ "extends": "untrusted", "timout": 5000 }');
 * } catch (error) {
 *   if (!(error instanceof SandboxFileError)) throw error;
 *   for (const { path, line, column, message } of error.issues) console.log(`${line}:${column} ${path}: ${message}`);
 * }
 */
export class SandboxFileError extends SeccompError {
  /** The name of the class. */
  declare readonly name: 'SandboxFileError';
  /** Source of the sandbox: a path, or `inline` for text and objects. */
  readonly source: string;
  /** All errors and warnings, in the order of the text. This property is not enumerable. */
  declare readonly issues: readonly ProfileIssue[];

  /**
   * Makes the error of a sandbox file.
   *
   * @param source - A path, or `inline`.
   * @param issues - All errors and warnings.
   * @throws {TypeError} if a parameter has the wrong type.
   */
  constructor(source: string, issues: readonly ProfileIssue[]) {
    requireDocument(new.target, source, issues);
    super('ERR_SECCOMP_SANDBOX', issueSummary(source, issues));
    this.source = source;
    defineHidden(this, 'issues', issues);
  }

  /** Returns the properties that JSON.stringify writes. */
  override toJSON(): object {
    const { source, issues } = this;
    return { ...super.toJSON(), source, issues };
  }
}

defineHidden(SandboxFileError.prototype, 'name', 'SandboxFileError');

function issueSummary(source: string, issues: readonly ProfileIssue[]): string {
  const errors = issues.filter(({ severity }) => severity === 'error');
  const warnings = issues.length - errors.length;
  const lines = errors.slice(0, LISTED_ERRORS).map((issue) => describeIssue(source, issue));
  const name = shownName(source);
  if (errors.length > LISTED_ERRORS) lines.push(`${name}: and ${errors.length - LISTED_ERRORS} more errors`);
  if (warnings > 0) lines.push(`${name}: and ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`);
  return lines.join('\n');
}

/** Formats an issue as one line: `profile.json:3:14: syscalls[0].action: unknown action …`. */
export function describeIssue(source: string, issue: ProfileIssue): string {
  const { path, message, line, column } = own(issue);
  const place = line === undefined ? '' : `:${line}:${column}`;
  return printableLine(`${shownName(source)}${place}: ${path === '' ? '' : `${path}: `}${message}`);
}

/** A profile that has been read and checked. */

import { ProfileError, type ProfileIssue } from '../errors.js';
import { publicMethods } from '../util/caller.js';
import { type AllowlistOptions, allowlistDocument, Builder, DENYLIST } from './build.js';
import { checkDocument } from './check.js';
import type { CheckedDocument, Finding, ProfileDocument } from './document.js';
import {
  checkOptions,
  type MeaningOptions,
  meaningOf,
  type ProfileFormat,
  type ProfileMode,
  type ProfileOptions,
} from './options.js';
import { toIssues } from './places.js';
import type { Remark } from './remark.js';
import { toProfileDocument } from './stringify.js';
import { readJson } from './text.js';

/**
 * A profile: a checked document, where it came from, and how it was read. It never changes: what is said on it makes a
 * new one.
 */
export class Profile extends Builder<Profile> {
  /** A profile that allows nothing yet. */
  static allowlist(options: AllowlistOptions = {}): Profile {
    const { newerCalls = 'enosys' } = options;
    return new Profile(allowlistDocument(options), newReading('allowlist', { newerCalls }));
  }

  /** A profile that denies nothing yet. */
  static denylist(): Profile {
    return new Profile(DENYLIST, newReading('denylist'));
  }

  /** A path, a built-in's name, or `inline`. */
  readonly source: string;
  readonly format: ProfileFormat;
  readonly mode: ProfileMode;
  readonly options: MeaningOptions;
  readonly document: CheckedDocument;
  /** What looks wrong in the document but is no error. */
  readonly warnings: readonly ProfileIssue[];
  readonly #text: string | undefined;

  constructor(document: CheckedDocument, reading: Reading) {
    super();
    this.source = reading.source;
    this.format = reading.format;
    this.mode = reading.mode;
    this.options = reading.options;
    this.document = document;
    this.warnings = reading.warnings;
    this.#text = reading.text;
  }

  /**
   * The document as Docker's JSON has it, for JSON.stringify. That refuses numbers above 2⁵³, which are bigints here:
   * `stringify` writes them.
   */
  toJSON(): ProfileDocument {
    return toProfileDocument(this.document);
  }

  /** Without places in a text and warnings, which say nothing of another document. */
  protected override with(document: CheckedDocument): Profile {
    return new Profile(document, { ...this, warnings: [] });
  }

  /** `findings` with their places in this profile. */
  issues(findings: readonly Finding[]): readonly ProfileIssue[] {
    return toIssues(findings, this.#text);
  }

  /** The error that reports `findings`, and the document's own warnings. */
  error(findings: readonly Finding[]): ProfileError {
    return new ProfileError(this.source, [...this.warnings, ...this.issues(findings)]);
  }
}

publicMethods(Profile, 'allowlist', 'denylist');

/** How a document was read; another profile, for one. */
interface Reading {
  readonly source: string;
  readonly format: ProfileFormat;
  readonly mode: ProfileMode;
  readonly options: MeaningOptions;
  readonly warnings: readonly ProfileIssue[];
  /** The text that it was read from, for the places of findings. */
  readonly text?: string | undefined;
}

/** Of a profile that begins here. */
function newReading(source: string, options: Partial<MeaningOptions> = {}): Reading {
  checkOptions(options);
  return { source, format: 'docker', mode: 'strict', options: meaningOf(options), warnings: [] };
}

/** A built-in profile: its document is right as it is. */
export function builtinProfile(source: string, document: CheckedDocument, options: ProfileOptions): Profile {
  checkOptions(options);
  const { mode = 'strict' } = options;
  return new Profile(document, { source, format: 'docker', mode, options: meaningOf(options), warnings: [] });
}

/**
 * Reads a profile from JSON text.
 * @throws ProfileError with everything that is wrong, by JSON path, line and column; SeccompError ERR_SECCOMP_OPTION.
 */
export function parseProfile(text: string, options: ProfileOptions = {}): Profile {
  return profileIn(readText(text, options));
}

/**
 * Checks a profile that is an object.
 * @throws ProfileError with everything that is wrong, by JSON path; SeccompError ERR_SECCOMP_OPTION.
 */
export function profileOf(document: ProfileDocument, options: ProfileOptions = {}): Profile {
  return profileIn(readDocument(document, options));
}

/** What reading comes to. No profile, though there are no errors, is a document that runtimes filter nothing for. */
export interface ReadProfile {
  readonly source: string;
  readonly profile: Profile | null;
  /** Errors and warnings. */
  readonly issues: readonly ProfileIssue[];
}

/** Reads JSON text; what is wrong is in the result. */
export function readText(text: string, options: ProfileOptions): ReadProfile {
  checkOptions(options);
  const { source = 'inline' } = options;
  const { value, remarks, issue } = readJson(text);
  return issue === undefined ? toRead(value, options, remarks, text) : { source, profile: null, issues: [issue] };
}

/** Reads an object; what is wrong is in the result. */
export function readDocument(document: unknown, options: ProfileOptions): ReadProfile {
  checkOptions(options);
  return toRead(document, options, [], undefined);
}

function toRead(
  value: unknown,
  options: ProfileOptions,
  found: readonly Remark[],
  text: string | undefined,
): ReadProfile {
  const { source = 'inline', mode = 'strict' } = options;
  const { document, format, findings } = checkDocument(value, { format: options.format, mode }, found);
  const issues = toIssues(findings, text);
  if (document === undefined) return { source, profile: null, issues };
  const reading = { source, format, mode, options: meaningOf(options), warnings: issues, text };
  return { source, profile: new Profile(document, reading), issues };
}

/**
 * The profile that was read, or `null` if runtimes would filter nothing.
 * @throws ProfileError if there are errors.
 */
export function profileOrNone({ source, profile, issues }: ReadProfile): Profile | null {
  if (issues.some(({ severity }) => severity === 'error')) throw new ProfileError(source, issues);
  return profile;
}

function profileIn(read: ReadProfile): Profile {
  const profile = profileOrNone(read);
  if (profile !== null) return profile;
  const message = 'filters nothing, having neither a default action nor rules; loadProfile returns null for it';
  throw new ProfileError(read.source, [{ severity: 'error', path: '', message }]);
}

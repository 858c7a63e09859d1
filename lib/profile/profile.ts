/** A profile that has been read and checked. */
import { ProfileError, type ProfileIssue } from '../errors.js';
import { type AllowlistOptions, allowlistDocument, Builder, DENYLIST } from './build.js';
import { type CheckedDocument, check, type Finding, type ProfileDocument } from './document.js';
import { JsonSyntaxError, parseJson } from './json.js';
import {
  checkOptions,
  type MeaningOptions,
  meaningOf,
  type ProfileFormat,
  type ProfileMode,
  type ProfileOptions,
} from './options.js';

/**
 * A profile: a checked document, where it came from, and how it was read. It never changes: what is said on it makes a
 * new one.
 */
export class Profile extends Builder<Profile> {
  /** A profile that allows nothing yet. */
  static allowlist(options: AllowlistOptions = {}): Profile {
    return new Profile(allowlistDocument(options), readingOf({ source: 'allowlist' }, undefined));
  }

  /** A profile that denies nothing yet. */
  static denylist(): Profile {
    return new Profile(DENYLIST, readingOf({ source: 'denylist' }, undefined));
  }

  /** A path, a built-in's name, or `inline`. */
  readonly source: string;
  readonly format: ProfileFormat;
  readonly mode: ProfileMode;
  readonly options: MeaningOptions;
  readonly document: CheckedDocument;
  /** What looks wrong in the document but is no error. */
  readonly warnings: readonly ProfileIssue[];
  readonly #placeOf: PlaceOf | undefined;

  constructor(document: CheckedDocument, reading: Reading) {
    super();
    this.source = reading.source;
    this.format = reading.format;
    this.mode = reading.mode;
    this.options = reading.options;
    this.document = document;
    this.warnings = reading.warnings;
    this.#placeOf = reading.placeOf;
  }

  /** Without places in a text and warnings, which say nothing of another document. */
  protected override with(document: CheckedDocument): Profile {
    return new Profile(document, { ...this, warnings: [] });
  }

  /** `findings` with their places in this profile. */
  issues(findings: readonly Finding[]): readonly ProfileIssue[] {
    return issues(findings, this.#placeOf);
  }

  /** The error that reports `findings`, and the document's own warnings. */
  error(findings: readonly Finding[]): ProfileError {
    return new ProfileError(this.source, [...this.warnings, ...this.issues(findings)]);
  }
}

/** How a document was read; another profile, for one. */
interface Reading {
  readonly source: string;
  readonly format: ProfileFormat;
  readonly mode: ProfileMode;
  readonly options: MeaningOptions;
  readonly warnings: readonly ProfileIssue[];
  readonly placeOf?: PlaceOf | undefined;
}

type PlaceOf = (keys: Finding['keys']) => { readonly line: number; readonly column: number };

/**
 * Reads a profile from JSON text.
 * @throws ProfileError with everything that is wrong, by JSON path, line and column; SeccompError ERR_SECCOMP_OPTION.
 */
export function parseProfile(text: string, options: ProfileOptions = {}): Profile {
  checkOptions(options);
  const { source = 'inline' } = options;
  const parsed = parseText(text, source);
  const result = check(parsed.value);
  const findings = 'findings' in result ? [...parsed.findings, ...result.findings] : parsed.findings;
  if (findings.length > 0 || 'findings' in result) throw new ProfileError(source, issues(findings, parsed.placeOf));
  return new Profile(result.document, readingOf(options, parsed.placeOf));
}

/**
 * Checks a profile that is an object.
 * @throws ProfileError with everything that is wrong, by JSON path.
 */
export function profileOf(document: ProfileDocument, options: ProfileOptions = {}): Profile {
  checkOptions(options);
  const { source = 'inline' } = options;
  const result = check(document);
  if ('findings' in result) throw new ProfileError(source, issues(result.findings, undefined));
  return new Profile(result.document, readingOf(options, undefined));
}

function readingOf(options: ProfileOptions, placeOf: PlaceOf | undefined): Reading {
  const { source = 'inline', format = 'docker', mode = 'strict' } = options;
  return { source, format, mode, options: meaningOf(options), warnings: [], placeOf };
}

function parseText(text: string, source: string) {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new ProfileError(source, [
      { severity: 'error', path: '', message: `this is not JSON: ${error.message}`, ...error.place },
    ]);
  }
}

function issues(findings: readonly Finding[], placeOf: PlaceOf | undefined): readonly ProfileIssue[] {
  return findings.map(({ keys, message, severity = 'error' }) => ({
    severity,
    path: jsonPath(keys),
    message,
    ...placeOf?.(keys),
  }));
}

/** `syscalls[3].args[0].op` */
function jsonPath(keys: Finding['keys']): string {
  return keys
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

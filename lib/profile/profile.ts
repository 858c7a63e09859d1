/** A profile that has been read and checked. */
import { ProfileError, type ProfileIssue } from '../errors.js';
import { type CheckedDocument, check, type Finding, type ProfileDocument } from './document.js';
import { JsonSyntaxError, parseJson } from './json.js';

/** A profile: a checked document, and where it came from. */
export class Profile {
  /** A path, a built-in's name, or `inline`. */
  readonly source: string;
  readonly document: CheckedDocument;
  readonly #placeOf: PlaceOf | undefined;

  constructor(source: string, document: CheckedDocument, placeOf?: PlaceOf) {
    this.source = source;
    this.document = document;
    this.#placeOf = placeOf;
  }

  /** The error that reports `findings` with their places in this profile. */
  error(findings: readonly Finding[]): ProfileError {
    return new ProfileError(this.source, issues(findings, this.#placeOf));
  }
}

type PlaceOf = (keys: Finding['keys']) => { readonly line: number; readonly column: number };

/**
 * Reads a profile from JSON text; `source` is what errors call it.
 * @throws ProfileError with everything that is wrong, by JSON path, line and column.
 */
export function parseProfile(text: string, source = 'inline'): Profile {
  const parsed = parseText(text, source);
  const result = check(parsed.value);
  const findings = 'findings' in result ? [...parsed.findings, ...result.findings] : parsed.findings;
  if (findings.length > 0 || 'findings' in result) throw new ProfileError(source, issues(findings, parsed.placeOf));
  return new Profile(source, result.document, parsed.placeOf);
}

/**
 * Checks a profile that is an object.
 * @throws ProfileError with everything that is wrong, by JSON path.
 */
export function profileOf(document: ProfileDocument, source = 'inline'): Profile {
  const result = check(document);
  if ('findings' in result) throw new ProfileError(source, issues(result.findings, undefined));
  return new Profile(source, result.document);
}

function parseText(text: string, source: string) {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new ProfileError(source, [{ path: '', message: `this is not JSON: ${error.message}`, ...error.place }]);
  }
}

function issues(findings: readonly Finding[], placeOf: PlaceOf | undefined): readonly ProfileIssue[] {
  return findings.map(({ keys, message }) => ({ path: jsonPath(keys), message, ...placeOf?.(keys) }));
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

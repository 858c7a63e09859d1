/** A profile that has been read and checked. */
import { ProfileError, type ProfileIssue, SeccompError } from '../errors.js';
import { fromCaller, publicMethods } from '../util/caller.js';
import { copyDeeply, freeze, type Refuse } from '../util/own-data.js';
import { type AllowlistOptions, allowlistDocument, Builder, DENYLIST } from './builder/builder.js';
import type { BuiltinDefinition } from './builtin/definition.js';
import type { Diagnostic, Problem } from './document/diagnostics.js';
import {
  type MeaningOptions,
  meaningOf,
  optionFields,
  type ProfileFormat,
  type ProfileMode,
  type ProfileOptions,
  type ReadOptions,
  readOptions,
  refuseAnyOption,
  refuseOptions,
} from './document/options.js';
import { withoutRepeats } from './document/repeated-keys.js';
import { toProfileDocument } from './document/to-document.js';
import type { CheckedDocument, ProfileDocument } from './document/types.js';
import { checkDocument } from './document/validate.js';
import { toIssues } from './json/positions.js';
import { readJson } from './json/read.js';

let madeHere = false;

function makeProfile(document: CheckedDocument, reading: Reading): Profile {
  madeHere = true;
  return new Profile(document, reading);
}

/**
 * A profile: a checked document, where it came from, and how it was read. It never changes: what is said on it makes a
 * new one.
 */
export class Profile extends Builder<Profile> {
  /** A profile that allows nothing yet. */
  static allowlist(options: AllowlistOptions = {}): Profile {
    const fields: AllowlistOptions = optionFields(options);
    return makeProfile(
      allowlistDocument(fields),
      newReading('allowlist', { newerCalls: fields.newerCalls ?? 'enosys' }),
    );
  }

  /** A profile that denies nothing yet. It has no options. */
  static denylist(options?: undefined): Profile {
    refuseAnyOption(options, 'Profile.denylist', 'leave it out');
    return makeProfile(DENYLIST, newReading('denylist'));
  }

  /** A path, a built-in's name, or `inline`; of a profile built on another one, `the profile built on …`. */
  readonly source: string;
  /** @internal Whether the builder made the document, which then has another order of rules than its source. */
  readonly isBuilt: boolean;
  readonly format: ProfileFormat;
  readonly mode: ProfileMode;
  readonly options: MeaningOptions;
  readonly document: CheckedDocument;
  /** What looks wrong in the document but is no error, on any host: conflicts of rules show with `checkProfile` and a host. */
  readonly warnings: readonly ProfileIssue[];
  readonly #text: string | undefined;
  readonly #definition: BuiltinDefinition | undefined;

  /** Whether a value is a profile that this module made. */
  static is(value: unknown): value is Profile {
    return typeof value === 'object' && value !== null && #text in value;
  }

  /** @internal Profiles are made by loadProfile() and parseProfile(), and of each other. */
  constructor(document: CheckedDocument, reading: Reading) {
    super();
    const isOurs = madeHere;
    madeHere = false;
    if (!isOurs) throw fromCaller(new TypeError('Illegal constructor: profiles are made by loadProfile()'));
    this.source = reading.source;
    this.#definition = reading.definition;
    this.isBuilt = reading.isBuilt;
    this.format = reading.format;
    this.mode = reading.mode;
    this.options = freeze(reading.options);
    this.document = freeze(document);
    this.warnings = freeze(reading.warnings);
    this.#text = Object.hasOwn(reading, 'text') ? reading.text : undefined;
    Object.freeze(this);
  }

  /** @internal The definition of the built-in profile that this is or was built on; undefined if there is none. */
  get definition(): BuiltinDefinition | undefined {
    return this.#definition;
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
    const { definition, format, mode, options } = this;
    const source = this.isBuilt ? this.source : builtOn(this.source);
    return makeProfile(document, {
      source,
      definition,
      isBuilt: true,
      format,
      mode,
      options,
      warnings: [],
      text: undefined,
    });
  }

  /** Returns diagnostics as issues, with their positions in the text that this profile was read from. */
  issues(diagnostics: readonly Diagnostic[]): readonly ProfileIssue[] {
    return toIssues(diagnostics, this.#text);
  }

  /** Returns an error that reports `diagnostics` and the document's own warnings. */
  error(diagnostics: readonly Diagnostic[]): ProfileError {
    return new ProfileError(this.source, [...this.warnings, ...this.issues(diagnostics)]);
  }
}

/** What messages call a profile whose document has rules that its source has not, so that indices are of other rules. */
export function builtOn(source: string): string {
  return source.startsWith(BUILT_ON) ? source : BUILT_ON + source;
}

const BUILT_ON = 'the profile built on ';
publicMethods(Profile, 'allowlist', 'denylist');

/** How a document was read; another profile, for one. */
interface Reading {
  readonly source: string;
  readonly definition: BuiltinDefinition | undefined;
  readonly isBuilt: boolean;
  readonly format: ProfileFormat;
  readonly mode: ProfileMode;
  readonly options: MeaningOptions;
  readonly warnings: readonly ProfileIssue[];
  /** The text that it was read from, for the positions of diagnostics. */
  readonly text?: string | undefined;
}

/** Of a profile that begins here. */
function newReading(source: string, options: ProfileOptions = {}): Reading {
  const reading = { source, definition: undefined, isBuilt: true, warnings: [], text: undefined };
  return { ...reading, format: 'docker', mode: 'strict', options: meaningOf(readOptions(options)) };
}

/** The profile of a built-in's definition. Its document is valid, and is not checked. */
export function builtinProfile(
  name: string,
  definition: BuiltinDefinition,
  document: CheckedDocument,
  options: ReadOptions,
): Profile {
  const { source = name, mode = 'strict' } = options;
  const reading = { source, definition, isBuilt: false, warnings: [], text: undefined };
  return makeProfile(document, { ...reading, format: 'docker', mode, options: meaningOf(options) });
}

/**
 * Reads a profile from JSON text.
 * @throws ProfileError with everything that is wrong, by JSON path, line and column; SeccompError ERR_SECCOMP_OPTION.
 */
export function parseProfile(text: string, options: ProfileOptions = {}): Profile {
  const read = readOptions(options);
  refuseOptions(read, ['root'], 'a text, which is no name of a file');
  if (typeof text !== 'string')
    throw new SeccompError('ERR_SECCOMP_OPTION', `text: must be the JSON text of a profile, not ${typeof text}`);
  return profileIn(readText(text, read));
}

/**
 * Checks a profile that is an object.
 * @throws ProfileError with everything that is wrong, by JSON path; SeccompError ERR_SECCOMP_OPTION.
 */
export function profileOf(document: ProfileDocument, options: ProfileOptions = {}): Profile {
  return profileIn(readDocument(document, readOptions(options)));
}

/** What reading comes to. No profile, though there are no errors, is a document that runtimes filter nothing for. */
export interface ReadProfile {
  readonly source: string;
  readonly profile: Profile | null;
  /** Errors and warnings. */
  readonly issues: readonly ProfileIssue[];
}

/** Reads JSON text; what is wrong is in the result. */
export function readText(text: string, options: ReadOptions): ReadProfile {
  const { source = 'inline' } = options;
  const { value, problems, issue } = readJson(text);
  return issue === undefined ? toRead(value, options, problems, text) : { source, profile: null, issues: [issue] };
}

/** Reads an object; what is wrong is in the result. */
export function readDocument(document: unknown, options: ReadOptions): ReadProfile {
  const { source = 'inline' } = options;
  try {
    const problems: Problem[] = [];
    const copy = withoutRepeats(copyDeeply(document, BOUNDS, refuseDocument), new Map(), (each) => problems.push(each));
    return toRead(copy, options, problems, undefined);
  } catch (error) {
    if (error instanceof NotPlain) return { source, profile: null, issues: toIssues([error.diagnostic], undefined) };
    throw error;
  }
}

/** Of documents that are objects. A JSON text may have as many values. */
const BOUNDS = { depth: 100, values: 1 << 20 };

/** A document that can't be copied. */
class NotPlain extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.diagnostic = diagnostic;
  }
}

const refuseDocument: Refuse = (path, message) => {
  throw new NotPlain({ path: [...path], message, severity: 'error' });
};

function toRead(
  value: unknown,
  options: ReadOptions,
  problems: readonly Problem[],
  text: string | undefined,
): ReadProfile {
  const { source = 'inline', mode = 'strict' } = options;
  const { document, format, diagnostics } = checkDocument(value, { format: options.format, mode }, problems);
  const issues = toIssues(diagnostics, text);
  if (document === undefined) return { source, profile: null, issues };
  const begun = { source, definition: undefined, isBuilt: false };
  const reading = { ...begun, format, mode, options: meaningOf(options), warnings: issues, text };
  return { source, profile: makeProfile(document, reading), issues };
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

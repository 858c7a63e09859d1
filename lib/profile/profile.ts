/** A profile: a valid document, where it was read from, and how it is to be understood. */
import { ProfileError, type ProfileIssue } from '../errors.js';
import { limitToOne } from '../util/argument-count.js';
import { publicMethods } from '../util/caller.js';
import { once } from '../util/memo.js';
import { nodeError } from '../util/node-error.js';
import { invalidType } from '../util/option-errors.js';
import { freeze, type Path } from '../util/own-data.js';
import { type AllowlistOptions, allowlistDocument, Builder, DENYLIST } from './builder/builder.js';
import type { BuiltinDefinition } from './builtin/definition.js';
import { type Diagnostic, toIssues } from './document/diagnostics.js';
import {
  type MeaningOptions,
  meaningOf,
  optionFields,
  type ProfileFormat,
  type ProfileMode,
  readProfileOptions,
  refuseAnyOption,
} from './document/options.js';
import { documentText, toProfileDocument } from './document/stringify.js';
import type { CheckedDocument, ProfileDocument } from './document/types.js';
import { fail } from './fail.js';
import type { JsonText } from './json/positions.js';

/** Where a profile comes from and how it is understood. */
export interface ProfileOrigin {
  readonly source: string;
  /** The definition of the built-in that the profile is, or that it was built on. */
  readonly definition: BuiltinDefinition | undefined;
  readonly isBuilt: boolean;
  readonly isUnconfined: boolean;
  readonly format: ProfileFormat;
  readonly mode: ProfileMode;
  readonly options: MeaningOptions;
  readonly warnings: readonly ProfileIssue[];
  /** The text of the document, for the positions of diagnostics; undefined if the document was not read from a text. */
  readonly json: JsonText | undefined;
  /** Where the document is in that text. */
  readonly place: Path;
}

let isConstructing = false;

/** Makes a profile. The constructor refuses all other callers. */
export function makeProfile(document: CheckedDocument, origin: ProfileOrigin): Profile {
  isConstructing = true;
  return new Profile(document, origin);
}

/**
 * A seccomp profile that has been read and validated. `loadProfile`, `parseProfile`, `extend` and the two static
 * methods make profiles. A profile never changes: its methods return a new one.
 *
 * @example
 * import { loadProfile, Profile, spawnSync } from 'seccomp';
 *
 * const profile = Profile.denylist().deny('socket', '@io-uring', { errno: 'EACCES' });
 * const { status } = spawnSync('true', [], profile);
 * console.log(status, loadProfile('docker-default').document.defaultAction);
 */
export class Profile extends Builder<Profile> {
  /**
   * No profile, which `loadProfile('unconfined')` returns. No filter is attached under it, and it allows every call
   * wherever a profile is compared, combined or explained. It cannot be compiled, which would make a filter of it, nor
   * extended: `Profile.denylist()` makes the profile whose filter denies nothing. `stringify` writes it as a document
   * that allows every call, since the format has none that attaches no filter.
   */
  static get unconfined(): Profile {
    return unconfined();
  }

  /**
   * Returns a profile that allows nothing. Add what the program needs with `allow`.
   *
   * @param options - `action` and `errno`: what happens to calls that no later clause matches; by default they fail
   * with EPERM. `newerCalls`: what happens to syscalls newer than every syscall that the profile names; by default they
   * fail with ENOSYS.
   * @throws {SeccompError} ERR_SECCOMP_OPTION for an unknown option.
   * @throws {TypeError} for an unknown value.
   */
  static allowlist(options: AllowlistOptions = {}): Profile {
    const fields: AllowlistOptions = optionFields(options);
    const { newerCalls = 'enosys' } = fields;
    return makeProfile(
      allowlistDocument(fields),
      newOrigin('allowlist', meaningOf(readProfileOptions({ newerCalls }))),
    );
  }

  /**
   * Returns a profile that denies nothing. Add what the program must not do with `deny`, `kill` or `trap`.
   *
   * @throws {SeccompError} ERR_SECCOMP_OPTION for any option: it takes none.
   */
  static denylist(options?: undefined): Profile {
    refuseAnyOption(options, 'Profile.denylist', 'leave it out');
    return makeProfile(DENYLIST, newOrigin('denylist', meaningOf(readProfileOptions({}))));
  }

  /** The name of the profile in error messages: a path, a built-in's name, `inline`, or `the profile built on …`. */
  readonly source: string;
  /**
   * @internal Whether the builder made the document, so that its rules are in another order than those of its source.
   */
  readonly isBuilt: boolean;
  /**
   * Whether no filter is attached under this profile: for `Profile.unconfined`, and in compat mode for a document without
   * a default action and rules.
   */
  readonly isUnconfined: boolean;
  /** The format by whose rules the document is read. */
  readonly format: ProfileFormat;
  /** `strict`: likely mistakes are errors. `compat`: they are warnings. */
  readonly mode: ProfileMode;
  /** The options that settle what the document leaves open. */
  readonly options: MeaningOptions;
  /** The document in its normal form. */
  readonly document: CheckedDocument;
  /** Likely mistakes that are not errors. `checkProfile` with a host also finds conflicts between rules. */
  readonly warnings: readonly ProfileIssue[];
  readonly #json: JsonText | undefined;
  readonly #place: Path;
  readonly #definition: BuiltinDefinition | undefined;

  /**
   * Returns whether a value is a `Profile` of this copy of the package.
   *
   * @param value - Any value.
   */
  static is(value: unknown): value is Profile {
    return typeof value === 'object' && value !== null && #json in value;
  }

  /** @internal */
  constructor(document: CheckedDocument, origin: ProfileOrigin) {
    super();
    const isOurs = isConstructing;
    isConstructing = false;
    if (!isOurs)
      throw nodeError(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor: profiles are made by loadProfile()');
    this.source = origin.source;
    this.#definition = origin.definition;
    this.isBuilt = origin.isBuilt;
    this.isUnconfined = origin.isUnconfined;
    this.format = origin.format;
    this.mode = origin.mode;
    this.options = freeze(origin.options);
    this.document = freeze(document);
    this.warnings = freeze(origin.warnings);
    this.#json = origin.json;
    this.#place = origin.place;
    Object.freeze(this);
  }

  /** @internal The definition of the built-in profile that this is or was built on; undefined if there is none. */
  get definition(): BuiltinDefinition | undefined {
    return this.#definition;
  }

  /**
   * Returns the document in the form of Docker's JSON, for JSON.stringify. Numbers above 2⁵³ − 1 are bigints, which
   * JSON.stringify refuses: use `stringify` to write every profile.
   */
  toJSON(): ProfileDocument {
    return toProfileDocument(this.document);
  }

  /** Makes the profile of a changed document, without the warnings and positions of this one's document. */
  protected override with(document: CheckedDocument): Profile {
    if (this.isUnconfined) refuseToExtend();
    const { definition, format, mode, options } = this;
    const source = this.isBuilt ? this.source : builtOn(this.source);
    return makeProfile(document, { ...newOrigin(source, options), definition, format, mode });
  }

  /**
   * @internal Returns diagnostics as issues, with their paths and positions in the text that this profile was read from. The
   * paths of the diagnostics are those in its document.
   */
  issues(diagnostics: readonly Diagnostic[]): readonly ProfileIssue[] {
    const place = this.#place;
    const placed = diagnostics.map((each) => ({ ...each, path: [...place, ...each.path] }));
    return toIssues(placed, this.#json);
  }

  /** @internal Returns an error that reports `diagnostics` and the document's own warnings. */
  error(diagnostics: readonly Diagnostic[]): ProfileError {
    return new ProfileError(this.source, [...this.warnings, ...this.issues(diagnostics)]);
  }
}

limitToOne(Profile, { allowlist: 'give all options in one object', denylist: 'leave it out' });
publicMethods(Profile, 'allowlist', 'denylist');

/** The origin of a profile that the builder makes. */
export function newOrigin(source: string, options: MeaningOptions): ProfileOrigin {
  const builder = {
    definition: undefined,
    isBuilt: true,
    isUnconfined: false,
    warnings: [],
    json: undefined,
    place: [],
  };
  return { ...builder, source, format: 'docker', mode: 'strict', options };
}

/** Returns a profile under which no filter is attached. */
export function unconfinedProfile(origin: Omit<ProfileOrigin, 'isUnconfined'>): Profile {
  return makeProfile(DENYLIST, { ...origin, isUnconfined: true });
}

/** Made at its first use, as the class does not exist before. */
const unconfined = once(() =>
  unconfinedProfile({ ...newOrigin('unconfined', meaningOf(readProfileOptions({}))), isBuilt: false }),
);

/** Refuses to build on `unconfined`. What it does not cover, such as other ABIs, is allowed, unlike under a filter. */
export function refuseToExtend(): never {
  fail('unconfined has no rules to extend: begin with Profile.denylist()');
}

const BUILT_ON = 'the profile built on ';

/**
 * Returns the name, in messages, of a profile that the builder made from another one: indices of its rules do not refer
 * to the rules of `source`.
 */
export function builtOn(source: string): string {
  return source.startsWith(BUILT_ON) ? source : BUILT_ON + source;
}

/**
 * Returns the JSON text of a profile. `parseProfile`, Docker, Podman and OCI runtimes read it as a profile of the same
 * meaning, given the same format. Unlike JSON.stringify, it writes numbers above 2⁵³ − 1 in full.
 *
 * @param profile - A `Profile`.
 * @returns Indented JSON, with a newline at the end.
 * @throws {TypeError} if `profile` is not a `Profile`.
 * @example
 * import { extend, stringify } from 'seccomp';
 *
 * const text = stringify(extend('docker-default').deny('ptrace'));
 * console.log(text.length);
 */
export function stringify(profile: Profile): string {
  if (Profile.is(profile)) return documentText(profile.document);
  throw invalidType('profile', 'a Profile, as loadProfile returns it', profile);
}

/** Loads profiles from every kind of source: a built-in's name, a path, a file URL, JSON text, or an object. */

import { ProfileError, type ProfileIssue, SeccompError } from '../errors.js';
import { isPolicy } from '../policy/read-policy.js';
import { shownName } from '../util/foreign-text.js';
import { argumentError } from '../util/node-error.js';
import { describe, invalidValue } from '../util/option-errors.js';
import { copyDeeply, notPlain, type Path, type Refuse } from '../util/own-data.js';
import { structuralKey } from '../util/structural-key.js';
import { BUILTIN_DEFINITIONS, documentOf } from './builtin/index.js';
import { type Diagnostic, Diagnostics, toIssues } from './document/diagnostics.js';
import {
  meaningOf,
  optionFields,
  type ProfileOptions,
  type ReadOptions,
  readProfileOptions,
  refuseAnyOption,
  refuseOptions,
} from './document/options.js';
import { mergeRepeatedKeys } from './document/repeated-keys.js';
import type { ProfileInput } from './document/types.js';
import { checkDocument } from './document/validate.js';
import type { ParsedJson } from './json/parser.js';
import type { JsonText } from './json/positions.js';
import { readJson } from './json/read.js';
import { makeProfile, Profile, refuseToExtend, unconfinedProfile } from './profile.js';
import { readRegularFile } from './read-file.js';
import { readHost } from './resolve/host-match.js';
import type { Host } from './resolve/resolve.js';
import { ALIASES, kindOfString, UNCONFINED, unknownBuiltin } from './source-names.js';

/**
 * A source of a profile. A string that begins with `{` is JSON text; one that begins with `Localhost/` is the file of
 * that name below the kubelet's directory; any other string with a `/` or a `.` is a path; all others are names of
 * built-ins, or Docker's and Kubernetes' names for them.
 */
export type ProfileSource = string | URL | ProfileInput | Profile;

/** The kubelet's default directory of `Localhost/…` profiles. */
const KUBELET_ROOT = '/var/lib/kubelet/seccomp';

/**
 * Loads and validates a profile.
 *
 * @param source - A built-in's name, a path, a `file:` URL, JSON text, a document as an object, or a `Profile`.
 * @param options - How to read it.
 * @returns The profile. Its `isUnconfined` is true if there is nothing to filter: for `unconfined`, and in compat mode
 * for a document without a default action and rules.
 * @throws {ProfileError} ERR_SECCOMP_PROFILE if the profile is not valid; `issues` lists all problems with their
 * positions.
 * @throws {SeccompError} ERR_SECCOMP_BUILTIN if no built-in has this name, ERR_SECCOMP_FILE if the file cannot be read,
 * ERR_SECCOMP_OPTION for an unknown or unusable option.
 * @example
 * import { loadProfile } from 'seccomp';
 *
 * const profile = loadProfile('docker-default');
 * console.log(profile.document.defaultAction);
 */
export function loadProfile(source: ProfileSource, options: ProfileOptions = {}): Profile {
  return loadSource(source, options);
}

/** What an argument must be, for a function that takes one profile. */
export const ONE_PROFILE = "a built-in's name, a path, a file URL, JSON text, a document or a Profile";

/**
 * Loads a profile as `loadProfile` does, from a value of any type that was passed to a public function as its argument
 * `name`. `expected` completes "must be …".
 */
export function loadSource(
  source: unknown,
  options: ProfileOptions = {},
  name = 'source',
  expected = `${ONE_PROFILE}, not a list, a Filter or a policy`,
): Profile {
  refuseOtherTypes(source, name, expected);
  return profileIn(read(source, readProfileOptions(options)));
}

/** @throws {TypeError} for a value that is no source of a profile, whatever its content. */
function refuseOtherTypes(source: unknown, name: string, expected: string): void {
  if (source === '') throw invalidValue(name, source, `must be ${expected}`);
  if (typeof source === 'string' || source instanceof URL) return;
  if (source instanceof Profile && Profile.is(source)) return;
  const received = typeof source === 'object' && source !== null ? otherObject(source) : describe(source);
  if (received !== undefined)
    throw argumentError('type', `The "${name}" argument must be ${expected}. Received ${received}`);
}

function otherObject(source: object): string | undefined {
  return isPolicy(source) ? 'a policy' : notPlain(source);
}

/**
 * Parses and validates the JSON text of a profile.
 *
 * @param text - A JSON document in the form of Docker, Podman or the OCI runtime specification.
 * @param options - How to read it. `root` has no effect on a text and is refused.
 * @returns The profile.
 * @throws {ProfileError} ERR_SECCOMP_PROFILE if the profile is not valid; `issues` lists all problems, each with its
 * JSON path, line and column.
 * @throws {SeccompError} ERR_SECCOMP_OPTION for an unknown or unusable option.
 * @throws {TypeError} if `text` is not a string.
 * @example
 * import { parseProfile } from 'seccomp';
 *
 * const profile = parseProfile('{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []}');
 * console.log(profile.format, profile.mode);
 */
export function parseProfile(text: string, options: ProfileOptions = {}): Profile {
  const given = readProfileOptions(options);
  refuseOptions(given, ['root'], 'JSON text');
  if (typeof text !== 'string')
    throw argumentError('type', `text: must be the JSON text of a profile, not ${typeof text}`);
  return profileIn(readText(text, given));
}

/**
 * Validates a document that is an object.
 *
 * @throws {ProfileError | SeccompError} as parseProfile does.
 */
export function profileOf(document: ProfileInput, options: ProfileOptions = {}): Profile {
  return profileIn(readDocument(document, readProfileOptions(options)));
}

/**
 * Loads a profile to build on. Clauses that are added to it, with `allow`, `deny` and so on, take precedence over its
 * rules.
 *
 * @param source - As for `loadProfile`.
 * @returns A profile, to which its methods add clauses.
 * @throws {ProfileError | SeccompError} as `loadProfile` does.
 * @throws {SeccompError} ERR_SECCOMP_OPTION for `unconfined`, which has no rules to extend, and for any option: pass a
 * profile that `loadProfile` returned with options.
 * @example
 * import { extend, spawnSync } from 'seccomp';
 *
 * const profile = extend('docker-default').deny('socket');
 * console.log(spawnSync('true', [], profile).status);
 */
export function extend(source: ProfileSource, options?: undefined): Profile {
  refuseAnyOption(options, 'extend', 'give them to loadProfile, and extend what it returns');
  const profile = loadProfile(source);
  if (profile.isUnconfined) refuseToExtend();
  return profile;
}

/** Options of `checkProfile`. */
export interface CheckOptions extends ProfileOptions {
  /** Also report problems that exist only on this host, such as rules that conflict. */
  readonly host?: Host;
}

/** Reads the arguments of checkProfile, and the profile. */
export function readForCheck(
  source: ProfileSource,
  options: CheckOptions,
): Pick<ReadProfile, 'profile' | 'issues'> & { readonly host: Host | undefined } {
  const { host }: CheckOptions = optionFields(options);
  refuseOtherTypes(source, 'source', `${ONE_PROFILE}, not a list, a Filter or a policy`);
  const { profile, issues } = read(source, readProfileOptions(options, ['host']));
  return { profile, issues, host: host === undefined || profile === undefined ? undefined : readHost(host) };
}

/** A profile that was read, or the reasons why it is not valid. */
export interface ReadProfile {
  readonly source: string;
  /** Undefined if there are errors. */
  readonly profile: Profile | undefined;
  /** Errors and warnings. */
  readonly issues: readonly ProfileIssue[];
}

const ALL_OPTIONS = ['source', 'format', 'mode', 'root', 'argumentWidth', 'foreignAction', 'newerCalls'] as const;

/** Reads any source. */
function read(source: unknown, options: ReadOptions): ReadProfile {
  if (typeof source === 'string') return readString(source, options);
  if (source instanceof Profile && Profile.is(source)) {
    refuseOptions(options, ALL_OPTIONS, 'a Profile, which is already loaded');
    return { source: source.source, profile: source, issues: source.warnings };
  }
  refuseRoot(options);
  if (source instanceof URL) return readFile(source, { ...options, source: options.source ?? source.href });
  return readDocument(source, options);
}

function readString(source: string, options: ReadOptions): ReadProfile {
  const kind = kindOfString(source);
  const named = { ...options, source: options.source ?? source };
  if (kind === 'localhost') return readFile(localhostFile(source, options.root), named);
  const name = ALIASES.get(source) ?? source;
  if (name === UNCONFINED) {
    refuseOptions(options, ALL_OPTIONS, UNCONFINED);
    return { source: UNCONFINED, profile: Profile.unconfined, issues: [] };
  }
  refuseRoot(options);
  if (kind === 'text') return readText(source, options);
  return kind === 'path' ? readFile(source, named) : readBuiltin(name, options);
}

function refuseRoot(options: ReadOptions): void {
  refuseOptions(options, ['root'], 'a profile that is not of the form Localhost/…');
}

/** Returns the path of the file that Kubernetes means, which is below `root` whatever the name contains. */
function localhostFile(source: string, root: string = KUBELET_ROOT): string {
  const [, ...steps] = source.split('/');
  if (steps.every((step) => step !== '..' && step !== '')) return [root, ...steps].join('/');
  const message = `${shownName(source)}: after Localhost/, give the path of a file below ${root}, without ".."`;
  throw new SeccompError('ERR_SECCOMP_FILE', message);
}

function readBuiltin(name: string, options: ReadOptions): ReadProfile {
  refuseOptions(options, ['format'], 'a built-in profile');
  const definition = BUILTIN_DEFINITIONS.get(name);
  if (definition === undefined) throw unknownBuiltin(name);
  const { source = name, mode = 'strict' } = options;
  const origin = {
    source,
    definition,
    isBuilt: false,
    isUnconfined: false,
    warnings: [],
    json: undefined,
    place: [],
  };
  const profile = makeProfile(documentOf(definition), {
    ...origin,
    format: 'docker',
    mode,
    options: meaningOf(options),
  });
  return { source: name, profile, issues: [] };
}

/** The profiles of the files that were read last, by options and text. Programs read the same file at each start. */
const recent = new Map<string, ReadProfile>();
const MOST_RECENT = 8;
/** The most characters of a text that is kept: many times those of the largest profiles. */
const MOST_KEPT = 1 << 18;

/** Reads a file each time, but parses its text only if it is not that of a recent one. */
function readFile(file: string | URL, options: ReadOptions & { readonly source: string }): ReadProfile {
  const text = readRegularFile(file, options.source);
  const key = structuralKey(options) + text;
  const read = recent.get(key) ?? readText(text, options);
  recent.delete(key);
  if (read.profile !== undefined && text.length <= MOST_KEPT) recent.set(key, read);
  for (const oldest of recent.keys()) if (recent.size > MOST_RECENT) recent.delete(oldest);
  return read;
}

/** Reads JSON text. Does not throw for an invalid profile: `issues` of the result lists the problems. */
export function readText(text: string, options: ReadOptions): ReadProfile {
  const { parsed, issue } = readJson(text);
  if (parsed === undefined) return { source: options.source ?? 'inline', profile: undefined, issues: [issue] };
  return validate({ ...parsed, json: { text, path: [] } }, options);
}

/** Reads an object. Does not throw for an invalid profile: `issues` of the result lists the problems. */
function readDocument(document: unknown, options: ReadOptions): ReadProfile {
  try {
    const value = copyDeeply(document, BOUNDS, refuseDocument);
    return validate({ value, entries: new Map(), repeats: [], json: undefined }, options);
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    return { source: options.source ?? 'inline', profile: undefined, issues: toIssues([error.diagnostic], undefined) };
  }
}

/** Limits of documents that are objects. JSON text may have as many values. */
const BOUNDS = { depth: 100, values: 1 << 20 };

/** A document that cannot be copied. */
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

/** A document before it is validated, and its text if it has one. */
interface Unvalidated extends ParsedJson {
  readonly json: JsonText | undefined;
}

function validate({ value, entries, repeats, json }: Unvalidated, options: ReadOptions): ReadProfile {
  const { source = 'inline', mode = 'strict' } = options;
  const diagnostics = new Diagnostics(mode);
  const merged = mergeRepeatedKeys(value, { entries, repeats, diagnostics });
  const { document, place, format, found } = checkDocument(merged, { format: options.format, diagnostics });
  const issues = toIssues(found, json);
  if (issues.some(({ severity }) => severity === 'error')) return { source, profile: undefined, issues };
  const origin = { source, definition: undefined, isBuilt: false, warnings: issues, json, place };
  const read = { ...origin, format, mode, options: meaningOf(options) };
  const profile =
    document === undefined ? unconfinedProfile(read) : makeProfile(document, { ...read, isUnconfined: false });
  return { source, profile, issues };
}

/**
 * Reads a profile that is a part of another document. Does not throw for an invalid profile. Paths of the issues begin at
 * the profile, positions at the text of the document.
 *
 * @param path - Where it is in that document.
 */
export function readInside(value: unknown, path: Path, inside: Inside, source: string): ReadProfile {
  const { entries, json } = inside;
  const repeats = inside.repeats
    .filter((each) => each.length > path.length && path.every((key, i) => each[i] === key))
    .map((each) => each.slice(path.length));
  const own = json && { ...json, path: [...json.path, ...path] };
  return validate({ value, entries, repeats, json: own }, { ...readProfileOptions(undefined), source });
}

/** The document that a profile is a part of, after parsing. */
export type Inside = Omit<Unvalidated, 'value'>;

/**
 * Returns the profile of a result.
 * @throws {ProfileError} if there are errors.
 */
export function profileIn({ source, profile, issues }: ReadProfile): Profile {
  if (profile === undefined) throw new ProfileError(source, issues);
  return profile;
}

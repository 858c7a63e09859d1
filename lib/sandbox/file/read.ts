/** Reads sandboxes: files, JSON text, objects, and the names of built-ins. */

import { dirname, resolve } from 'node:path';
import { describeIssue, ProfileError, type ProfileIssue, SandboxFileError, SeccompError } from '../../errors.js';
import { toIssues } from '../../profile/document/diagnostics.js';
import { DOCUMENT } from '../../profile/document/fields.js';
import { MOST_REPEATS, type ParsedJson } from '../../profile/json/parser.js';
import { type JsonText, offsetsOf, positionFinder } from '../../profile/json/positions.js';
import { readJson } from '../../profile/json/read.js';
import { isObject, type JsonObject, shown } from '../../profile/json/value.js';
import { Profile } from '../../profile/profile.js';
import { readRegularFile } from '../../profile/read-file.js';
import { loadProfile, readInside } from '../../profile/source.js';
import { builtinNames, kindOfString, SANDBOX_NAMES } from '../../profile/source-names.js';
import { quoted, shownName } from '../../util/foreign-text.js';
import { copyDeeply, own, type Path } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';
import { SANDBOX, SANDBOX_KEYS, type SandboxDocument } from './fields.js';
import { filesByFolder, namesOf } from './file-names.js';
import { type LoadedSandbox, makeSandbox, partsIn, type SandboxParts } from './loaded-sandbox.js';
import { type Place, partsOf } from './parts.js';
import { Problems } from './problems.js';
import { untrusted } from './untrusted.js';

/** A sandbox that was read, or the reasons why it is not valid. */
export interface ReadSandbox {
  readonly source: string;
  /** Undefined if there are errors. */
  readonly sandbox: LoadedSandbox | undefined;
  /** Errors and warnings, in the order of the text. */
  readonly issues: readonly ProfileIssue[];
}

/** A sandbox in a chain of files that extend one another. */
interface ReadLink extends ReadSandbox {
  /** The issues of its own text. */
  readonly own: readonly ProfileIssue[];
  /** The warnings of what it extends. */
  readonly inherited: readonly string[];
}

/** Files that extend one another. */
interface Chain {
  /** Those that extend what is read, the nearest last. */
  readonly extendedBy: readonly string[];
  /** The paths that those which have been read grant for writing. */
  readonly written: Set<string>;
  /** Whether to warn of what is in granted directories, as for a person who reviews the files. */
  readonly isReview: boolean;
}

/** What is known about a document before it is read. */
interface Origin {
  readonly source: string;
  /** Its absolute path; undefined if it is not a file. */
  readonly file: string | undefined;
  readonly chain: Chain;
}

type Parsed = ParsedJson & { readonly json: JsonText | undefined };

/** The most files that extend one another. */
const MOST_BASES = 16;
/** How many warnings of what a sandbox extends are listed. */
const MOST_INHERITED = 16;

const newChain = (isReview = false): Chain => ({ extendedBy: [], written: new Set(), isReview });

/**
 * Reads a sandbox file.
 *
 * @param source - Its name in messages.
 * @param isReview - Whether to warn of what is in the directories that it grants.
 * @throws {SeccompError} ERR_SECCOMP_FILE if it can't be read.
 */
export function readSandboxFile(path: string, source: string, isReview = false): ReadSandbox {
  return readLinkFile(path, source, newChain(isReview));
}

function readLinkFile(path: string, source: string, chain: Chain): ReadLink {
  return readLinkText(readRegularFile(path, source, 'sandbox'), { source, file: resolve(path), chain });
}

/** Reads the JSON text of a sandbox. Without a file, its paths are relative to the program's working directory. */
export function readSandboxText(text: string, source: string, file?: string): ReadSandbox {
  return readLinkText(text, { source, file, chain: newChain() });
}

function readLinkText(text: string, origin: Origin): ReadLink {
  const { parsed, issue } = readJson(text);
  if (parsed !== undefined) return readParsed({ ...parsed, json: { text, path: [] } }, origin);
  const issues = [issue];
  return { source: origin.source, sandbox: undefined, issues, own: issues, inherited: [] };
}

/** Limits of documents that are objects. */
const BOUNDS = { depth: 100, values: 1 << 20 };

/** Reads a sandbox that is an object. */
export function readSandboxObject(document: object): ReadSandbox {
  const problems = new Problems();
  const refuse = (path: Path, message: string): never => {
    problems.error([...path], message);
    throw REFUSED;
  };
  try {
    const value = copyDeeply(document, BOUNDS, refuse, isPart);
    const parsed = { value, entries: new Map(), repeats: [], json: undefined };
    return readParsed(parsed, { source: 'inline', file: undefined, chain: newChain() });
  } catch (error) {
    if (error !== REFUSED) throw error;
    return { source: 'inline', sandbox: undefined, issues: toIssues(problems.all, undefined) };
  }
}

/** Objects that only a program can give: profiles, and paths as URLs. */
const isPart = (value: object) => (value instanceof Profile && Profile.is(value)) || value instanceof URL;

const REFUSED = new Error('the document is not plain data');

/** @throws {SeccompError} ERR_SECCOMP_BUILTIN if no built-in sandbox has this name. */
export function builtinSandbox(name: string): LoadedSandbox {
  if (SANDBOX_NAMES.includes(name)) return untrusted();
  throw new SeccompError('ERR_SECCOMP_BUILTIN', unknownName(name));
}

function unknownName(name: string): string {
  const problem = `unknown built-in sandbox ${shown(name)}`;
  if (builtinNames().includes(name)) return `${problem}: ${name} is a profile: write { "profile": ${quoted(name)} }`;
  return `${problem}${suggest(name, SANDBOX_NAMES)}: the known name is ${SANDBOX_NAMES.join(', ')}. To use a file, put ./ before its name`;
}

function readParsed({ value, entries, repeats, json }: Parsed, origin: Origin): ReadLink {
  const { source, file, chain } = origin;
  const problems = new Problems();
  for (const path of repeats) if (!isInProfile(path)) problems.error(path, 'is repeated: keep one of the two');
  if (repeats.length >= MOST_REPEATS) problems.error([], `has ${MOST_REPEATS} repeated keys or more: keep one of each`);
  const document = SANDBOX.read(value, [], problems) ?? own({});
  const { base, inherited } = readBase(document, origin, problems);
  const inside = { entries, repeats, json };
  const { profile, issues: ofProfile } = readProfiles(document, source, file, inside, problems);
  const named = [file, ...profileFiles(document, file)].filter((each) => each !== undefined);
  const names = named.flatMap(namesOf);
  const files = [...names, ...(base?.files ?? [])];
  const place: Place = {
    source,
    directory: file === undefined ? undefined : dirname(file),
    files,
    folders: { all: filesByFolder(files), own: filesByFolder(names) },
    written: chain.written,
    isReview: chain.isReview,
    problems,
    positionsOf: (paths) => positionsIn(json, paths, source),
  };
  const parts = partsOf(document, place, base);
  const ownIssues = inOrder([...toIssues(problems.all, json), ...ofProfile]);
  warnOf(inherited, problems);
  const issues = inOrder([...toIssues(problems.all, json), ...ofProfile]);
  const link = { source, issues, own: ownIssues, inherited };
  if (issues.some(({ severity }) => severity === 'error')) return { ...link, sandbox: undefined };
  const whole: SandboxParts = { ...parts, files, profile: profile ?? base?.profile ?? loadProfile(DEFAULT_PROFILE) };
  return { ...link, sandbox: makeSandbox(source, whole, issues) };
}

const DEFAULT_PROFILE = 'docker-default';

function inOrder(issues: readonly ProfileIssue[]): readonly ProfileIssue[] {
  const at = ({ line = 0, column = 0 }: ProfileIssue) => line * 2 ** 24 + column;
  return issues.toSorted((one, other) => at(own(one)) - at(own(other)));
}

function positionsIn(json: JsonText | undefined, paths: readonly Path[], source: string): readonly string[] {
  if (json === undefined) return paths.map(() => source);
  const find = positionFinder(json.text);
  return offsetsOf(json, paths).map((offset) => {
    const { line, column } = find(offset);
    return `${source}:${line}:${column}`;
  });
}

const EXTENDS = ['extends'];

/** The parts that a document extends, and the warnings about them. */
interface Base {
  readonly base: SandboxParts | undefined;
  readonly inherited: readonly string[];
}

function readBase({ extends: base }: SandboxDocument, origin: Origin, problems: Problems): Base {
  const refuse = (message: string) => ({ base: problems.error(EXTENDS, message), inherited: [] });
  if (base === undefined) return { base, inherited: [] };
  if (kindOfString(base) === 'name') {
    if (!SANDBOX_NAMES.includes(base)) return refuse(unknownName(base));
    return { base: partsIn(builtinSandbox(base)), inherited: [] };
  }
  const { file, chain } = origin;
  const baseFile = resolve(file === undefined ? '' : dirname(file), base);
  const extendedBy = file === undefined ? chain.extendedBy : [...chain.extendedBy, file];
  if (extendedBy.includes(baseFile)) return refuse(`${shownName(base)} extends this file again: leave one of them out`);
  if (extendedBy.length > MOST_BASES) return refuse(`is one of more than ${MOST_BASES}: merge some of them`);
  const read = problems.attempt(EXTENDS, () => readLinkFile(baseFile, base, { ...chain, extendedBy }));
  if (read === undefined) return { base: undefined, inherited: [] };
  if (read.sandbox === undefined) return refuse(mistakesIn(base, read.issues));
  const warnings = read.own.map((issue) => describeIssue(base, issue));
  return { base: partsIn(read.sandbox), inherited: [...read.inherited, ...warnings] };
}

/** Reports each warning of what a document extends once, with its file, however many files are between. */
function warnOf(inherited: readonly string[], problems: Problems): void {
  for (const text of inherited.slice(0, MOST_INHERITED)) problems.warn(EXTENDS, text);
  const more = inherited.length - MOST_INHERITED;
  if (more > 0) problems.warn(EXTENDS, `and ${more} more warnings of what it extends: check these files one by one`);
}

/** Whether a key is one of a profile in the document, which reports its repeated keys itself. */
const isInProfile = (path: Path) => path[0] === 'profile' && typeof path.at(-1) === 'string' && path.length > 1;

/** `base.json has 3 errors, of which the first is base.json:2:3: …` */
function mistakesIn(name: string, issues: readonly ProfileIssue[]): string {
  const errors = issues.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  const described = first === undefined ? '' : describeIssue(name, first);
  const count = errors.length === 1 ? 'has an error' : `has ${errors.length} errors, of which this is the first`;
  return `${shownName(name)} ${count}: ${described}`;
}

type ProfileValue = string | Profile | JsonObject;

const listed = ({ profile }: SandboxDocument): readonly (readonly [ProfileValue | undefined, Path])[] => {
  if (profile === undefined) return [];
  if (!Array.isArray(profile)) return [[profile as ProfileValue, ['profile']]];
  return profile.map((each: ProfileValue | undefined, i: number) => [each, ['profile', i]] as const);
};

/** The paths of profiles that a document names. */
function profileFiles(document: SandboxDocument, file: string | undefined): readonly string[] {
  return listed(document)
    .map(([each]) => each)
    .filter((each) => typeof each === 'string')
    .filter((each) => kindOfString(each) === 'path')
    .map((each) => resolve(file === undefined ? '' : dirname(file), each));
}

const MOST_PROFILES = 8;

function readProfiles(
  document: SandboxDocument,
  source: string,
  file: string | undefined,
  inside: Parameters<typeof readInside>[2],
  problems: Problems,
): { readonly profile: SandboxParts['profile'] | undefined; readonly issues: readonly ProfileIssue[] } {
  const issues: ProfileIssue[] = [];
  const all = listed(document);
  if (Array.isArray(document.profile) && (all.length === 0 || all.length > MOST_PROFILES))
    problems.error(['profile'], `must be a list of 1 to ${MOST_PROFILES} profiles, and this one has ${all.length}`);
  const read = all.map(([value, path]) => {
    if (typeof value === 'string') return readNamed(value, path, file, problems);
    if (value instanceof Profile) return value;
    if (!isObject(value)) return undefined;
    const inline = readInside(value, path, inside, source);
    const prefix = path.map((key) => (typeof key === 'number' ? `[${key}]` : key)).join('');
    for (const issue of inline.issues)
      issues.push({ ...issue, path: `${prefix}${/^(\[|$)/.test(issue.path) ? '' : '.'}${issue.path}` });
    return inline.profile;
  });
  const valid = read.filter((each) => each !== undefined);
  const [first] = valid;
  return { profile: valid.length > 1 || first === undefined ? listOrNone(valid) : first, issues };
}

const listOrNone = (profiles: readonly Profile[]) => (profiles.length === 0 ? undefined : profiles);

/** Loads the profile of this name or path. */
function readNamed(name: string, path: Path, file: string | undefined, problems: Problems): Profile | undefined {
  const kind = kindOfString(name);
  if (kind === 'text') return problems.error(path, 'is JSON in a text: write the profile itself, without quotes');
  if (SANDBOX_NAMES.includes(name))
    return problems.error(path, `${name} is a sandbox: write "extends": ${quoted(name)}`);
  try {
    if (kind !== 'path') return loadProfile(name);
    return loadProfile(resolve(file === undefined ? '' : dirname(file), name), own({ source: name }));
  } catch (error) {
    if (error instanceof ProfileError) return problems.error(path, mistakesIn(name, error.issues));
    if (error instanceof SeccompError) return problems.error(path, error.message);
    throw error;
  }
}

/**
 * Whether JSON text is a sandbox, by its keys: a profile has others, and at least one. Text that is not valid JSON is none.
 */
export function isSandboxText(text: string): boolean {
  const { parsed } = readJson(text);
  if (!isObject(parsed?.value)) return false;
  const keys = Object.keys(parsed.value).filter((key) => key !== '$schema');
  if (keys.length === 0) return true;
  if (keys.some((key) => Object.hasOwn(DOCUMENT.fields, key) || key === 'linux')) return false;
  return keys.some((key) => SANDBOX_KEYS.includes(key) || suggest(key, SANDBOX_KEYS) !== '');
}

/** @throws {SandboxFileError} if there are errors. */
export function sandboxIn({ source, sandbox, issues }: ReadSandbox): LoadedSandbox {
  if (sandbox === undefined) throw new SandboxFileError(source, issues);
  return sandbox;
}

/** Finds a profile by what people write for one: a built-in's name, a path, a file URL, JSON text, or an object. */
import { type ProfileIssue, SeccompError } from '../errors.js';
import { suggest } from '../util/suggest.js';
import { BUILTIN_DEFINITIONS, documentOf } from './builtin/index.js';
import { shown } from './document/diagnostics.js';
import { optionFields, type ProfileOptions, type ReadOptions, readOptions, refuseOptions } from './document/options.js';
import type { ProfileDocument } from './document/types.js';
import { builtinProfile, Profile, profileOrNone, type ReadProfile, readDocument, readText } from './profile.js';
import { readRegularFile } from './read-file.js';
import { readHost } from './resolve/host-match.js';
import { type Host, issuesOn } from './resolve/resolve.js';

/**
 * A profile as spawn takes it. A string that begins with `{` is JSON text; one that begins with `Localhost/` is a file as
 * Kubernetes names it; any other with a `/` or a `.` is a path; what is left is a name: a built-in's, or Docker's or
 * Kubernetes' for one.
 */
export type ProfileSource = string | URL | ProfileDocument | Profile;

/** No profile at all: nothing is filtered. */
export const UNCONFINED = 'unconfined';

/** What Docker (`--security-opt seccomp=…`) and Kubernetes (`seccompProfile.type`) call built-ins. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['builtin', 'docker-default'],
  ['RuntimeDefault', 'docker-default'],
  ['Unconfined', UNCONFINED],
]);

/** Where a kubelet has the files of `Localhost/…`. */
const KUBELET_ROOT = '/var/lib/kubelet/seccomp';

/**
 * Reads and checks a profile; `null` is `unconfined`, and in compat mode also a document for which runtimes filter nothing.
 * @throws ProfileError if it is not valid; SeccompError ERR_SECCOMP_BUILTIN or ERR_SECCOMP_FILE if it can't be found,
 * ERR_SECCOMP_OPTION for options.
 */
export function loadProfile(source: ProfileSource, options: ProfileOptions = {}): Profile | null {
  return loadSource(source, options);
}

/** The same of anything at all, as callers of other functions give it for a profile. */
export function loadSource(source: unknown, options: ProfileOptions = {}): Profile | null {
  const read = readSource(source, readOptions(options));
  return read === null ? null : profileOrNone(read);
}

/** Options of `checkProfile`. */
export interface CheckOptions extends ProfileOptions {
  /** Also find what only shows on this host, such as rules that conflict. */
  readonly host?: Host;
}

/**
 * Everything that is wrong with a profile, or looks wrong, on any host, or on the one that is given: an empty list is a clean
 * one. Does not throw for what it finds.
 * @throws SeccompError ERR_SECCOMP_BUILTIN, ERR_SECCOMP_FILE, ERR_SECCOMP_OPTION, as loadProfile.
 */
export function checkProfile(source: ProfileSource, options: CheckOptions = {}): readonly ProfileIssue[] {
  const { host }: CheckOptions = optionFields(options);
  const read = readSource(source, readOptions(options, ['host']));
  if (read === null) return [];
  if (host === undefined || read.profile === null) return read.issues;
  return [...read.issues, ...issuesOn(read.profile, readHost(host))];
}

function readSource(source: unknown, options: ReadOptions): ReadProfile | null {
  if (Profile.is(source)) {
    refuseOptions(options, ALL_OPTIONS, 'a Profile, which was read already');
    return { source: source.source, profile: source, issues: source.warnings };
  }
  if (typeof source === 'string' && source !== '') return readNamed(source, options);
  if (typeof source !== 'object' || source === null || (Array.isArray(source) && source.length === 0)) {
    const given = source === null ? 'null, which stands for unconfined' : shown(source);
    const message = `a profile is a built-in's name, a path, a file URL, JSON text or an object, not ${given}`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  refuseOptions(options, ['root'], 'a profile that is not of the form Localhost/…');
  if (source instanceof URL) return readFile(source, { ...options, source: options.source ?? source.href });
  return readDocument(source, options);
}

const ALL_OPTIONS = ['source', 'format', 'mode', 'root', 'argumentWidth', 'foreignAction', 'newerCalls'] as const;

function readNamed(source: string, options: ReadOptions): ReadProfile | null {
  const name = ALIASES.get(source) ?? source;
  const named = { ...options, source: options.source ?? source };
  if (name === UNCONFINED) {
    refuseOptions(options, ALL_OPTIONS, UNCONFINED);
    return null;
  }
  if (source.startsWith('Localhost/')) return readFile(localhostFile(source, options.root), named);
  refuseOptions(options, ['root'], 'a profile that is not of the form Localhost/…');
  if (/^\s*\{/.test(source)) return readText(source, options);
  if (/[/.]/.test(source)) return readFile(source, named);
  refuseOptions(options, ['format'], 'a built-in profile');
  return readBuiltin(name, options);
}

/** The file that Kubernetes means: below the root, whatever the name says. */
function localhostFile(source: string, root: string = KUBELET_ROOT): string {
  const [, ...steps] = source.split('/');
  if (steps.every((step) => step !== '..' && step !== '')) return [root, ...steps].join('/');
  const message = `${source}: what follows Localhost/ is the path of a file below ${root}, without "..": name it so`;
  throw new SeccompError('ERR_SECCOMP_FILE', message);
}

function readBuiltin(name: string, options: ReadOptions): ReadProfile {
  const definition = BUILTIN_DEFINITIONS.get(name);
  if (definition !== undefined) {
    const profile = builtinProfile(name, definition, documentOf(definition), options);
    return { source: name, profile, issues: [] };
  }
  const names = [...BUILTIN_DEFINITIONS.keys(), UNCONFINED, ...ALIASES.keys()];
  const message =
    `no built-in profile is called ${shown(name)}${suggest(name, names)}: there are ${names.join(', ')}. ` +
    'To name a file, write ./ before it';
  throw new SeccompError('ERR_SECCOMP_BUILTIN', message);
}

function readFile(file: string | URL, options: ReadOptions & { readonly source: string }): ReadProfile {
  return readText(readRegularFile(file, options.source), options);
}

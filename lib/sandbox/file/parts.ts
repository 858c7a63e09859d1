/** Makes the parts of a sandbox of the keys of its document. */

import { lstatSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { looksExpandable, pathProblem } from '../../landlock/paths/messages.js';
import { ACCESSES, CheckedPaths, type GivenPath, isWord, readGrant } from '../../landlock/paths/option.js';
import { realPath } from '../../landlock/paths/real-path.js';
import type { Access } from '../../landlock/paths/rights.js';
import { CheckedLimits, readTreeLimits, valuesOf } from '../../process-tree/limits.js';
import { type ResourceLimits, readLimits } from '../../process-tree/rlimits.js';
import { maySample } from '../../process-tree/sampled-limits.js';
import { quoted, shownName } from '../../util/foreign-text.js';
import { emptyFields, own, type Path, withoutUndefined } from '../../util/own-data.js';
import { codeOf } from '../../util/system-error.js';
import { LONGEST_TIMER } from '../options/checks.js';
import { PRIVATE_DIRECTORY } from '../options/environment.js';
import { directoryWarning } from './directory-warnings.js';
import type { SandboxDocument } from './fields.js';
import { changeWarning, writeWarning } from './file-names.js';
import { LIMITS_HERE, limitsForm, PATHS_HERE, pathsForm } from './forms.js';
import type { SandboxEnvironment, SandboxParts } from './loaded-sandbox.js';
import type { Problems } from './problems.js';

/** A document that is read. */
export interface Place {
  readonly source: string;
  /** The directory that its paths are relative to; undefined for the program's own, at its start. */
  readonly directory: string | undefined;
  /** Its own file, those of its profiles, and those of what it extends. */
  readonly files: readonly string[];
  /** By directory, as `filesByFolder` returns them: all of these, and those that are not of what it extends. */
  readonly folders: { readonly all: ReadonlyMap<string, string>; readonly own: ReadonlyMap<string, string> };
  /** The paths that what it extends grants for writing, also without symbolic links. Its own are added. */
  readonly written: Set<string>;
  /** Whether to warn of what is in granted directories. */
  readonly isReview: boolean;
  readonly problems: Problems;
  /** For each path `sandbox.json:3:14`, or without a text `inline`. */
  positionsOf(paths: readonly Path[]): readonly string[];
}

/**
 * The parts of a document, which adds to those of its base. The profile is read elsewhere.
 *
 * @param base - What the document extends; undefined for nothing.
 */
export function partsOf(document: SandboxDocument, place: Place, base: Partial<SandboxParts> = own({})): Parts {
  const { isolate, network, descendants, capabilities } = document;
  for (const [folder, file] of place.folders.own)
    if (place.written.has(folder)) {
      place.problems.warn(['extends'], changeWarning(file, place.files));
      break; // Once, however many paths let it do that.
    }
  const parts = {
    isolate: isolate ?? base.isolate,
    paths: readPathLists(document, place, base.paths),
    network: network ?? base.network,
    limits: readTree(document, place, base.limits),
    rlimits: readResources(document, place, base.rlimits),
    env: readVariables(document, place, base.env),
    timeout: readTime(document, place) ?? base.timeout,
    descendants: descendants ?? base.descendants,
    capabilities: capabilities?.filter((each) => each !== undefined) ?? base.capabilities,
  };
  checkTogether(parts, document, place);
  return parts;
}

function readPathLists({ paths }: SandboxDocument, place: Place, base: CheckedPaths | undefined) {
  if (paths === undefined) return base;
  const given = ACCESSES.flatMap((access) => {
    const entries = paths[access] ?? [];
    const positions = place.positionsOf(entries.map((_, i) => ['paths', access, i]));
    return entries.flatMap((entry, i) =>
      entry === undefined || (typeof entry === 'object' && !(entry instanceof URL) && entry.path === undefined)
        ? []
        : (readPath(entry, access, i, place, positions[i]) ?? []),
    );
  });
  return new CheckedPaths(
    [...(base?.all ?? []), ...given],
    pathsForm(`${shownName(place.source)}: paths`),
    base?.keepsHome,
  );
}

function readPath(entry: unknown, access: Access, i: number, place: Place, position = ''): GivenPath | undefined {
  const { directory, problems } = place;
  const path = ['paths', access, i];
  const read = problems.attempt(path, () => readGrant(entry, access, i, PATHS_HERE));
  if (read === undefined || isWord(read.path)) return read;
  const given = { ...read, place: `${position}: paths.${access}[${i}]` };
  if (directory === undefined) return given;
  const absolute = resolve(directory, read.path);
  checkExists(read, absolute, path, directory, problems);
  if (access === 'write') {
    place.written.add(absolute).add(realPath(absolute) ?? absolute);
    const warning = writeWarning(absolute, place.files, place.folders.all);
    if (warning !== undefined) problems.warn(path, warning);
  }
  const opened = place.isReview ? directoryWarning(absolute, access) : undefined;
  if (opened !== undefined) problems.warn(path, opened);
  return { ...given, path: absolute };
}

/** Reports a path that does not exist: as an error if it is meant to be expanded, else it may be made before the start. */
function checkExists(
  { path: text, access, optional }: GivenPath,
  absolute: string,
  path: Path,
  directory: string,
  problems: Problems,
): void {
  const code = problemAt(absolute);
  if (code === undefined) return;
  const missing = { error: constants.errno[code] ?? 0, call: 'open' };
  const given = { text, list: access, form: PATHS_HERE, directory };
  const message = `${quoted(text)} ${pathProblem(missing, code, absolute, given)}`;
  if (looksExpandable(text)) problems.error(path, message);
  else if (!optional) problems.warn(path, message);
}

/** The name of the errno with which a path can't be reached; undefined if it can. */
function problemAt(path: string): keyof typeof constants.errno | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined ? 'ENOENT' : undefined;
  } catch (error) {
    const code = codeOf(error);
    return Object.hasOwn(constants.errno, code) ? (code as keyof typeof constants.errno) : 'EIO';
  }
}

function readTree({ limits }: SandboxDocument, { source, problems }: Place, base: CheckedLimits | undefined) {
  if (limits === undefined) return base;
  const valid = emptyFields();
  for (const [name, value] of Object.entries(withoutUndefined(limits))) {
    const check = () => readTreeLimits(own({ [name]: value }), LIMITS_HERE);
    if (name === 'exact' || problems.attempt(['limits', name], check) !== undefined) valid[name] = value;
  }
  const merged = own({ ...(base && valuesOf(base)), ...valid });
  // Each is valid by itself, so the only mistake that is left is `exact` without another.
  const read = problems.attempt(['limits', 'exact'], () => readTreeLimits(merged, LIMITS_HERE));
  return read && new CheckedLimits(valuesOf(read), limitsForm(source));
}

function readResources({ rlimits }: SandboxDocument, { problems }: Place, base: ResourceLimits | undefined) {
  if (rlimits === undefined) return base;
  const valid = emptyFields();
  for (const [name, value] of Object.entries(withoutUndefined(rlimits))) {
    if (typeof value === 'object' && (value.soft === undefined || value.hard === undefined)) continue;
    const read = problems.attempt(['rlimits', name], () => readLimits(own({ [name]: value })));
    if (read !== undefined) Object.assign(valid, read);
  }
  return own({ ...base, ...valid }) as ResourceLimits;
}

function readVariables({ env }: SandboxDocument, { problems }: Place, base: SandboxEnvironment | undefined) {
  if (env === undefined) return base;
  const names = new Set(base?.names ?? []);
  const values = new Map(base?.values ?? []);
  if (Array.isArray(env)) {
    for (const [i, name] of env.entries())
      if (name !== undefined && isVariable(name, ['env', i], problems)) {
        names.add(name);
        values.delete(name);
      }
    return { names: [...names], values };
  }
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !isVariable(name, ['env', name], problems)) continue;
    if (value.startsWith('@tmp/'))
      problems.warn(['env', name], 'is passed on as it stands: only "@tmp" alone is the path of the directory');
    if (/\$\{?[A-Za-z_]/.test(value))
      problems.warn(['env', name], `is passed on as it stands, as variables are not expanded: write the value itself`);
    values.set(name, value === '@tmp' ? PRIVATE_DIRECTORY : value);
    names.delete(name);
  }
  return { names: [...names], values };
}

function isVariable(name: string, path: Path, problems: Problems): boolean {
  if (name === '') problems.error(path, 'is no name of a variable: it is empty');
  else if (name.includes('\0')) problems.error(path, 'is no name of a variable: it has a null byte, so remove that');
  else if (name.includes('=')) {
    const [variable = ''] = name.split('=');
    problems.error(
      path,
      `is no name of a variable, which has no "=": to set it, write "env": { ${quoted(variable)}: … }`,
    );
  } else if (/[*?,$\s]/.test(name)) {
    problems.error(path, `${quoted(name)} is no name of one variable: names are literal, so write each of them`);
  } else return true;
  return false;
}

function readTime({ timeout }: SandboxDocument, { problems }: Place): number | undefined {
  if (timeout === undefined) return undefined;
  if (typeof timeout === 'number' && Number.isInteger(timeout) && timeout >= 0 && timeout <= LONGEST_TIMER)
    return timeout;
  return problems.error(
    ['timeout'],
    `must be a whole number of milliseconds from 0, for none, to ${LONGEST_TIMER}, not ${timeout}`,
  );
}

/** All but what is read elsewhere. */
type Parts = Omit<SandboxParts, 'profile' | 'files'>;

/** Reports keys that contradict each other. */
function checkTogether(parts: Parts, document: SandboxDocument, { problems }: Place): void {
  const { isolate, paths, network, limits, env, descendants } = parts;
  for (const [name, value] of env?.values ?? [])
    if (value === PRIVATE_DIRECTORY && !paths?.words.has('@tmp'))
      problems.error(
        document.env === undefined ? ['paths'] : ['env', name],
        '"@tmp" is the directory that paths grants by that word, and it does not: add "@tmp" to "write" of "paths"',
      );
  const report = (between: readonly (keyof SandboxDocument)[], message: string) =>
    problems.error([between.find((key) => document[key] !== undefined) ?? 'extends'], message);
  if (isolate === false && descendants === 'kill')
    report(['descendants', 'isolate'], 'what ends the descendants needs isolation: leave out "isolate": false');
  if (typeof isolate === 'object' && isolate.abstractSockets === true && network === 'none')
    report(
      ['isolate', 'network'],
      '"abstractSockets": true has no effect with "network": "none", which denies all sockets: leave out one of the two',
    );
  if (descendants === 'leave' && limits !== undefined && maySample(limits, true))
    report(
      ['descendants', 'limits'],
      '"exact": false needs a guardian, which ends the descendants: leave out one of the two',
    );
}

/** What errors about `paths` say: where a path was given, what is wrong with it, and what to do about that there. */

import { constants } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quoted, shownName } from '../../util/foreign-text.js';
import type { Refuse } from '../../util/own-data.js';
import { realPath } from './real-path.js';
import type { Access } from './rights.js';

/** How paths are given. Errors name places and remedies in its terms. */
export interface PathsForm {
  /** What has the lists: `options.paths`. */
  readonly name: string;
  /** The place of an entry of a list: `options.paths.read[0]`. */
  readonly place: (list: Access, index: number) => string;
  /** How several paths are given: `give each path as an element of its own`. */
  readonly several: (list: Access) => string;
  /** How a missing path is skipped. */
  readonly skip: string;
  /** How a path is granted for reading. */
  readonly toRead: string;
  /** How a URL is given; empty if it can't be. */
  readonly url: string;
  /** How a path in the home directory is given: `rest` is what follows `~`. */
  readonly home: (rest: string) => string;
  /** How the value of a variable of the environment is given. */
  readonly variable: (name: string) => string;
  /** What to do where paths can't be restricted. */
  readonly without: string;
}

/** Paths that are given as the option of this name. */
const asOption = (name: string): PathsForm => ({
  name,
  place: (list, index) => `${name}.${list}[${index}]`,
  several: () => 'give each path as an element of its own',
  skip: 'give { path, optional: true }',
  toRead: 'put it into read',
  url: 'a URL object',
  home: () => 'use os.homedir()',
  variable: (name) => `use process.env.${name}`,
  without: 'leave it out, or give bestEffort: true: enforcement.paths then reports what is not restricted',
});

export const AS_OPTION = asOption('options.paths');
/** Paths of an earlier recording, to which another adds. */
export const AS_MERGED = asOption('options.mergePaths');

/** A path as it was given. */
export interface GivenText {
  readonly text: string;
  readonly list: Access;
  readonly form: PathsForm;
  /** The directory that it is relative to. */
  readonly directory: string;
}

/** The beginning of a URL. A name such as `C:` has none. */
const SCHEME = /^([a-z][a-z\d+.-]+):(\/\/)?/i;

/** Refuses a string that is a URL and no path. */
export function refuseUrl(text: string, { url }: PathsForm, refuse: Refuse): void {
  const [, scheme = '', slashes] = SCHEME.exec(text) ?? [];
  if (/^file$/i.test(scheme)) refuse([], `${quoted(text)} is a URL: give ${pathOr(text, url)}`);
  if (slashes !== undefined) refuse([], wrongScheme(`${scheme}:`, url));
}

function pathOr(text: string, url: string): string {
  try {
    return `the path, ${shownPath(fileURLToPath(text))}${url === '' ? '' : `, or ${url}`}`;
  } catch {
    return 'the path';
  }
}

/** The path of a URL object. */
export function readUrl(url: URL, form: PathsForm, refuse: Refuse): string {
  if (url.protocol !== 'file:') return refuse([], wrongScheme(url.protocol, form.url));
  try {
    return fileURLToPath(url);
  } catch (error) {
    return refuse([], `is no URL of a file here: ${error instanceof Error ? error.message : error}`);
  }
}

/** Without the rest of the URL, which may have a password. */
const wrongScheme = (scheme: string, url: string) =>
  `is a URL of ${scheme}, and only files can be granted: give a path${url === '' ? '' : ', or a URL of file:'}`;

/** What is wrong with a path that can't be opened for a ruleset. */
export function pathProblem(
  { error, call, link }: { readonly error: number; readonly call: string; readonly link?: string },
  name: string,
  path: string,
  given: GivenText | undefined,
): string {
  const { ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG } = constants.errno;
  if (call === 'landlock_add_rule')
    return `is no file or directory for which Landlock has rules (${name}): leave it out`;
  if (error === ELOOP && link !== undefined) return linkProblem(link, path);
  if (error === ENOENT || error === ENOTDIR) return `does not exist (${name}): ${missingRemedy(given)}`;
  if (error === EACCES) return `can't be reached by this process (${name}): change the permissions of its directories`;
  if (error === ENAMETOOLONG) return `is longer than Linux allows (${name}): give a directory above it`;
  return `can't be opened (${name})${shortageRemedy(name)}`;
}

/** The remedy where too many files are open, for which no path or option is the reason. Empty for another errno. */
export const shortageRemedy = (errno: string): string =>
  /^E[MN]FILE$/.test(errno) ? ': close files, or raise their limit (ulimit -n)' : '';

/** Names that follow an `@` in words. */
const WORD_NAMES = ['system', 'node', 'tmp'];

/** What to do about a path that does not exist: its text may be meant to be more than a path. */
function missingRemedy(given: GivenText | undefined): string {
  const skip = given?.list === 'write' ? 'grant its directory' : (given?.form ?? AS_OPTION).skip;
  const create = `create it first, or ${skip}`;
  if (given === undefined) return create;
  const { text, list, form, directory } = given;
  const [, user, rest = ''] = /^~([^/]*)(.*)$/s.exec(text) ?? [];
  if (user === '') return `~ is not expanded, so ${form.home(rest)}`;
  if (user !== undefined) return `${shownName(`~${user}`)} is not expanded, so give the absolute path`;
  const [, variable] = /^\$\{?([a-z_]\w*)/i.exec(text) ?? [];
  if (variable !== undefined) return `$${variable} is not expanded, so ${form.variable(variable)}`;
  if (PATTERN.test(text))
    return `patterns are not expanded, so grant the directory ${shownPath(directoryOf(text, directory))}`;
  const name = text.trim().replace(/^@/, '');
  if (WORD_NAMES.includes(name)) return `did you mean @${name}?`;
  return /,|:[./~@]/.test(text) ? `${create}; for several paths, ${form.several(list)}` : create;
}

/** Whether a text looks like one that a shell would replace by others. Here it is a path as it stands. */
export const looksExpandable = (text: string): boolean => /^~|\$\{?[a-z_]/i.test(text) || PATTERN.test(text);

/** Characters that stand for others in patterns. */
const PATTERN = /[*?]|\[.+\]|\{.+,.*\}/;

/** The directory beneath which a pattern would look for files. */
function directoryOf(pattern: string, directory: string): string {
  const names = pattern.split('/');
  const first = names.findIndex((name) => PATTERN.test(name));
  const literal = names.slice(0, Math.max(first, 0)).map((name) => `${name}/`);
  return resolve(directory, literal.join(''));
}

/** Maximum number of characters of a path in a message. */
const SHOWN_CHARACTERS = 240;

/** A path as messages show it. */
export const shownPath = (path: string) =>
  path.length > SHOWN_CHARACTERS ? `${shownName(path.slice(0, SHOWN_CHARACTERS))}…` : shownName(path);

function linkProblem(link: string, path: string): string {
  if (/^\/proc\/(thread-)?self$/.test(link))
    return `leads through ${shownName(link)}, which is a different directory for each process: grant /proc, or files in it by name`;
  const leads = link === path ? 'is a symbolic link' : `leads through the symbolic link ${shownName(link)}`;
  return `${leads}, which the program could replace by another: ${targetRemedy(path)}`;
}

/** The target may be what an earlier run of the program wants to be granted. */
function targetRemedy(path: string): string {
  const target = realPath(path);
  if (target === undefined) return 'give the path to which it should lead';
  return `if you mean ${shownPath(target)}, to which it leads now, give that path`;
}

/** The option `paths`: the files that a child may reach, and how it may reach them. */

import { resolve } from 'node:path';
import { refuseIn } from '../../errors.js';
import { quoted, shownName } from '../../util/foreign-text.js';
import { describe, invalidType } from '../../util/option-errors.js';
import { copyFields, copyList, type Fields, isPlain, own, type Refuse } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';
import { AS_OPTION, type GivenText, type PathsForm, readUrl, refuseUrl } from './messages.js';
import { type Access, bitsOf, GRANTS } from './rights.js';
import { type PathWord, type SharedWord, wordGrants } from './words.js';

/** A path with a property. */
export interface PathEntry {
  /** The path. */
  readonly path: string | URL;
  /** Whether to skip a path that does not exist. Default false: it is an error. */
  readonly optional?: boolean | undefined;
}

/**
 * What an entry of a list of `paths` grants: one of the words `@system`, `@node` and `@tmp`, or the path of a file or
 * directory, which is absolute or relative to `cwd`. A directory stands for all beneath it. Paths are literal: `~`, `*` and
 * `$HOME` are not expanded. A path may be a `file:` URL, but not as a string. `./@name` is a file whose name begins with
 * `@`. See docs/paths.md, and docs/reference/path-words.md for the words.
 *
 * @example
 * import { run } from 'seccomp';
 *
 * const read = ['@system', '.', new URL('file:///etc/hosts'), { path: './cache', optional: true }];
 * const { stdout } = await run('ls', ['-a'], 'docker-default', { paths: { read } });
 * console.log(stdout);
 */
export type PathGrant = PathWord | (string & Record<never, never>) | URL | PathEntry; // Editors propose the words.

/**
 * The files that a program may reach, beside itself and its interpreter. What no list names is denied, by the kernel's
 * Landlock. See docs/paths.md.
 *
 * @example
 * import { run } from 'seccomp';
 *
 * const paths = { read: ['@system'], write: ['@tmp'] };
 * const { stdout } = await run('sh', ['-c', 'echo 1 >"$TMPDIR/x"; cat "$TMPDIR/x"'], 'docker-default', { paths });
 * console.log(stdout); // 1
 */
export interface Paths {
  /**
   * Files that may be read, and directories beneath which all files may be read and all directories listed. Also the words
   * `@system`, which most programs need, `@node` and `@tmp`, each of which has rights of its own. Default none.
   */
  readonly read?: readonly PathGrant[] | undefined;
  /**
   * Files that may be read and written, and directories beneath which all may be read, written, created, removed and
   * renamed. Also the word `@tmp`; `@system` and `@node` are an error. Default none.
   */
  readonly write?: readonly PathGrant[] | undefined;
  /**
   * Programs that may be read and executed, and directories beneath which all may. Also the words, which have rights of
   * their own; `@tmp` makes programs in it executable. Default none.
   */
  readonly execute?: readonly PathGrant[] | undefined;
}

/** The words that stand for paths. */
export const WORDS: readonly PathWord[] = ['@system', '@node', '@tmp'];

/** A path as the caller gave it. */
export interface GivenPath {
  readonly path: string;
  readonly optional: boolean;
  readonly access: Access;
  /** Where it was given, such as `options.paths.read[0]`. */
  readonly place: string;
}

/** A word of an option, or the one that `withTerminal` adds. */
type Word = PathWord | SharedWord;

/** Checked and copied `paths`. */
export class CheckedPaths {
  /** Makes this assignable to `Paths`, which is what options have before they are checked. */
  declare readonly read?: undefined;
  /** The paths and words, in the order of the lists. */
  readonly all: readonly GivenPath[];
  /** The paths alone. */
  readonly given: readonly GivenPath[];
  readonly words: ReadonlySet<Word>;
  /** Whether programs in the private directory may be executed. */
  readonly executesTmp: boolean;
  /** The same for equal options. */
  readonly key: string;
  /** How they were given. */
  readonly form: PathsForm;
  /** Whether a program whose working directory has a home directory beneath it, or is one, is not started. */
  readonly keepsHome: boolean;

  constructor(all: readonly GivenPath[], form: PathsForm, keepsHome = false, added: readonly Word[] = []) {
    this.form = form;
    this.keepsHome = keepsHome;
    this.all = all;
    this.given = all.filter(({ path }) => !isWord(path));
    this.words = new Set([...all.map(({ path }) => path).filter(isWord), ...added]);
    this.executesTmp = all.some(({ path, access }) => path === '@tmp' && access === 'execute');
    this.key = [...added, ...all.map(({ path, optional, access }) => `${access}${optional ? '?' : ''}:${path}`)].join(
      '\0',
    );
    Object.freeze(this);
  }

  /** The paths of a program that is given a terminal, which `@system` then grants. */
  get withTerminal(): CheckedPaths {
    if (!this.words.has('@system')) return this;
    return new CheckedPaths(this.all, this.form, this.keepsHome, ['@terminal']);
  }
}

export const isWord = (path: string): path is PathWord => WORDS.some((word) => word === path);

/** The lists of the option. */
export const ACCESSES: readonly Access[] = ['read', 'write', 'execute'];

/** Maximum length of each list. */
export const MOST_PATHS = 4096;

/**
 * Checks and copies the option.
 *
 * @throws {TypeError} Node's error for a value that is not valid, in the terms of `form`.
 */
export function readPaths(value: unknown, form: PathsForm = AS_OPTION): CheckedPaths {
  if (value instanceof CheckedPaths) return value;
  const { name } = form;
  const refuse = refuseIn(name);
  if (!isPlain(value)) {
    const expected = `an object with the lists read, write and execute, such as { "read": ["@system", "."] }`;
    return refuse([], `must be ${expected}. Received ${describe(value)}`, 'type');
  }
  const fields = copyFields(value, refuse);
  const unknown = Object.keys(fields).find((key) => !ACCESSES.some((access) => access === key));
  if (unknown !== undefined) refuse([unknown], unknownList(unknown, form));
  const lists = ACCESSES.map((access) => [access, readList(fields[access], `${name}.${access}`)] as const);
  const all = lists.flatMap(([access, list]) => list.map((each, i) => readGrant(each, access, i, form)));
  return new CheckedPaths(all, form);
}

/** What is wrong with a list of this name. */
function unknownList(name: string, form: PathsForm): string {
  if (/^(deny|except|exclude|hide)/i.test(name))
    return 'is unknown: what is not named is denied, and nothing beneath a granted directory can be denied, so grant its other entries instead';
  if (name === 'bestEffort' && form === AS_OPTION) return 'is unknown: bestEffort is an option beside paths';
  if (/write/i.test(name) && /read/i.test(name)) return 'is unknown: use write, which grants reading too';
  return `is unknown${suggest(name, ACCESSES) || ': use read, write and execute'}`;
}

function readList(value: unknown, place: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidType(place, 'an instance of Array', value);
  return copyList(value, MOST_PATHS, refuseIn(place));
}

/**
 * Checks and copies one entry of a list.
 *
 * @throws {TypeError} for one that is not valid, in the terms of `form`.
 */
export function readGrant(value: unknown, access: Access, index: number, form: PathsForm): GivenPath {
  const place = form.place(access, index);
  const refuse = refuseIn(place);
  const isEntry = isPlain(value);
  const fields: Fields = isEntry ? copyFields(value, refuse) : own({ path: value });
  const { path: given, optional = false, ...others } = fields;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuse([unknown], 'is unknown: an entry has the properties path and optional');
  if (typeof optional !== 'boolean') throw invalidType(`${place}.optional`, 'of type boolean', optional);
  const path = isEntry
    ? readPathText(given, `${place}.path`, '', form)
    : readPathText(given, place, ', or an object { path, optional }', form);
  if (path.startsWith('@')) checkWord(path, optional, access, refuse, form);
  return { path, optional, access, place };
}

function checkWord(path: string, optional: boolean, access: Access, refuse: Refuse, form: PathsForm): void {
  if (!isWord(path)) refuse([], `${quoted(path)} is unknown${wordRemedy(path, form.several(access))}`);
  if (optional) refuse([], `${shownName(path)} can't be optional: what a system lacks of it is skipped anyway`);
  if (access === 'write' && path !== '@tmp')
    refuse([], `${shownName(path)} has rights of its own, so it can't be granted for writing: ${form.toRead}`);
}

function wordRemedy(path: string, several: string): string {
  const [first = '', second] = path.split(/[,:;\s]/, 2);
  if (isWord(first) && second) return `: to grant several paths, ${several}`;
  return `${suggest(path, WORDS) || ': the words are @system, @node and @tmp'}; a file of that name is ${shownName(`./${path}`)}`;
}

function readPathText(value: unknown, place: string, others: string, form: PathsForm): string {
  const refuse = refuseIn(place);
  const path = value instanceof URL ? readUrl(value, form, refuse) : value;
  if (typeof path !== 'string')
    throw invalidType(place, `of type string${form.url === '' ? '' : ' or an instance of URL'}${others}`, value);
  if (path === '') refuse([], "'' is no path: '.' is the working directory");
  if (path.includes('\0')) refuse([], 'has a null byte, which no path can have');
  if (!(value instanceof URL)) refuseUrl(path, form, refuse);
  return path;
}

/** A path for a ruleset: absolute, without `.` and `..`. */
export interface PathRule {
  readonly path: string;
  /** LANDLOCK_ACCESS_FS_* */
  readonly rights: number;
  readonly optional: boolean;
  /** Whether symbolic links are followed even if the child could replace them, and only an executable file is granted. */
  readonly isProgram: boolean;
  /** Whether only a regular file is granted, and one behind a link that is not followed is left out. */
  readonly isFile: boolean;
  /** Where it was given, or what needs it, for messages. */
  readonly place: string;
  /** How it was given; undefined if only a word or the program needs it. */
  readonly given: GivenText | undefined;
}

/** A child for which a ruleset is made. */
export interface PathsSubject {
  /** The absolute path of its working directory. */
  readonly directory: string;
  /** Files that it needs in order to start: its program, and the interpreters of that. */
  readonly needs: readonly string[];
  /** Files that it reads in order to start: those of a module that Node runs. */
  readonly files: readonly string[];
  /** Whether it is a Node that loads this package. */
  readonly isNode: boolean;
  /** Its private directory, if it has one. */
  readonly tmp: string | undefined;
}

/** The words whose paths a child is granted. */
export function wordsFor({ words }: CheckedPaths, { isNode }: Pick<PathsSubject, 'isNode'>): readonly SharedWord[] {
  if (words.size === 0 && !isNode) return NO_WORDS;
  const all = new Set(isNode ? [...words, '@node' as const] : words);
  return [...all].filter((word) => word !== '@tmp');
}

const NO_WORDS: readonly SharedWord[] = [];

/** The rules of a child's ruleset: those for the paths as given, then those for the words, then what it needs itself. */
export function pathRules(paths: CheckedPaths, subject: PathsSubject): readonly PathRule[] {
  const { given, executesTmp, form } = paths;
  const { directory, needs, files, tmp } = subject;
  const rightsOfTmp = GRANTS.write | (executesTmp ? GRANTS.execute : 0);
  return [
    ...given.map(({ path, optional, access, place }) => ({
      path: resolve(directory, path),
      rights: GRANTS[access],
      optional,
      isProgram: false,
      isFile: false,
      place,
      given: { text: path, list: access, form, directory },
    })),
    ...wordsFor(paths, subject).flatMap((word) =>
      wordGrants(word).map(({ path, access }) => ruleFor(givenFor(word), path, GRANTS[access])),
    ),
    ...(tmp === undefined ? [] : [ruleFor('@tmp', tmp, rightsOfTmp, 'directory')]),
    ...files.map((path) => ruleFor('the module', path, bitsOf('READ_FILE'), 'file')),
    ...needs.map((path) => ruleFor('the program', path, GRANTS.execute, 'program')),
  ];
}

/** The word of an option that has these paths. */
const givenFor = (word: SharedWord): PathWord => (word === '@terminal' ? '@system' : word);

/** A rule that no list has: for a word, or for what the child needs itself. */
function ruleFor(place: string, path: string, rights: number, kind?: 'directory' | 'file' | 'program'): PathRule {
  return {
    path,
    rights,
    optional: kind !== 'directory',
    isProgram: kind === 'program',
    isFile: kind === 'file',
    place,
    given: undefined,
  };
}

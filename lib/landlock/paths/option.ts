/** The option `paths`: the files that a child may reach, and how it may reach them. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuseIn } from '../../errors.js';
import { invalidType, invalidValue } from '../../util/option-errors.js';
import { copyFields, copyList, type Fields, own, type Refuse } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';
import { type Access, bitsOf, GRANTS } from './rights.js';
import { type PathWord, wordGrants } from './words.js';

/** A path, or one of the words. See docs/paths.md. */
export type PathGrant =
  | string
  | URL
  | {
      /** The path. */
      readonly path: string | URL;
      /** Whether to skip a path that does not exist. Default false: it is an error. */
      readonly optional?: boolean | undefined;
    };

/** The files that a program may reach. What no list names is denied. */
export interface Paths {
  /**
   * Files that may be read, and directories beneath which all files may be read and all directories listed; and the words
   * `@system`, `@node` and `@tmp`. Default none.
   */
  readonly read?: readonly PathGrant[] | undefined;
  /** Files that may be read and written, and directories beneath which all may be changed. Default none. */
  readonly write?: readonly PathGrant[] | undefined;
  /** Programs that may be read and executed, and directories beneath which all may. Default none. */
  readonly execute?: readonly PathGrant[] | undefined;
}

/** A word, which stands for paths with rights of their own. */
export type Word = PathWord | '@tmp';

const WORDS: readonly Word[] = ['@system', '@node', '@tmp'];

/** A path as the caller gave it. */
interface GivenPath {
  readonly path: string;
  readonly optional: boolean;
  readonly access: Access;
  /** Where it was given, such as `options.paths.read[0]`. */
  readonly place: string;
}

/** Checked and copied `paths`. */
export class CheckedPaths {
  /** Makes this assignable to `Paths`, which is what options have before they are checked. */
  declare readonly read?: undefined;
  readonly given: readonly GivenPath[];
  readonly words: ReadonlySet<Word>;
  /** Whether programs in the private directory may be executed. */
  readonly executesTmp: boolean;
  /** The same for equal options. */
  readonly key: string;

  constructor(given: readonly GivenPath[]) {
    this.given = given.filter(({ path }) => !isWord(path));
    this.words = new Set(given.map(({ path }) => path).filter(isWord));
    this.executesTmp = given.some(({ path, access }) => path === '@tmp' && access === 'execute');
    this.key = given.map(({ path, optional, access }) => `${access}${optional ? '?' : ''}:${path}`).join('\0');
    Object.freeze(this);
  }
}

const isWord = (path: string): path is Word => WORDS.some((word) => word === path);

const ACCESSES: readonly Access[] = ['read', 'write', 'execute'];

/** Maximum length of each list. */
const MOST_PATHS = 4096;

/** Lists of an option that was read before, in the order of ACCESSES, and what they were read as. */
interface ReadBefore {
  readonly name: string;
  readonly lists: Lists;
  readonly paths: CheckedPaths;
}

type Lists = readonly (readonly unknown[])[];

/** Options that were read before, and consist of strings only: most programs give the same paths at each start. */
const readBefore: ReadBefore[] = [];
const MOST_READ_BEFORE = 32;

/** Checks and copies the option. Equal options of strings are read as the same object, if they were read recently. */
export function readPaths(value: unknown, name: string): CheckedPaths {
  if (value instanceof CheckedPaths) return value;
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'of type object', value);
  const refuse = refuseIn(name);
  const fields = copyFields(value, refuse);
  const unknown = Object.keys(fields).find((key) => !ACCESSES.some((access) => access === key));
  if (unknown !== undefined) refuse([unknown], unknownList(unknown));
  const lists = ACCESSES.map((access) => readList(fields[access], `${name}.${access}`));
  const known = readBefore.find((each) => each.name === name && areEqual(each.lists, lists));
  if (known !== undefined) return known.paths;
  const paths = new CheckedPaths(
    ACCESSES.flatMap((access, at) =>
      (lists[at] ?? []).map((each, i) => readGrant(each, access, `${name}.${access}[${i}]`)),
    ),
  );
  if (lists.flat().every((each) => typeof each === 'string')) {
    readBefore.push({ name, lists, paths });
    if (readBefore.length > MOST_READ_BEFORE) readBefore.shift();
  }
  return paths;
}

function areEqual(some: Lists, others: Lists): boolean {
  return some.every((list, at) => {
    const other = others[at];
    return list.length === other?.length && list.every((each, i) => each === other[i]);
  });
}

function unknownList(name: string): string {
  if (/^(deny|except|exclude|hide)/i.test(name))
    return 'is unknown: what is not named is denied, and nothing beneath a granted directory can be denied, so grant its other entries instead';
  return `is unknown${suggest(name, ACCESSES) || ': use read, write and execute'}`;
}

function readList(value: unknown, place: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidType(place, 'an instance of Array', value);
  return copyList(value, MOST_PATHS, refuseIn(place));
}

function readGrant(value: unknown, access: Access, place: string): GivenPath {
  const refuse = refuseIn(place);
  const isObject = typeof value === 'object' && value !== null && !(value instanceof URL);
  const fields: Fields = isObject ? copyFields(value, refuse) : own({ path: value });
  const { path: given, optional = false, ...others } = fields;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuse([unknown], 'is unknown: an entry has the properties path and optional');
  if (typeof optional !== 'boolean') throw invalidType(`${place}.optional`, 'of type boolean', optional);
  const path = readPathText(given, isObject ? `${place}.path` : place);
  if (path.startsWith('@')) checkWord(path, optional, access, refuse);
  return { path, optional, access, place };
}

function checkWord(path: string, optional: boolean, access: Access, refuse: Refuse): void {
  if (!isWord(path))
    refuse(
      [],
      `${JSON.stringify(path)} is unknown${suggest(path, WORDS) || ': the words are @system, @node and @tmp'}; a file of that name is ./${path}`,
    );
  if (optional) refuse([], `${path} can't be optional: what a system lacks of it is skipped anyway`);
  if (access === 'write' && path !== '@tmp')
    refuse([], `${path} has rights of its own, so it can't be granted for writing: put it into read`);
}

function readPathText(value: unknown, place: string): string {
  const path = value instanceof URL ? fileURLToPath(value) : value;
  if (typeof path !== 'string') throw invalidType(place, 'of type string or an instance of URL', value);
  if (path === '') throw invalidValue(place, path, "cannot be empty: '.' is the working directory");
  if (path.includes('\0')) throw invalidValue(place, path, 'must be a string without null bytes');
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
  /** Where it was given, for messages. */
  readonly place: string;
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
export function wordsFor({ words }: CheckedPaths, { isNode }: Pick<PathsSubject, 'isNode'>): readonly PathWord[] {
  if (words.size === 0 && !isNode) return NO_WORDS;
  const all = new Set<Word>(isNode ? [...words, '@node'] : words);
  return [...all].filter((word) => word !== '@tmp');
}

const NO_WORDS: readonly PathWord[] = [];

/** The rules of a child's ruleset: those for the paths as given, then those for the words, then what it needs itself. */
export function pathRules(paths: CheckedPaths, subject: PathsSubject): readonly PathRule[] {
  const { given, executesTmp } = paths;
  const { directory, needs, files, tmp } = subject;
  const executable = GRANTS.execute;
  return [
    ...given.map(({ path, optional, access, place }) => ({
      path: resolve(directory, path),
      rights: GRANTS[access],
      optional,
      isProgram: false,
      isFile: false,
      place,
    })),
    ...wordsFor(paths, subject).flatMap((word) =>
      wordGrants(word).map(({ path, access }) => ({
        path,
        rights: GRANTS[access],
        optional: true,
        isProgram: false,
        isFile: false,
        place: word,
      })),
    ),
    ...(tmp === undefined
      ? []
      : [
          {
            path: tmp,
            rights: GRANTS.write | (executesTmp ? executable : 0),
            optional: false,
            isProgram: false,
            isFile: false,
            place: '@tmp',
          },
        ]),
    ...files.map((path) => ({
      path,
      rights: bitsOf('READ_FILE'),
      optional: true,
      isProgram: false,
      isFile: true,
      place: 'the module',
    })),
    ...needs.map((path) => ({
      path,
      rights: executable,
      optional: true,
      isProgram: true,
      isFile: false,
      place: 'the program',
    })),
  ];
}

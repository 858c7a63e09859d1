/** What a denied access lacks, in words, and the grants that would allow it. */
import { shownName } from '../../util/foreign-text.js';
import type { Rule } from '../paths/prediction.js';
import { type Access, accessesFor, bitsOf, GRANTS, RIGHTS_OF_FILES, type Right, rightsIn } from '../paths/rights.js';
import { isAt, isTemporary, tooWide } from '../paths/wide-paths.js';
import type { PathWord, SharedWord, WordGrant } from '../paths/words.js';

/** Grants to add to the option `paths`. */
export interface PathsRemedy {
  /** The paths and words to add to its lists. */
  readonly paths: Readonly<Partial<Record<Access, readonly string[]>>>;
  /** Never set: a rule of a profile has it. */
  readonly names?: undefined;
  /** Never set: a rule of a profile has it. */
  readonly action?: undefined;
  /** Never set: a rule of a profile has it. */
  readonly args?: undefined;
}

/** The paths of a word, as the remedy may name it in their place. */
export interface KnownWord {
  readonly word: SharedWord | PathWord;
  readonly grants: readonly WordGrant[];
}

/**
 * The grants that would give these rights: the word that has them, or the paths. For making files in a directory that all
 * programs share for temporary ones, a private directory, unless `words` has it. Undefined if none would, as for making
 * devices, or if they would give much more, as for listing a home directory.
 */
export function remedyFor(missing: readonly Rule[], words: readonly KnownWord[]): PathsRemedy | undefined {
  const lists: Record<Access, Set<string>> = { read: new Set(), write: new Set(), execute: new Set() };
  for (const { path, rights } of missing) {
    if (!path.isWellFormed()) return undefined; // It is not UTF-8, as the paths of the option are.
    const word = words.find(({ grants }) => (rights & ~grantedBy(grants, path)) === 0);
    const needed = word === undefined ? accessesFor(rights) : listsOf(word);
    if (needed === undefined) return undefined;
    const isTmp = isTemporary(path) && needed.includes('write') && !words.some((each) => each.word === '@tmp');
    if (word === undefined && !isTmp && isTooWide(path, rights, needed)) return undefined;
    for (const access of needed) lists[access].add(word?.word ?? (isTmp ? '@tmp' : grantable(path)));
  }
  const filled = Object.entries(lists).filter(([, paths]) => paths.size > 0);
  return { paths: Object.fromEntries(filled.map(([access, paths]) => [access, [...paths]])) };
}

/** Whether the lists would grant much more than these rights. What is made, removed or listed is in a directory. */
function isTooWide(path: string, rights: number, lists: readonly Access[]): boolean {
  const isDirectory = (rights & ~RIGHTS_OF_FILES) !== 0;
  const granted = isDirectory ? lists.reduce((all, list) => all | GRANTS[list], 0) : rights;
  return tooWide(path, granted) !== undefined;
}

/** The number of a process in /proc is another one in each run. */
const grantable = (path: string): string => path.replace(/^\/proc\/\d+(?:\/.*)?$/, '/proc');

/** The lists in which a word gives what is missing. A program that lacks a right in its private directory has the others. */
const listsOf = ({ word }: KnownWord): readonly Access[] => [word === '@tmp' ? 'execute' : 'read'];

/** The rights that grants give for a path. */
function grantedBy(grants: readonly WordGrant[], path: string): number {
  return grants.filter((grant) => isAt(path, grant.path)).reduce((rights, { access }) => rights | GRANTS[access], 0);
}

/** What is denied, in words, for each right. */
const DENIED: Readonly<Record<Right, string>> = {
  EXECUTE: 'executing',
  WRITE_FILE: 'writing',
  READ_FILE: 'reading',
  READ_DIR: 'listing',
  REMOVE_DIR: 'removing directories in',
  REMOVE_FILE: 'removing files in',
  MAKE_CHAR: 'making devices in',
  MAKE_DIR: 'making directories in',
  MAKE_REG: 'making files in',
  MAKE_SOCK: 'making sockets in',
  MAKE_FIFO: 'making FIFOs in',
  MAKE_BLOCK: 'making devices in',
  MAKE_SYM: 'making symbolic links in',
  REFER: 'moving or linking files into or out of',
  TRUNCATE: 'truncating',
  IOCTL_DEV: 'device ioctls on',
  RESOLVE_UNIX: 'connecting to',
};

/** What the rights allow that are missing: `reading and writing /x, and making files in /y`. */
export function missingInWords(missing: readonly Rule[]): string {
  const each = missing.map(({ path, rights }) => {
    // Truncation is not mentioned where opening is denied.
    const shown = (rights & bitsOf('WRITE_FILE')) === 0 ? rights : rights & ~bitsOf('TRUNCATE');
    return `${[...new Set(rightsIn(shown).map((right) => DENIED[right]))].join(' and ')} ${shownName(path)}`;
  });
  return each.join(', and ');
}

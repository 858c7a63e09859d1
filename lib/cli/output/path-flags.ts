/** The flags of `seccomp run` that grant paths, to be pasted into a shell. */

import { HIDDEN } from '../../util/foreign-text.js';

/** Paths by the list that grants them. */
type PathLists = Readonly<Partial<Record<string, readonly string[]>>>;

/** `--read /etc/hosts`, `--read '/a b'` */
export function pathFlags(lists: PathLists): readonly string[] {
  return Object.entries(lists).flatMap(([list, paths = []]) => paths.map((path) => pathFlag(list, path)));
}

/** `--read /etc/hosts`; `--read PATH` for a path that is not known. */
export function pathFlag(list: string, path: string | undefined): string {
  return `--${list} ${path === undefined ? 'PATH' : inShell(path)}`;
}

/** A word of a shell. Hidden characters are written as bytes, as every shell that has `$'…'` reads them in any locale. */
function inShell(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (word.search(HIDDEN) < 0) return `'${word.replaceAll("'", `'\\''`)}'`;
  const bytes = (text: string) =>
    [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  return `$'${word.replace(/[\\']/g, '\\$&').replace(HIDDEN, bytes)}'`;
}

/** The flags of `seccomp run` that grant paths, to be pasted into a shell. */

import { shellWord } from '../../addon/shell-word.js';

/** Paths by the list that grants them. */
type PathLists = Readonly<Partial<Record<string, readonly string[]>>>;

/** `--read /etc/hosts`, `--read '/a b'` */
export function pathFlags(lists: PathLists): readonly string[] {
  return Object.entries(lists).flatMap(([list, paths = []]) => paths.map((path) => pathFlag(list, path)));
}

/** `--read /etc/hosts`; `--read PATH` for a path that is not known. */
export function pathFlag(list: string, path: string | undefined): string {
  return `--${list} ${path === undefined ? 'PATH' : shellWord(path)}`;
}

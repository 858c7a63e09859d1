/** The names of a file: whoever can write one of their directories can put another file in its place. */
import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { realPath } from '../../landlock/paths/real-path.js';
import { shownName } from '../../util/foreign-text.js';

/** More links than the kernel follows. */
const MOST_LINKS = 40;

/** The absolute paths by which a file is found: as it is named, those of each link on the way, and without links. */
export function namesOf(file: string): readonly string[] {
  const names = new Set<string>();
  let path = resolve(file);
  for (let i = 0; i < MOST_LINKS; i++) {
    names.add(path);
    const link = withFolders(path).findLast((folder) => linkAt(folder) !== undefined); // The one that comes first.
    const target = link === undefined ? undefined : linkAt(link);
    if (link === undefined || target === undefined) break;
    names.add(link);
    path = join(resolve(dirname(link), target), path.slice(link.length));
  }
  return [...names];
}

/** A file, and the directories that it is in, up to the root. */
export function withFolders(file: string): readonly string[] {
  const folder = dirname(file);
  return folder === file ? [file] : [file, ...withFolders(folder)];
}

/** For each of the files, and for each directory that has one of them, the first of these. */
export function filesByFolder(files: readonly string[]): ReadonlyMap<string, string> {
  return new Map(files.toReversed().flatMap((file) => withFolders(file).map((each) => [each, file] as const)));
}

/**
 * Says that a program that may write `path` can change one of the files that say what it may do. Undefined if it can't.
 *
 * @param files - Their names; the first is the sandbox's or the profile's own.
 * @param folders - These by directory.
 * @param own - What the first is called.
 */
export function writeWarning(
  path: string,
  files: readonly string[],
  folders: ReadonlyMap<string, string>,
  own?: string,
): string | undefined {
  const changed = folders.get(path) ?? folders.get(realPath(path) ?? path);
  return changed === undefined ? undefined : changeWarning(changed, files, own);
}

/** Says that a program can change one of the files that say what it may do. */
export function changeWarning(changed: string, files: readonly string[], own = 'this sandbox'): string {
  const what = changed === files[0] ? own : shownName(changed);
  const remedy = 'grant a directory in it, or keep the file elsewhere';
  return `lets the program change ${what}, and so what it may do at its next start: ${remedy}`;
}

function linkAt(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

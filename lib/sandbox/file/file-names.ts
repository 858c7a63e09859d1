/** The names of a file: whoever can write one of their directories can put another file in its place. */
import { lstatSync, readlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { realPath } from '../../landlock/paths/real-path.js';

/** More links than the kernel follows. */
const MOST_LINKS = 40;

/** The absolute paths by which a file is found: as it is named, without links to its directory, and through each link. */
export function namesOf(file: string): readonly string[] {
  const names = new Set<string>();
  let path: string | undefined = resolve(file);
  for (let i = 0; path !== undefined && i < MOST_LINKS; i++) {
    const place: string = join(realPath(dirname(path)) ?? dirname(path), basename(path));
    names.add(path).add(place);
    const target = linkAt(place);
    path = target === undefined ? undefined : resolve(dirname(place), target);
  }
  return [...names];
}

function linkAt(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

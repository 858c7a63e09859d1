/** What predictions need to know of the files of this machine. */
import { lstatSync, readFileSync } from 'node:fs';
import { type Mount, mountsIn } from '../../kernel/mounts.js';
import { type FileTree, parentOf } from '../paths/prediction.js';
import { upwards } from '../paths/wide-paths.js';
import type { FoundFile } from './path-calls.js';

/** The device and inode of the file that a path leads to now; undefined if there is none that can be looked at. */
export function identityAt(path: string): string | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats && `${stats.dev}:${stats.ino}`;
  } catch {
    return undefined;
  }
}

/** The files as they were when a call named these. No file is looked at: a child could name one that does not answer. */
export function treeOf(files: readonly FoundFile[]): FileTree {
  const known = new Map<string, string>();
  for (const { path, type, identities } of files) {
    let place = type === 'missing' ? parentOf(path) : path;
    for (const identity of identities) {
      known.set(place, identity);
      place = parentOf(place);
    }
  }
  return { identify: (path) => known.get(path) ?? path, mountPoint };
}

function mountPoint(path: string): string {
  const points = new Set(mounts().map(({ point }) => point));
  return [...upwards(path)].find((directory) => points.has(directory)) ?? '/';
}

/** The mounts of this process, of which there are none if it may not read them. */
function mounts(): readonly Mount[] {
  try {
    return mountsIn(readFileSync('/proc/self/mountinfo', 'utf8'));
  } catch {
    return [];
  }
}

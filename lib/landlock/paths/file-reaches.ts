/** The ways to reach other processes that `paths` closes: those that lead through files, unless it grants these. */
import { relative } from 'node:path';
import type { Reach } from '../enforcement.js';

/** The directories that hold the files of a way. */
const FOLDERS: ReadonlyMap<Reach, readonly string[]> = new Map<Reach, readonly string[]>([
  ['cgroup-files', ['/sys/fs/cgroup']],
  ['oom-score', ['/proc']],
  ['autogroup', ['/proc']],
  ['proc-files', ['/proc']],
  ['terminal-modes', ['/dev/tty', '/dev/pts', '/dev/console']],
]);

/**
 * The ways that are closed to a program.
 *
 * @param written - The absolute paths that it may write.
 */
export function closedByPaths(written: readonly string[]): readonly Reach[] {
  return [...FOLDERS].flatMap(([reach, folders]) =>
    folders.some((folder) => written.some((path) => overlap(path, folder))) ? [] : [reach],
  );
}

/** Whether one of two directories contains the other, or both are one. */
export function overlap(one: string, other: string): boolean {
  return isBeneath(one, other) || isBeneath(other, one);
}

/** Whether a path is that of a directory, or of something in it. */
export function isBeneath(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith('../');
}

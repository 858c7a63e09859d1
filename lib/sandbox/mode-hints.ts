/** Grants of `paths` that the modes of files deny to a program's user: for the errors of programs that failed. */
import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CheckedPaths } from '../landlock/paths/option.js';
import type { Access } from '../landlock/paths/rights.js';
import { shownName } from '../util/foreign-text.js';
import type { ProgramOptions } from './options/types.js';
import { grantedPaths } from './plan/granted-paths.js';

/** The bits of a mode, for others. */
const READ = 0o4;
const WRITE = 0o2;
const SEARCH = 0o1;
const NEEDED: Readonly<Record<Access, number>> = { read: READ, write: WRITE, execute: SEARCH };
const LETTERS: ReadonlyMap<number, string> = new Map([
  [READ, 'r'],
  [WRITE, 'w'],
  [SEARCH, 'x'],
]);

/**
 * What keeps the user of a program from a path that `paths` grants, and what would help; empty if nothing does that is known.
 * Access control lists and mounts may still decide otherwise.
 *
 * @param options - Checked options of the program.
 */
export function deniedByMode(options: Pick<ProgramOptions, 'paths' | 'uid' | 'gid' | 'cwd'>): string {
  const { uid, gid } = options;
  if (options.paths === undefined || typeof uid !== 'number' || uid === 0) return '';
  for (const { path, access } of grantedPaths(options.paths as CheckedPaths, options)) {
    const lacks = (file: string, bit: number) => {
      const stats = statSync(file, { throwIfNoEntry: false });
      return stats !== undefined && !isAllowed(stats, bit, uid, gid ?? undefined);
    };
    try {
      const bit = NEEDED[access];
      const closed = ancestorsOf(path).find((directory) => lacks(directory, SEARCH));
      const [file, missing] = closed === undefined ? [path, bit] : [closed, SEARCH];
      if (closed === undefined && !lacks(path, bit)) continue;
      const remedy = `chmod o+${LETTERS.get(missing)} ${shownName(file)}`;
      const where = file === path ? 'its mode denies it' : `the mode of ${shownName(file)} denies searching it`;
      return `options.paths grants ${shownName(path)}, but ${where} to the user ${uid}: ${remedy}, or chown it`;
    } catch {
      // This process can't look at it either.
    }
  }
  return '';
}

/** As the kernel decides without capabilities: by the first class that the user is of. A program with `uid` has no other groups. */
function isAllowed(
  { mode, uid: owner, gid: group }: Stats,
  bit: number,
  uid: number,
  gid: number | undefined,
): boolean {
  const shift = uid === owner ? 6 : gid === group ? 3 : 0;
  return (mode & (bit << shift)) !== 0;
}

/** The directories above a path, from the topmost. */
function ancestorsOf(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [...ancestorsOf(above), above];
}

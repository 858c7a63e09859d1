/** Grants of `paths` that the modes of files deny to a program's user: for the errors of programs that failed. */
import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CheckedPaths } from '../landlock/paths/option.js';
import type { Access } from '../landlock/paths/rights.js';
import { shownName } from '../util/foreign-text.js';
import type { ProgramOptions } from './options/types.js';
import { grantedPaths } from './plan/granted-paths.js';

/** The bits of a mode, for others, and what they allow. */
const READ = 0o4;
const WRITE = 0o2;
const SEARCH = 0o1;
const NEEDED: Readonly<Record<Access, readonly [bit: number, what: string]>> = {
  read: [READ, 'reading'],
  write: [WRITE, 'writing'],
  execute: [SEARCH, 'executing'],
};

const REMEDY = 'give this user access, for example with setfacl(1) or chown(1), or grant a copy';

/**
 * What keeps the user of a program from a path that `paths` grants, and what would help; empty if nothing does that is known.
 * Access control lists and mounts may still decide otherwise. Names no command: the path is not quoted for a shell, and one that
 * gives access to all users would publish what may be a secret.
 *
 * @param options - Checked options of the program.
 */
export function deniedByMode(options: Pick<ProgramOptions, 'paths' | 'uid' | 'gid' | 'cwd'>): string {
  const { uid } = options;
  const gid = options.gid ?? process.getegid?.();
  if (options.paths === undefined || typeof uid !== 'number' || uid === 0) return '';
  for (const { path, access } of grantedPaths(options.paths as CheckedPaths, options)) {
    const lacks = (file: string, bit: number) => {
      const stats = statSync(file, { throwIfNoEntry: false });
      return stats !== undefined && !isAllowed(stats, bit, uid, gid);
    };
    try {
      const [bit, what] = NEEDED[access];
      const closed = ancestorsOf(path).find((directory) => lacks(directory, SEARCH));
      if (closed === undefined && !lacks(path, bit)) continue;
      const denied =
        closed === undefined ? `its mode denies ${what} it` : `the mode of ${shownName(closed)} denies searching it`;
      return `options.paths grants ${shownName(path)}, but ${denied} to the user ${uid}: ${REMEDY}`;
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

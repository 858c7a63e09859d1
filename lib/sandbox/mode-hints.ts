/** Files that `paths` grants and whose modes deny them to a program's user: for the errors of programs that failed. */
import { type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { GrantedPath } from '../landlock/paths/file-reaches.js';
import type { CheckedPaths } from '../landlock/paths/option.js';
import { realPath } from '../landlock/paths/real-path.js';
import type { Access } from '../landlock/paths/rights.js';
import { isAt } from '../landlock/paths/wide-paths.js';
import { shownName } from '../util/foreign-text.js';
import type { ProgramOptions } from './options/types.js';
import { grantedPaths } from './plan/granted-paths.js';

/** The bits of a mode, for others. */
const SEARCH = 0o1;
const NEEDED: Readonly<Record<Access, readonly [bit: number, what: string]>> = {
  read: [0o4, 'reading'],
  write: [0o2, 'writing'],
  execute: [SEARCH, 'executing'],
};

const REMEDY = 'give this user access, for example with setfacl(1) or chown(1), or grant a copy';

/** More arguments than a program is usually given files. */
const MOST_ARGUMENTS = 50;

/**
 * What keeps the user of a program from a path that `paths` grants, or from a file beneath one that is an argument, and what
 * would help; empty if nothing does that is known. Access control lists and mounts may still decide otherwise. Names no
 * command: the path is not quoted for a shell, and one that gives access to all users would publish what may be a secret.
 *
 * @param options - Checked options of the program.
 */
export function deniedByMode(
  options: Pick<ProgramOptions, 'paths' | 'uid' | 'gid' | 'cwd' | 'capabilities'>,
  args: readonly string[] = [],
): string {
  const user = userOf(options);
  if (options.paths === undefined || user === undefined) return '';
  const granted = grantedPaths(options.paths as CheckedPaths, options);
  const lacks = (file: string, bit: number) => {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats !== undefined && (stats.mode & (bit << classOf(stats, user))) === 0;
  };
  for (const { path, access } of [...granted, ...namedFiles(args, granted, options)]) {
    try {
      const [bit, what] = NEEDED[access];
      const closed = ancestorsOf(path).find((directory) => lacks(directory, SEARCH));
      if (closed === undefined && !lacks(path, bit)) continue;
      const denied =
        closed === undefined ? `its mode denies ${what} it` : `the mode of ${shownName(closed)} denies searching it`;
      const who = user.uid === 0 ? 'root without capabilities' : `the user ${user.uid}`;
      return `paths grants ${shownName(path)}, but ${denied} to ${who}: ${REMEDY}`;
    } catch {
      // This process can't look at it either.
    }
  }
  return '';
}

/** The user that a program runs as; undefined if it has capabilities that pass by modes. A program with `uid` has no other groups. */
function userOf({ uid, gid, capabilities }: Pick<ProgramOptions, 'uid' | 'gid' | 'capabilities'>) {
  const user = uid ?? process.geteuid?.() ?? 0;
  const passes = capabilities === undefined ? user === 0 : capabilities.some((name) => PASSING.has(name));
  if (passes) return undefined;
  const group = gid ?? process.getegid?.() ?? 0;
  return { uid: user, groups: typeof uid === 'number' ? [group] : [group, ...(process.getgroups?.() ?? [])] };
}

/** capabilities(7) */
const PASSING: ReadonlySet<string> = new Set(['CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH']);

/** The arguments that are files beneath what is granted. */
function namedFiles(
  args: readonly string[],
  granted: readonly GrantedPath[],
  { cwd }: Pick<ProgramOptions, 'cwd'>,
): readonly GrantedPath[] {
  return args.slice(0, MOST_ARGUMENTS).flatMap((text): readonly GrantedPath[] => {
    const path = text.includes('\0') ? undefined : realPath(resolve(String(cwd ?? ''), text));
    const isGranted = path !== undefined && granted.some((grant) => isAt(path, grant.path));
    return isGranted ? [{ path, access: 'read' }] : [];
  });
}

/**
 * How far the bits are shifted that count for a user: as the kernel decides without capabilities, by the first class of owner,
 * group and others that the user is of.
 */
function classOf({ uid, gid }: Stats, user: NonNullable<ReturnType<typeof userOf>>): number {
  if (user.uid === uid) return 6;
  return user.groups.includes(gid) ? 3 : 0;
}

/** The directories above a path, from the topmost. */
function ancestorsOf(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [...ancestorsOf(above), above];
}

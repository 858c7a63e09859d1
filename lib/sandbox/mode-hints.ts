/** Grants of `paths` that the modes of files deny to a program's user: for the errors of programs that failed. */
import { statSync } from 'node:fs';
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
  for (const { path, access } of grantedPaths(options.paths as CheckedPaths, options))
    try {
      const steps = [...ancestorsOf(path).map((file) => ({ file, bit: SEARCH })), { file: path, bit: NEEDED[access] }];
      for (const { file, bit } of steps) {
        const change = lackingMode(file, bit, uid, gid ?? undefined);
        if (change === undefined) continue;
        const where = file === path ? 'its mode denies it' : `the mode of ${shownName(file)} denies searching it`;
        const remedy = `chmod ${change} ${shownName(file)}, or chown it`;
        return `options.paths grants ${shownName(path)}, but ${where} to the user ${uid}: ${remedy}`;
      }
    } catch {
      // This process can't look at it either.
    }
  return '';
}

/**
 * What chmod(1) adds to let a user do something with a file; undefined if the user may, or there is no file. As the kernel decides
 * without capabilities: by the first class that the user is of. A program with `uid` has no other groups.
 */
function lackingMode(file: string, bit: number, uid: number, gid: number | undefined): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  const [letter, shift] = uid === stats.uid ? ['u', 6] : gid === stats.gid ? ['g', 3] : ['o', 0];
  return (stats.mode & (bit << shift)) === 0 ? `${letter}+${LETTERS.get(bit)}` : undefined;
}

/** The directories above a path, from the topmost. */
function ancestorsOf(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [...ancestorsOf(above), above];
}

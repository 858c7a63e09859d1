/** The ways to reach other processes that `paths` closes: those that lead through files, unless it grants these. */
import type { Reach } from '../enforcement.js';
import type { Access } from './rights.js';
import { isAt } from './wide-paths.js';

/** A path that a program is granted: absolute, and without symbolic links. */
export interface GrantedPath {
  readonly path: string;
  readonly access: Access;
}

/** The directory whose files a program writes in order to reach other processes. */
const FOLDERS: ReadonlyMap<Reach, string> = new Map<Reach, string>([
  ['cgroup-files', '/sys/fs/cgroup'],
  ['oom-score', '/proc'],
  ['autogroup', '/proc'],
  ['proc-files', '/proc'],
]);

/** The devices of terminals. What is typed there can be read by whoever may read them. */
const TERMINAL = /^\/dev\/(?:console|hvc|pts|tty|vcs)/;

/**
 * The ways that are closed to a program.
 *
 * @param hasTerminal - Whether it is given a terminal, which is open then, whatever the paths are.
 */
export function closedByPaths(granted: readonly GrantedPath[], hasTerminal: boolean): readonly Reach[] {
  const written = granted.filter(({ access }) => access === 'write');
  const closed = [...FOLDERS].flatMap(([reach, folder]) =>
    written.some(({ path }) => overlap(path, folder)) ? [] : [reach],
  );
  const leadsToTerminal = granted.some(({ path }) => isAt('/dev', path) || TERMINAL.test(path));
  return hasTerminal || leadsToTerminal ? closed : [...closed, 'terminal-files'];
}

/** Whether one of two directories contains the other, or both are one. */
export function overlap(one: string, other: string): boolean {
  return isAt(one, other) || isAt(other, one);
}

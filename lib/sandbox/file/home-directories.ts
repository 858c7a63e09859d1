/** The home directories of people, which a sandbox for untrusted programs keeps closed. */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { realPath } from '../../landlock/paths/real-path.js';
import { isAt } from '../../landlock/paths/wide-paths.js';
import { homeDirectory } from '../../util/home-directory.js';

/** The user IDs of people, but for root's. Source: UID_MIN of login.defs(5); Debian's users above are those of services. */
const FIRST_USER = 1_000;
const LAST_USER = 59_999;

/** That of this process's user, as the environment and the system say, and those of root and of all other people. */
export function homeDirectories(): readonly string[] {
  return [...new Set([homeDirectory() ?? '', ...homesOfUsers()])].filter((home) => isAbsolute(home) && home !== '/');
}

/** Source: passwd(5). */
function homesOfUsers(): readonly string[] {
  const ours = process.getuid?.();
  return lines('/etc/passwd').flatMap((line) => {
    const [, , id = '', , , home = ''] = line.split(':');
    const user = /^\d+$/.test(id) ? Number(id) : -1;
    const isPerson = user === 0 || user === ours || (user >= FIRST_USER && user <= LAST_USER);
    return isPerson ? [home] : [];
  });
}

function lines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** Whether a directory is a home directory, also mounted at another place, or has it beneath. */
export function isOrContains(directory: string, home: string): boolean {
  const [folder, path] = [realPath(directory) ?? directory, realPath(home) ?? home];
  return isAt(path, folder) || areSame(folder, path);
}

function areSame(one: string, other: string): boolean {
  try {
    const [first, second] = [statSync(one), statSync(other)];
    return first.dev === second.dev && first.ino === second.ino;
  } catch {
    return false;
  }
}

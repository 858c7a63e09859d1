/** What paths mean on this machine: to whom they belong, and which words stand for them. */
import { tmpdir } from 'node:os';
import { parentOf, type Rule } from '../../landlock/paths/prediction.js';
import { bitsOf, GRANTS } from '../../landlock/paths/rights.js';
import { type PathWord, type SharedWord, wordGrants } from '../../landlock/paths/words.js';
import { homeDirectory } from '../../util/home-directory.js';
import { once } from '../../util/memo.js';
import { realPath } from './seen-files.js';

/** What the paths of a recording are compared with. */
export interface Places {
  /** The program's working directory. */
  readonly directory: string;
  /** Home directories, beside those in /home. */
  readonly homes: readonly string[];
  /** The private directory of the program, which stands for `@tmp`. */
  readonly tmp: string;
  /** The paths of words, without symbolic links, with their rights. */
  readonly words: ReadonlyMap<PathWord, readonly Rule[]>;
}

/**
 * The places of a program.
 *
 * @param home - Its variable HOME.
 * @param hasTerminal - Whether it was given a terminal, which `@system` then grants.
 */
export function placesOf(directory: string, tmp: string, home: string | undefined, hasTerminal: boolean): Places {
  const real = (path: string) => realPath(path) ?? path;
  const homes = [homeDirectory(), home].flatMap((path) => (path?.startsWith('/') === true ? [real(path)] : []));
  const system = [...rulesOf('@system'), ...(hasTerminal ? rulesOf('@terminal') : [])];
  const words = new Map([['@system', system] as const, ['@node', rulesOf('@node')] as const]);
  return { directory, tmp: real(tmp), homes, words };
}

function rulesOf(word: SharedWord): readonly Rule[] {
  return wordGrants(word).flatMap(({ path, access }) => {
    const found = realPath(path);
    return found === undefined ? [] : [{ path: found, rights: GRANTS[access] }];
  });
}

/** Whether a path is beneath a directory. */
export const isBeneath = (path: string, directory: string): boolean =>
  directory === '/' ? path !== '/' : path.startsWith(`${directory}/`);

/** Whether a path is a directory, or beneath it. */
export const isAt = (path: string, directory: string): boolean => path === directory || isBeneath(path, directory);

/** A path, and all directories above it, the nearest first. */
export function* upwards(path: string): Generator<string> {
  for (let at = path; ; at = parentOf(at)) {
    yield at;
    if (at === '/') return;
  }
}

/** Whether a path is a home directory, or a directory above one. */
export const isHome = (path: string, { homes }: Places): boolean =>
  /^\/(?:root|home(?:\/[^/]+)?)?$/.test(path) || homes.some((home) => isAt(home, path));

/** Directories in which programs keep what is not each other's business. */
const SHARED = new Set(
  '/dev /etc /etc/pki /etc/ssl /media /mnt /opt /proc /run /run/lock /run/user /srv /sys /tmp /usr /var /var/cache /var/lib /var/log /var/spool /var/tmp'.split(
    ' ',
  ),
);

/** Directories of the system, in which a program is granted to make files only by hand. */
const OF_SYSTEM = /^\/(?:bin|boot|dev|etc|lib\w*|proc|sbin|sys|usr)(?:\/|$)/;

const MAKING = GRANTS.write & ~(GRANTS.read | bitsOf('WRITE_FILE', 'TRUNCATE', 'IOCTL_DEV'));

/** Why nobody should be granted these rights without having asked for them; undefined if there is no reason. */
export function tooWide(path: string, rights: number, places: Places): string | undefined {
  if (isHome(path, places)) return 'a home directory would be granted, with all in it';
  if (GENERAL.has(path)) return (rights & ~GRANTS.read) === 0 ? undefined : 'other processes could be changed there';
  const isOfHome = isHome(parentOf(path), places) && path.startsWith('/') && parentOf(path) !== '/';
  if (isOfHome && (rights & bitsOf('READ_DIR')) !== 0 && /\/\.[^/]*$/.test(path))
    return 'settings and secrets of the user would be granted, with all in it';
  const isShared = SHARED.has(path) || path === temporary() || /^\/run\/user\/\d+$/.test(path);
  if (isShared || (OF_SYSTEM.test(path) && (rights & MAKING) !== 0)) return 'many programs share it, with all in it';
  return undefined;
}

const temporary = once(() => realPath(tmpdir()));

/** What stands for files in it that have other names in each run: those of processes, terminals and cgroups. */
const GENERAL = new Set(['/proc', '/dev/pts', '/sys/fs/cgroup']);

/** The directory that stands for a file with another name in each run, or the path itself. */
export const generalised = (path: string): string =>
  path.replace(/^(\/proc)\/\d+(?:\/.*)?$|^(\/dev\/pts)\/\d+$|^(\/sys\/fs\/cgroup)\/.*$/, '$1$2$3');

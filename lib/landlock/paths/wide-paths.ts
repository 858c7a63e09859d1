/** Paths that nobody should be granted without having asked for them, as too much is in them. */
import { tmpdir } from 'node:os';
import { homeDirectory } from '../../util/home-directory.js';
import { once } from '../../util/memo.js';
import { parentOf } from './prediction.js';
import { realPath } from './real-path.js';
import { bitsOf, GRANTS } from './rights.js';

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
export const isHome = (path: string, homes: readonly string[] = ownHomes()): boolean =>
  /^\/(?:root|home(?:\/[^/]+)?)?$/.test(path) || homes.some((home) => isAt(home, path));

/** Directories in which programs keep what is not each other's business. */
const SHARED = new Set(
  '/dev /etc /etc/pki /etc/ssl /media /mnt /opt /proc /run /run/lock /run/user /srv /sys /usr /var /var/cache /var/lib /var/log /var/spool'.split(
    ' ',
  ),
);

/** Directories of the system, in which a program is granted to make files only by hand. */
const OF_SYSTEM = /^\/(?:bin|boot|dev|etc|lib\w*|proc|sbin|sys|usr)(?:\/|$)/;

const MAKING = GRANTS.write & ~(GRANTS.read | bitsOf('WRITE_FILE', 'TRUNCATE', 'IOCTL_DEV'));

/** Why nobody should be granted these rights without having asked for them; undefined if there is no reason. */
export function tooWide(path: string, rights: number, homes: readonly string[] = ownHomes()): string | undefined {
  if (isHome(path, homes)) return 'a home directory would be granted, with all in it';
  if (GENERAL.has(path)) return (rights & ~GRANTS.read) === 0 ? undefined : 'other processes could be changed there';
  const isOfHome = isHome(parentOf(path), homes) && path.startsWith('/') && parentOf(path) !== '/';
  if (isOfHome && (rights & bitsOf('READ_DIR')) !== 0 && /\/\.[^/]*$/.test(path))
    return 'settings and secrets of the user would be granted, with all in it';
  const isShared = SHARED.has(path) || isTemporary(path) || /^\/run\/user\/\d+$/.test(path);
  if (isShared || (OF_SYSTEM.test(path) && (rights & MAKING) !== 0)) return 'many programs share it, with all in it';
  return undefined;
}

/** Whether a path is a directory in which all programs make their temporary files. */
export const isTemporary = (path: string): boolean => path === '/tmp' || path === '/var/tmp' || path === temporary();

const temporary = once(() => realPath(tmpdir()) ?? tmpdir());

/** The home directory of this process's user, if it has one. */
export const ownHomes = once((): readonly string[] => {
  const home = homeDirectory();
  return home?.startsWith('/') === true ? [realPath(home) ?? home] : [];
});

/** Directories whose files have other names in each run: those of processes, terminals and cgroups. */
const GENERAL = new Set(['/proc', '/dev/pts', '/sys/fs/cgroup']);

/** The directory that stands for a file with another name in each run, or the path itself. */
export const generalised = (path: string): string =>
  path.replace(/^(\/proc)\/\d+(?:\/.*)?$|^(\/dev\/pts)\/\d+$|^(\/sys\/fs\/cgroup)\/.*$/, '$1$2$3');

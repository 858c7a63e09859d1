/** The words that `paths` accepts beside paths: `@system` and `@node`, and the paths that each stands for. */
import { lstatSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { launcherFile, PACKAGE } from '../../native.js';
import { memoize, once } from '../../util/memo.js';
import { freeze } from '../../util/own-data.js';
import { expanded } from './patterns.js';
import type { Access } from './rights.js';

/** A path that a word grants. Whatever of it a system lacks is skipped. */
export interface WordGrant {
  readonly path: string;
  readonly access: Access;
}

/**
 * A word, which stands for paths with rights of their own. docs/reference/path-words.md lists these.
 *
 * - `@system`: programs, libraries and harmless settings of the system, and devices such as `/dev/null`; no home
 *   directories, no `/tmp`, no `/var` and no secrets. Most programs need it to start.
 * - `@node`: the Node that calls this package, npm, and this package. Node needs `@system` too.
 * - `@tmp`: a new, empty, writable directory, which the child finds in the variable TMPDIR, and which is removed after its
 *   end.
 */
export type PathWord = '@system' | '@node' | '@tmp';

/** A word that stands for the same paths in every child. `@terminal`, which no option has, is a part of `@system`. */
export type SharedWord = Exclude<PathWord, '@tmp'> | '@terminal';

/** Paths that a word grants for the same reason. docs/reference/path-words.md is made of these. */
export interface WordRow {
  /** The paths, as the documentation names them. A `*` stands for any characters of a name. */
  readonly shown: readonly string[];
  readonly access: readonly Access[];
  readonly why: string;
  /** Returns the paths of this system. */
  paths(): readonly string[];
}

/** A row of paths that every system names alike. */
const row = (access: readonly Access[], why: string, ...shown: readonly string[]): WordRow =>
  freeze({ shown, access, why, paths: () => shown.flatMap(expanded) });

/** A row of files and folders in `folder`. */
const rowIn = (folder: string, access: readonly Access[], why: string, ...names: readonly string[]): WordRow =>
  row(access, why, ...names.map((name) => `${folder}/${name}`));

const READ: readonly Access[] = ['read'];
const WRITE: readonly Access[] = ['write'];
const EXECUTE: readonly Access[] = ['execute'];
const PROGRAMS: readonly Access[] = ['read', 'execute'];

const FOLDERS_OF_PROGRAMS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'libexec', 'share', 'include', 'games'];

/**
 * What `@system` grants. Links need no row, since Landlock checks what a link leads to. Left out, with reasons in
 * scripts/generate/reference/path-words.ts: whatever holds secrets, names other programs' data, or belongs to one process.
 */
const SYSTEM: readonly WordRow[] = freeze([
  row(PROGRAMS, 'programs and libraries', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'),
  rowIn(
    '/usr',
    PROGRAMS,
    'the same; applications in /usr/src are not among them',
    ...FOLDERS_OF_PROGRAMS,
    '*-linux-gnu*',
  ),
  rowIn('/usr/local', PROGRAMS, 'the same, as installed on this machine', ...FOLDERS_OF_PROGRAMS),
  row(PROGRAMS, 'programs and libraries of Nix and Guix', '/nix/store', '/gnu/store'),
  rowIn(
    '/etc',
    READ,
    'where the dynamic linker finds libraries',
    'ld.so.cache',
    'ld.so.conf',
    'ld.so.conf.d',
    'ld.so.preload',
    'ld-musl-*',
  ),
  rowIn(
    '/etc',
    READ,
    'names of hosts, services and protocols',
    'hosts',
    'host.conf',
    'resolv.conf',
    'nsswitch.conf',
    'gai.conf',
    'networks',
    'services',
    'protocols',
  ),
  row(
    READ,
    'where /etc/resolv.conf may be a link to',
    '/run/systemd/resolve',
    '/run/resolvconf',
    '/run/NetworkManager/resolv.conf',
    '/run/NetworkManager/no-stub-resolv.conf',
    '/run/connman/resolv.conf',
    '/run/netconfig/resolv.conf',
    '/mnt/wsl/resolv.conf',
  ),
  rowIn('/etc', READ, 'names of users and groups', 'passwd', 'group'),
  rowIn('/etc', READ, 'time zone and language', 'localtime', 'timezone', 'locale.conf', 'locale.alias'),
  rowIn('/etc', READ, 'the name and version of the system', '*-release', 'debian_version'),
  rowIn(
    '/etc',
    READ,
    'certificates of authorities, and settings of TLS libraries; no private keys',
    'ssl/openssl.cnf',
    'ssl/openssl.cnf.d',
    'ssl/certs',
    'ssl/cert.pem',
    'ssl/ca-bundle.pem',
    'ca-certificates',
    'pki/ca-trust',
    'pki/java',
    'pki/tls/openssl.cnf',
    'pki/tls/openssl.d',
    'pki/tls/certs',
    'pki/tls/cert.pem',
    'crypto-policies',
    'gnutls',
    'gcrypt',
  ),
  rowIn('/etc', READ, 'terminals and shells', 'terminfo', 'inputrc', 'shells'),
  rowIn('/etc', READ, 'types of files, fonts', 'mime.types', 'magic', 'magic.mime', 'xattr.conf', 'fonts'),
  rowIn(
    '/etc',
    READ,
    'settings that their programs need; git fails where it cannot read its own, so keep no credentials in that',
    'gitconfig',
    'perl',
    'python3*',
    'java-*-openjdk/*.cfg',
    'java-*-openjdk/*.properties',
    'java-*-openjdk/security',
    'ImageMagick-*',
    'ghostscript',
    'libreoffice',
  ),
  rowIn('/dev', WRITE, 'devices without a state', 'null', 'zero', 'full', 'random', 'urandom'),
  rowIn(
    '/proc',
    READ,
    'the machine: processors, memory, load, uptime',
    'cpuinfo',
    'meminfo',
    'stat',
    'vmstat',
    'loadavg',
    'uptime',
    'swaps',
  ),
  rowIn('/proc', READ, 'what the kernel has', 'version', 'filesystems', 'cgroups', 'devices'),
  rowIn('/proc/sys', READ, 'limits and settings of the kernel', 'kernel', 'vm', 'fs', 'crypto', 'net/core'),
  rowIn(
    '/sys',
    READ,
    'processors, NUMA nodes and huge pages',
    'devices/system/cpu',
    'devices/system/node',
    'kernel/mm/hugepages',
    'kernel/mm/transparent_hugepage',
  ),
]);

/** What `@system` grants only to a child that has a terminal: any other child would open that of its parent. */
const TERMINAL: readonly WordRow[] = freeze([
  rowIn('/dev', WRITE, 'the terminal of a program that was given one in `stdio`', 'tty'),
]);

/** What `@node` grants: the Node that runs this, wherever it is installed, and what this package needs in a child. */
const NODE: readonly WordRow[] = freeze([
  {
    shown: ['process.execPath'],
    access: EXECUTE,
    why: 'this Node',
    paths: () => [process.execPath],
  },
  {
    shown: ['npm', 'npx', 'corepack'].map((name) => `PREFIX/bin/${name}`),
    access: EXECUTE,
    why: 'commands beside it, if they are files; if they are links, the next row has what they lead to',
    paths: () => besideNode('bin/npm', 'bin/npx', 'bin/corepack').filter(isFile),
  },
  {
    shown: ['npm', 'corepack'].map((name) => `PREFIX/lib/node_modules/${name}`),
    access: PROGRAMS,
    why: 'npm, npx and Corepack; no other global packages',
    paths: () => besideNode('lib/node_modules/npm', 'lib/node_modules/corepack'),
  },
  row(PROGRAMS, 'the npm of Debian', '/usr/share/nodejs'),
  {
    shown: ['PREFIX/include/node'],
    access: READ,
    why: 'headers, for building addons',
    paths: () => besideNode('include/node'),
  },
  row(
    READ,
    "settings of Node's OpenSSL",
    '/etc/ssl/openssl.cnf',
    '/usr/local/ssl',
    '/usr/lib/ssl',
    '/etc/pki/tls/openssl.cnf',
  ),
  {
    shown: ['seccomp/package.json', 'seccomp/dist'],
    access: READ,
    why: 'this package',
    paths: () => [join(PACKAGE, 'package.json'), join(PACKAGE, 'dist')],
  },
  {
    shown: ['seccomp/prebuilds/SYSTEM-CPU'],
    access: READ,
    why: 'its addon; seccomp/build/Release, if it was built there',
    paths: () => [dirname(launcherFile())],
  },
  {
    shown: ['seccomp/prebuilds/SYSTEM-CPU/seccomp-launch'],
    access: EXECUTE,
    why: 'its launcher, for children that start children',
    paths: () => [launcherFile()],
  },
]);

/** The rows of each word. */
export const PATH_WORDS: ReadonlyMap<SharedWord, readonly WordRow[]> = new Map([
  ['@system', SYSTEM],
  ['@terminal', TERMINAL],
  ['@node', NODE],
]);

/**
 * Returns what a word grants on this system. A path may be missing: skip it then. A folder of programs has two grants,
 * one to read it and list its files, and one to execute these.
 *
 * @throws {SeccompError} ERR_SECCOMP_ADDON for `@node`, if the addon or its launcher can't be used.
 */
export function wordGrants(word: SharedWord): readonly WordGrant[] {
  if (word === '@terminal') return terminalGrants();
  return word === '@system' ? systemGrants() : nodeGrants(process.execPath);
}

const terminalGrants = once(() => grantsOf(TERMINAL));

let knownSystem: { readonly changed: number; readonly grants: readonly WordGrant[] } | undefined;

/** What `@system` grants. Patterns are looked up again when a name in /etc was added, removed or replaced. */
function systemGrants(): readonly WordGrant[] {
  const changed = statSync('/etc', { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (knownSystem?.changed !== changed) knownSystem = { changed, grants: grantsOf(SYSTEM) };
  return knownSystem.grants;
}

/** What `@node` grants, by the path of Node. */
const nodeGrants = memoize((_execPath: string) => grantsOf(NODE));

function grantsOf(rows: readonly WordRow[]): readonly WordGrant[] {
  return rows.flatMap((each) => each.paths().flatMap((path) => each.access.map((access) => ({ path, access }))));
}

/** Returns paths in the folder that Node is installed in; none if Node is not in a folder `bin`. */
function besideNode(...paths: readonly string[]): readonly string[] {
  const bin = dirname(process.execPath);
  return basename(bin) === 'bin' ? paths.map((path) => join(dirname(bin), path)) : [];
}

const isFile = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;

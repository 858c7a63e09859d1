/**
 * What a ruleset decides about an access to files, without asking the kernel. It follows security/landlock/fs.c for a
 * domain of one layer, which handles at least one right. Access that the kernel denies for other reasons, such as the
 * mode of a file, is not predicted.
 */
import { ALL_RIGHTS, bitsOf, RIGHTS_OF_FILES, type Right } from './rights.js';

/** Grants rights beneath a path: for the file itself, and for all that is in a directory. */
export interface Rule {
  /** An absolute path without symbolic links, `.` or `..`. */
  readonly path: string;
  /** The bits of the rights. */
  readonly rights: number;
}

/** A rule, and the file at its path when it was made, as `identify` of FileTree names it. */
export interface IdentifiedRule extends Rule {
  readonly identity: unknown;
}

/** What a domain of one layer handles and grants. */
export interface Ruleset {
  /** The bits of the rights that are denied unless a rule grants them. */
  readonly handled: number;
  readonly rules: readonly Rule[];
}

/** A ruleset that is in force: its files may have other paths by now. */
export interface IdentifiedRuleset extends Ruleset {
  readonly rules: readonly IdentifiedRule[];
}

/** The type of a file. */
export type FileType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block';

/**
 * An access to files. Each path is absolute, and its directory has no symbolic links; the last component may be a link
 * where the call does not follow it. All else (stat, chdir, readlink, access, chmod, watching) needs no right.
 */
export type FileAccess =
  /**
   * open(2) of `what`: `'missing'` is a file that O_CREAT makes, `'temporary'` a file that O_TMPFILE makes in the
   * directory `path`. With O_PATH and with access mode 3, `read` and `write` are false.
   */
  | {
      readonly kind: 'open';
      readonly path: string;
      readonly what: FileType | 'missing' | 'temporary';
      readonly read: boolean;
      readonly write: boolean;
      readonly truncate: boolean;
    }
  /** mknod(2), mkdir(2), symlink(2), or bind(2) of a Unix socket. */
  | { readonly kind: 'create'; readonly path: string; readonly what: FileType }
  /** unlink(2) or rmdir(2). */
  | { readonly kind: 'remove'; readonly path: string; readonly what: FileType }
  /** rename(2) of `what`, which may replace a file of type `replaces`. */
  | {
      readonly kind: 'rename';
      readonly from: string;
      readonly to: string;
      readonly what: FileType;
      readonly replaces?: FileType;
    }
  /** renameat2(2) with RENAME_EXCHANGE. The type of `to` is `other`. */
  | {
      readonly kind: 'exchange';
      readonly from: string;
      readonly to: string;
      readonly what: FileType;
      readonly other: FileType;
    }
  | { readonly kind: 'link'; readonly from: string; readonly to: string; readonly what: FileType }
  /** truncate(2), or ftruncate(2) of a file that was opened inside the domain. */
  | { readonly kind: 'truncate'; readonly path: string }
  /** execve(2) of one file. Its interpreter needs the same rights. */
  | { readonly kind: 'execute'; readonly path: string }
  /** ioctl(2) of a device that was opened inside the domain, except for the commands that every device accepts. */
  | { readonly kind: 'ioctl'; readonly path: string };

/** What the paths alone do not tell. */
export interface FileTree {
  /** Returns the same for two paths of the same file, such as its device and inode: a rule is for all of its names. */
  readonly identify: (path: string) => unknown;
  /** Returns the mount point that a path is on. */
  readonly mountPoint: (path: string) => string;
}

/** Without hard links, and on one mount. */
const PLAIN: FileTree = { identify: (path) => path, mountPoint: () => '/' };

export type Prediction =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      /**
       * The rules that would have to be added. If they grant REFER and the ruleset does not handle it, no rule can
       * allow the access: such a ruleset denies all moving and linking between directories.
       */
      readonly missing: readonly Rule[];
      /** EXDEV tells a program that it can copy the file instead. */
      readonly errno: 'EACCES' | 'EXDEV';
    };

const ALLOWED: Prediction = { allowed: true };
const REFER = bitsOf('REFER');

/** Predicts what a domain of this ruleset decides about an access. */
export function predict(ruleset: Ruleset, access: FileAccess, tree: FileTree = PLAIN): Prediction {
  const rules = ruleset.rules.map((rule) => ({ ...rule, identity: tree.identify(rule.path) }));
  return predictorFor({ ...ruleset, rules })(access, tree);
}

/** The same for many accesses under a ruleset, each with the files as they are at that time. */
export function predictorFor(ruleset: IdentifiedRuleset): (access: FileAccess, tree: FileTree) => Prediction {
  if (ruleset.handled === 0) return () => ALLOWED;
  const granted = grantedBy(ruleset);
  return (access, tree) => decide(new Domain(ruleset.handled, granted, tree), access);
}

/** The rights of each file that has rules, by its identity. */
type Granted = ReadonlyMap<unknown, number>;

function grantedBy({ handled, rules }: IdentifiedRuleset, before?: Granted): Granted {
  const granted = new Map<unknown, number>(before);
  for (const { identity, rights } of rules) granted.set(identity, (granted.get(identity) ?? 0) | (rights & handled));
  return granted;
}

/** A ruleset as the kernel reads it. */
class Domain {
  readonly tree: FileTree;
  readonly #rulesetHandles: number;
  /** REFER is denied where a ruleset does not handle it, too. */
  readonly #handled: number;
  readonly #granted: Granted;

  constructor(handled: number, granted: Granted, tree: FileTree) {
    this.tree = tree;
    this.#rulesetHandles = handled;
    this.#handled = handled | REFER;
    this.#granted = granted;
  }

  /** The same domain with more rules. */
  with(rules: readonly Rule[]): Domain {
    const handled = this.#rulesetHandles;
    const more = rules.map((rule) => ({ ...rule, identity: this.tree.identify(rule.path) }));
    return new Domain(handled, grantedBy({ handled, rules: more }, this.#granted), this.tree);
  }

  /** The rights that no rule for exactly this file grants. */
  deniedByItself(path: string): number {
    return this.#handled & ~(this.#granted.get(this.tree.identify(path)) ?? 0);
  }

  /** The rights that no rule grants for a path, from the file to `root`. */
  denied(path: string, root = '/'): number {
    const denied = this.deniedByItself(path);
    return path === root || path === '/' ? denied : denied & this.denied(parentOf(path), root);
  }
}

/** The directory that a path is in. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function decide(domain: Domain, access: FileAccess): Prediction {
  const needs = rightsNeeded(access);
  const missing = missingOf(domain, needs);
  // What is missing may give one directory more rights than the other.
  const gained = isReferring(access) && needs.length > 1 ? gainedBy(domain.with(missing), access) : [];
  if (missing.length === 0 && gained.length === 0) return ALLOWED;
  const isDenied = missing.some(({ rights }) => (rights & ~REFER) !== 0);
  return { allowed: false, missing: [...missing, ...gained], errno: isDenied ? 'EACCES' : 'EXDEV' };
}

/** The part of these needs that is not granted. */
function missingOf(domain: Domain, needs: readonly Rule[]): readonly Rule[] {
  return needs
    .map(({ path, rights }) => ({ path, rights: rights & domain.denied(path) }))
    .filter(({ rights }) => rights !== 0);
}

/** The rights that an access needs, and where: what a ruleset that allows it grants at least. */
export function rightsNeeded(access: FileAccess): readonly Rule[] {
  if (isReferring(access)) return neededToRefer(access);
  const { path } = access;
  const needs = (where: string, ...rights: readonly Right[]) => [{ path: where, rights: bitsOf(...rights) }];
  switch (access.kind) {
    case 'open':
      return neededToOpen(access);
    case 'create':
      return needs(parentOf(path), MAKE[access.what]);
    case 'remove':
      return needs(parentOf(path), removalOf(access.what));
    case 'truncate':
      return needs(path, 'TRUNCATE');
    case 'execute':
      return needs(path, 'READ_FILE', 'EXECUTE');
    case 'ioctl':
      return needs(path, 'IOCTL_DEV');
    default:
      throw new TypeError(`no such access: ${(access satisfies never as FileAccess).kind}`);
  }
}

function neededToOpen({ path, what, read, write, truncate }: Extract<FileAccess, { kind: 'open' }>): readonly Rule[] {
  if (what === 'directory') return [{ path, rights: read ? bitsOf('READ_DIR') : 0 }];
  const opening = (read ? bitsOf('READ_FILE') : 0) | (write ? bitsOf('WRITE_FILE') : 0);
  // A rule can't be for a file that is missing, so what would have to be granted is granted by its directory.
  if (what === 'missing') return [{ path: parentOf(path), rights: opening | bitsOf('MAKE_REG') }];
  // Only regular files are truncated, and not when they have just been made.
  return [{ path, rights: opening | (truncate && what === 'file' ? bitsOf('TRUNCATE') : 0) }];
}

const MAKE: Readonly<Record<FileType, Right>> = {
  file: 'MAKE_REG',
  directory: 'MAKE_DIR',
  symlink: 'MAKE_SYM',
  fifo: 'MAKE_FIFO',
  socket: 'MAKE_SOCK',
  char: 'MAKE_CHAR',
  block: 'MAKE_BLOCK',
};

function removalOf(what: FileType): Right {
  return what === 'directory' ? 'REMOVE_DIR' : 'REMOVE_FILE';
}

/** An access by which a file gets another name. */
type Referring = Extract<FileAccess, { kind: 'rename' | 'exchange' | 'link' }>;

const isReferring = (access: FileAccess): access is Referring => Object.hasOwn(access, 'from');

/** The rights that are needed in the directory of `from` and in that of `to`; once if they are the same. */
function neededToRefer(access: Referring): readonly Rule[] {
  const { kind, what } = access;
  const arriving = kind === 'exchange' ? access.other : undefined;
  const replaced = kind === 'rename' ? access.replaces : arriving;
  const leaving = [...(kind === 'link' ? [] : [removalOf(what)]), ...(arriving === undefined ? [] : [MAKE[arriving]])];
  const entering = [MAKE[what], ...(replaced === undefined ? [] : [removalOf(replaced)])];
  const [from, to] = [parentOf(access.from), parentOf(access.to)];
  if (from === to) return [{ path: from, rights: bitsOf(...leaving, ...entering) }];
  return [
    { path: from, rights: bitsOf(...leaving) | REFER },
    { path: to, rights: bitsOf(...entering) | REFER },
  ];
}

/** The rights that files would gain by their new directories, which is denied, as rules that would give them before. */
function gainedBy(domain: Domain, access: Referring): readonly Rule[] {
  const from = parentOf(access.from);
  const to = parentOf(access.to);
  // Where the rules up to `/` grant everything in both directories, the kernel does not compare them.
  if (domain.denied(from) === 0 && domain.denied(to) === 0) return [];
  const root = lastCompared(domain.tree.mountPoint(to));
  const gained = (path: string, what: FileType, left: string, entered: string) => ({
    path,
    rights:
      domain.denied(left, root) &
      domain.deniedByItself(path) &
      (what === 'directory' ? ALL_RIGHTS : RIGHTS_OF_FILES) &
      ~domain.denied(entered, root),
  });
  const moved = [gained(access.from, access.what, from, to)];
  if (access.kind === 'exchange') moved.push(gained(access.to, access.other, to, from));
  return moved.filter(({ rights }) => rights !== 0);
}

/**
 * The last directory whose rules take part when the kernel compares the rights of two directories on this mount. Rules
 * for `/` do not, unless this is the mount of `/`: the kernel compares before it looks at the rules of each directory
 * above the mount point, and after those of `/` it does not compare again (measured on Linux 6.18).
 */
function lastCompared(mountPoint: string): string {
  if (mountPoint === '/') return '/';
  const first = mountPoint.indexOf('/', 1);
  return first === -1 ? mountPoint : mountPoint.slice(0, first);
}

/** The calls that Landlock decides by the files that they name, and the accesses that each of them makes. */
import type { AbiName } from '../../syscalls/abi.js';
import { constantOn } from '../../syscalls/constants.js';
import { memoize } from '../../util/memo.js';
import type { FileAccess, FileType } from '../paths/prediction.js';

/** When a call creates a file that is missing. One that does not fails before Landlock is asked. */
type Creates = 'never' | 'always' | 'by O_CREAT';

/** An argument with a path. */
interface PathPlace {
  /** The index of the argument that points to the path or, with `addressSize`, to a sockaddr_un. */
  readonly argument: number;
  /** The argument with the directory at which a relative path starts. Undefined: the working directory. */
  readonly directory?: number | undefined;
  readonly addressSize?: number;
  readonly creates: Creates;
}

/** Where a call has paths, and what else tells its accesses apart. */
export interface PathCall {
  readonly paths: readonly PathPlace[];
  /** Arguments such as flags and modes. */
  readonly distinguishing: readonly number[];
  /** The argument with flags of open(2), or the one that points to a struct open_how. */
  readonly openFlags?: number;
  readonly openHow?: number;
}

const found = (argument: number, directory?: number): PathPlace => ({ argument, directory, creates: 'never' });
const created = (argument: number, directory?: number): PathPlace => ({ argument, directory, creates: 'always' });
const opened = (argument: number, directory?: number): PathPlace => ({ argument, directory, creates: 'by O_CREAT' });

const call = (paths: readonly PathPlace[], ...distinguishing: readonly number[]): PathCall => ({
  paths,
  distinguishing,
});

/**
 * By the name of the syscall. Calls that need no right, such as stat(2), access(2) and chmod(2), are not among these.
 * Source: the hooks of security/landlock/fs.c.
 */
export const PATH_CALLS: ReadonlyMap<string, PathCall> = new Map<string, PathCall>([
  ['open', { ...call([opened(0)], 1), openFlags: 1 }],
  ['openat', { ...call([opened(1, 0)], 2), openFlags: 2 }],
  ['openat2', { ...call([opened(1, 0)]), openHow: 2 }],
  ['creat', call([created(0)])],
  ['truncate', call([found(0)])],
  ['truncate64', call([found(0)])],
  ['mkdir', call([created(0)])],
  ['mkdirat', call([created(1, 0)])],
  ['mknod', call([created(0)], 1)],
  ['mknodat', call([created(1, 0)], 2)],
  ['symlink', call([created(1)])],
  ['symlinkat', call([created(2, 1)])],
  ['unlink', call([found(0)])],
  ['unlinkat', call([found(1, 0)], 2)],
  ['rmdir', call([found(0)])],
  ['rename', call([found(0), created(1)])],
  ['renameat', call([found(1, 0), created(3, 2)])],
  ['renameat2', call([found(1, 0), created(3, 2)], 4)],
  ['link', call([found(0), created(1)])],
  ['linkat', call([found(1, 0), created(3, 2)], 4)],
  ['bind', call([{ ...created(1), addressSize: 2 }])],
  ['execve', call([found(0)])],
  ['execveat', call([found(1, 0)], 4)],
]);

/** The flags that create a file that is missing, and those with which a call needs no right. */
export const openFlags = memoize((abi: AbiName): { readonly creating: number; readonly ignored: number } => {
  const { O_CREAT, O_PATH } = flagsOn(abi);
  return { creating: O_CREAT, ignored: O_PATH };
});

/** A file as the supervisor found it for the calling thread. */
export interface FoundFile {
  /** Absolute, without symbolic links but perhaps the last name. */
  readonly path: string;
  /** `'missing'` if nothing has this name; undefined if nothing is known. */
  readonly type: FileType | 'missing' | undefined;
  /** Whether it is a file that somebody may execute. */
  readonly isExecutable: boolean;
  /** The device and inode of the file, if there is one, and of the directories above it: the nearest first. */
  readonly identities: readonly string[];
}

/** A file that a call names. */
export interface NamedFile extends FoundFile {
  /** The path in the call. */
  readonly text: string;
  /** If it is a symbolic link: what it leads to, if anything; of a call that makes files, what it would make. */
  readonly target: (FoundFile & { readonly type: FileType | 'missing' }) | undefined;
}

/** A call with the files that it names, in the order of PATH_CALLS. */
export interface NamingCall {
  readonly abi: AbiName;
  readonly syscall: string;
  readonly args: readonly bigint[];
  /** The flags of a call that opens a file. */
  readonly flags: number;
  readonly files: readonly NamedFile[];
}

/** The flags that decide what a call does. */
interface Flags {
  readonly O_CREAT: number;
  readonly O_EXCL: number;
  readonly O_TRUNC: number;
  readonly O_PATH: number;
  readonly O_TMPFILE: number;
  readonly O_DIRECTORY: number;
  readonly O_NOFOLLOW: number;
  readonly AT_REMOVEDIR: number;
  readonly AT_SYMLINK_NOFOLLOW: number;
  readonly AT_SYMLINK_FOLLOW: number;
  readonly RENAME_NOREPLACE: number;
  readonly RENAME_EXCHANGE: number;
}

const flagsOn = memoize((abi: AbiName): Flags => {
  const value = (name: keyof Flags) => constantOn(abi, name) ?? 0;
  return {
    O_CREAT: value('O_CREAT'),
    O_EXCL: value('O_EXCL'),
    O_TRUNC: value('O_TRUNC'),
    O_PATH: value('O_PATH'),
    O_TMPFILE: value('O_TMPFILE'),
    O_DIRECTORY: value('O_DIRECTORY'),
    O_NOFOLLOW: value('O_NOFOLLOW'),
    AT_REMOVEDIR: value('AT_REMOVEDIR'),
    AT_SYMLINK_NOFOLLOW: value('AT_SYMLINK_NOFOLLOW'),
    AT_SYMLINK_FOLLOW: value('AT_SYMLINK_FOLLOW'),
    RENAME_NOREPLACE: value('RENAME_NOREPLACE'),
    RENAME_EXCHANGE: value('RENAME_EXCHANGE'),
  };
});

/**
 * The access that a call makes to files, as far as Landlock decides it. Undefined if the call fails before Landlock is
 * asked, as where nothing has its name, or if it needs no right.
 */
export function accessOf({ abi, syscall, args, flags: given, files }: NamingCall): FileAccess | undefined {
  const [first, second] = files;
  if (first === undefined) return undefined;
  const flags = flagsOn(abi);
  const flagsIn = (index: number) => Number(BigInt.asUintN(32, args[index] ?? 0n));
  switch (syscall) {
    case 'open':
    case 'openat':
    case 'openat2':
      return accessOfOpen(first, given, flags);
    case 'creat':
      return accessOfOpen(first, flags.O_CREAT | flags.O_TRUNC | WRITE_ONLY, flags);
    case 'truncate':
    case 'truncate64': {
      const file = followed(first);
      return file?.type === 'file' ? { kind: 'truncate', path: file.path } : undefined;
    }
    case 'mkdir':
    case 'mkdirat':
      return creation(first, 'directory');
    case 'symlink':
    case 'symlinkat':
      return creation(first, 'symlink');
    case 'bind':
      return creation(first, 'socket');
    case 'mknod':
      return creation(first, typeInMode(flagsIn(1)));
    case 'mknodat':
      return creation(first, typeInMode(flagsIn(2)));
    case 'unlink':
      return removal(first, 'file');
    case 'rmdir':
      return removal(first, 'directory');
    case 'unlinkat':
      return removal(first, (flagsIn(2) & flags.AT_REMOVEDIR) === 0 ? 'file' : 'directory');
    case 'rename':
    case 'renameat':
      return second && renaming(first, second, 0, flags);
    case 'renameat2':
      return second && renaming(first, second, flagsIn(4), flags);
    case 'link':
      return second && linking(first, second);
    case 'linkat':
      return second && linking((flagsIn(4) & flags.AT_SYMLINK_FOLLOW) === 0 ? first : followed(first), second);
    case 'execve':
      return execution(followed(first));
    case 'execveat':
      return execution((flagsIn(4) & flags.AT_SYMLINK_NOFOLLOW) === 0 ? followed(first) : first);
    default:
      throw new TypeError(`${syscall} names no files that Landlock decides on`);
  }
}

const ACCESS_MODE = 3;
const WRITE_ONLY = 1;

/** The file that a path leads to; undefined for a link that leads nowhere. */
function followed(file: NamedFile): FoundFile | undefined {
  return file.type === 'symlink' ? file.target : file;
}

function accessOfOpen(named: NamedFile, bits: number, flags: Flags): FileAccess | undefined {
  const has = (flag: number) => (bits & flag) === flag;
  if (has(flags.O_PATH)) return undefined;
  const isNew = has(flags.O_CREAT) && has(flags.O_EXCL);
  const file = has(flags.O_NOFOLLOW) || isNew ? named : followed(named);
  if (file?.type === undefined) return undefined;
  const { path, type } = file;
  const mode = bits & ACCESS_MODE;
  const rights = { read: mode === 0 || mode === 2, write: mode === 1 || mode === 2, truncate: has(flags.O_TRUNC) };
  const open = (what: FileType | 'missing' | 'temporary'): FileAccess => ({ kind: 'open', path, what, ...rights });
  if (type === 'missing') {
    const isMade = has(flags.O_CREAT) && !has(flags.O_TMPFILE) && !named.text.endsWith('/');
    return isMade ? open(type) : undefined; // ENOENT, EISDIR
  }
  if (isNew || type === 'symlink') return undefined; // EEXIST, ELOOP
  if (type !== 'directory') return has(flags.O_DIRECTORY) ? undefined : open(type); // ENOTDIR
  if (has(flags.O_TMPFILE)) return open('temporary');
  return rights.write || has(flags.O_CREAT) ? undefined : open(type); // EISDIR
}

function creation({ path, type, text }: NamedFile, what: FileType): FileAccess | undefined {
  const isName = what === 'directory' || !text.endsWith('/'); // ENOENT otherwise
  return type === 'missing' && isName ? { kind: 'create', path, what } : undefined; // EEXIST
}

function removal({ path, type, text }: NamedFile, what: FileType): FileAccess | undefined {
  const mayBeRemoved = hasName(text) && (what === 'directory' || !text.endsWith('/')); // ENOTDIR
  return exists(type) && mayBeRemoved ? { kind: 'remove', path, what } : undefined;
}

/**
 * Whether the last component of a path is a name, which slashes may follow. Without one, nothing is removed or moved:
 * EINVAL, EBUSY, ENOTEMPTY.
 */
const hasName = (text: string): boolean => !/(?:^|\/)\.{1,2}\/*$|^\/*$/.test(text);

/** Whether the type of a file agrees with its path: after a slash, only directories are found. ENOTDIR otherwise. */
const isFound = ({ type, text }: NamedFile): boolean => type === 'directory' || !text.endsWith('/');

const exists = (type: NamedFile['type']): type is FileType => type !== undefined && type !== 'missing';

function renaming(from: NamedFile, to: NamedFile, bits: number, flags: Flags): FileAccess | undefined {
  if (!exists(from.type) || to.type === undefined || !hasName(from.text) || !hasName(to.text)) return undefined;
  if (isBeneath(to.path, from.path) || isBeneath(from.path, to.path)) return undefined; // EINVAL, ENOTEMPTY
  const exchanges = (bits & flags.RENAME_EXCHANGE) !== 0;
  if (!isFound(from) || (exchanges ? !isFound(to) : to.text.endsWith('/') && from.type !== 'directory'))
    return undefined; // ENOTDIR
  const paths = { from: from.path, to: to.path, what: from.type };
  if (exchanges) return to.type === 'missing' ? undefined : { kind: 'exchange', ...paths, other: to.type };
  if (to.type === 'missing') return { kind: 'rename', ...paths };
  return (bits & flags.RENAME_NOREPLACE) === 0 ? { kind: 'rename', ...paths, replaces: to.type } : undefined;
}

const isBeneath = (path: string, directory: string): boolean => path.startsWith(`${directory}/`);

function linking(from: FoundFile | undefined, to: NamedFile): FileAccess | undefined {
  if (from === undefined || !exists(from.type) || to.type !== 'missing' || to.text.endsWith('/')) return undefined;
  return { kind: 'link', from: from.path, to: to.path, what: from.type };
}

function execution(file: FoundFile | undefined): FileAccess | undefined {
  return file?.isExecutable ? { kind: 'execute', path: file.path } : undefined;
}

/** The file type in a mode of mknod(2). */
function typeInMode(mode: number): FileType {
  const { S_IFMT, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK } = FILE_TYPES;
  switch (mode & S_IFMT) {
    case S_IFIFO:
      return 'fifo';
    case S_IFSOCK:
      return 'socket';
    case S_IFCHR:
      return 'char';
    case S_IFBLK:
      return 'block';
    default:
      return 'file';
  }
}

/** inode(7) */
const FILE_TYPES = {
  S_IFMT: 0o170_000,
  S_IFIFO: 0o010_000,
  S_IFSOCK: 0o140_000,
  S_IFCHR: 0o020_000,
  S_IFBLK: 0o060_000,
};

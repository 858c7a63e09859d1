/** The calls that Landlock decides by the files that they name, and the accesses that each of them makes. */
import type { AbiName } from '../../syscalls/abi.js';
import { constantOn } from '../../syscalls/constants.js';
import { memoize } from '../../util/memo.js';
import type { FileAccess, FileType } from '../paths/prediction.js';
import { isBeneath } from '../paths/wide-paths.js';

/** When a call creates a file that is missing. One that does not fails before Landlock is asked. */
type Creates = 'never' | 'always' | 'by O_CREAT';

/** An argument with a path. */
interface PathPlace {
  /** The index of the argument that points to the path or, with `addressSize`, to a sockaddr_un. */
  readonly argument: number;
  /** The argument with the directory at which a relative path starts. Undefined: the working directory. */
  readonly directory: number | undefined;
  readonly addressSize: number | undefined;
  readonly creates: Creates;
}

/** Where a call has paths, and the access that it makes to these files. */
export interface PathCall {
  readonly access: FindAccess;
  readonly paths: readonly PathPlace[];
  /** The argument with flags or a mode, if there is one. */
  readonly distinguishing: readonly number[];
  /** The argument with flags of open(2), or the one that points to a struct open_how. */
  readonly openFlags: number | undefined;
  readonly openHow: number | undefined;
}

/** @param bits - The flags or the mode of the call; 0 if it has none. */
type FindAccess = (first: NamedFile, bits: number, flag: FlagValue, second: NamedFile) => FileAccess | undefined;

/** The value of a flag, which differs between ABIs. */
type FlagValue = (name: `${'O' | 'AT' | 'RENAME'}_${string}`) => number;

const flagValue =
  (abi: AbiName): FlagValue =>
  (name) =>
    constantOn(abi, name) ?? 0;

const placeOf =
  (creates: Creates) =>
  (argument: number, directory?: number): PathPlace => ({ argument, directory, addressSize: undefined, creates });

const found = placeOf('never');
const created = placeOf('always');
const opened = placeOf('by O_CREAT');

const call = (access: FindAccess, paths: readonly PathPlace[], ...distinguishing: readonly number[]): PathCall => ({
  access,
  paths,
  distinguishing,
  openFlags: undefined,
  openHow: undefined,
});

/** A call that creates such a file, or removes one. */
const makes =
  (what: FileType): FindAccess =>
  (file) =>
    creation(file, what);
const removes =
  (what: FileType): FindAccess =>
  (file) =>
    removal(file, what);

/**
 * By the name of the syscall. Calls that need no right, such as stat(2), access(2) and chmod(2), are not among these.
 * Source: the hooks of security/landlock/fs.c.
 */
export const PATH_CALLS: ReadonlyMap<string, PathCall> = new Map<string, PathCall>([
  ['open', { ...call(accessOfOpen, [opened(0)], 1), openFlags: 1 }],
  ['openat', { ...call(accessOfOpen, [opened(1, 0)], 2), openFlags: 2 }],
  ['openat2', { ...call(accessOfOpen, [opened(1, 0)]), openHow: 2 }],
  ['creat', call(accessOfCreat, [created(0)])],
  ['truncate', call(truncation, [found(0)])],
  ['truncate64', call(truncation, [found(0)])],
  ['mkdir', call(makes('directory'), [created(0)])],
  ['mkdirat', call(makes('directory'), [created(1, 0)])],
  ['mknod', call(accessOfMknod, [created(0)], 1)],
  ['mknodat', call(accessOfMknod, [created(1, 0)], 2)],
  ['symlink', call(makes('symlink'), [created(1)])],
  ['symlinkat', call(makes('symlink'), [created(2, 1)])],
  ['unlink', call(removes('file'), [found(0)])],
  ['unlinkat', call(accessOfUnlinkat, [found(1, 0)], 2)],
  ['rmdir', call(removes('directory'), [found(0)])],
  ['rename', call(renaming, [found(0), created(1)])],
  ['renameat', call(renaming, [found(1, 0), created(3, 2)])],
  ['renameat2', call(renaming, [found(1, 0), created(3, 2)], 4)],
  ['link', call(linking, [found(0), created(1)])],
  ['linkat', call(linking, [found(1, 0), created(3, 2)], 4)],
  ['bind', call(makes('socket'), [{ ...created(1), addressSize: 2 }])],
  ['execve', call(execution, [found(0)])],
  ['execveat', call(execution, [found(1, 0)], 4)],
]);

/** The flags that create a file that is missing, and those with which a call needs no right. */
export const openFlags = memoize((abi: AbiName): { readonly creating: number; readonly ignored: number } => {
  const flag = flagValue(abi);
  return { creating: flag('O_CREAT'), ignored: flag('O_PATH') };
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

/**
 * The access that a call makes to files, as far as Landlock decides it. Undefined if the call fails before Landlock is
 * asked, as where nothing has its name, or if it needs no right.
 */
export function accessOf({ abi, syscall, args, flags, files }: NamingCall): FileAccess | undefined {
  const naming = PATH_CALLS.get(syscall);
  const [first, second = first] = files;
  if (naming === undefined || first === undefined || second === undefined || files.length < naming.paths.length)
    return undefined;
  const isOpening = naming.openFlags !== undefined || naming.openHow !== undefined;
  const words = naming.distinguishing.map((index) => Number(BigInt.asUintN(32, args[index] ?? 0n)));
  return naming.access(first, isOpening ? flags : (words.at(0) ?? 0), flagValue(abi), second);
}

const ACCESS_MODE = 3;
const WRITE_ONLY = 1;

/** The file that a path leads to; undefined for a link that leads nowhere. */
function followed(file: NamedFile): FoundFile | undefined {
  return file.type === 'symlink' ? file.target : file;
}

function accessOfOpen(named: NamedFile, bits: number, flag: FlagValue): FileAccess | undefined {
  const has = (name: `O_${string}`) => (bits & flag(name)) === flag(name);
  if (has('O_PATH')) return undefined;
  const isNew = has('O_CREAT') && has('O_EXCL');
  const file = has('O_NOFOLLOW') || isNew ? named : followed(named);
  if (file?.type === undefined) return undefined;
  const { path, type } = file;
  const mode = bits & ACCESS_MODE;
  const rights = { read: mode === 0 || mode === 2, write: mode === 1 || mode === 2, truncate: has('O_TRUNC') };
  const open = (what: FileType | 'missing' | 'temporary'): FileAccess => ({ kind: 'open', path, what, ...rights });
  if (type === 'missing') {
    const isMade = has('O_CREAT') && !has('O_TMPFILE') && !named.text.endsWith('/');
    return isMade ? open(type) : undefined; // ENOENT, EISDIR
  }
  if (isNew || type === 'symlink') return undefined; // EEXIST, ELOOP
  if (type !== 'directory') return has('O_DIRECTORY') ? undefined : open(type); // ENOTDIR
  if (has('O_TMPFILE')) return open('temporary');
  return rights.write || has('O_CREAT') ? undefined : open(type); // EISDIR
}

function accessOfCreat(named: NamedFile, _: number, flag: FlagValue): FileAccess | undefined {
  return accessOfOpen(named, flag('O_CREAT') | flag('O_TRUNC') | WRITE_ONLY, flag);
}

function truncation(named: NamedFile): FileAccess | undefined {
  const file = followed(named);
  return file?.type === 'file' ? { kind: 'truncate', path: file.path } : undefined;
}

function accessOfMknod(named: NamedFile, mode: number): FileAccess | undefined {
  return creation(named, TYPES_IN_MODE.get(mode & S_IFMT) ?? 'file');
}

/** The file types in a mode of mknod(2), but for regular files: inode(7). */
const S_IFMT = 0o170_000;
const TYPES_IN_MODE: ReadonlyMap<number, FileType> = new Map([
  [0o010_000, 'fifo'],
  [0o140_000, 'socket'],
  [0o020_000, 'char'],
  [0o060_000, 'block'],
]);

function accessOfUnlinkat(named: NamedFile, bits: number, flag: FlagValue): FileAccess | undefined {
  return removal(named, (bits & flag('AT_REMOVEDIR')) === 0 ? 'file' : 'directory');
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

function renaming(from: NamedFile, bits: number, flag: FlagValue, to: NamedFile): FileAccess | undefined {
  if (!exists(from.type) || to.type === undefined || !hasName(from.text) || !hasName(to.text)) return undefined;
  if (isBeneath(to.path, from.path) || isBeneath(from.path, to.path)) return undefined; // EINVAL, ENOTEMPTY
  const exchanges = (bits & flag('RENAME_EXCHANGE')) !== 0;
  if (!isFound(from) || (exchanges ? !isFound(to) : to.text.endsWith('/') && from.type !== 'directory'))
    return undefined; // ENOTDIR
  const paths = { from: from.path, to: to.path, what: from.type };
  if (exchanges) return to.type === 'missing' ? undefined : { kind: 'exchange', ...paths, other: to.type };
  if (to.type === 'missing') return { kind: 'rename', ...paths };
  return (bits & flag('RENAME_NOREPLACE')) === 0 ? { kind: 'rename', ...paths, replaces: to.type } : undefined;
}

function linking(named: NamedFile, bits: number, flag: FlagValue, to: NamedFile): FileAccess | undefined {
  const from = (bits & flag('AT_SYMLINK_FOLLOW')) === 0 ? named : followed(named);
  if (from === undefined || !exists(from.type) || to.type !== 'missing' || to.text.endsWith('/')) return undefined;
  return { kind: 'link', from: from.path, to: to.path, what: from.type };
}

function execution(named: NamedFile, bits: number, flag: FlagValue): FileAccess | undefined {
  const file = (bits & flag('AT_SYMLINK_NOFOLLOW')) === 0 ? followed(named) : named;
  return file?.isExecutable ? { kind: 'execute', path: file.path } : undefined;
}

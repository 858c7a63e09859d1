/** The access that a call makes to the files that it names, as the kernel would find it: which rights it needs, if any. */
import { constants } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { accessOf, type FoundFile, type NamedFile, PATH_CALLS } from '../../lib/landlock/denials/path-calls.js';
import type { FileAccess, FileType } from '../../lib/landlock/paths/prediction.js';

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_DIRECTORY, O_NOFOLLOW, O_APPEND } = constants;
const O_PATH = 0o10_000_000;
const O_TMPFILE = 0o20_000_000 | O_DIRECTORY;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_SYMLINK_FOLLOW = 0x400;
const NOREPLACE = 1;
const EXCHANGE = 2;

const at = (path: string, type: FoundFile['type'], isExecutable = false): FoundFile => ({
  ...{ path, type, isExecutable },
  identities: [],
});
const named = (path: string, type: FoundFile['type'], more: Partial<NamedFile> = {}): NamedFile => ({
  ...at(path, type),
  text: path,
  target: undefined,
  ...more,
});
const linkTo = (path: string, type: FileType, isExecutable = false): NamedFile =>
  named('/d/link', 'symlink', { target: { ...at(path, type, isExecutable), type } });

const FILE = named('/d/file', 'file');
const DIRECTORY = named('/d/sub', 'directory');
const MISSING = named('/d/new', 'missing');
const UNKNOWN = named('/d/what', undefined);
const DANGLING = named('/d/link', 'symlink');
const PROGRAM = named('/d/file', 'file', { isExecutable: true });

interface Given {
  readonly args?: readonly number[];
  readonly flags?: number;
}

function accessIn(syscall: string, files: readonly NamedFile[], { args = [], flags = 0 }: Given = {}) {
  return accessOf({ abi: 'x86_64', syscall, args: args.map(BigInt), flags, files });
}

const reading = { read: true, write: false, truncate: false };
const writing = { read: false, write: true, truncate: false };
const neither = { read: false, write: false, truncate: false };

describe.each(['open', 'openat', 'openat2'])('%s', (syscall) => {
  const opened = (path: string, what: Extract<FileAccess, { kind: 'open' }>['what'], how: typeof reading) => ({
    ...{ kind: 'open', path, what },
    ...how,
  });

  test.each<[string, NamedFile, number, FileAccess | object | undefined]>([
    ['reads', FILE, O_RDONLY, opened('/d/file', 'file', reading)],
    ['writes', FILE, O_WRONLY, opened('/d/file', 'file', writing)],
    ['appends', FILE, O_WRONLY | O_APPEND, opened('/d/file', 'file', writing)],
    ['does both', FILE, O_RDWR, opened('/d/file', 'file', { ...writing, read: true })],
    ['does neither with access mode 3', FILE, 3, opened('/d/file', 'file', neither)],
    ['truncates', FILE, O_RDONLY | O_TRUNC, opened('/d/file', 'file', { ...reading, truncate: true })],
    ['needs no right with O_PATH', FILE, O_PATH, undefined],
    ['opens a file that O_CREAT finds', FILE, O_WRONLY | O_CREAT, opened('/d/file', 'file', writing)],
    ['makes a missing file with O_CREAT', MISSING, O_WRONLY | O_CREAT, opened('/d/new', 'missing', writing)],
    ['makes one with O_EXCL', MISSING, O_CREAT | O_EXCL, opened('/d/new', 'missing', reading)],
    ['fails for a missing file without O_CREAT', MISSING, O_WRONLY | O_EXCL, undefined],
    [
      'fails for a missing file whose name ends in a slash',
      named('/d/new', 'missing', { text: 'new/' }),
      O_CREAT,
      undefined,
    ],
    ['fails for a missing directory of a temporary file', MISSING, O_CREAT | O_TMPFILE | O_WRONLY, undefined],
    ['fails for a file that is there, with O_CREAT and O_EXCL', FILE, O_CREAT | O_EXCL, undefined],
    ['opens a file that is there with O_EXCL alone', FILE, O_EXCL, opened('/d/file', 'file', reading)],
    ['follows a link', linkTo('/e/file', 'file'), O_RDONLY, opened('/e/file', 'file', reading)],
    ['does not follow one with O_NOFOLLOW', linkTo('/e/file', 'file'), O_NOFOLLOW, undefined],
    ['does not follow one to make a file', linkTo('/e/file', 'file'), O_CREAT | O_EXCL, undefined],
    ['fails for a link to nothing', DANGLING, O_RDONLY, undefined],
    ['lists a directory', DIRECTORY, O_RDONLY | O_DIRECTORY, opened('/d/sub', 'directory', reading)],
    ['lists one without O_DIRECTORY', DIRECTORY, O_RDONLY, opened('/d/sub', 'directory', reading)],
    ['fails for a directory that would be written', DIRECTORY, O_WRONLY, undefined],
    ['fails for a directory with O_CREAT', DIRECTORY, O_CREAT, undefined],
    ['fails for a file with O_DIRECTORY', FILE, O_DIRECTORY, undefined],
    [
      'makes a temporary file',
      DIRECTORY,
      O_TMPFILE | O_RDWR,
      opened('/d/sub', 'temporary', { ...writing, read: true }),
    ],
    ['opens a device', named('/dev/null', 'char'), O_WRONLY, opened('/dev/null', 'char', writing)],
    ['fails for what is not known', UNKNOWN, O_RDONLY, undefined],
  ])('%s', (_, file, flags, access) => {
    expect(accessIn(syscall, [file], { flags })).toEqual(access);
  });
});

test.each<[string, NamedFile, FileAccess | undefined]>([
  ['makes a file', MISSING, { kind: 'open', path: '/d/new', what: 'missing', ...writing, truncate: true }],
  ['truncates one', FILE, { kind: 'open', path: '/d/file', what: 'file', ...writing, truncate: true }],
  ['fails for a directory', DIRECTORY, undefined],
])('creat %s', (_, file, access) => {
  expect(accessIn('creat', [file], { flags: O_PATH })).toEqual(access); // It has no flags.
});

describe('one file', () => {
  test.each<[string, NamedFile, readonly number[], FileAccess | undefined]>([
    ['truncate', FILE, [], { kind: 'truncate', path: '/d/file' }],
    ['truncate64', linkTo('/e/file', 'file'), [], { kind: 'truncate', path: '/e/file' }],
    ['truncate', DIRECTORY, [], undefined],
    ['truncate', DANGLING, [], undefined],
    ['truncate', named('/d/fifo', 'fifo'), [], undefined],
    ['mkdir', MISSING, [], { kind: 'create', path: '/d/new', what: 'directory' }],
    [
      'mkdirat',
      named('/d/new', 'missing', { text: 'new/' }),
      [],
      { kind: 'create', path: '/d/new', what: 'directory' },
    ],
    ['mkdir', DIRECTORY, [], undefined],
    ['mkdir', UNKNOWN, [], undefined],
    ['symlink', MISSING, [], { kind: 'create', path: '/d/new', what: 'symlink' }],
    ['symlinkat', MISSING, [], { kind: 'create', path: '/d/new', what: 'symlink' }],
    ['symlink', named('/d/new', 'missing', { text: 'new/' }), [], undefined],
    ['symlink', FILE, [], undefined],
    ['bind', MISSING, [], { kind: 'create', path: '/d/new', what: 'socket' }],
    ['bind', FILE, [], undefined],
    ['mknod', MISSING, [0, 0o10_644], { kind: 'create', path: '/d/new', what: 'fifo' }],
    ['mknod', MISSING, [0, 0o140_644, 0o20_000], { kind: 'create', path: '/d/new', what: 'socket' }],
    ['mknodat', MISSING, [0, 0o10_000, 0o20_644], { kind: 'create', path: '/d/new', what: 'char' }],
    ['mknodat', MISSING, [0, 0, 0o60_644], { kind: 'create', path: '/d/new', what: 'block' }],
    ['mknodat', MISSING, [0, 0, 0o100_644], { kind: 'create', path: '/d/new', what: 'file' }],
    ['mknodat', MISSING, [0, 0, 0o644], { kind: 'create', path: '/d/new', what: 'file' }],
    ['unlink', FILE, [], { kind: 'remove', path: '/d/file', what: 'file' }],
    ['unlink', DANGLING, [], { kind: 'remove', path: '/d/link', what: 'file' }],
    ['unlink', MISSING, [], undefined],
    ['unlink', UNKNOWN, [], undefined],
    ['rmdir', DIRECTORY, [], { kind: 'remove', path: '/d/sub', what: 'directory' }],
    ['unlink', { ...FILE, text: 'file/' }, [], undefined],
    ['unlink', FILE, [0, 0, AT_REMOVEDIR], { kind: 'remove', path: '/d/file', what: 'file' }],
    ['unlinkat', FILE, [0, AT_REMOVEDIR, 0, AT_REMOVEDIR], { kind: 'remove', path: '/d/file', what: 'file' }],
    ['unlinkat', { ...FILE, text: 'file/' }, [0, 0, 0], undefined],
    [
      'unlinkat',
      { ...DIRECTORY, text: 'sub/' },
      [0, 0, AT_REMOVEDIR | 1],
      { kind: 'remove', path: '/d/sub', what: 'directory' },
    ],
    ['rmdir', MISSING, [], undefined],
    ['unlinkat', FILE, [0, 0, 0], { kind: 'remove', path: '/d/file', what: 'file' }],
    ['unlinkat', DIRECTORY, [0, 0, AT_REMOVEDIR], { kind: 'remove', path: '/d/sub', what: 'directory' }],
    ['execve', PROGRAM, [], { kind: 'execute', path: '/d/file' }],
    ['execve', linkTo('/e/file', 'file', true), [], { kind: 'execute', path: '/e/file' }],
    [
      'execve',
      linkTo('/e/file', 'file', true),
      [0, 0, 0, 0, AT_SYMLINK_NOFOLLOW],
      { kind: 'execute', path: '/e/file' },
    ],
    ['execve', FILE, [], undefined],
    ['execve', DANGLING, [], undefined],
    ['execveat', linkTo('/e/file', 'file', true), [0, 0, 0, 0, 0], { kind: 'execute', path: '/e/file' }],
    ['execveat', linkTo('/e/file', 'file', true), [0, 0, 0, 0, AT_SYMLINK_NOFOLLOW], undefined],
    ['execveat', PROGRAM, [0, 0, 0, 0, AT_SYMLINK_NOFOLLOW], { kind: 'execute', path: '/d/file' }],
  ])('%s of $1.type, with %j', (syscall, file, args, access) => {
    expect(accessIn(syscall, [file], { args })).toEqual(access);
  });

  test.each(['.', '..', '/', 'a/.', 'a/..', 'a/../', './', '//'])('is not removed by the name %s', (text) => {
    expect(accessIn('rmdir', [{ ...DIRECTORY, text }])).toBeUndefined();
  });

  test.each(['a', 'a/', '.a', '...', 'a/..b', 'a.'])('is removed by the name %s', (text) => {
    expect(accessIn('rmdir', [{ ...DIRECTORY, text }])).toEqual({ kind: 'remove', path: '/d/sub', what: 'directory' });
  });
});

describe('two files', () => {
  const moved = { kind: 'rename', from: '/d/file', to: '/d/new', what: 'file' } as const;
  const replaced = { kind: 'rename', from: '/d/file', to: '/d/sub', what: 'file', replaces: 'directory' } as const;
  const exchanged = { kind: 'exchange', from: '/d/file', to: '/d/sub', what: 'file', other: 'directory' } as const;
  const beneath = named('/d/sub/new', 'missing');

  test.each<[string, readonly [NamedFile, NamedFile], number, FileAccess | undefined]>([
    ['rename', [FILE, MISSING], 0, moved],
    ['renameat', [FILE, DIRECTORY], 0, replaced],
    ['rename', [FILE, DIRECTORY], EXCHANGE, replaced], // It has no flags.
    ['renameat', [FILE, DIRECTORY], EXCHANGE, replaced],
    ['renameat2', [FILE, DIRECTORY], 0, replaced],
    ['renameat2', [MISSING, FILE], EXCHANGE, undefined],
    ['rename', [{ ...FILE, text: '/' }, MISSING], 0, undefined],
    ['link', [UNKNOWN, MISSING], 0, undefined],
    ['renameat2', [FILE, DIRECTORY], NOREPLACE, undefined],
    ['renameat2', [FILE, MISSING], NOREPLACE, moved],
    ['renameat2', [FILE, DIRECTORY], EXCHANGE, exchanged],
    ['renameat2', [FILE, MISSING], EXCHANGE, undefined],
    ['rename', [MISSING, FILE], 0, undefined],
    ['rename', [UNKNOWN, FILE], 0, undefined],
    ['rename', [FILE, UNKNOWN], 0, undefined],
    ['rename', [{ ...DIRECTORY, text: '.' }, MISSING], 0, undefined],
    ['rename', [DIRECTORY, { ...MISSING, text: 'new/..' }], 0, undefined],
    ['rename', [DIRECTORY, beneath], 0, undefined],
    ['renameat2', [named('/d/sub/file', 'file'), DIRECTORY], EXCHANGE, undefined],
    [
      'rename',
      [DIRECTORY, named('/d/sub2', 'missing')],
      0,
      { ...moved, from: '/d/sub', to: '/d/sub2', what: 'directory' },
    ],
    ['rename', [DANGLING, MISSING], 0, { ...moved, from: '/d/link', what: 'symlink' }],
    ['rename', [{ ...DIRECTORY, text: 'sub/' }, MISSING], 0, { ...moved, from: '/d/sub', what: 'directory' }],
    ['rename', [DIRECTORY, { ...MISSING, text: 'new/' }], 0, { ...moved, from: '/d/sub', what: 'directory' }],
    ['rename', [{ ...FILE, text: 'file/' }, MISSING], 0, undefined],
    ['rename', [FILE, { ...MISSING, text: 'new/' }], 0, undefined],
    ['renameat2', [FILE, { ...DIRECTORY, text: 'sub/' }], EXCHANGE, exchanged],
    ['renameat2', [DIRECTORY, { ...FILE, text: 'file/' }], EXCHANGE, undefined],
    ['link', [FILE, { ...MISSING, text: 'new/' }], 0, undefined],
    ['link', [FILE, MISSING], 0, { ...moved, kind: 'link' }],
    ['link', [FILE, DIRECTORY], 0, undefined],
    ['link', [MISSING, MISSING], 0, undefined],
    [
      'link',
      [linkTo('/e/file', 'file'), MISSING],
      AT_SYMLINK_FOLLOW,
      { ...moved, kind: 'link', from: '/d/link', what: 'symlink' },
    ],
    ['linkat', [linkTo('/e/file', 'file'), MISSING], 0, { ...moved, kind: 'link', from: '/d/link', what: 'symlink' }],
    ['linkat', [linkTo('/e/file', 'file'), MISSING], AT_SYMLINK_FOLLOW, { ...moved, kind: 'link', from: '/e/file' }],
    ['linkat', [DANGLING, MISSING], AT_SYMLINK_FOLLOW, undefined],
    ['linkat', [FILE, UNKNOWN], 0, undefined],
  ])('%s of %o with flags %i', (syscall, files, flags, access) => {
    expect(accessIn(syscall, files, { args: [0, 0, 0, 0, flags] })).toEqual(access);
  });

  test('of which the second was not found make no access', () => {
    for (const syscall of ['rename', 'renameat', 'renameat2', 'link', 'linkat'])
      expect(accessIn(syscall, [FILE]), syscall).toBeUndefined();
  });
});

test('a call without files makes no access', () => {
  for (const syscall of PATH_CALLS.keys()) expect(accessIn(syscall, []), syscall).toBeUndefined();
});

test('flags are those of the ABI, and the low 32 bits of a register', () => {
  const arm = { abi: 'aarch64', syscall: 'openat', args: [], files: [DIRECTORY] } as const;
  expect(accessOf({ ...arm, flags: 0o40_000 })).toMatchObject({ what: 'directory' }); // O_DIRECTORY of arm64
  expect(accessOf({ ...arm, flags: 0o20_040_000 | O_RDWR })).toMatchObject({ what: 'temporary' });
  const args = [0n, 0n, (1n << 32n) | BigInt(AT_REMOVEDIR)];
  expect(accessOf({ abi: 'x86_64', syscall: 'unlinkat', args, flags: 0, files: [DIRECTORY] })).toMatchObject({
    what: 'directory',
  });
});

/** Of each call: the arguments with paths and with their directories, in this order. */
test('paths are in these arguments of each call', () => {
  const places = [...PATH_CALLS].map(
    ([name, { paths, distinguishing, openFlags, openHow }]) =>
      `${name}: ${paths.map(({ argument, directory, addressSize, creates }) => `${argument}${directory === undefined ? '' : ` in ${directory}`}${addressSize === undefined ? '' : ` of size ${addressSize}`} ${creates}`).join(', ')}; ${distinguishing.join()}; ${[openFlags, openHow].join('/')}`,
  );
  expect(places).toMatchInlineSnapshot(`
    [
      "open: 0 by O_CREAT; 1; 1/",
      "openat: 1 in 0 by O_CREAT; 2; 2/",
      "openat2: 1 in 0 by O_CREAT; ; /2",
      "creat: 0 always; ; /",
      "truncate: 0 never; ; /",
      "truncate64: 0 never; ; /",
      "mkdir: 0 always; ; /",
      "mkdirat: 1 in 0 always; ; /",
      "mknod: 0 always; 1; /",
      "mknodat: 1 in 0 always; 2; /",
      "symlink: 1 always; ; /",
      "symlinkat: 2 in 1 always; ; /",
      "unlink: 0 never; ; /",
      "unlinkat: 1 in 0 never; 2; /",
      "rmdir: 0 never; ; /",
      "rename: 0 never, 1 always; ; /",
      "renameat: 1 in 0 never, 3 in 2 always; ; /",
      "renameat2: 1 in 0 never, 3 in 2 always; 4; /",
      "link: 0 never, 1 always; ; /",
      "linkat: 1 in 0 never, 3 in 2 always; 4; /",
      "bind: 1 of size 2 always; ; /",
      "execve: 0 never; ; /",
      "execveat: 1 in 0 never; 4; /",
    ]
  `);
});

/** The paths that are made of accesses, without a program: which entries they become. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Paths, readPaths } from '../../lib/landlock/paths/option.js';
import { type FileAccess, rightsNeeded } from '../../lib/landlock/paths/prediction.js';
import { GRANTS } from '../../lib/landlock/paths/rights.js';
import type { Places } from '../../lib/record/paths/places.js';
import type { SeenAccess } from '../../lib/record/paths/seen-files.js';
import { synthesizePaths } from '../../lib/record/paths/synthesize-paths.js';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-made-')));
afterAll(() => rmSync(base, { recursive: true }));
const work = join(base, 'work');
const other = join(base, 'other');

/** Makes a file, and returns its path. */
function file(path: string): string {
  const whole = path.startsWith('/') ? path : join(work, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, '');
  return whole;
}
const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => file(`four/${name}`)) as [string, string, string, string];
for (const path of ['deep/1/a', 'deep/1/b', 'x', 'y']) file(path);
file(join(other, 'z'));

const places: Places = {
  directory: work,
  homes: ['/srv/people/me'],
  tmp: join(base, 'tmp'),
  words: new Map([
    ['@system', [{ path: '/usr', rights: GRANTS.read | GRANTS.execute }]],
    ['@node', [{ path: '/opt/node', rights: GRANTS.read }]],
  ]),
};

const seen = (access: FileAccess, count = 1): SeenAccess => ({
  access,
  needs: rightsNeeded(access),
  count,
  fallback: false,
});
const plain = { kind: 'open', what: 'file', read: false, write: false, truncate: false } as const;
const reading = (path: string, count = 1) => seen({ ...plain, path, read: true }, count);
const writing = (path: string, count = 1) => seen({ ...plain, path, write: true }, count);
const executing = (path: string) => seen({ kind: 'execute', path });
const listing = (path: string) => seen({ ...plain, what: 'directory', path, read: true });
const making = (path: string) => seen({ kind: 'create', path, what: 'file' });

const made = (accesses: readonly SeenAccess[], before?: Paths, where: Partial<Places> = {}) =>
  synthesizePaths(accesses, { ...places, ...where }, before && readPaths(before));

describe('paths are made', () => {
  test.each<[string, readonly SeenAccess[], Paths]>([
    ['of nothing', [], {}],
    ['of a file', [reading(a)], { read: ['./four/a'] }],
    ['of one elsewhere', [reading(join(other, 'z'))], { read: [join(other, 'z')] }],
    ['of three in a directory', [a, b, c].map((path) => reading(path)), { read: ['./four/a', './four/b', './four/c'] }],
    ['of four, as their directory', [a, b, c, d].map((path) => reading(path)), { read: ['./four'] }],
    ['of four that are written', [a, b, c, d].map((path) => writing(path)), { write: ['./four'] }],
    ['of four that are executed', [a, b, c, d].map(executing), { execute: ['./four'] }],
    [
      'of three that are read and one that is written',
      [reading(a), reading(b), reading(c), writing(d)],
      { read: ['./four/a', './four/b', './four/c'], write: ['./four/d'] },
    ],
    ['of a file that is read and written, once', [reading(a), writing(a)], { write: ['./four/a'] }],
    ['of a file that is read and executed, once', [reading(a), executing(a)], { execute: ['./four/a'] }],
    [
      'of a file that is written and executed',
      [writing(a), executing(a)],
      { write: ['./four/a'], execute: ['./four/a'] },
    ],
    ['of a directory that is listed', [listing(join(work, 'four'))], { read: ['./four'] }],
    ['of a directory without the files in it', [listing(join(work, 'four')), reading(a)], { read: ['./four'] }],
    [
      'of a directory with what is written in it',
      [listing(join(work, 'four')), writing(a)],
      { read: ['./four'], write: ['./four/a'] },
    ],
    [
      'of a directory with what is executed in it',
      [listing(join(work, 'four')), executing(a)],
      { read: ['./four'], execute: ['./four/a'] },
    ],
    [
      'of a directory in which a file is made, without others',
      [making(join(work, 'deep/new')), reading(join(work, 'deep/1/a'))],
      { write: ['./deep'] },
    ],
    ['of the working directory', [making(join(work, 'new')), listing(work)], { write: ['.'] }],
    [
      'of a directory that is listed, and whose files are executed',
      [listing(join(work, 'four')), ...[a, b, c, d].map(executing)],
      { read: ['./four'], execute: ['./four'] },
    ],
    ['of temporary files, as @tmp', [making(join(base, 'tmp/new')), reading(join(base, 'tmp/x'))], { write: ['@tmp'] }],
    ['of programs there', [executing(join(base, 'tmp/x'))], { write: ['@tmp'], execute: ['@tmp'] }],
    ['of what words grant', [reading('/usr/share/x'), executing('/usr/bin/x')], { read: ['@system'] }],
    ['of what both words grant', [reading('/opt/node/x'), reading('/usr/x')], { read: ['@system', '@node'] }],
    ['of what a word does not grant there', [executing('/opt/node/x')], {}],
    ['of the file of a process, as /proc', [reading('/proc/1234/status')], { read: ['/proc'] }],
  ])('%s', (_, accesses, paths) => {
    expect(made(accesses).paths).toEqual(paths);
    expect(made(accesses.toReversed()).paths).toEqual(paths);
  });

  test('of four directories that stand for their files, as the one above', () => {
    const files = [1, 2, 3, 4].flatMap((dir) => [1, 2, 3, 4].map((name) => file(`wide/${dir}/${name}`)));
    expect(made(files.map((path) => reading(path))).paths).toEqual({ read: ['./wide'] });
    expect(made(files.slice(0, 12).map((path) => reading(path))).paths).toEqual({
      read: ['./wide/1', './wide/2', './wide/3'],
    });
  });

  test('with absolute paths if the working directory is / or a link, and none beside it is taken for one in it', () => {
    const link = join(base, 'link');
    symlinkSync(work, link);
    const beside = file(join(base, 'work2/file'));
    expect(made([reading(a)], undefined, { directory: '/' }).paths).toEqual({ read: [a] });
    expect(made([reading(a)], undefined, { directory: link }).paths).toEqual({ read: [a] });
    expect(made([reading(beside)]).paths).toEqual({ read: [beside] });
  });

  test('with entries in order: words, paths, and those that are optional', () => {
    const before: Paths = {
      read: [{ path: 'gone', optional: true }, 'y', '@node'],
      write: ['@tmp', { path: 'maybe', optional: true }],
    };
    expect(made([reading(join(work, 'x')), reading('/usr/x')], before).paths).toEqual({
      read: ['@system', '@node', './x', './y', { path: 'gone', optional: true }],
      write: ['@tmp', { path: 'maybe', optional: true }],
    });
    expect(made([], { execute: ['@tmp'] }).paths).toEqual({ write: ['@tmp'], execute: ['@tmp'] });
    expect(made([], { write: ['@tmp'] }).paths).toEqual({ write: ['@tmp'] });
  });
});

describe('a program that the run makes', () => {
  const moved = (from: string, to: string, what: 'file' | 'directory' = 'file') =>
    seen({ kind: 'rename', from: join(work, from), to: join(work, to), what });
  const newDirectory = (path: string) => seen({ kind: 'create', path: join(work, path), what: 'directory' });

  test.each<[string, readonly SeenAccess[], readonly string[]]>([
    ['is executed in its directory', [making(join(work, 'deep/new')), executing(join(work, 'deep/new'))], ['./deep']],
    ['that was there is executed itself', [making(join(work, 'deep/new')), executing(a)], ['./four/a']],
    [
      'is executed above the directory that is made',
      [newDirectory('deep/n'), executing(join(work, 'deep/n/p'))],
      ['./deep'],
    ],
    [
      'is executed above the outermost of these',
      [newDirectory('deep/n'), newDirectory('deep/n/m'), executing(join(work, 'deep/n/m/p'))],
      ['./deep'],
    ],
    ['is executed where it is moved to', [moved('deep/1/a', 'deep/p'), executing(join(work, 'deep/p'))], ['./deep']],
    [
      'is executed above a directory that is moved',
      [moved('deep/1', 'deep/p', 'directory'), executing(join(work, 'deep/p/a'))],
      ['./deep'],
    ],
  ])('%s', (_, accesses, execute) => {
    expect(made(accesses).paths.execute).toEqual(execute);
    expect(made(accesses.toReversed()).paths.execute).toEqual(execute);
  });

  test('and then moves gains no right, as the directory that it leaves is granted the same', () => {
    const { paths } = made([moved('x', 'deep/p'), executing(join(work, 'deep/p'))]);
    expect(paths).toEqual({ write: ['.'], execute: ['.'] });
  });
});

describe('what is refused', () => {
  test.each<[string, SeenAccess, string]>([
    [
      'a device that is made',
      seen({ kind: 'create', path: join(work, 'dev'), what: 'char' }),
      `${work}: no entry of paths allows what was done`,
    ],
    [
      'a file that is gone',
      reading(join(work, 'gone')),
      `${work}/gone: it is gone, so that another run may have another file there`,
    ],
    ['a name that is not UTF-8', reading(file('\udcff')), `"${work}/\\udcff": its name is not UTF-8`],
    [
      'a home directory',
      listing('/srv/people/me'),
      '/srv/people/me: a home directory would be granted, with all in it',
    ],
  ])('%s is not granted, with the reason', (_, access, note) => {
    expect(made([access])).toMatchObject({
      paths: {},
      notes: [`paths does not grant ${note}`],
      files: [{ grants: [] }],
    });
  });

  test('a fallback is not granted, and has no note', () => {
    const fallback = { ...reading('/proc/1/maps', 2), fallback: true };
    const file = { path: '/proc/1/maps', access: 'read', count: 2 };
    expect(made([fallback])).toEqual({ paths: {}, notes: [], files: [{ ...file, grants: [], fallback: true }] });
    const { paths, files } = made([fallback, reading('/proc/1/maps')]);
    expect(paths).toEqual({ read: ['/proc'] });
    expect(files).toEqual([{ ...file, count: 3, grants: ['/proc'], fallback: false }]);
  });

  test('is named up to five times', () => {
    const gone = (count: number) => Array.from({ length: count }, (_, i) => reading(join(work, `gone${i}`)));
    const reason = ': it is gone, so that another run may have another file there';
    const five = [0, 1, 2, 3, 4].map((i) => `${work}/gone${i}`).join(', ');
    expect(made(gone(5)).notes).toEqual([`paths does not grant ${five}${reason}`]);
    expect(made(gone(7)).notes).toEqual([`paths does not grant ${five} and 2 more${reason}`]);
  });

  test('is not noted if an entry above grants all of it', () => {
    const gone = join(work, 'deep/gone');
    expect(made([reading(gone), listing(join(work, 'deep'))]).notes).toEqual([]);
    expect(made([reading(gone), writing(gone), listing(join(work, 'deep'))]).notes).toHaveLength(1);
    expect(made([writing(gone), reading(gone), listing(join(work, 'deep'))]).notes).toHaveLength(1);
    expect(made([writing(gone), reading(gone), making(join(work, 'deep/new'))]).notes).toEqual([]);
  });

  test('is noted if the entries above grant only a part of it', () => {
    const gone = join(work, 'deep/gone');
    const { notes, files } = made([executing(gone), listing(join(work, 'deep'))]);
    expect(notes).toHaveLength(1);
    expect(files).toContainEqual({ path: gone, access: 'execute', count: 1, grants: [], fallback: false });
  });

  test('are more than 4096 entries of a list', () => {
    const entries = (count: number): Paths => ({ read: Array.from({ length: count }, (_, i) => `/none/${i}/x`) });
    expect(made([], entries(4096)).notes).toEqual([]);
    expect(made([reading(a)], entries(4096)).notes).toEqual([
      'paths.read has 4097 entries, more than the 4096 that it may have: put a directory in their place',
    ]);
  });
});

describe('files', () => {
  test('are listed with their counts, the most frequent first, and with all entries that they need', () => {
    const { files } = made([reading(a), reading(b, 2), reading(a, 4), writing(b, 3), executing(a)]);
    expect(files).toEqual([
      { path: a, access: 'read', count: 5, grants: ['./four/a'], fallback: false },
      { path: b, access: 'write', count: 3, grants: ['./four/b'], fallback: false },
      { path: b, access: 'read', count: 2, grants: ['./four/b'], fallback: false },
      { path: a, access: 'execute', count: 1, grants: ['./four/a'], fallback: false },
    ]);
  });

  test('that are moved are two, of which both have the entries of both', () => {
    const from = join(work, 'x');
    const to = join(other, 'x');
    const { files } = made([seen({ kind: 'rename', from, to, what: 'file' })]);
    expect(files).toEqual([
      { path: from, access: 'write', count: 1, grants: ['.', other], fallback: false },
      { path: to, access: 'write', count: 1, grants: ['.', other], fallback: false },
    ]);
  });

  test('that are moved have no entry if one of the two directories is not granted', () => {
    const from = join(work, 'x');
    const to = '/srv/people/me/x';
    const { paths, files } = made([seen({ kind: 'rename', from, to, what: 'file' })]);
    expect(paths).toEqual({ write: ['.'] });
    expect(files.map(({ path, grants }) => [path, grants])).toEqual([
      [from, []],
      [to, []],
    ]);
  });

  test('have no entry if one of their accesses is not granted, in either order', () => {
    const listed = listing('/srv/people/me');
    const made = seen({ kind: 'create', path: '/srv/people/me/x', what: 'char' });
    const twice = { ...listed, needs: made.needs };
    for (const accesses of [
      [listed, twice],
      [twice, listed],
    ])
      expect(synthesizePaths(accesses, places).files).toMatchObject([{ grants: [], count: 2 }]);
  });
});

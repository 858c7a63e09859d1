/** Which calls a ruleset denies, which of their files lacks rights, and the grants that would allow it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { FoundFile, NamedFile } from '../../lib/landlock/denials/path-calls.js';
import { denialsBy } from '../../lib/landlock/denials/path-denial.js';
import { identityAt } from '../../lib/landlock/denials/this-machine.js';
import { type Paths, readPaths } from '../../lib/landlock/paths/option.js';
import type { Access } from '../../lib/landlock/paths/rights.js';
import { makeRuleset } from '../../lib/landlock/paths/ruleset.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { describeUnless } from '../support/describe-unless.js';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-denial-')));
afterAll(() => rmSync(base, { recursive: true }));
for (const folder of ['read', 'write', 'execute', 'none']) {
  mkdirSync(join(base, folder));
  writeFileSync(join(base, folder, 'file'), '');
}

const { rights, reason } = pathsSupport();
const O_PATH = 0o10_000_000;

function rulesetOf(paths: Paths, tmp?: string) {
  const subject = { needs: [], files: [], isNode: false, tmp, uid: undefined, capabilities: undefined };
  return makeRuleset({ ...subject, paths: readPaths(paths), handled: rights, scoped: 0, directory: base });
}

/** The identities of a file and of the directories above it. */
function identities(path: string): readonly string[] {
  const own = identityAt(path);
  const above = path === '/' ? [] : identities(dirname(path));
  return own === undefined ? above : [own, ...above];
}

const found = (path: string, type: FoundFile['type'] = 'file'): FoundFile => ({
  ...{ path, type, isExecutable: true },
  identities: identities(path),
});
const absolute = (path: string): NamedFile => ({ ...found(path), text: path, target: undefined });
const named = (name: string, type?: FoundFile['type'], target?: string): NamedFile => ({
  ...found(join(base, name), type),
  text: name,
  target: target === undefined ? undefined : { ...found(join(base, target)), type: 'file' },
});

const PATHS: Paths = {
  read: ['read', { path: 'later', optional: true }],
  write: ['write', 'execute'],
  execute: ['execute'],
};

describeUnless(reason ?? undefined, 'a ruleset', () => {
  const denials = reason === null ? denialsBy(rulesetOf(PATHS)) : () => undefined;
  const denial = (syscall: string, files: readonly NamedFile[], { flags = 0, args = [] as readonly bigint[] } = {}) =>
    denials({ abi: 'x86_64', syscall, args, flags, files });
  const at = (name: string) => join(base, name);

  test.each<[string, string, readonly NamedFile[], number?]>([
    ['reading a file that may be read', 'open', [named('read/file')]],
    ['O_PATH', 'open', [named('none/file')], O_PATH],
    ['opening a missing file', 'open', [named('none/missing', 'missing')]],
    ['a link to a file that may be read', 'open', [named('none/link', 'symlink', 'read/file')]],
    ['removing a file', 'unlink', [named('write/file')]],
    ['executing a file', 'execve', [named('execute/file')]],
    ['renaming one', 'rename', [named('write/file'), named('write/new', 'missing')]],
  ])('does not deny %s', (_, syscall, files, flags) => {
    expect(denial(syscall, files, { flags })).toBeUndefined();
  });

  const moving = 'moving or linking files into or out of';
  test.each<[string, string, readonly NamedFile[], number, string, Partial<Record<Access, readonly string[]>>]>([
    ['reading', 'open', [named('none/file')], 0, `reading ${at('none/file')}`, { read: ['none/file'] }],
    ['writing', 'open', [named('read/file')], 1, `writing ${at('read/file')}`, { write: ['read/file'] }],
    [
      'making a file',
      'open',
      [named('none/new', 'missing')],
      0o101,
      `writing and making files in ${at('none')}`,
      { write: ['none'] },
    ],
    [
      'a link to a file',
      'open',
      [named('read/link', 'symlink', 'none/file')],
      0,
      `reading ${at('none/file')}`,
      { read: ['none/file'] },
    ],
    ['a file that was missing', 'open', [named('later')], 0, `reading ${at('later')}`, { read: ['later'] }],
    ['executing', 'execve', [named('read/file')], 0, `executing ${at('read/file')}`, { execute: ['read/file'] }],
    ['removing', 'unlink', [named('read/file')], 0, `removing files in ${at('read')}`, { write: ['read'] }],
  ])('denies %s', (_, syscall, files, flags, denied, lists) => {
    const paths = Object.fromEntries(Object.entries(lists).map(([list, names]) => [list, names.map(at)]));
    expect(denial(syscall, files, { flags })).toEqual({ file: 0, errno: 'EACCES', denied, remedy: { paths } });
  });

  test('tells which of two files lacks rights', () => {
    const [from, to] = [named('write/file'), named('none/new', 'missing')];
    expect(denial('rename', [from, to])).toEqual({
      ...{ file: 1, errno: 'EACCES', denied: `making files in and ${moving} ${at('none')}` },
      remedy: { paths: { write: [at('none')] } },
    });
    expect(denial('rename', [named('none/file'), named('write/new', 'missing')])).toEqual({
      ...{ file: 0, errno: 'EACCES' },
      denied: expect.stringMatching(`^removing files in and ${moving} ${at('none')}, and writing and reading .*/file$`),
      remedy: { paths: { write: [at('none'), at('none/file')] } },
    });
  });

  test('denies to move a file to where it would have more rights: it is the file that lacks them', () => {
    const moved = { errno: 'EXDEV', denied: `executing ${at('write/file')}` };
    expect(denial('rename', [named('write/file'), named('execute/new', 'missing')])).toMatchObject({
      file: 0,
      ...moved,
    });
    const exchanged = { args: [0n, 0n, 0n, 0n, 2n] };
    const files = [named('execute/file'), named('write/file')] as const;
    expect(denial('renameat2', files, exchanged)).toMatchObject({ file: 1, ...moved });
    expect(denial('renameat2', [files[1], files[0]], exchanged)).toMatchObject({ file: 0, ...moved });
  });

  test('tells the word that has what is missing, and no remedy where there is none', () => {
    expect(denial('open', [absolute('/etc/hosts')])?.remedy).toEqual({ paths: { read: ['@system'] } });
    expect(denial('open', [absolute('/etc/shadow')])?.remedy).toEqual({ paths: { read: ['/etc/shadow'] } });
    expect(denial('mknod', [named('none/new', 'missing')], { args: [0n, 0o20_000n] })).toMatchObject({
      denied: `making devices in ${at('none')}`,
      remedy: undefined,
    });
  });

  test('names @tmp for a program that was made in the private directory', () => {
    const given = denialsBy(rulesetOf({ write: ['@tmp'] }, at('write')));
    const execute = (file: NamedFile) => given({ abi: 'x86_64', syscall: 'execve', args: [], flags: 0, files: [file] });
    expect(execute(named('write/file'))?.remedy).toEqual({ paths: { execute: ['@tmp'] } });
    expect(execute(named('read/file'))?.remedy).toEqual({ paths: { execute: [at('read/file')] } });
    const granted = denialsBy(rulesetOf({ execute: ['@tmp'] }, at('write')));
    const call = { abi: 'x86_64', syscall: 'execve', args: [], flags: 0, files: [named('write/file')] } as const;
    expect(granted(call)).toBeUndefined();
  });

  test('is found by what its paths led to, whatever names a file has', () => {
    const given = denialsBy(rulesetOf({ read: ['/bin', 'none/file'] }));
    const open = (file: NamedFile) => given({ abi: 'x86_64', syscall: 'open', args: [], flags: 0, files: [file] });
    expect(open(absolute(join(realpathSync('/bin'), 'file')))).toBeUndefined();
    const renamed = { ...named('none/file'), path: at('write/renamed'), identities: identities(at('none/file')) };
    expect(open(renamed)).toBeUndefined();
    expect(open({ ...named('write/file'), path: at('none/file') })).toMatchObject({ file: 0 });
  });

  test('is read once', () => {
    const ruleset = rulesetOf(PATHS);
    expect(denialsBy(ruleset)).toBe(denialsBy(ruleset));
    expect(denialsBy(rulesetOf(PATHS))).not.toBe(denialsBy(ruleset));
  });
});

/** What paths probably do not grant to a program that has failed: predicted from its rules, its output and its files. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { pathFlag } from '../../lib/cli/output/path-flags.js';
import { type Paths, readPaths } from '../../lib/landlock/paths/option.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import {
  grantText,
  missingGrant,
  missingInterpreter,
  missingLibraries,
  type PathsProgram,
} from '../../lib/landlock/programs/missing-grants.js';
import { findNeeds } from '../../lib/landlock/programs/program-needs.js';
import { describeUnless } from '../support/describe-unless.js';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-grants-')));
afterAll(() => rmSync(base, { recursive: true }));
const bin = join(base, 'bin');
mkdirSync(bin);
const [tool, other, script] = ['tool', 'other', 'script'].map((name) => join(bin, name));
for (const path of [tool, other]) copyFileSync('/bin/true', path ?? '');
writeFileSync(script ?? '', '#!/bin/sh\n', { mode: 0o755 });

const SYSTEM = { read: ['@system'] };

/** A program under these paths; names are looked for as execvp(3) does. */
const under = (paths: Paths, file: string, ...args: readonly string[]): PathsProgram => ({
  paths: readPaths(paths),
  directory: base,
  file,
  args,
  candidates: (name) => (name.includes('/') ? [name] : [bin, '/usr/bin', '/bin'].map((folder) => `${folder}/${name}`)),
});

const execution = (path = '') => ({
  problem: `paths does not grant the execution of ${path}`,
  list: 'execute',
  path,
});
const SOME = {
  problem: 'exit code 126 can mean that paths does not grant the execution of a program that this one starts',
  list: 'execute',
  path: undefined,
} as const;

/** Writes an ELF file of 64 bits that names its loader. */
function linked(name: string, loader: string): string {
  const path = join(base, name);
  const content = Buffer.alloc(64 + 56 + loader.length + 1);
  content.write('\x7fELF\x02\x01', 'latin1');
  content.writeUInt8(64, 32);
  content.writeUInt8(56, 54);
  content.writeUInt8(1, 56);
  content.writeUInt8(3, 64);
  content.writeUInt8(120, 64 + 8);
  content.writeUInt16LE(loader.length + 1, 64 + 32);
  content.write(loader, 120);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode: 0o755 });
  return path;
}

/** A folder with a loader of this name and with a C library. */
function libraries(folder: string, loader: string): string {
  mkdirSync(join(base, folder));
  copyFileSync('/bin/sh', join(base, folder, loader));
  writeFileSync(join(base, folder, 'libc.so.6'), '');
  return join(base, folder, loader);
}

describeUnless(pathsSupport().reason ?? undefined, 'exit code 126', () => {
  test.each<[string, readonly string[], string | undefined]>([
    ['a path in an argument', ['-c', `cd x; ${tool}`], tool],
    ['a name in an argument', ['-c', 'tool'], tool],
    ['the first of two arguments', ['tool', 'other'], tool],
    ['the first 2000 characters of an argument', [`${' '.repeat(1996)}tool`], tool],
    ['not those after', [`${' '.repeat(1997)}tool`], undefined],
    ['the fiftieth word', ['. '.repeat(49), 'tool'], tool],
    ['not the next one', ['. '.repeat(50), 'tool'], undefined],
    ['a word after many options and blanks', ['-x '.repeat(60), '  ', 'tool'], tool],
    ['no option', ['-tool', '--tool'], undefined],
  ])('names the program that is: %s', (_, args, path) => {
    expect(missingGrant(under(SYSTEM, 'sh', ...args), 126)).toEqual(path === undefined ? SOME : execution(path));
  });

  test.each([...'\t\n\'"`‘’“”«»:;,&|()<>=$'])('finds a name between %j', (separator) => {
    const args = [`x${separator}tool${separator}x`];
    expect(missingGrant(under(SYSTEM, 'sh', ...args), 126)).toEqual(execution(tool));
  });

  test('names an interpreter that is not granted, or the word that grants it', () => {
    const interpreter = { ...execution(realpathSync('/bin/sh')), list: 'read', path: '@system' };
    const paths = { read: [dirname(findNeeds(['/bin/sh'], '/').needs.at(-1) ?? '')], execute: [bin] };
    expect(missingGrant(under(paths, 'tool', 'script'), 126)).toEqual(interpreter);
    expect(missingGrant(under(SYSTEM, 'sh', 'script'), 126)).toEqual(execution(script));
  });

  test('names what is beside a script, unless its folder is granted', () => {
    expect(missingGrant(under(SYSTEM, 'script'), 126)).toEqual({
      problem: `paths grants ${script}, but not the programs beside it`,
      list: 'execute',
      path: bin,
    });
    for (const paths of [{ execute: ['bin'] }, { read: [bin] }, { write: ['.'] }])
      expect(missingGrant(under({ ...SYSTEM, ...paths }, 'script'), 126)).toEqual(SOME);
  });

  test('names the real program for the shim of a version manager', () => {
    const shim = join(base, 'shims/python3');
    mkdirSync(dirname(shim));
    writeFileSync(shim, '#!/bin/sh\n', { mode: 0o755 });
    const found = missingGrant(under(SYSTEM, shim), 126);
    const remedy = 'run that program by its path, such as from "pyenv which python3"';
    expect(grantText(found ?? SOME, pathFlag)).toBe(
      `${shim} is a shim, which starts a program of another directory: ${remedy}`,
    );
  });

  test('may be about a program in the private directory, unless such programs may be executed', () => {
    const found = missingGrant(under({ ...SYSTEM, write: ['@tmp'] }, 'sh', '-c', '$TMPDIR/made'), 126);
    expect(found).toEqual({ ...SOME, isPerhapsTmp: true });
    expect(missingGrant(under({ ...SYSTEM, execute: ['@tmp'] }, 'sh', '-c', '$TMPDIR/made'), 126)).toEqual(SOME);
    const end = 'if it has made that program in TMPDIR';
    expect(grantText(found ?? SOME)).toBe(`${SOME.problem}: add what it needs to execute, or '@tmp' to execute ${end}`);
    expect(grantText(found ?? SOME, pathFlag)).toBe(`${SOME.problem}: add --execute PATH, or --execute @tmp ${end}`);
  });

  test('says nothing of a program that is granted, or that is not there', () => {
    const paths = { ...SYSTEM, execute: [tool ?? '', '/usr/bin'] };
    expect(missingGrant(under(paths, 'sh', 'tool', 'none', 'sh'), 126)).toEqual(SOME);
  });
});

describeUnless(pathsSupport().reason ?? undefined, 'exit code 127', () => {
  const ofSystem = (name: string) => ({
    problem: `paths does not grant the libraries of ${name}, without which it can't start`,
    list: 'read',
    path: '@system',
  });
  const besideTool = {
    problem: `paths does not grant the libraries that may be beside ${tool}`,
    list: 'read',
    path: bin,
  };

  test('names the system, for a program that can’t load the C library', () => {
    for (const paths of [{}, { execute: [bin] }]) {
      expect(missingGrant(under(paths, 'tool'), 127)).toEqual(ofSystem('tool'));
      expect(missingLibraries(under(paths, 'tool'))).toEqual(ofSystem('tool'));
    }
    expect(missingGrant(under({}, 'none', 'x', 'tool'), 127)).toEqual(ofSystem('tool'));
  });

  test('names the program itself before those of its arguments', () => {
    expect(missingGrant(under({}, 'tool', 'sh'), 127)).toEqual(ofSystem('tool'));
    expect(missingGrant(under({}, 'none', 'other', 'sh'), 127)).toEqual(ofSystem('other'));
  });

  test('names no folder in which too much is', () => {
    const shared = linked(
      `${base}-in-tmp`.replace(dirname(base), '..'),
      findNeeds(['/bin/sh'], '/').needs.at(-1) ?? '',
    );
    onTestFinished(() => rmSync(shared));
    expect(missingGrant(under(SYSTEM, shared), 127)).toMatchObject({ list: 'read', path: undefined });
  });

  test('names the folder of a program that may have libraries beside it', () => {
    expect(missingGrant(under(SYSTEM, 'tool'), 127)).toEqual(besideTool);
    expect(missingGrant(under(SYSTEM, 'sh', '-c', 'tool'), 127)).toEqual(besideTool);
    expect(missingLibraries(under(SYSTEM, 'tool'))).toBeUndefined();
    expect(missingGrant(under({ ...SYSTEM, execute: ['bin'] }, 'tool'), 127)).toBeUndefined();
  });

  test.each(['ld-linux-x86-64.so.2', 'ld-musl-aarch64.so.1', 'ld64.so.2', 'ld.so'])(
    'names the folder of the dynamic linker %s, which has the C library',
    (name) => {
      const loader = libraries(`with-${name}`, name);
      const program = under(SYSTEM, linked(`for-${name}/program`, loader));
      expect(missingGrant(program, 127)).toEqual({ ...ofSystem(program.file), path: dirname(loader) });
      expect(missingLibraries(program)).toEqual({ ...ofSystem(program.file), path: dirname(loader) });
      rmSync(join(dirname(loader), 'libc.so.6'));
      expect(missingLibraries(program)).toBeUndefined();
      expect(missingGrant(program, 127)).toMatchObject({ path: dirname(program.file) });
    },
  );

  test.each(['loader.so', 'libld.so', 'ld', 'xld-linux.so.2'])('takes %s for no dynamic linker', (name) => {
    const loader = libraries(`no-${name}`, name);
    expect(missingGrant(under({}, linked(`not-${name}/program`, loader)), 127)).toBeUndefined();
  });

  test('looks for the C library beside the first file that is named as a dynamic linker', () => {
    const own = join(dirname(libraries('own', 'unused')), 'ld-own.so');
    copyFileSync('/bin/true', own);
    expect(missingLibraries(under(SYSTEM, own))).toEqual({ ...ofSystem(own), path: dirname(own) });
  });
});

test.each([null, 0, 1, 125, 128])('an end with exit code %o is explained by no grant', (exitCode) => {
  expect(missingGrant(under({}, 'tool', 'other'), exitCode)).toBeUndefined();
});

describeUnless(pathsSupport().reason ?? undefined, 'for a program that can’t be executed,', () => {
  test('@system is the grant, unless it is given', () => {
    const problem = `paths may not grant the interpreter or the dynamic linker of ${tool}, which this process can't find`;
    expect(missingInterpreter(under({ read: ['/etc'] }, 'tool'))).toEqual({ problem, list: 'read', path: '@system' });
    expect(missingInterpreter(under(SYSTEM, 'tool'))).toBeUndefined();
  });

  test('there is none if there is no program', () => {
    expect(missingInterpreter(under({}, 'none'))).toBeUndefined();
    const text = join(base, 'text');
    writeFileSync(text, '');
    chmodSync(text, 0o644);
    expect(missingInterpreter(under({}, text))).toBeUndefined();
  });
});

describe('a grant in words', () => {
  test.each([
    ['options', undefined, 'read', '@system', "it failed: add '@system' to read"],
    ['options', undefined, 'read', "/it's\n", 'it failed: add "/it\'s\\n" to read'],
    ['options', undefined, 'execute', undefined, 'it failed: add what it needs to execute'],
    ['flags', pathFlag, 'read', '/a b', "it failed: add --read '/a b'"],
    ['flags', pathFlag, 'read', '/a;touch b', "it failed: add --read '/a;touch b'"],
    ['flags', pathFlag, 'execute', undefined, 'it failed: add --execute PATH'],
  ] as const)('by %s: %s %s', (_, inFlags, list, path, text) => {
    expect(grantText({ problem: 'it failed', list, path }, inFlags)).toBe(text);
  });
});

/** Errors of programs that fail for lack of a grant of `paths` name the grant, and others do not. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type RecordOptions, RunError, type RunOptions, record, run, Sandbox } from '../../lib/index.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { describeUnless } from '../support/describe-unless.js';
import { changesNoUser, evaluateScript, NO_CHANGE_OF_USER, WITHOUT_RINGS } from '../support/scripts.js';

const work = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-hints-')));
afterAll(() => rmSync(work, { recursive: true }));
mkdirSync(join(work, 'bin'));
mkdirSync(join(work, 'other'));
const tool = join(work, 'bin/tool');
copyFileSync('/bin/true', tool);
writeFileSync(join(work, 'bin/script'), '#!/bin/sh\n"$(dirname "$0")"/other; exit 126\n', { mode: 0o755 });

const SYSTEM = { read: ['@system'] };
const environment = { PATH: `${work}/bin:/usr/bin:/bin`, LC_ALL: 'C' };

/** The last line of the error with which a program ends. */
async function hintOf(command: string, args: readonly string[], options: RunOptions, profile = 'docker-default') {
  const given = { cwd: work, env: environment, ...options };
  const error: unknown = await run(command, args, profile, given).catch((failure: unknown) => failure);
  return error instanceof RunError ? error.message.split('\n').at(-1) : expect.fail(`no error: ${error}`);
}
const shell = (text: string, options: RunOptions, profile?: string) => hintOf('sh', ['-c', text], options, profile);

const executing = `hint: paths does not grant the execution of ${tool}: add '${tool}' to execute`;
const libraries = "hint: paths does not grant the libraries of sh, without which it can't start: add '@system' to read";
const ofProfile = /^hint: exit codes 126 and 127 can mean that the profile denies execve/;

const unsupported = pathsSupport().reason ?? undefined;

describeUnless(unsupported, 'the hint at a program without a grant', () => {
  test.each<[string, string, RunOptions]>([
    ['by its path', './bin/tool', {}],
    ['by its name', 'tool', {}],
    ['in a longer command', 'cd other && (tool|cat); exec "tool"', {}],
    ['by bytes', './bin/tool', { encoding: 'buffer' }],
    ['with onViolation', './bin/tool', { onViolation: true }],
  ])('names a program that a shell executes %s', async (_, command, options) => {
    expect(await shell(command, { ...options, paths: SYSTEM })).toBe(executing);
    expect(await shell(command, { ...options, paths: SYSTEM }, 'unconfined')).toBe(executing);
  });

  test('names nothing that only the output names', async () => {
    expect(await shell('d=./bin; echo "$d/tool" >&2; exit 126', { paths: SYSTEM })).toMatch(
      /^hint: exit code 126 can mean/,
    );
  });

  test('names libraries that a program can’t load', async () => {
    expect(await shell('true', { paths: { read: ['.'] } })).toBe(libraries);
    expect(await shell('true', { paths: {}, onViolation: true }, 'unconfined')).toBe(libraries);
  });

  test('names @system for what it grants', async () => {
    const paths = { read: ['/usr/lib', '/lib', { path: '/lib64', optional: true }] };
    expect(await shell('/usr/bin/env', { paths })).toMatch(
      /^hint: paths does not grant the execution of \/.*env: add '@system' to read$/,
    );
  });

  test('names the directory of a script that executes what is beside it', async () => {
    const script = join(work, 'bin/script');
    expect(await hintOf('script', [], { paths: SYSTEM })).toBe(
      `hint: paths grants ${script}, but not the programs beside it: add '${work}/bin' to execute`,
    );
  });

  test('names no program that it does not know', async () => {
    expect(await shell('exit 126', { paths: SYSTEM })).toBe(
      'hint: exit code 126 can mean that paths does not grant the execution of a program that this one starts: add what it needs to execute',
    );
  });

  test('is not given for what paths grants, nor without paths', async () => {
    expect(await shell('no-such-program', { paths: SYSTEM })).toMatch(ofProfile);
    expect(await shell('no-such-program', { paths: SYSTEM }, 'unconfined')).toMatch(/not found$/);
    const paths = { ...SYSTEM, execute: ['bin'] };
    expect(await shell('bin/tool; exit 127', { paths })).toMatch(ofProfile);
    expect(await shell('bin/tool; exit 3', { paths: SYSTEM })).toMatch(/Permission denied$/);
    expect(await shell('exit 126', {})).toMatch(ofProfile);
  });

  test('names the directory of a program that may have libraries beside it', async () => {
    expect(await shell('tool; exit 127', { paths: { ...SYSTEM, execute: [tool] } })).toBe(
      `hint: paths does not grant the libraries that may be beside ${tool}: add '${work}/bin' to read`,
    );
  });

  test('is a note of a recording, beside one that denied calls are not recorded', async () => {
    const recorded = (options: RecordOptions) => record('sh', ['-c', './bin/tool'], { cwd: work, ...options });
    const { exitCode, notes } = await recorded({ paths: SYSTEM });
    expect(exitCode).toBe(126);
    expect(notes).toEqual([
      executing.replace('hint: ', ''),
      expect.stringMatching(/^the program was recorded with paths/),
    ]);
    expect((await recorded({ paths: { ...SYSTEM, execute: ['bin'] } })).notes).toHaveLength(1);
    expect((await recorded({})).notes).toEqual([]);
  });

  test('is in the errors of execFile and execFileSync', async () => {
    const sandbox = new Sandbox('docker-default', { paths: SYSTEM, cwd: work, env: environment });
    const message = await new Promise((resolve) => {
      sandbox.execFile('sh', ['-c', './bin/tool'], (error) => resolve(error?.message));
    });
    expect(message).toMatch(/Permission denied\nhint: paths does not grant the execution of/);
    expect(() => sandbox.execFileSync('sh', ['-c', './bin/tool'], { stdio: 'pipe' })).toThrow(executing);
    expect(() => sandbox.execSync('exit 3', { stdio: 'pipe' })).toThrow(/^Command failed: exit 3$/);
  });
});

describeUnless(unsupported, 'the error of a program that can’t be executed', () => {
  /** The messages of the errors with which a program is not started, by a process without a superuser's rights. */
  const messagesOf = (file: string, paths: object) =>
    evaluateScript(
      `
      const [file, options] = ${JSON.stringify([file, { paths }])};
      sandbox.spawnSync('true', [], 'docker-default', options);
      if (process.geteuid() === 0) {
        process.setegid(65534);
        process.seteuid(65534);
      }
      const { error } = sandbox.spawnSync(file, [], 'docker-default', options);
      const [emitted] = error === undefined ? [] : await once(sandbox.spawn(file, [], 'docker-default', options), 'error');
      return [error?.message, emitted?.message];`,
      { env: WITHOUT_RINGS },
    );
  const unreadable = join(work, 'bin/unreadable');
  copyFileSync('/bin/true', unreadable);
  chmodSync(unreadable, 0o111);
  chmodSync(work, 0o755);

  test('names @system if its dynamic linker is not known, as the file can’t be read', ({ skip }) => {
    skip(process.getuid?.() === 0 && changesNoUser(), NO_CHANGE_OF_USER);
    const hint = `paths may not grant the interpreter or the dynamic linker of ${unreadable}, which this process can't find: add '@system' to read`;
    expect(messagesOf(unreadable, { read: ['/etc'] })).toEqual([
      `spawnSync ${unreadable} EACCES: ${hint}`,
      `spawn ${unreadable} EACCES: ${hint}`,
    ]);
    expect(messagesOf(unreadable, SYSTEM)).toEqual([null, null]);
  });

  test('names no grant if the file is not executable', ({ skip }) => {
    skip(process.getuid?.() === 0 && changesNoUser(), NO_CHANGE_OF_USER);
    const file = join(work, 'bin/text');
    writeFileSync(file, '');
    expect(messagesOf(file, {})).toEqual([`spawnSync ${file} EACCES`, `spawn ${file} EACCES`]);
  });
});

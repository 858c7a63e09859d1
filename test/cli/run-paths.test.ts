/** `seccomp run` with --read, --write and --execute: the command restricts the files that the program reaches. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RIGHTS } from '../../lib/landlock/paths/rights.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import * as execve from '../../lib/sandbox/execve.js';
import { main } from '../support/built.js';
import { seccomp } from '../support/command-line.js';
import { describeUnless } from '../support/describe-unless.js';
import { run } from '../support/processes.js';
import { packageRoot } from '../support/scripts.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-run-paths-'));
afterAll(() => rmSync(directory, { recursive: true }));
writeFileSync(join(directory, 'granted.txt'), 'granted\n');
writeFileSync(join(directory, 'other.txt'), 'other\n');
writeFileSync(join(directory, 'program'), '#!/bin/sh\necho executed\n', { mode: 0o755 });
mkdirSync(join(directory, 'out'));
symlinkSync('other.txt', join(directory, 'link'));

const root = process.cwd();
beforeEach(() => {
  vi.spyOn(execve, 'executeProgram').mockImplementation(() => expect.fail('this process would have been replaced'));
  process.chdir(directory);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.chdir(root);
});

/** Runs the command in a process of its own. */
const start = (...args: readonly string[]) => {
  const command = [main, 'run', ...args];
  const { status, signal, stdout, stderr, pid } = spawnSync(process.execPath, command, {
    encoding: 'utf8',
    cwd: directory,
  });
  return { status, signal, stdout, stderr, pid };
};
const { reason, rights } = pathsSupport();
const seesUnixSockets = (rights & RIGHTS.RESOLVE_UNIX.bit) !== 0;

describeUnless(reason ?? undefined, 'seccomp run', () => {
  test('lets the program reach the files that are named, and no others', async () => {
    const script = `cat granted.txt; cat other.txt; echo new >out/new; cat out/new; ./program; echo $$`;
    const granted = ['--read', '@system', '--read', 'granted.txt', '--write', 'out'];
    const result = start(...granted, '--', 'sh', '-c', script);
    expect(result).toMatchObject({ status: 0, stdout: `granted\nnew\n${result.pid}\n` });
    expect(result.stderr).toMatch(/other\.txt: Permission denied\n.*program: Permission denied/);
    expect(readFileSync(join(directory, 'out/new'), 'utf8')).toBe('new\n');
    const child = (...args: readonly string[]) => seccomp('run', '--timeout', '1h', ...args);
    expect(await child(...granted, '--execute', 'program', 'sh', '-c', './program >out/it')).toMatchObject({
      status: 0,
    });
    expect(readFileSync(join(directory, 'out/it'), 'utf8')).toBe('executed\n');
    const writing = ['sh', '-c', 'exec 2>/dev/null; echo x >out/no'];
    expect(await child('--read', '@system', '--read', '.', ...writing)).toMatchObject({ status: 2 });
    expect(existsSync(join(directory, 'out/no'))).toBe(false);
  });

  test('says before the start that libraries are not granted, and after the end that a program is not', async () => {
    const libraries =
      "seccomp: paths does not grant the libraries of sh, without which it can't start: add --read @system";
    expect(start('--read', '.', '--', 'sh', '-c', 'true').stderr).toMatch(new RegExp(`^${libraries}\n`));
    expect(start('--read', '@tmp', '--', 'sh', '-c', 'true').stderr).toMatch(new RegExp(`\n${libraries}\n$`));
    const program = join(realpathSync(directory), 'program');
    const inShell = (script: string) =>
      seccomp('run', '--read', '@system', '--read', '@tmp', '--', 'sh', '-c', `exec 2>/dev/null; ${script}`);
    expect(await inShell('./program')).toMatchObject({
      status: 126,
      stderr: `seccomp: paths does not grant the execution of ${program}: add --execute ${program}\n`,
    });
    expect((await inShell('exit 126')).stderr).toMatch(
      /^seccomp: exit code 126 can mean .*: add --execute PATH, or --execute @tmp if it has made that program in TMPDIR$/m,
    );
    expect((await inShell('exit 127')).stderr).toBe('');
  });

  test('says that the interpreter of a program which can’t be executed may not be granted', async () => {
    // Of an unknown format, and with an interpreter that is there but can't be executed.
    const file = join(directory, 'unexecutable');
    writeFileSync(file, `#!${join(directory, 'granted.txt')}\n`, { mode: 0o755 });
    const { status, stderr } = start('--read', '.', '--', file);
    expect(status).toBe(126);
    expect(stderr).toMatch(
      /^seccomp: \/.*unexecutable: not executable \(EACCES\)\nseccomp: paths may not grant the inter/,
    );
    const child = await seccomp('run', '--timeout', '1h', '--read', '@system', '--', file);
    expect(child).toEqual({ status: 126, stdout: '', stderr: expect.stringMatching(/EACCES\)\n$/) });
  });

  test.each<[string, readonly string[], RegExp]>([
    [
      'a path that does not exist',
      ['--read', 'no'],
      /^--read: \/.*\/no does not exist \(ENOENT\): create it first, or leave it out$/,
    ],
    ['the second path', ['--write', 'out', '--write', 'no'], /^--write: \/.*\/no does not exist/],
    ['an unknown word', ['--execute', '@sytem'], /^--execute: "@sytem" is unknown \(did you mean @system\?\)/],
    ['a word that is not for writing', ['--write', '@node'], /^--write: @node has rights .*: give it with --read$/],
    ['an empty path', ['--read', ''], /^--read: '' is no path: '\.' is the working directory$/],
    [
      'a tilde',
      ['--read', '~/no'],
      /^--read: \/.*~\/no does not exist \(ENOENT\): ~ is not expanded, so give "\$HOME\/no"$/,
    ],
    ['a tilde that a shell leaves', ['--write=~'], /^--write: .*: ~ is not expanded, so give "\$HOME"$/],
    ['a variable', ['--read', '$HOME/no'], /^--read: .*: \$HOME is not expanded, so let the shell expand it/],
    ['a pattern', ['--read', 'out/*.js'], /^--read: .*: patterns are not expanded, so grant the directory \/.*\/out$/],
    ['a URL', ['--read', 'file:///no'], /^--read: "file:\/\/\/no" is a URL: give the path, \/no$/],
    ['a list', ['--read', '@system,out'], /^--read: "@system,out" is unknown: .*, give --read once for each$/],
    ['a flag without its path', ['--read', '--write', 'out'], /^--read needs a path, and "--write" follows it; /],
    ['a flag before --', ['--execute'], /^--execute needs a path, and "--" follows it; a file of that name is \.\/--$/],
    [
      '--best-effort without paths',
      ['--best-effort'],
      /^--best-effort has no effect without --read, --write, --execute, --memory, --processes or --cpu/,
    ],
  ])('refuses %s, and names the flag', async (_, flags, message) => {
    const { status, stderr } = await seccomp('run', '--timeout', '1h', ...flags, '--', 'echo', 'started');
    expect(status).toBe(125);
    expect(stderr).toMatch(/^seccomp: .*\n$/);
    expect(stderr.slice('seccomp: '.length, -1)).toMatch(message);
  });

  test('refuses --abstract-sockets with paths where the kernel can’t tell Unix sockets apart', ({ skip }) => {
    skip(seesUnixSockets, 'this kernel tells them apart');
    expect(start('--abstract-sockets', '--read', '.', 'true')).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/^seccomp: --abstract-sockets can't be honored: .*; leave it out\n$/),
    });
  });

  test('--explain names what the restriction to paths denies', async ({ skip }) => {
    skip(seesUnixSockets, 'this kernel tells Unix sockets apart');
    const socket = `require('net').connect('/nowhere').on('error', () => { process.exitCode = 1; })`;
    const granted = ['--read', '@system', '--read', '@node'];
    const { stderr } = await seccomp('run', '--explain', ...granted, '--', process.execPath, '-e', socket);
    expect(stderr).toMatch(/seccomp: socket\(AF_UNIX, .*\): EAFNOSUPPORT\n/);
    expect(stderr).toMatch(/nscd/);
    expect(stderr).toMatch(/to allow, if it uses Unix sockets itself: run without --read, --write and --execute\n/);
  });

  test('--explain names denied files, and the flags that grant them', async () => {
    const explain = (...args: readonly string[]) =>
      seccomp('run', '--explain', ...args, '--', 'sh', '-c', 'exec cat other.txt >/dev/null 2>&1');
    const { stderr } = await explain('--read', '@system');
    expect(stderr).toMatch(/seccomp: open(at)?\(.*"other\.txt", O_RDONLY\): EACCES\n/);
    const [, path = ''] = /paths does not grant reading (\S+)\n/.exec(stderr) ?? [];
    expect(path).toMatch(/^\/.*\/other\.txt$/);
    expect(stderr).toContain(`to allow: --read ${path}\n`);
    const granted = await explain('--read', '@system', '--read', path);
    expect(granted.stderr).toMatch(/^seccomp: no call was denied/);
  });

  describe('with @tmp', () => {
    const own = ['--read', '@system', '--read', '@tmp', '--'];
    const inOwn = (script: string) =>
      start(...own, 'sh', '-c', `echo "$TMPDIR"; echo $$; echo x >"$TMPDIR/x"; ${script}`);

    test('gives the program a directory, and removes it', () => {
      const { status, stdout, pid } = inOwn('cat "$TMPDIR/x"; exit 7');
      const [path = '', child, content] = stdout.split('\n');
      expect({ status, content }).toEqual({ status: 7, content: 'x' });
      expect(Number(child)).not.toBe(pid);
      expect([path, existsSync(path)]).toEqual([expect.stringMatching(/^\/.*\/seccomp-/), false]);
    });

    test('removes it also if a signal ends the program, and is ended by the same signal', () => {
      const result = inOwn('kill -KILL $$');
      const [path = ''] = result.stdout.split('\n');
      expect(result).toMatchObject({ status: null, signal: 'SIGKILL' });
      expect([path, existsSync(path)]).toEqual([expect.stringMatching(/\/seccomp-/), false]);
    });
  });
});

describe('where Landlock is denied', () => {
  const denied = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['landlock_create_ruleset'], action: 'SCMP_ACT_ERRNO' }],
  } as const;
  const underFilter = (...args: readonly string[]) => run(process.execPath, [main, 'run', ...args], denied);

  test('paths are refused, and named by their flags', async () => {
    const { code, stdout, stderr } = await underFilter('--read', '/', '--write', '/tmp', '--', 'echo', 'started');
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toMatch(
      /^seccomp: --read and --write can't be honored: an attached filter denies Landlock: .*; leave out --read, .* or give --best-effort/,
    );
  });

  test('SECCOMP_PATHS is refused, and named', async () => {
    const register = join(packageRoot, 'dist/register.js');
    const env = { ...process.env, SECCOMP_PROFILE: 'unconfined', SECCOMP_PATHS: '{"read":["/"]}' };
    const { code, stdout, stderr } = await run(process.execPath, ['--import', register, '-p', '1'], denied, { env });
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toMatch(
      /^seccomp\/register: SECCOMP_PATHS can't be honored: an attached filter denies Landlock: .*; unset SECCOMP_PATHS: /,
    );
  });

  test('a program that is not isolated is reported, and none for which isolation is off', async () => {
    const reason =
      /^seccomp: COMMAND is not isolated from other processes, and what it starts may outlive it: an attached filter denies Landlock: let it .*--isolate.*\n$/;
    for (const more of [[], ['--timeout', '1h']]) {
      expect(await underFilter(...more, 'echo', 'out')).toMatchObject({
        ...{ code: 0, stdout: 'out\n' },
        stderr: expect.stringMatching(reason),
      });
      expect(await underFilter('--no-isolate', ...more, 'echo', 'out')).toMatchObject({ stdout: 'out\n', stderr: '' });
    }
  });

  test.each([1, 13, 38])(
    'errors, doctor and enforcement name the filter that answers with errno %i',
    async (errnoRet) => {
      const filter = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [
          { names: ['landlock_create_ruleset', 'landlock_restrict_self'], action: 'SCMP_ACT_ERRNO', errnoRet },
        ],
      } as const;
      const of = async (...args: readonly string[]) => {
        const { stdout, stderr } = await run(process.execPath, [main, ...args], filter);
        return stdout + stderr;
      };
      const doctor = await of('doctor');
      const [, reason = '', remedy = ''] = /isolation .*user: (.*)\n *→ (.*), or run children/.exec(doctor) ?? [];
      expect(reason).toMatch(/an attached filter denies (?:Landlock|it)/);
      expect(remedy).toBe('let it allow landlock_create_ruleset, landlock_add_rule and landlock_restrict_self');
      expect(doctor).toContain(`can't be restricted: ${reason}\n`);
      for (const flags of [[], ['--read', '/'], ['-s', 'untrusted']])
        expect(await of('run', ...flags, '--', 'true')).toContain(`: ${reason}: ${remedy}`);
    },
  );

  test('--best-effort starts the program', async () => {
    const given = ['--best-effort', '--read', '/nowhere'];
    const said = 'seccomp: the files that COMMAND reaches are not restricted: an attached filter denies Landlock';
    for (const more of [[], ['--timeout', '1h']]) {
      const { code, stdout, stderr } = await underFilter(...given, ...more, '--', 'echo', 'started');
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'started\n' });
      expect(stderr).toContain(said);
    }
  });
});

/** `seccomp run -s`, `seccomp check` and `seccomp record -s`: the command runs, checks and writes sandbox files. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import * as execve from '../../lib/sandbox/execve.js';
import { loadSandbox } from '../../lib/sandbox/load-sandbox.js';
import { main } from '../support/built.js';
import { seccomp } from '../support/command-line.js';
import { describeUnless } from '../support/describe-unless.js';
import { packageRoot } from '../support/scripts.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-cli-sandbox-')));
afterAll(() => rmSync(directory, { recursive: true }));
mkdirSync(join(directory, 'work/out'), { recursive: true });
const work = join(directory, 'work');
writeFileSync(join(work, 'data.txt'), 'data\n');
writeFileSync(join(work, 'other.txt'), 'other\n');
writeFileSync(join(directory, 'secret.txt'), 'secret\n');

const PATH = '/usr/local/bin:/usr/bin:/bin';

const root = process.cwd();
beforeEach(() => {
  vi.spyOn(execve, 'executeProgram').mockImplementation(() => expect.fail('this process would have been replaced'));
  vi.stubEnv('LC_ALL', 'C').stubEnv('PATH', PATH);
  process.chdir(work);
});
afterEach(() => {
  vi.restoreAllMocks().unstubAllEnvs();
  process.chdir(root);
});

/** Runs the command in a process of its own. */
function start(...args: readonly string[]) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    cwd: work,
  });
  return { status, signal, stdout, stderr };
}

/** Writes a sandbox file into the directory, and returns its name there. */
function written(document: object | string, name = 'sandbox.json'): string {
  writeFileSync(join(work, name), typeof document === 'string' ? document : JSON.stringify(document));
  return name;
}

const reason = pathsSupport().reason ?? isolationSupport().reason;

describeUnless(reason ?? undefined, 'seccomp run -s', () => {
  test('runs a command in the sandbox of a file', () => {
    const file = written({ paths: { read: ['@system', './data.txt'] }, network: 'none', env: { PATH, A: 'b' } });
    const result = start('run', '-s', `./${file}`, '--', 'sh', '-c', 'cat data.txt other.txt; echo $A; exit 3');
    expect(result).toMatchObject({ status: 3, stdout: 'data\nb\n' });
    expect(result.stderr).toMatch(/other\.txt: Permission denied/);
  });

  test('runs it in a built-in one', () => {
    const { stdout, stderr } = start('run', '-s', 'untrusted', '--', 'sh', '-c', 'cat data.txt ../secret.txt');
    expect(stdout).toBe('data\n');
    expect(stderr).toMatch(/secret\.txt: Permission denied/);
  });

  test('adds paths that are given to those of the file', async () => {
    const file = written({ paths: { read: ['@system', './data.txt'] } });
    const program = ['--', 'sh', '-c', 'cat data.txt other.txt >/dev/null'];
    expect(await seccomp('run', '-s', `./${file}`, '--timeout', '1h', '--read', 'other.txt', ...program)).toEqual({
      ...{ status: 0, stdout: '', stderr: '' },
    });
  });

  test('lets other options replace what the file says', async () => {
    const file = written({ timeout: 50, isolate: false, capabilities: [], descendants: 'kill' });
    expect((await seccomp('run', '-s', `./${file}`, '--isolate', '--', 'true')).stderr).toBe(
      'seccomp: ./sandbox.json:1:49: descendants: what ends the descendants needs isolation: leave out "isolate": false\n',
    );
    const slow = written({ timeout: 50 });
    expect(await seccomp('run', '-s', `./${slow}`, '--', 'sleep', '1000')).toMatchObject({ status: 124 });
    const quick = ['sh', '-c', 'cat data.txt >/dev/null'];
    expect(await seccomp('run', '-s', `./${slow}`, '--timeout', '1h', '--', ...quick)).toMatchObject({ status: 0 });
  });

  test('names what was denied with --explain', async () => {
    const file = written({ paths: { read: ['@system'] }, network: 'none' });
    const script = 'cat ../secret.txt 2>/dev/null';
    const { stderr } = await seccomp('run', '-s', `./${file}`, '--explain', '--', 'sh', '-c', script);
    expect(stderr).toMatch(/paths does not grant reading .*secret\.txt/);
    expect(stderr).toMatch(/to allow: --read .*secret\.txt/);
  });

  test('names the mode that denies the program what the file grants', async () => {
    writeFileSync(join(work, 'closed.txt'), '', { mode: 0 });
    onTestFinished(() => rmSync(join(work, 'closed.txt')));
    const file = written({ paths: { read: ['@system', '.'] }, capabilities: [] });
    const { status, stderr } = await seccomp('run', '-s', `./${file}`, '--explain', '--', 'cat', 'closed.txt');
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^seccomp: paths grants \S*\/closed\.txt, but its mode denies reading it to .*: give this user access/m,
    );
    const { stderr: other } = await seccomp('run', '-s', `./${file}`, '--explain', '--', 'cat', 'data.txt');
    expect(other).not.toContain('mode');
  });

  test.each<[string, readonly string[], string, string]>([
    ['the sandbox, by a flag', ['-s', './sandbox.json'], '.', 'this sandbox'],
    ['its profile, by a flag', ['-s', './sandbox.json'], './own.json', join(work, 'own.json')],
    ['the profile', ['-p', './own.json'], '.', 'this profile'],
  ])('warns that the program may change %s', async (_, flags, write, what) => {
    written({ profile: './own.json', timeout: 3_600_000 });
    written({ defaultAction: 'SCMP_ACT_ALLOW' }, 'own.json');
    const given = [...flags, '--read', '@system', '--write', write, '--timeout', '1h'];
    const { status, stderr } = await seccomp('run', ...given, '--', 'true');
    const warning = `--write ${write} lets the program change ${what}, and so what it may do at its next start`;
    expect([status, stderr]).toEqual([0, expect.stringContaining(warning)]);
  });

  test('warns that the program may change its sandbox', async () => {
    const file = written({ paths: { read: ['@system'], write: ['.'] }, timeout: 3_600_000 });
    const { status, stderr } = await seccomp('run', '-s', `./${file}`, '--', 'true');
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/^seccomp: warning: \.\/sandbox\.json:1:\d+: paths\.write\[0\]: lets the program change/),
    ]);
  });

  test.each<[string, readonly string[], string]>([
    ['a profile beside it', ['-s', 'untrusted', '-p', 'node'], '--profile cannot be combined with --sandbox'],
    ['--compat beside it', ['-s', 'untrusted', '--compat'], '--compat cannot be combined with --sandbox'],
    ['an unknown name', ['-s', 'untrustd'], 'unknown built-in sandbox "untrustd" (did you mean untrusted?)'],
    ['a file that is missing', ['-s', './none.json'], "./none.json: the sandbox can't be read"],
  ])('refuses %s', async (_, args, message) => {
    const { status, stderr } = await seccomp('run', ...args, '--', 'true');
    expect([status, stderr]).toEqual([125, expect.stringContaining(message)]);
  });
});

describe('seccomp check', () => {
  test('tells sandbox files from profiles', async () => {
    written({ timeout: '5s' }, 'wrong.json');
    written({ timeout: 5 }, 'right.json');
    written({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] }, 'profile.json');
    const { status, stdout } = await seccomp('check', './wrong.json', './right.json', './profile.json', 'untrusted');
    expect([status, stdout]).toEqual([
      1,
      'error ./wrong.json:1:2: timeout: must be a number of milliseconds, not "5s": write 5000\n',
    ]);
  });

  test('reads one from text and from a pipe', async () => {
    expect((await seccomp('check', '{ "tiemout": 5 }')).stdout).toContain('inline:1:3: tiemout: is an unknown key');
    const command = `echo '{ "timeout": 5.5 }' | ${process.execPath} ${main} check -`;
    const { stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    expect(stdout).toContain('stdin:1:3: timeout: must be a whole number');
  });

  test('reports what is wrong with its profile on this host, at its place in the file', async () => {
    const rules = ['SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO'].map((action) => ({ names: ['read'], action }));
    const file = written(`{\n"profile": ${JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: rules })} }`);
    expect((await seccomp('check', `./${file}`)).stdout).toMatch(
      /^(error|warning) \.\/sandbox\.json:2:\d+: profile\.syscalls\[1\]/,
    );
  });

  test('names the file of a rule that it names or extends, and no rule of a built-in', async () => {
    const rules = ['SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO'].map((action) => ({ names: ['read'], action }));
    const own = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: rules };
    written(own, 'own.json');
    written({ profile: own }, 'base.json');
    for (const [document, name] of [
      [{ profile: './own.json' }, './own.json'],
      [{ profile: ['docker-default', './own.json'] }, './own.json'],
      [{ extends: './base.json' }, './base.json'],
    ] as const) {
      const { stdout } = await seccomp('check', `./${written(document)}`);
      expect(stdout).toContain(` ./sandbox.json: ${name}:1:`);
      expect(
        stdout
          .trimEnd()
          .split('\n')
          .every((line) => line.includes(name)),
      ).toBe(true);
    }
    for (const document of [{ extends: 'untrusted' }, { timeout: 5 }, { profile: ['docker-default', 'node'] }])
      expect(await seccomp('check', `./${written(document)}`)).toMatchObject({ status: 0, stdout: '' });
  });

  test('warns of secrets in a directory that it grants, which a start does not', async () => {
    writeFileSync(join(work, '.env'), '');
    onTestFinished(() => rmSync(join(work, '.env')));
    const file = `./${written({ paths: { read: ['@system', '.'] } })}`;
    const warning = 'warning ./sandbox.json:1:29: paths.read[1]: lets the program read .env (it has secrets): ';
    expect((await seccomp('check', file)).stdout).toContain(warning);
    expect(loadSandbox(file).warnings).toEqual([]);
  });

  test('reports each warning about its profiles once', async () => {
    const profileOf = (name: string) => ({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: [name], action: 'SCMP_ACT_ALLOW' }],
    });
    const { status, stdout } = await seccomp('check', JSON.stringify({ profile: ['openaat', 'raed'].map(profileOf) }));
    expect([status, stdout.trimEnd().split('\n')]).toEqual([
      0,
      [expect.stringMatching(/^warning .*"openaat"/), expect.stringMatching(/^warning .*"raed"/)],
    ]);
  });

  test('refuses options that have no effect on one', async () => {
    expect((await seccomp('check', '--compat', '{ "timeout": 5 }')).stderr).toContain(
      '--compat has no effect on a sandbox',
    );
  });

  test.each([{}, { $schema: './schema.json' }])('takes %j for a sandbox, as loadSandbox does', async (document) => {
    const file = `./${written(document)}`;
    expect(loadSandbox(file).warnings).toEqual([]);
    expect(await seccomp('check', file)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test('says that a sandbox file is no profile where one is expected', async () => {
    const { stderr } = await seccomp('run', '-p', `./${written({ timeout: 5, network: 'none' })}`, '--', 'true');
    expect(stderr).toContain('this is a sandbox and no profile, as it has the key network: load it by loadSandbox');
  });
});

describeUnless(reason ?? undefined, 'seccomp record -s', () => {
  const SCRIPT = 'sort data.txt >out/sorted; cat out/sorted';
  const reading = (file: string) => ['head', '-c', '0', file];
  const made = () => JSON.parse(readFileSync(join(work, 'made.json'), 'utf8'));
  beforeEach(() => rmSync(join(work, 'made.json'), { force: true }));

  test('writes a sandbox under which the command runs again, and does no more', async () => {
    const { status, stdout, stderr } = start('record', '-s', 'made.json', '--', 'sh', '-c', SCRIPT);
    expect([status, stdout]).toEqual([0, 'data\n']);
    expect(stderr).toMatch(/1× written {2}.*\/sorted/);
    expect(made()).toMatchObject({
      paths: { read: ['@system', './data.txt'], write: ['./out'] },
      network: 'none',
      profile: { defaultAction: 'SCMP_ACT_ERRNO' },
    });
    expect(JSON.stringify(made().profile)).not.toContain('runc');
    expect(await seccomp('check', './made.json')).toMatchObject({ status: 0, stdout: '' });
    const again = start('run', '-s', './made.json', '--', 'sh', '-c', `${SCRIPT}; cat other.txt`);
    expect(again.stdout).toBe('data\n');
    expect(again.stderr).toMatch(/other\.txt: Permission denied/);
  });

  test('warns that the command may change the file that is written', async () => {
    const { status, stderr } = start('record', '-s', 'made.json', '--', 'sh', '-c', 'echo >new.txt; rm new.txt');
    expect([status, made().paths.write]).toEqual([0, ['.']]);
    expect(stderr).toMatch(
      /^seccomp: warning: made\.json:\d+:\d+: paths\.write\[0\]: lets the program change this sandbox/m,
    );
  });

  test('leaves the network open to a command that has used it', async () => {
    const code = 'require("net").connect(1, "127.0.0.1").on("error", () => {})';
    await seccomp('record', '-s', 'made.json', '--', process.execPath, '-e', code);
    expect(Object.keys(made())).toEqual(['paths', 'profile']);
  });

  test('adds to the sandbox in the file with --merge, and keeps what a person wrote', async () => {
    await seccomp('record', '-s', 'made.json', '--', ...reading('data.txt'));
    const before = made();
    written({ timeout: 5000, env: ['PATH'], ...before, paths: { ...before.paths, execute: ['/bin'] } }, 'made.json');
    const { status } = await seccomp('record', '-s', 'made.json', '--merge', '--', ...reading('other.txt'));
    expect(status).toBe(0);
    expect(Object.keys(made())).toEqual(['timeout', 'env', 'paths', 'network', 'profile']);
    expect(made()).toMatchObject({
      timeout: 5000,
      paths: { read: ['@system', './data.txt', './other.txt'], execute: ['/bin'] },
    });
  });

  test('says that what the file extends denies the network that a command has used', async ({ skip }) => {
    written({ extends: 'untrusted' }, 'made.json');
    const code = 'import socket; socket.socket()';
    const { status, stderr } = await seccomp('record', '-s', 'made.json', '--merge', '--', 'python3', '-c', code);
    skip(status === 127, 'needs python3');
    expect(stderr).toContain('note: the program made sockets, which what the file extends denies');
    expect(Object.keys(made())).toEqual(['extends', 'paths', 'profile']);
  });

  test('says that it saw no file, where it may not read the memory of the program', async () => {
    const flags = ['-s', 'untrusted', '--read', '@node', '--read', packageRoot, '--write', '.'];
    const nested = [process.execPath, main, 'record', '-s', 'made.json', '--', 'cat', 'data.txt'];
    const { stderr } = start('run', ...flags, '--', ...nested);
    expect(stderr).toMatch(
      /note: paths lacks the files of the program: none of those that it named \(by .*\) could be read/,
    );
  });

  test('writes paths relative to the file', async () => {
    symlinkSync(work, join(directory, 'link'));
    for (const [name, paths] of [
      ['../made.json', ['@system', './work/data.txt']],
      ['out/made.json', ['@system', join(work, 'data.txt')]],
      [join(directory, 'link/made.json'), ['@system', join(work, 'data.txt')]],
    ] as const) {
      await seccomp('record', '-s', name, '--', ...reading('data.txt'));
      const path = name.startsWith('/') ? name : join(work, name);
      expect(JSON.parse(readFileSync(path, 'utf8')).paths.read).toEqual(paths);
      expect(await seccomp('run', '--timeout', '1h', '-s', path, '--', ...reading('data.txt'))).toMatchObject({
        status: 0,
      });
      rmSync(path);
    }
  });

  test.each<[string, readonly string[], string]>([
    ['-o beside it', ['-s', 'made.json', '-o', 'x.json'], '-o cannot be combined with -s'],
    ['another format', ['-s', 'made.json', '--format', 'spo'], '--format spo cannot be combined with -s'],
    ['a file that exists', ['-s', 'sandbox.json'], 'sandbox.json exists'],
    [
      'to merge into a profile by name',
      ['-s', 'named.json', '--merge'],
      'named.json: its profile is "node", and --merge',
    ],
    ['to merge into a file with mistakes', ['-s', 'broken.json', '--merge'], 'broken.json:1:2: timeout: must be'],
  ])('refuses %s', async (_, args, message) => {
    written({ profile: 'node' }, 'named.json');
    written({ timeout: 'x' }, 'broken.json');
    written({});
    const { status, stderr } = await seccomp('record', ...args, '--', 'true');
    expect([status, stderr]).toEqual([125, expect.stringContaining(message)]);
  });
});

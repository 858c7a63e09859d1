/** Errors name what went wrong and what to do about it, and those of the command in its own words. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { inFlags } from '../../lib/cli/options/profile-options.js';
import { pathProblem } from '../../lib/landlock/paths/messages.js';
import { makePrivateDirectory } from '../../lib/landlock/paths/private-directory.js';
import { addon } from '../../lib/native.js';
import { attachRemedy } from '../../lib/sandbox/child/start-errors.js';
import { compile } from '../../lib/sandbox/compile.js';
import { seccomp } from '../support/command-line.js';
import { packageRoot } from '../support/root.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-causes-'));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

describe('a shortage is not blamed on what was given:', () => {
  test('a path', () => {
    const failure = { error: constants.errno.EMFILE, call: 'open' };
    expect(pathProblem(failure, 'EMFILE', '/bin', undefined)).toMatch(/^can't be opened \(EMFILE\): .*ulimit -n/);
  });

  test.each([
    ['EMFILE', 'close files, or raise their limit (ulimit -n)'],
    ['ENOSPC', 'make room there, or set TMPDIR'],
    ['EPERM', 'a filter that this process has may deny the call'],
    ['ENOSYS', 'a filter that this process has denies the call'],
    ['EACCES', 'set TMPDIR to an existing directory'],
  ] as const)('a private directory that can not be made for %s', (errno, remedy) => {
    const failure = { error: constants.errno[errno], call: 'mkdir' } as never;
    vi.spyOn(addon(), 'makePrivateDirectory').mockReturnValue(failure);
    expect(() => makePrivateDirectory({})).toThrow(`(mkdir ${errno}): ${remedy}`);
  });

  test('a profile', () => {
    writeFileSync(join(directory, 'p.json'), '{"defaultAction": "SCMP_ACT_ALLOW"}');
    const script = `
      const { openSync, closeSync } = require('node:fs');
      const { loadProfile } = require(${JSON.stringify(packageRoot)});
      loadProfile('./p.json');
      const open = [];
      try { for (;;) open.push(openSync('/dev/null')); } catch {}
      try { loadProfile('./p.json'); } catch (error) { for (const each of open) closeSync(each); console.log(error.message); }`;
    const command = `ulimit -n 40; exec "$0" -e "$1"`;
    const { stdout, stderr } = spawnSync('sh', ['-c', command, process.execPath, script], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^\.\/p\.json: .*EMFILE.*: .*ulimit -n/), '']);
  });
});

test('an ABI of another byte order is refused, and is no bug of this package', async () => {
  const other = 's390x has a different byte order from the native ABI, x86_64';
  const host = { abi: 'x86_64', kernel: { major: 6, minor: 12 }, capabilities: new Set<string>() } as const;
  expect(() => compile('docker-default', { host: { ...host, abis: ['s390x'] } })).toThrow(other);
});

test('a working directory whose name is not UTF-8 is said to be that', () => {
  const made = spawnSync('sh', ['-c', `mkdir "$(printf 'x\\377')"`], { cwd: directory });
  expect(made.status).toBe(0);
  const main = join(packageRoot, 'dist/cli/main.js');
  const script = `cd "$(printf 'x\\377')" && exec "$0" "$@"`;
  const args = ['-c', script, process.execPath, main, 'run', '--read', '@system', '--read', '.', '--', 'true'];
  const { status, stderr } = spawnSync('sh', args, { cwd: directory, encoding: 'utf8' });
  expect([status, stderr]).toEqual([
    125,
    expect.stringMatching(
      /^seccomp: the working directory "?.*ufffd"? has a name that is not UTF-8, .*another directory\n$/,
    ),
  ]);
});

test('the command has no names of the library', async () => {
  expect((await seccomp('run', '')).stderr).toBe('seccomp: COMMAND is empty: name a program\n');
  const texts = {
    'options.cwd: /x does not exist': 'the working directory: /x does not exist',
    'it used more memory than it may (options.limits.memory)': 'it used more memory than it may (--memory)',
    'it took too long (options.timeout)': 'it took too long (--timeout)',
    'it was aborted (options.signal)': 'it was aborted (by a signal to seccomp)',
    'it wrote too large a file (options.rlimits.fsize)': 'it wrote too large a file (RLIMIT_FSIZE)',
  };
  expect(Object.keys(texts).map(inFlags)).toEqual(Object.values(texts));
});

test('a second listener is refused in words of the command', async () => {
  const profile = {
    defaultAction: 'SCMP_ACT_ALLOW' as const,
    syscalls: [{ names: ['getpid'], action: 'SCMP_ACT_NOTIFY' as const }],
    listenerPath: '/nowhere/agent.sock',
  };
  const remedy = 'leave out listenerPath of the profile, or --explain';
  const { stderr } = await seccomp('run', '--explain', '-p', JSON.stringify(profile), '--', 'true');
  expect(stderr).toBe(`seccomp: listenerPath names an agent, and a filter has only one listener: ${remedy}\n`);
  const remedyOfStart = attachRemedy(constants.errno.EBUSY, 'the child');
  expect(inFlags(remedyOfStart)).toMatch(new RegExp(`${remedy}$`));
});

test('a sandbox that is too large is not called a profile', () => {
  const file = join(directory, 'large.json');
  writeFileSync(file, `{"env": [${'1,'.repeat(1 << 20)}1]}`);
  const args = [join(packageRoot, 'dist/cli/main.js'), 'run', '-s', file, '--', 'true'];
  const { stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toMatch(/this is too large for a profile or a sandbox: it has more than 1048576 values/);
});

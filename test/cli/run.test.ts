/** `seccomp run`: becomes the program, or exits with the status of env(1) if it can't. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { isolationSupport } from '../../lib/landlock/domain.js';
import * as execve from '../../lib/sandbox/execve.js';
import { main } from '../support/built.js';
import { seccomp } from '../support/command-line.js';
import { parseStatus } from '../support/processes.js';

beforeEach(() => {
  vi.spyOn(execve, 'executeProgram').mockImplementation(() => expect.fail('this process would have been replaced'));
});
afterEach(() => vi.restoreAllMocks());

/** Runs the command in a process of its own, which the program replaces. */
const start = (args: readonly string[], options: { readonly input?: string; readonly cwd?: string } = {}) => {
  const { status, signal, stdout, stderr, pid } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    ...options,
  });
  return { status, signal, stdout, stderr, pid };
};
const killing = (...names: string[]) =>
  JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_KILL_PROCESS' }] });

describe('seccomp run', () => {
  test('becomes the program: same process ID, with the filter, default signal dispositions and only standard descriptors', () => {
    // The shell blocks signals while it starts a program, so it reads its status itself.
    const script = 'ls /proc/$$/fd; while IFS= read -r line; do echo "$line"; done < /proc/$$/status';
    const { pid, stdout } = start(['run', '-p', 'docker-default', '--', 'sh', '-c', script]);
    expect(stdout).toMatch(/^0\n1\n2\nName:/);
    const status = parseStatus(stdout);
    expect(status.get('Pid')).toBe(String(pid));
    expect(status.get('Seccomp')).toBe('2');
    expect(status.get('NoNewPrivs')).toBe('1');
    expect(status.get('SigIgn')).toBe('0'.repeat(16));
    expect(status.get('SigBlk')).toBe('0'.repeat(16));
  });

  test.each([['--explain'], ['--timeout', '1h']])(
    'exits with 128 + n if signal n without a name ends its child, with %s',
    (...flags) => {
      const program = ['--', 'bash', '-c', 'kill -35 $$'];
      expect(start(['run', ...flags, '-p', 'docker-default', ...program])).toMatchObject({ status: 163 });
    },
  );

  test('in a run that isolates it, can start guardians', ({ skip }) => {
    skip(isolationSupport().by !== 'scopes', 'needs Landlock scopes');
    const inner = [process.execPath, main, 'run', '-s', 'untrusted', '--', 'true'];
    const cwd = mkdtempSync(join(tmpdir(), 'seccomp-nested-'));
    onTestFinished(() => rmSync(cwd, { recursive: true }));
    expect(start(['run', '--', ...inner], { cwd })).toMatchObject({ status: 0, stderr: '' });
  });

  test('reads the profile strictly, unless --compat is given', async () => {
    const profile = '{"defaultAction": "SCMP_ACT_ALLOW", "syscals": []}';
    expect(await seccomp('run', '-p', profile, 'true')).toMatchObject({ status: 125 });
    expect(start(['run', '--compat', '-p', profile, 'true'])).toMatchObject({ status: 0 });
    const { stdout } = await seccomp('explain', '--compat', '--format', 'docker', profile, 'mount');
    expect(stdout).toMatch(/mount on \w+: allow/);
  });

  test('filters nothing for unconfined, and refuses by its name a flag that has no effect on it', async () => {
    const { status, stderr } = spawnSync('unshare', ['-U', 'true'], { encoding: 'utf8' });
    expect(start(['run', '-p', 'Unconfined', 'unshare', '-U', 'true'])).toMatchObject({ status, stderr });
    expect(await seccomp('run', '--explain', '-p', 'unconfined', 'true')).toMatchObject({ status: 0 });
    expect(await seccomp('check', 'unconfined')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect((await seccomp('explain', 'unconfined', 'mount')).stdout).toMatch(/^mount on \w+: allow\n/);
    expect((await seccomp('explain', 'unconfined')).stdout).toMatch(/^allow \(\d+\)\n/);
    const refused = (flag: string, what: string) => `seccomp: ${flag}: has no effect on ${what}: leave it out\n`;
    expect(await seccomp('run', '--compat', '-p', 'unconfined', 'true')).toMatchObject({
      status: 125,
      stderr: refused('--compat', 'unconfined'),
    });
    expect(await seccomp('explain', '--format', 'oci', 'docker-default', 'mount')).toMatchObject({
      status: 125,
      stderr: refused('--format', 'a built-in profile'),
    });
  });

  test('refuses two options about isolation', async () => {
    for (const pair of [
      ['--isolate', '--no-isolate'],
      ['--no-isolate', '--isolate'],
      ['--isolate', '--abstract-sockets'],
    ])
      expect(await seccomp('run', ...pair, '--', 'true')).toMatchObject({
        status: 125,
        stderr: expect.stringMatching(/leave one/),
      });
  });

  test('names its own option in the error for isolation that is not possible', ({ skip }) => {
    skip(process.getuid?.() !== 0, 'this user can be isolated');
    const { status, stderr } = start(['run', '--isolate', '--', 'true']);
    expect([status, stderr]).toEqual([
      125,
      expect.stringMatching(/--isolate can't be honored: uid 0 .*: start seccomp as another user/),
    ]);
  });

  test('passes input, output and exit status through', () => {
    const result = start(['run', 'sh', '-c', 'cat; echo err >&2; exit 7'], { input: 'in' });
    expect(result).toMatchObject({ status: 7, stdout: 'in', stderr: 'err\n' });
    expect(start(['run', '--', 'sh', '-c', 'kill -9 $$'])).toMatchObject({ status: null, signal: 'SIGKILL' });
  });

  test('passes the program’s own options through', () => {
    expect(start(['run', 'echo', '-p', '--help', '--']).stdout).toBe('-p --help --\n');
  });

  test('uses docker-default if no profile is given', () => {
    const stderr = expect.stringContaining('Operation not permitted');
    expect(start(['run', 'unshare', '--user', 'true'])).toMatchObject({ status: 1, stderr });
  });

  test('resolves the profile for capabilities and ABIs that are named', () => {
    const options = ['--capability', 'CAP_SYS_ADMIN', '--capability', 'CAP_CHOWN', '--abi', 'x86'];
    const under = start(['run', ...options, 'unshare', '--uts', 'true']);
    const without = spawnSync('unshare', ['--uts', 'true'], { encoding: 'utf8' });
    expect(under).toMatchObject({ status: without.status, stderr: without.stderr });
  });

  test('takes a profile by path', () => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'p.json');
    writeFileSync(file, killing('mkdir', 'mkdirat'));
    expect(start(['run', '-p', file, '--', 'mkdir', 'x'])).toMatchObject({ status: null, signal: 'SIGSYS' });
  });

  test('starts the program under a profile that denies execve, but no other program', () => {
    const result = start(['run', '-p', killing('execve'), '--', 'sh', '-c', 'echo started; exec /bin/true']);
    expect(result).toMatchObject({ stdout: 'started\n', signal: 'SIGSYS' });
  });

  test.each([
    ['127 for a command that is not there', 127, ['surely-not-there'], /surely-not-there: command not found/],
    ['126 for a file that is no program', 126, ['/etc/passwd'], /\/etc\/passwd: not executable \(EACCES\)/],
    ['126 for a directory', 126, ['/'], /not executable/],
    ['125 for an unknown capability', 125, ['--capability', 'CAP_X', '--', 'true'], /unknown capability "CAP_X"/],
  ])('exits %s', (_, status, args, message) => {
    const result = start(['run', ...args]);
    expect(result).toMatchObject({ status, stdout: '' });
    expect(result.stderr).toMatch(message);
  });

  test.each([
    ['125 for a profile that is not there', ['-p', './no.json', 'true'], /no\.json: the profile can't be read/],
    ['125 for a built-in that is not there', ['-p', 'docker', 'true'], /unknown built-in profile "docker"/],
    ['125 for a profile with mistakes', ['-p', '{"defaultAction": "NO"}', 'true'], /inline:1:2: defaultAction/],
    ['125 for an unknown option', ['--profil', 'x', 'true'], /^seccomp: unknown option '--profil'/],
    ['125 for no command', [], /missing required argument/],
  ])('exits %s, before it would become the program', async (_, args, message) => {
    const result = await seccomp('run', ...args);
    expect(result).toMatchObject({ status: 125, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(execve.executeProgram).not.toHaveBeenCalled();
  });

  test.each([
    ['run', '-p, --profile <profile>', ['-p', 'docker-default', '--profile=unconfined', 'true']],
    ['run', '--format <format>', ['--format', 'oci', '--format', 'oci', '-p', '{}', 'true']],
    ['record', '-o, --output <file>', ['-o', '/nowhere/a', '-o/nowhere/b', 'true']],
    ['record', '--base <profile>', ['--base', 'compute', '--base', 'compute', 'true']],
    ['record', '--format <format>', ['-o', '/nowhere/a', '--format', 'spo', '--format', 'docker', 'true']],
    ['explain', '--abi <name>', ['--abi', 'x86', '--abi', 'x86_64', 'docker-default', 'mount']],
    ['check', '--format <format>', ['--format', 'oci', '--format', 'docker', '{}']],
  ])('exits 125 for an option that may be given only once: %s %s', async (command, flags, args) => {
    const { status, stdout, stderr } = await seccomp(command, ...args);
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toContain(`seccomp: option '${flags}' can be given only once\n`);
  });

  test('reports a missing program under a profile that kills for all calls that it could make', () => {
    const profile = '{"defaultAction": "SCMP_ACT_KILL_PROCESS"}';
    expect(start(['run', '-p', profile, 'surely-not-there'])).toMatchObject({ status: 127 });
  });
});

describe('seccomp', () => {
  test('prints its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(start(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(await seccomp('--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/run .*doctor/s) });
  });

  test('exits 125 for an unknown command, with the nearest one', async () => {
    const stderr = expect.stringMatching(/unknown command 'rum'[\s\S]*Did you mean run/);
    expect(await seccomp('rum')).toMatchObject({ status: 125, stderr });
  });
});

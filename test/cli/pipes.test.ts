/** Profiles from pipes, by path and as `-`: of bounded size, and a signal ends the command while it waits for one. */
import { type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { main } from '../support/built.js';
import { seccomp } from '../support/command-line.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-pipes-'));
afterAll(() => rmSync(directory, { recursive: true }));

const DENY_MKDIR =
  '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}';
const MISTAKEN = '{"defaultAction": 1}';

/** Runs the command with a standard input. */
function start(args: readonly string[], stdin: string | number = '') {
  const first = typeof stdin === 'string' ? 'pipe' : stdin;
  const stdio: StdioOptions = [first, 'pipe', 'pipe'];
  const options = { encoding: 'utf8', stdio, ...(typeof stdin === 'string' && { input: stdin }) } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], options);
  return { status, stdout, stderr };
}

let fifos = 0;

/** The path of a pipe through which a process that is started now writes a text. */
function fifoWith(text: string): string {
  const fifo = join(directory, `fifo-${fifos++}`);
  const file = `${fifo}.text`;
  writeFileSync(file, text);
  spawnSync('mkfifo', [fifo]);
  spawn('sh', ['-c', 'exec cat "$1" >"$2" 2>/dev/null', 'sh', file, fifo], { stdio: 'ignore' });
  return fifo;
}

/** Runs the command in bash, where `$profile` is a text that it may pipe. */
function inBash(script: string, profile: string) {
  const env = { ...process.env, NO_COLOR: '1', node: process.execPath, main, profile };
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

describe('a profile through a pipe:', () => {
  test.each([
    ['run -p <(…)', '"$node" "$main" run -p <(echo "$profile") -- mkdir /tmp/never'],
    ['run -p - < FILE', '"$node" "$main" run -p - -- mkdir /tmp/never <<< "$profile"'],
    ['run --explain -p -', 'echo "$profile" | "$node" "$main" run --explain -p - -- mkdir /tmp/never'],
  ])('%s', (_, script) => {
    const { status, stderr } = inBash(script, DENY_MKDIR);
    expect(stderr).toContain('Operation not permitted');
    expect(status).toBe(1);
  });

  test('check -', () => {
    const { status, stdout } = inBash('echo "$profile" | "$node" "$main" check -', MISTAKEN);
    expect([status, stdout]).toEqual([1, 'error stdin:1:2: defaultAction: unknown action 1\n']);
  });

  test('check PIPE', async () => {
    const pipe = fifoWith(MISTAKEN);
    const stdout = `error ${pipe}:1:2: defaultAction: unknown action 1\n`;
    expect(await seccomp('check', pipe)).toEqual({ status: 1, stdout, stderr: '' });
  });

  test('explain PIPE', async () => {
    expect(await seccomp('explain', '--json', fifoWith(DENY_MKDIR), 'mkdir')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('syscalls[0]'),
    });
  });

  test('record --base PIPE', async () => {
    const pipe = fifoWith(DENY_MKDIR);
    const { stderr } = await seccomp('record', '--base', pipe, '--', 'true');
    expect(stderr).toContain(`seccomp: needed, and not allowed by ${pipe}: nothing\n`);
  });

  test('leaves the program an empty standard input', () => {
    expect(start(['run', '-p', '-', '--', 'wc', '-c'], DENY_MKDIR)).toMatchObject({ status: 0, stdout: '0\n' });
  });

  test.each(['docker-default', '/etc/passwd', '[1]', ''])('is JSON, not a name or a path: %j', async (text) => {
    const { status, stderr } = await seccomp('run', '--timeout', '1h', '-p', fifoWith(text), 'true');
    expect(stderr).toMatch(/^seccomp: \/.*:1:1: /);
    expect(status).toBe(125);
  });

  test('has at most 16 MiB', async () => {
    const limit = 16 * 1024 * 1024;
    expect(start(['check', '-'], DENY_MKDIR.padEnd(limit))).toMatchObject({ status: 0, stderr: '' });
    const pipe = fifoWith(DENY_MKDIR.padEnd(limit + 1));
    expect(await seccomp('explain', pipe, 'mount')).toEqual({
      ...{ status: 125, stdout: '' },
      stderr: `seccomp: ${pipe}: more than 16 MiB (16777216 bytes): a profile may have no more\n`,
    });
  });

  test('is waited for until a signal arrives', async () => {
    const fifo = join(directory, 'fifo');
    spawnSync('mkfifo', [fifo]);
    const child = spawn(process.execPath, [main, 'run', '-p', fifo, 'true'], { stdio: 'ignore' });
    const writer = await open(fifo, 'w'); // Is there when the command has opened the other end.
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
    await writer.close();
  });
});

describe('refuses at once what is not a pipe:', () => {
  test('a terminal', () => {
    const { status, stdout } = spawnSync('script', ['-qec', `${process.execPath} ${main} run -p - true`, '/dev/null'], {
      encoding: 'utf8',
    });
    expect(stdout).toMatch(
      /^seccomp: stdin: this is a terminal, but a profile must come from a pipe or a file: write "/,
    );
    expect(status).toBe(125);
  });

  test('a device on standard input', () => {
    const zero = openSync('/dev/zero', 'r');
    expect(start(['check', '-'], zero)).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/^seccomp: stdin: this is a device, /),
    });
    closeSync(zero);
  });

  test.each(['/dev/zero', '/dev/tty', '/dev/full', directory])('%s', async (path) => {
    expect(await seccomp('run', '--timeout', '1h', '-p', path, 'true')).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(
        /^seccomp: \/.*: this is a (device|directory), but a profile must be a regular file/,
      ),
    });
  });
});

test('a file on standard input is read from its current offset', () => {
  const file = join(directory, 'p.json');
  writeFileSync(file, DENY_MKDIR);
  const descriptor = openSync(file, 'r');
  expect(start(['check', '-'], descriptor)).toMatchObject({ status: 0, stderr: '' });
  closeSync(descriptor);
  expect(readFileSync(file, 'utf8')).toBe(DENY_MKDIR);
});

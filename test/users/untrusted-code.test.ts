/**
 * The tasks of a developer who runs code that a language model wrote, done as docs/guides/model-code.md and
 * docs/guides/untrusted-tool.md say: what is kept out, what is bounded, and what bubblewrap adds, as
 * docs/reference/bubblewrap.md has it.
 */
import { spawn as nodeSpawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { compile, extend, RunError, type RunOptions, type RunResult, run, stringify } from '../../lib/index.js';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { obstacleTo } from '../support/commands.js';
import { describeUnless } from '../support/describe-unless.js';
import { packageRoot } from '../support/scripts.js';
import { until } from '../support/until.mjs';

const MiB = 1024 * 1024;
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const PROFILE = extend('docker-default').deny('socket');
const OPTIONS = { env: { PATH: '/usr/bin:/bin', HOME: '/' }, forceKillAfter: 100, rlimits: { core: 0 } } as const;

const folder = mkdtempSync(join(tmpdir(), 'seccomp-code-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

type Options = Omit<RunOptions, 'encoding'>;

/** The result of a program, also where it fails. */
const resultOf = (running: Promise<RunResult>): Promise<RunResult & { readonly code?: string | undefined }> =>
  running.catch((error) => (error instanceof RunError ? error : Promise.reject(error)));

const runCode = (command: string, input: string, options: Options = {}) =>
  resultOf(run(command, command === 'python3' ? ['-I', '-'] : ['-'], PROFILE, { ...OPTIONS, input, ...options }));

describeUnless(obstacleTo('python3'), 'Python code', () => {
  test('prints its result', async () => {
    expect((await runCode('python3', 'print(6 * 7)')).stdout).toBe('42\n');
  });

  test('reaches neither the network nor a name server', async () => {
    const code = `
import socket
for attempt in lambda: socket.create_connection(("192.0.2.1", 80)), lambda: socket.getaddrinfo("example.com", 80):
  try:
    attempt()
    print("reached")
  except OSError as error:
    print(type(error).__name__)`;
    const { stdout, violations } = await runCode('python3', code, { onViolation: true });
    expect(stdout).toBe('PermissionError\ngaierror\n');
    expect(new Set(violations.filter(({ fallback }) => !fallback).map(({ syscall }) => syscall))).toEqual(
      new Set(['socket']),
    );
  });

  test('is ended by its timeout', async () => {
    const { timedOut, signal, code } = await runCode('python3', 'while True: pass', {
      timeout: 50,
      killSignal: 'SIGKILL',
    });
    expect([timedOut, signal, code]).toEqual([true, 'SIGKILL', 'ETIMEDOUT']);
  });

  test('gets no more memory than its limit', async () => {
    const { exitCode, stderr } = await runCode('python3', 'x = bytearray(600 << 20)', {
      rlimits: { as: 512 * MiB, core: 0 },
    });
    expect([exitCode, stderr.trimEnd().split('\n').at(-1)]).toEqual([1, 'MemoryError']);
  });

  test('is not given the secrets of this process’s environment', async () => {
    process.env['SECRET_OF_TEST'] = 'secret';
    const code = 'import os; print(os.environ.get("SECRET_OF_TEST"))';
    const outputs = [await runCode('python3', code), await runCode('python3', code, { env: process.env })];
    delete process.env['SECRET_OF_TEST'];
    expect(outputs.map(({ stdout }) => stdout)).toEqual(['None\n', 'secret\n']);
  });

  describe('with a limit of processes', () => {
    const bomb = `
import os, time
count = 0
try:
  while count < 300:
    if os.fork() == 0:
      time.sleep(1000)
    count += 1
except OSError as error:
  print(error.strerror)
os.killpg(0, 9)`;

    test('is an error for root, to whom the limit does not apply', async ({ skip }) => {
      if (!isRoot) skip('needs root');
      await expect(runCode('python3', bomb, { rlimits: { nproc: 64 } })).rejects.toMatchObject({
        code: 'ERR_SECCOMP_OPTION',
        message: expect.stringContaining('give the child another uid'),
      });
    });

    test('stops a fork bomb of another user', async ({ skip }) => {
      if (!isRoot) skip('needs root, for a user without other processes');
      const options = { rlimits: { nproc: 20 }, uid: 54_321, gid: 54_321, cwd: '/', detached: true };
      const { stdout, signal } = await runCode(
        'python3',
        bomb.replace('print(error.strerror)', 'print(error.strerror, flush=True)'),
        options,
      );
      expect([stdout, signal]).toEqual(['Resource temporarily unavailable\n', 'SIGKILL']);
    });
  });

  describeUnless(obstacleToReading(), 'as the user of its parent', () => {
    test('finds no secret in its parent’s memory, unless isolation is off', () => {
      const script = fileURLToPath(new URL('secret.mjs', import.meta.url));
      const code = join(folder, 'read-parent.py');
      writeFileSync(code, readFileSync(new URL('read-parent.py', import.meta.url)));
      const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
      const env = { PATH: '/usr/bin:/bin', HOME: '/' };
      const { stdout, stderr } = spawnSync(process.execPath, [script, code], {
        ...user,
        env,
        encoding: 'utf8',
        cwd: '/',
      });
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toMatchObject({ byDefault: 'Permission denied', without: 'found' });
    });
  });
});

test('with paths, code reads and writes its own directories only', async ({ skip }) => {
  const { reason } = pathsSupport();
  if (reason !== null) skip(reason);
  const work = mkdtempSync(join(folder, 'work-'));
  chmodSync(work, 0o777);
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'secret', { mode: 0o644 });
  const script = `cat ${secret}; echo 42 > ${folder}/mark; echo 42 > result && echo 42 > "$TMPDIR/file" && cat result "$TMPDIR/file"`;
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const read = (paths?: Options['paths']) => runCode('sh', script, { ...user, cwd: work, paths });
  const { stdout, stderr } = await read({ read: ['@system', '@tmp'], write: [work] });
  expect(stdout).toBe('42\n42\n');
  expect(stderr.match(/Permission denied/g)).toHaveLength(2);
  expect((await read()).stdout).toContain('secret');
});

test('a shell’s output is cut at maxBuffer', async () => {
  const { stdout, code } = await runCode('sh', 'while :; do echo y; done', { maxBuffer: 1000 });
  expect([stdout.length, code]).toEqual([1000, 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER']);
});

describe('JavaScript code', () => {
  const code = 'console.log(6 * 7)';

  test('prints its result', async () => {
    expect((await runCode(process.execPath, code, { env: {} })).stdout).toBe('42\n');
  });

  test('starts with a gibibyte of data, and not with half of that as its address space', async () => {
    const enough = await runCode(process.execPath, code, { rlimits: { data: 1024 * MiB, core: 0 } });
    expect([enough.stdout, enough.exitCode]).toEqual(['42\n', 0]);
    expect((await runCode(process.execPath, code, { rlimits: { as: 512 * MiB, core: 0 } })).exitCode).not.toBe(0);
  });
});

describeUnless(obstacleTo('bwrap'), 'in bubblewrap', () => {
  const work = mkdtempSync(join(tmpdir(), 'seccomp-work-'));
  chmodSync(work, 0o777);
  afterAll(() => rmSync(work, { recursive: true }));
  const filter = join(folder, 'filter');
  writeFileSync(filter, compile(PROFILE).bytes);

  const ends = '--unshare-all --die-with-parent --new-session';
  const system =
    '--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev';
  const workOnly = `--bind ${work} /work --chdir /work --remount-ro / --remount-ro /dev`;
  const user = isRoot ? { uid: NOBODY, gid: NOBODY, cwd: '/' } : {};

  /** Runs a shell in bubblewrap, which attaches the filter itself. */
  function runInBox(script: string, { more = '--chdir /', rlimits = {} } = {}) {
    const fd = openSync(filter, 'r');
    const args = [...`${ends} --seccomp 3 ${system} ${more} ${workOnly}`.split(' '), 'sh', '-c', script];
    const options = {
      ...OPTIONS,
      ...user,
      rlimits: { core: 0, ...rlimits },
      stdio: ['ignore', 'pipe', 'pipe', fd],
    } as const;
    return resultOf(run('bwrap', args, 'unconfined', options)).finally(() => closeSync(fd));
  }

  test('code writes to its working directory, and to nothing else', async () => {
    const places = `/work / /usr /dev /dev/shm /proc/sys/kernel ${folder}`;
    const { stdout } = await runInBox(`for place in ${places}; do (echo 42 > $place/mark) && echo $place; done`);
    expect(stdout).toBe('/work\n');
    expect(readFileSync(join(work, 'mark'), 'utf8')).toBe('42\n');
  });

  test('code sees neither home directories nor other processes', async () => {
    const { stdout } = await runInBox('ls -d /home /root /etc 2>/dev/null; ls -d /proc/[0-9]*');
    expect(stdout).not.toMatch(/home|root|etc/);
    expect(stdout.trim().split('\n').length).toBeLessThan(5);
  });

  test('code is under the filter', async () => {
    const { stdout } = await runInBox('grep Seccomp: /proc/self/status');
    expect(stdout).toBe('Seccomp:\t2\n');
  });

  test('code has the user and the limits of the options', async () => {
    const { stdout } = await runInBox('id -u; ulimit -n', { rlimits: { nofile: 33 } });
    expect(stdout).toBe(`${isRoot ? NOBODY : process.getuid?.()}\n33\n`);
  });

  test('programs that are links to /etc/alternatives start where this folder is bound', async () => {
    const more = '--ro-bind-try /etc/alternatives /etc/alternatives';
    expect((await runInBox('awk "BEGIN { print 42 }"', { more })).stdout).toBe('42\n');
  });

  test('no descendant is left when the command has ended', async () => {
    await runInBox('setsid sleep 98765 & sleep 98765 & exec true');
    await until(() => !isRunning('sleep', '98765'));
  });

  test('no descendant is left when the process that started it is killed', async () => {
    const holder = fileURLToPath(new URL('holder.mjs', import.meta.url));
    const box = [...`${ends} ${system}`.split(' '), 'sh', '-c', 'setsid sleep 98766 & echo started; exec sleep 98766'];
    const parent = nodeSpawn(process.execPath, [holder, 'bwrap', ...box], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(parent.stdout, 'data');
    await until(() => isRunning('sleep', '98766'));
    parent.kill('SIGKILL');
    await until(() => !isRunning('sleep', '98766'));
  });

  test('seccomp run explains denials, and its profile may deny execve', async () => {
    const ourselves = `--ro-bind ${process.execPath} /node --ro-bind ${packageRoot} /seccomp`;
    const command = '/node /seccomp/dist/cli/main.js run --explain -p - -- sh -c /bin/true';
    const args = `${ends} ${system} ${ourselves} ${workOnly} ${command}`.split(' ');
    const { stderr, exitCode } = await resultOf(
      run('bwrap', args, 'unconfined', { ...OPTIONS, input: stringify(extend(PROFILE).deny('execve')) }),
    );
    expect(stderr).toContain('seccomp: execve("/bin/true"');
    expect(exitCode).toBe(126);
  });
});

/** Why a test can't show that isolation keeps a child from its parent's memory, if it can't. */
function obstacleToReading(): string | undefined {
  const { by, reason } = isolationSupport();
  if (by === null) return String(reason);
  const file = '/proc/sys/kernel/yama/ptrace_scope';
  const isOpen = !existsSync(file) || readFileSync(file, 'utf8').trim() === '0';
  return isOpen ? undefined : 'Yama keeps children from the memory of their parents, without isolation too';
}

/** Whether a process with exactly these arguments runs. */
function isRunning(...args: readonly string[]): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `${args.join('\0')}\0`;
    } catch {
      return false; // Not a process, or one that has ended meanwhile.
    }
  });
}

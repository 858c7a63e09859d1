/** What spawn adds to Node's: the filter, clean descriptors and signals, and failures that start nothing. */
import { ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../lib/filter/compile.js';
import { thisHost } from '../../lib/host.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { resolve } from '../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../lib/profile/source.js';
import { compile } from '../../lib/sandbox/compile.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { descriptors, parseStatus, run, runUnfiltered, statusOf } from '../support/processes.js';
import { denying, everything } from '../support/profiles.js';
import { hasNoNewPrivs, NO_CHANGE_OF_USER, NO_NEW_PRIVS } from '../support/scripts.js';

const root = process.getuid?.() === 0;
const hasGit = spawnSync('git', ['--version']).status === 0;
const dist = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

/** Runs a script with the built package in a Node of its own. */
const script = (code: string, options: { readonly cwd?: string } = {}) =>
  spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `import * as sandbox from ${JSON.stringify(dist)};\n${code}`],
    { encoding: 'utf8', ...options },
  );

describe('a child', () => {
  test('has the filter, no_new_privs, and default signal dispositions', async () => {
    const status = parseStatus((await run('cat', ['/proc/self/status'], 'docker-default')).stdout);
    const filters = Number(statusOf('self').get('Seccomp_filters') ?? 0);
    expect(status.get('Seccomp')).toBe('2');
    expect(Number(status.get('Seccomp_filters'))).toBe(filters + 1);
    expect(status.get('NoNewPrivs')).toBe('1');
    expect([status.get('SigBlk'), status.get('SigIgn'), status.get('SigCgt')]).toEqual(Array(3).fill('0'.repeat(16)));
  });

  test('has no filter of this package under unconfined', async () => {
    const status = parseStatus((await run('cat', ['/proc/self/status'], 'unconfined')).stdout);
    expect(status.get('Seccomp_filters')).toBe(statusOf('self').get('Seccomp_filters'));
  });

  test('is a ChildProcess', async () => {
    const child = spawn('true', 'docker-default');
    expect(child).toBeInstanceOf(ChildProcess);
    await once(child, 'close');
  });

  test('gets no descriptor that is not in stdio, even one without O_CLOEXEC', async () => {
    const python = 'import os, subprocess, sys; os.dup2(0, 9, inheritable=True); os.execvp(sys.argv[1], sys.argv[1:])';
    const code = `import * as sandbox from ${JSON.stringify(dist)};
      sandbox.spawn('ls', ['/proc/self/fd'], 'docker-default', { stdio: ['ignore', 'inherit', 'inherit'] });`;
    const result = await runUnfiltered('python3', ['-c', python, process.execPath, '--input-type=module', '-e', code]);
    expect(result.stdout.trim().split('\n')).toEqual(['0', '1', '2', '3']); // 3 is ls's own.
  });

  test('runs under a filter that was compiled before, from a profile, a policy, JSON text, a path or a URL', async () => {
    const profile = profileOf(denying(77, 'mkdir', 'mkdirat'));
    const file = join(mkdtempSync(join(tmpdir(), 'seccomp-')), 'p.json');
    const text = JSON.stringify(denying(77, 'mkdir', 'mkdirat'));
    writeFileSync(file, text);
    const policy = resolve(profile, thisHost());
    for (const source of [
      compile(profile),
      compile(policy),
      compilePolicy(policy),
      profile,
      text,
      file,
      new URL(`file://${file}`),
    ]) {
      expect((await run('mkdir', ['x'], source)).stderr).toMatch(/File descriptor in bad state/); // EBADFD, 77
    }
  });

  test('of a child is under both filters', async () => {
    const code = `import * as sandbox from ${JSON.stringify(dist)};
      sandbox.spawn('sh', ['-c', 'mkdir /proc/x; ln -s a /proc/x'], ${JSON.stringify(JSON.stringify(denying(77, 'mkdir', 'mkdirat')))}, { stdio: 'inherit' });`;
    const outer = denying(75, 'symlink', 'symlinkat');
    const { stderr } = await run(process.execPath, ['--input-type=module', '-e', code], outer);
    expect(stderr).toMatch(/File descriptor in bad state[\s\S]*Value too large/); // EBADFD and EOVERFLOW
  });
});

describe('Docker’s default profile', () => {
  test('unshare fails with EPERM from unshare', async () => {
    const result = await run('unshare', ['--user', 'true'], 'docker-default');
    expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(/unshare failed: Operation not permitted/) });
  });

  test.each([
    ['node', process.execPath, ['-p', '[1, 2].map((n) => n + 1).join()'], '2,3\n'],
    [
      'python3',
      'python3',
      ['-c', 'import os, threading; threading.Thread(target=lambda: print(os.getpid() > 0)).start()'],
      'True\n',
    ],
    ['a pipeline', 'sh', ['-c', 'printf "b\\na\\n" | sort | tr a-z A-Z'], 'A\nB\n'],
  ] as const)('%s runs', async (_, command, args, output) => {
    const result = await run(command, args, 'docker-default');
    expect(result.stderr).toBe('');
    expect(result.stdout).toEqual(typeof output === 'string' ? output : expect.stringMatching(output));
  });

  test('git commits and clones', async ({ skip }) => {
    if (!hasGit) skip('git is not installed');
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-git-'));
    const script =
      'set -e; git init -q a; cd a; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first; cd ..; git clone -q a b; git -C b log --format=%s';
    expect(await run('sh', ['-c', script], 'docker-default', { cwd: directory })).toMatchObject({
      stdout: 'first\n',
      code: 0,
    });
  });

  test('capabilities allow the calls for which the profile requires them', async () => {
    const mount = (capabilities: readonly string[]) =>
      run('unshare', ['--uts', 'true'], 'docker-default', { capabilities });
    expect((await mount([])).stderr).toMatch(/Operation not permitted/);
    const opened = await mount(['CAP_SYS_ADMIN']);
    expect(opened.stderr).toBe((await runUnfiltered('unshare', ['--uts', 'true'])).stderr);
  });
});

describe('a failure between clone and execve names the call that failed', () => {
  test.each<[string, string, SpawnOptions, ProfileDocument | 'unconfined']>([
    ['ENOENT', 'execve', {}, everything],
    ['ENOENT', 'chdir', { cwd: '/surely/not/there' }, 'unconfined'],
  ])('%s of %s', async (code, call, options, profile) => {
    const child = spawn('surely-not-there', [], profile, options);
    const [error] = await once(child, 'error').catch((reason: unknown) => [reason]);
    expect(error).toMatchObject({ code, call, syscall: 'spawn surely-not-there' });
    expect(child.pid).toBeUndefined();
  });

  test('EPERM of setuid, setgid and prctl, EACCES of seccomp', async ({ skip }) => {
    if (!root) skip('needs root to give up root');
    skip(hasNoNewPrivs(), NO_NEW_PRIVS);
    const code = `
      sandbox.spawn('true', 'docker-default'); // Loads the addon, which the other user may not read.
      process.setgid(65534); process.setuid(65534);
      for (const options of [{ uid: 0 }, { gid: 0 }, { noNewPrivileges: false }]) {
        try { sandbox.spawn('true', 'docker-default', options); console.log('started'); }
        catch (error) { console.log(error.code, error.call ?? error.cause.syscall); }
      }`;
    const { stdout, stderr } = script(code);
    skip(stderr.includes('io_uring may be enabled'), NO_CHANGE_OF_USER);
    expect(stdout.trim().split('\n')).toEqual(['EPERM setuid', 'EPERM setgid', 'ERR_SECCOMP_ATTACH seccomp']);
  });

  test('EBADF of a descriptor that is not open', () => {
    expect(() => spawn('true', [], 'docker-default', { stdio: [987, 'pipe', 'pipe'] })).toThrowError(
      expect.objectContaining({ code: 'EBADF', call: expect.stringMatching(/fcntl|dup3/) }),
    );
  });

  test.each(['leave', 'kill'] as const)('nor of one whose number the start could use itself: %s', (descendants) => {
    const next = openSync('/dev/null', 'r');
    closeSync(next);
    const stdio = ['ignore', 'ignore', 'ignore', next] as const;
    expect(() => spawn('true', [], 'docker-default', { stdio: [...stdio], descendants })).toThrowError(
      expect.objectContaining({ code: 'EBADF', call: 'fcntl' }),
    );
  });

  test.each([
    ['seccomp(2) is not there', 38, 'ERR_SECCOMP_UNSUPPORTED', /an attached filter denies seccomp\(2\)/],
    ['seccomp(2) is forbidden', 1, 'ERR_SECCOMP_ATTACH', /an attached filter denies seccomp\(2\)/],
  ])('%s: nothing is started', async (_, errno, code, message) => {
    const inner = `import * as sandbox from ${JSON.stringify(dist)};
      try { sandbox.spawn('echo', ['started'], 'docker-default', { stdio: 'inherit' }); } catch (error) { console.log(error.code, error.message); }`;
    const result = await run(process.execPath, ['--input-type=module', '-e', inner], denying(errno, 'seccomp'));
    expect(result.stdout).toMatch(new RegExp(`^${code} .*${message.source}`));
    expect(result.stdout).not.toMatch(/started$/m);
  });
});

describe('options that cannot be honored are errors', () => {
  test.each<[string, () => unknown, object]>([
    [
      'an unknown option',
      () => spawn('true', 'docker-default', { cmd: 1 } as SpawnOptions),
      { code: 'ERR_SECCOMP_OPTION', message: expect.stringMatching(/options\.cmd: unknown option/) },
    ],
    [
      'a misspelt one',
      () => spawn('true', 'docker-default', { detatched: true } as SpawnOptions),
      { message: expect.stringMatching(/did you mean detached\?/) },
    ],
    [
      'no profile',
      () => Reflect.apply(spawn, undefined, ['true', []]),
      { code: 'ERR_INVALID_ARG_TYPE', message: expect.stringMatching(/a profile is required/) },
    ],
    [
      'options in the place of the profile',
      () => Reflect.apply(spawn, undefined, ['true', [], { stdio: 'inherit', cwd: '/' }]),
      {
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringMatching(/a profile is required.*: give a built-in .* or as options\.profile/),
      },
    ],
    [
      'arguments that are no array',
      () => Reflect.apply(spawn, undefined, ['true', '-l', 'docker-default']),
      {
        code: 'ERR_INVALID_ARG_TYPE',
        message: `The "args" argument must be an instance of Array. Received type string ('-l')`,
      },
    ],
    [
      'an unknown capability',
      () => spawn('true', 'docker-default', { capabilities: ['CAP_ALL'] }),
      { code: 'ERR_INVALID_ARG_VALUE' },
    ],
    [
      'an unknown ABI',
      () => spawn('true', 'docker-default', { abis: ['amd64' as 'x86_64'] }),
      { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringMatching(/unknown ABI "amd64"/) },
    ],
    [
      'a negative descriptor',
      () => spawn('true', [], 'docker-default', { stdio: [-5, 'pipe', 'pipe'] }),
      { code: 'ERR_OUT_OF_RANGE' },
    ],
    [
      'a user who can’t be',
      () => spawn('true', 'docker-default', { uid: 2 ** 40 }),
      { message: expect.stringMatching(/options\.uid/) },
    ],
    ['an unknown built-in', () => spawn('true', 'docker-defualt'), { code: 'ERR_SECCOMP_BUILTIN' }],
  ])('%s', (_, start, expected) => {
    const before = descriptors();
    expect(start).toThrowError(expect.objectContaining(expected));
    expect(before, 'none is left open').toEqual(expect.arrayContaining([...descriptors()]));
  });
});

describe('uid and gid', () => {
  test('are the child’s', async ({ skip }) => {
    if (!root) skip('needs root');
    const { stdout } = await run('sh', ['-c', 'id -u; id -g; id -G'], 'docker-default', { uid: 65534, gid: 65533 });
    expect(stdout).toBe('65534\n65533\n65533\n');
  });

  test('leave this process’s dumpable flag as it was', ({ skip }) => {
    if (!root) skip('needs root');
    // The files of a process in /proc belong to root unless it is dumpable: told apart by a process that is not root's,
    // and holds the capabilities that uid and gid ask for.
    const code = `import * as sandbox from ${JSON.stringify(dist)};
      import { statSync } from 'node:fs';
      const before = statSync('/proc/self/status').uid;
      const child = sandbox.spawn('id', ['-u'], 'docker-default', { uid: 65533, gid: 65533, stdio: 'inherit' });
      const after = statSync('/proc/self/status').uid;
      child.on('close', () => console.log(before, after));`;
    const capabilities = ['--inh-caps', '--ambient-caps'].map((set) => `${set}=+setuid,+setgid,+dac_override`);
    const user = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const result = spawnSync(
      'setpriv',
      [...user, ...capabilities, process.execPath, '--input-type=module', '-e', code],
      { encoding: 'utf8' },
    );
    expect(result.stdout + result.stderr).toBe('65533\n65534 65534\n');
  });
});

test('ref and unref: an unreferenced child does not keep this process', () => {
  const result = script(
    "const child = sandbox.spawn('sleep', ['60'], 'docker-default', { stdio: 'ignore' }); child.unref(); console.log(child.pid);",
  );
  expect(result.status).toBe(0);
  process.kill(Number(result.stdout), 'SIGKILL');
});

test('await using ends the child and waits for it', async () => {
  const start = async () => {
    await using child = spawn('sleep', ['60'], 'docker-default');
    return child;
  };
  const child = await start();
  expect(child.signalCode).toBe('SIGTERM');
  expect(child.kill()).toBe(false);
  await child[Symbol.asyncDispose]();
});

test('a worker thread starts programs, and may end while one runs', async () => {
  const code = `
    const { parentPort } = require('node:worker_threads');
    const sandbox = require(${JSON.stringify(dist)});
    sandbox.spawn('sleep', ['60'], 'docker-default', { stdio: 'ignore' }).on('spawn', function () { parentPort.postMessage(this.pid); });`;
  const worker = new Worker(code, { eval: true });
  const [pid] = (await once(worker, 'message')) as [number];
  await worker.terminate();
  expect(statusOf(pid).get('Seccomp')).toBe('2');
  process.kill(pid, 'SIGKILL');
});

test('a handler that throws is an uncaught exception, as in Node', () => {
  const result = script(
    "sandbox.spawn('true', 'docker-default').on('exit', () => { throw new Error('from the handler'); });",
  );
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/Error: from the handler/);
});

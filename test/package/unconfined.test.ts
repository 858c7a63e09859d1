/**
 * `unconfined` where this system has no seccomp: programs run as node:child_process runs them. The tests change only the
 * name of the platform; other differences between operating systems are not tested.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { main } from '../support/built.js';
import { packageRoot } from '../support/root.js';

const CHILD = fileURLToPath(new URL('../data/echo-message.cjs', import.meta.url));

/** A process whose platform is darwin. It runs the scripts that it receives, and answers each with a result. */
const DARWIN = `
  Object.defineProperty(process, 'platform', { value: 'darwin' });
  const sandbox = require('seccomp');
  const { promisify } = require('node:util');
  const CHILD = ${JSON.stringify(CHILD)};
  /** The names of the events until close, and the first argument of each. */
  const eventsOf = (child) => new Promise((resolve) => {
    const seen = [];
    for (const name of ['spawn', 'error', 'message', 'disconnect', 'exit', 'close'])
      child.on(name, (value) => {
        seen.push(value === undefined ? name : [name, value?.code ?? value]);
        if (name === 'close') resolve(seen);
      });
  });
  const AsyncFunction = (async () => {}).constructor;
  process.on('message', async (script) => {
    try {
      const names = ['sandbox', 'promisify', 'CHILD', 'eventsOf'];
      const run = new AsyncFunction(...names, 'let result;' + script + '; return result;');
      process.send({ result: await run(sandbox, promisify, CHILD, eventsOf) });
    } catch ({ name, code, message, exitCode }) {
      process.send({ result: { name, code, message, exitCode } });
    }
  });`;

const darwin = spawn(process.execPath, ['-e', DARWIN], {
  cwd: packageRoot,
  stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
});
const errors = text(darwin.stderr ?? expect.fail('no pipe'));
afterAll(async () => {
  darwin.disconnect();
  expect(await errors).toBe('');
});

/** Runs a script on darwin. Returns the value of `result`, or an error's properties. */
async function onDarwin(script: string): Promise<unknown> {
  darwin.send(script);
  const [message]: readonly { readonly result?: unknown }[] = await once(darwin, 'message');
  return message?.result;
}

const NO_SECCOMP = 'seccomp is a part of Linux and this is darwin';

test('isSupported is false', async () => {
  expect(await onDarwin('result = sandbox.isSupported()')).toBe(false);
});

describe('a program runs under unconfined by', () => {
  test('run', async () => {
    expect(await onDarwin("result = await sandbox.run('cat', [], 'unconfined', { input: 'hello' })")).toMatchObject({
      ...{ command: 'cat', stdout: 'hello', exitCode: 0, signal: null, timedOut: false },
      ...{ violations: [], unlistedViolations: 0, unseenCalls: [] },
      enforcement: { isolation: { reason: NO_SECCOMP, closed: [], open: expect.any(Array) } },
    });
    expect(await onDarwin("await sandbox.run('sh', ['-c', 'exit 3'], 'unconfined')")).toMatchObject({
      ...{ name: 'RunError', exitCode: 3 },
    });
    expect(await onDarwin("await sandbox.run('/no/such/file', 'unconfined')")).toMatchObject({
      ...{ name: 'RunError', code: 'ENOENT', exitCode: null },
    });
  });

  test('spawn, with the events of node:child_process and the properties of SandboxedProcess', async () => {
    const script = `const child = sandbox.spawn('exit 3', 'unconfined', { shell: true });
      const { violations, enforcement: { isolation } } = child;
      result = [child instanceof sandbox.SandboxedProcess, child.pid > 0, violations, isolation.reason, await eventsOf(child)];`;
    expect(await onDarwin(script)).toEqual([true, true, [], NO_SECCOMP, ['spawn', ['exit', 3], ['close', 3]]]);
    expect(await onDarwin("result = await eventsOf(sandbox.spawn('/no/such/file', [], 'unconfined'))")).toEqual([
      ['error', 'ENOENT'],
      ['close', -2],
    ]);
  });

  test('spawn, which ends it by kill, by an abort and by `await using`', async () => {
    const script = `const start = (options) => sandbox.spawn('sleep', ['60'], 'unconfined', options);
      const killed = start();
      const isSent = killed.kill();
      const events = await eventsOf(killed);
      const aborter = new AbortController();
      const aborted = eventsOf(start({ signal: aborter.signal }));
      aborter.abort();
      const disposed = start();
      await disposed[Symbol.asyncDispose]();
      result = [isSent, killed.kill(), events, await aborted, disposed.signalCode];`;
    expect(await onDarwin(script)).toEqual([
      ...[true, false],
      ['spawn', ['exit', null], ['close', null]],
      [['error', 'ABORT_ERR'], 'spawn', ['exit', null], ['close', null]],
      'SIGTERM',
    ]);
  });

  test('spawn, which sends SIGKILL to a program that ignores SIGTERM', async () => {
    const options = '{ stdio: ["ignore", "pipe", "ignore"], killSignal: "SIGWINCH", forceKillAfter: 1 }';
    const script = `const child = sandbox.spawn('sleep', ['60'], 'unconfined', ${options});
      await child[Symbol.asyncDispose]();
      result = child.signalCode;`;
    expect(await onDarwin(script)).toBe('SIGKILL');
  });

  test('spawn with a channel, and fork', async () => {
    const started = 'process.execPath, [CHILD], "unconfined", { stdio: ["ignore", "ignore", "inherit", "ipc"] }';
    for (const start of [`sandbox.spawn(${started})`, 'sandbox.fork(CHILD, "unconfined")']) {
      const script = `const child = ${start};
        child.send('hello');
        result = [child.enforcement.isolation.closed, await eventsOf(child)];`;
      expect(await onDarwin(script)).toEqual([
        [],
        ['spawn', ['message', 'hello'], 'disconnect', ['exit', 0], ['close', 0]],
      ]);
    }
  });

  test('spawnSync', async () => {
    const script = `const { enforcement, ...ended } = sandbox.spawnSync('echo', ['hello'], 'unconfined', { encoding: 'utf8' });
      const { enforcement: { isolation } } = sandbox.spawnSync('true', 'unconfined');
      const { error, output } = sandbox.spawnSync('/no/such/file', 'unconfined');
      result = [ended, isolation.closed, error.code, output];`;
    expect(await onDarwin(script)).toEqual([
      {
        ...{ status: 0, signal: null, output: [null, 'hello\n', ''], pid: expect.any(Number) },
        ...{ stdout: 'hello\n', stderr: '', violations: [], unlistedViolations: 0, unseenCalls: [], limit: null },
        usage: { wallTime: expect.any(Number), cpuTime: null, maxRss: null, peakMemory: null },
      },
      ...[[], 'ENOENT', null],
    ]);
  });

  test('a Sandbox', async () => {
    const script = `const { exec, execFile, execSync, execFileSync } = new sandbox.Sandbox('unconfined', { timeout: 10_000, encoding: 'utf8' });
      result = [await promisify(exec)('echo 1'), await promisify(execFile)('echo', ['2']), execSync('echo 3'), execFileSync('echo', ['4'])];`;
    const output = (stdout: string) => ({ stdout, stderr: '' });
    expect(await onDarwin(script)).toEqual([output('1\n'), output('2\n'), '3\n', '4\n']);
  });
});

test('harden does nothing under unconfined', async () => {
  expect(await onDarwin("result = sandbox.harden('unconfined').filters")).toEqual([]);
});

describe('what has no effect is refused:', () => {
  test.each([
    'isolate: true',
    'isolate: {}',
    'rlimits: { nofile: 64 }',
    'capabilities: []',
    'notify: { mkdir: (call) => call.continue() }',
    'onViolation: true',
    'noNewPrivileges: true',
    'logDenied: true',
  ])('%s', async (option) => {
    const [name] = option.split(':');
    const error = {
      code: 'ERR_SECCOMP_UNSUPPORTED',
      message: `options.${name} can't be honored: ${NO_SECCOMP}; give it only on Linux`,
    };
    expect(await onDarwin(`sandbox.spawn('true', 'unconfined', { ${option} })`)).toMatchObject(error);
    expect(await onDarwin(`new sandbox.Sandbox('unconfined', { ${option} })`)).toMatchObject(error);
  });

  test.each(['onViolation', 'isolate', 'logDenied', 'noNewPrivileges'])('not %s: false', async (name) => {
    const script = `result = [sandbox.spawnSync('true', 'unconfined', { ${name}: false }).status,
      new sandbox.Sandbox('unconfined', { ${name}: false }).spawnSync('true', []).status]`;
    expect(await onDarwin(script)).toEqual([0, 0]);
  });

  test('isolate for fork', async () => {
    expect(await onDarwin("sandbox.fork(CHILD, 'unconfined', { isolate: true })")).toMatchObject({
      code: 'ERR_SECCOMP_UNSUPPORTED',
    });
  });

  test('forceKillAfter for spawnSync', async () => {
    const script = (value: unknown) =>
      `result = sandbox.spawnSync('true', 'unconfined', { forceKillAfter: ${value} }).status`;
    expect(await onDarwin(script(10))).toMatchObject({
      code: 'ERR_SECCOMP_UNSUPPORTED',
      message: expect.stringMatching(/^options\.forceKillAfter .*leave it out, or give killSignal: 'SIGKILL'$/),
    });
    expect(await onDarwin(script(false))).toBe(0);
  });

  test('execve', async () => {
    expect(await onDarwin("sandbox.execve('true', 'unconfined')")).toMatchObject({
      code: 'ERR_SECCOMP_UNSUPPORTED',
      message: expect.stringMatching(/^execve can't replace this process: .* start the program by spawnSync/),
    });
  });

  test('"ipc" for run', async () => {
    expect(await onDarwin("await sandbox.run('true', 'unconfined', { stdio: [0, 1, 2, 'ipc'] })")).toMatchObject({
      code: 'ERR_SECCOMP_OPTION',
    });
  });
});

test.each([
  "sandbox.spawn('true', 'node')",
  "sandbox.spawn('true', 'node', { isolate: false })",
  "sandbox.spawnSync('true', 'node')",
  "await sandbox.run('true', 'node')",
  "sandbox.fork(CHILD, 'node')",
  "sandbox.execve('true', 'node')",
  "sandbox.harden('node')",
  "new sandbox.Sandbox('node')",
  "await sandbox.record('true')",
])('under a profile, %s is an error', async (script) => {
  expect(await onDarwin(script)).toMatchObject({
    code: 'ERR_SECCOMP_UNSUPPORTED',
    message: `${NO_SECCOMP}: profiles can be checked and compiled here, but not attached`,
  });
});

describe('seccomp run', () => {
  const PRELOADED = "data:text/javascript,Object.defineProperty(process, 'platform', { value: 'darwin' })";
  const command = (args: readonly string[], input = '') => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--import', PRELOADED, main, ...args], {
      encoding: 'utf8',
      input,
    });
    return { status, signal, stdout, stderr };
  };
  const run = (...args: readonly string[]) => command(['run', '-p', 'unconfined', ...args]);

  test('runs a program under unconfined as a child, and exits as it does', () => {
    const script = 'cat; echo err >&2; exit 7';
    const result = command(['run', '-p', 'unconfined', '--', 'sh', '-c', script], 'in');
    expect(result).toEqual({ status: 7, signal: null, stdout: 'in', stderr: 'err\n' });
    expect(run('--no-isolate', '--new-privileges', 'true')).toMatchObject({ status: 0, stderr: '' });
    expect(run('sh', '-c', 'kill -9 $$')).toMatchObject({ status: null, signal: 'SIGKILL', stderr: '' });
  });

  test('passes signals on', () => {
    const script = `trap 'kill $!; exit 9' TERM; sleep 60 >/dev/null 2>&1 & kill -TERM $PPID; wait`;
    expect(run('sh', '-c', script)).toMatchObject({ status: 9, stderr: '' });
  });

  test('reports a program that cannot be executed', () => {
    expect(run('/no/such/file')).toMatchObject({ status: 127, stderr: 'seccomp: /no/such/file: command not found\n' });
    expect(run('/')).toMatchObject({ status: 126, stderr: 'seccomp: /: not executable (EACCES)\n' });
  });

  // test/cli/run-options.test.ts has the others.
  test('refuses an option without effect', () => {
    const stderr = expect.stringMatching(
      /^seccomp: --isolate can't be honored: seccomp is a part of Linux .*: run this command on Linux only; /,
    );
    expect(run('--isolate', 'true')).toEqual({ status: 125, signal: null, stdout: '', stderr });
  });

  test('refuses another profile', () => {
    const stderr = `seccomp: ${NO_SECCOMP}: profiles can be checked and compiled here, but not attached\n`;
    expect(command(['run', 'true'])).toEqual({ status: 125, signal: null, stdout: '', stderr });
  });
});

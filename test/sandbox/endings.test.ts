/** How children are ended: a timeout is a bound, even if other processes hold the child's pipes. */
import type { ChildProcess } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { SandboxedProcess } from '../../lib/sandbox/child/process/child-process.js';
import { RunError } from '../../lib/sandbox/child/result.js';
import { fork } from '../../lib/sandbox/fork.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { type RunOptions, run } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { type SpawnSyncOptions, spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { fakeTimeouts } from '../support/fake-timers.js';
import { evaluateScript, hasCapability } from '../support/scripts.js';

type Text = RunOptions & { readonly encoding?: BufferEncoding };

const PROFILE = 'docker-default';
const runShell = (script: string, options: Text) => run('sh', ['-c', script], PROFILE, options);
const shell = (script: string, options: SpawnOptions) => spawn('sh', ['-c', script], PROFILE, options);
const shellSync = (script: string, options: SpawnSyncOptions) =>
  spawnSync('sh', ['-c', script], PROFILE, { ...options, encoding: 'utf8' });
const idle = fileURLToPath(new URL('../support/idle.mjs', import.meta.url));

/** SIGWINCH ends no process. */
const SURVIVED = { killSignal: 'SIGWINCH', forceKillAfter: 10 } as const;
const KILLED = [null, 'SIGKILL'];

/** Starts a child that survives `killSignal`, and aborts it. */
function aborted<Result>(start: (options: typeof SURVIVED & { readonly signal: AbortSignal }) => Result): Result {
  const controller = new AbortController();
  const result = start({ ...SURVIVED, signal: controller.signal });
  controller.abort();
  return result;
}

/** Receives each child that is started. */
const startOf = new EventEmitter();
channel('child_process').subscribe((message) => startOf.emit('child', Reflect.get(Object(message), 'process')));

/** Starts a child, and returns it together with the result of `start`. */
async function startedBy<Result>(start: () => Result) {
  const started: Promise<[ChildProcess & { readonly stdout: Readable }]> = once(startOf, 'child') as never;
  const result = start();
  const [child] = await started;
  return { child, result };
}

/** Returns the error that a promise rejects with. */
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.fail(`resolved to ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );

/** Waits for the exit of a child, and ignores its errors. */
const ending = (child: ChildProcess): Promise<unknown> => {
  child.on('error', () => {});
  return new Promise((resolve) => child.once('exit', (...end: unknown[]) => resolve(end)));
};

describe('SIGKILL follows killSignal if the child survives it:', () => {
  test('run, at its timeout', async () => {
    const error = await rejection(run('sleep', ['60'], PROFILE, { timeout: 20, ...SURVIVED }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', timedOut: true, exitCode: null, signal: 'SIGKILL' });
  });

  test('run, at an abort', async () => {
    const error = await rejection(aborted((options) => run('sleep', ['60'], PROFILE, options)));
    expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', timedOut: false, signal: 'SIGKILL' });
    expect([error instanceof RunError, String(error)]).toEqual([
      true,
      expect.stringMatching(/^AbortError: sleep 60: /),
    ]);
  });

  test('run, at too much output', async () => {
    const error = await rejection(runShell('printf 12345; exec sleep 60', { maxBuffer: 2, ...SURVIVED }));
    expect(error).toMatchObject({ code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER', stdout: '12', signal: 'SIGKILL' });
  });

  test('spawn, at its timeout', async () => {
    expect(await ending(spawn('sleep', ['60'], PROFILE, { timeout: 20, ...SURVIVED }))).toEqual(KILLED);
  });

  test('spawn, at an abort', async () => {
    expect(await aborted((options) => ending(spawn('sleep', ['60'], PROFILE, options)))).toEqual(KILLED);
  });

  test('a child that is stopped', async () => {
    const options = { timeout: 20, ...SURVIVED, killSignal: 'SIGSTOP' } as const;
    expect(await ending(spawn('sleep', ['60'], PROFILE, options))).toEqual(KILLED);
  });

  test('await using', async () => {
    const child = spawn('sleep', ['60'], PROFILE, SURVIVED);
    await child[Symbol.asyncDispose]();
    expect([child.exitCode, child.signalCode]).toEqual(KILLED);
  });

  test('await using, if the child has survived a kill()', async () => {
    const child = spawn('sleep', ['60'], PROFILE, SURVIVED);
    child.kill('SIGWINCH');
    await child[Symbol.asyncDispose]();
    expect(child.signalCode).toBe('SIGKILL');
  });

  test('spawnSync, at its timeout', () => {
    const { status, signal, error } = spawnSync('sleep', ['60'], PROFILE, { timeout: 20, ...SURVIVED });
    expect([status, signal, error?.code]).toEqual([...KILLED, 'ETIMEDOUT']);
  });

  test('spawnSync, at too much output', () => {
    const { status, signal, error } = shellSync('printf 12345; exec sleep 60', { maxBuffer: 2, ...SURVIVED });
    expect([status, signal, error?.code]).toEqual([...KILLED, 'ENOBUFS']);
  });

  test.each(['exec', 'execFile'] as const)('%s of a Sandbox, by its defaults', async (name) => {
    const sandbox = new Sandbox(PROFILE, { timeout: 20, ...SURVIVED });
    const error = await rejection(
      name === 'exec' ? promisify(sandbox.exec)('exec sleep 60') : promisify(sandbox.execFile)('sleep', ['60']),
    );
    expect(error).toMatchObject({ killed: true, code: null, signal: 'SIGKILL' });
  });

  test.each(['execSync', 'execFileSync', 'spawnSync'] as const)('%s of a Sandbox', (name) => {
    const sandbox = new Sandbox(PROFILE, { timeout: 20, ...SURVIVED });
    const end = () => {
      if (name === 'execSync') return sandbox.execSync('exec sleep 60');
      if (name === 'execFileSync') return sandbox.execFileSync('sleep', ['60']);
      throw sandbox.spawnSync('sleep', ['60']);
    };
    expect(end).toThrowError(expect.objectContaining({ signal: 'SIGKILL' }));
  });

  test.each(['unconfined', PROFILE])('fork under %s, at its timeout', async (profile) => {
    expect(await ending(fork(idle, [], profile, { timeout: 20, ...SURVIVED }))).toEqual(KILLED);
  });

  test('fork, at an abort', async () => {
    expect(await aborted((options) => ending(fork(idle, [], PROFILE, options)))).toEqual(KILLED);
  });
});

describe('forceKillAfter', () => {
  const patient = { timeout: 100, killSignal: 'SIGWINCH', forceKillAfter: false } as const;

  test('false: the child is not sent SIGKILL', async () => {
    fakeTimeouts();
    const script = `trap 'kill $!; exit 7' WINCH; sleep 60 >/dev/null 2>&1 & echo ready; wait`;
    const { child, result } = await startedBy(() => rejection(runShell(script, patient)));
    await once(child.stdout, 'data');
    vi.advanceTimersByTime(patient.timeout);
    expect(vi.getTimerCount()).toBe(0);
    expect(await result).toMatchObject({ code: 'ETIMEDOUT', timedOut: true, exitCode: 7, signal: null });
  });

  test('false: spawnSync sends no SIGKILL', () => {
    // The child reads until spawnSync closes the other end of its stdout, which it does after the signal.
    expect(shellSync('cat <&1; exit 7', patient)).toMatchObject({ status: 7, signal: null });
  });

  test('leaves no timer when the child has ended', () => {
    const timers = evaluateScript(`
      const child = sandbox.spawn('sleep', ['60'], 'docker-default', { timeout: 20 });
      const gone = sandbox.spawn('no-such-program', [], 'docker-default', { timeout: 20000 }).on('error', () => {});
      const forked = sandbox.fork(${JSON.stringify(idle)}, [], 'docker-default', { timeout: 20 });
      await Promise.all([once(child, 'close'), once(forked, 'close')]);
      return [child.signalCode, forked.signalCode, process.getActiveResourcesInfo().filter((name) => name === 'Timeout')];`);
    expect(timers).toEqual(['SIGTERM', 'SIGTERM', []]);
  });

  test.each<[unknown, string]>([
    [-1, 'ERR_OUT_OF_RANGE'],
    [1.5, 'ERR_OUT_OF_RANGE'],
    [Number.NaN, 'ERR_OUT_OF_RANGE'],
    [2 ** 31, 'ERR_OUT_OF_RANGE'],
    [true, 'ERR_INVALID_ARG_TYPE'],
    ['5s', 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
  ])('%j is refused, and nothing is started', async (value, code) => {
    const options = { forceKillAfter: value } as never;
    const refusal = expect.objectContaining({ code, message: expect.stringContaining('options.forceKillAfter') });
    for (const start of [spawn, spawnSync, fork])
      expect(() => Reflect.apply(start, undefined, ['true', [], PROFILE, options])).toThrowError(refusal);
    await expect(run('true', PROFILE, options)).rejects.toEqual(refusal);
  });
});

describe('other processes that are left and hold the pipes of a terminated child are not waited for:', () => {
  const LEFT = { descendants: 'leave' } as const;

  /** Starts a background process that holds stdout and stderr, and prints its process number. */
  const HOLDER = 'sleep 50 & echo $!;';

  /** Ends the holder. Returns whether it was still running. */
  function wasHeld(stdout: string | Buffer | null): boolean {
    const pid = Number.parseInt(String(stdout), 10);
    const isRunning = /^State:\s+[^ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    process.kill(pid, 'SIGKILL');
    return isRunning;
  }

  /** Starts the holder and a waiting child; calls `end` when both are running. Returns the child's stdout. */
  async function closed(end: (child: SandboxedProcess) => void, options: SpawnOptions = {}): Promise<string> {
    const child = shell(`${HOLDER} exec sleep 50`, options).on('error', () => {});
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stdout?.once('data', () => end(child));
    await new Promise((resolve) => child.on('close', resolve));
    return stdout;
  }

  test('run, at its timeout', async () => {
    fakeTimeouts();
    const run = () => rejection(runShell(`${HOLDER} exec sleep 50`, { timeout: 1000, ...LEFT }));
    const { child, result } = await startedBy(run);
    await once(child.stdout, 'data');
    vi.advanceTimersByTime(1000);
    const error = await result;
    expect(error).toMatchObject({ code: 'ETIMEDOUT', signal: 'SIGTERM' });
    expect(wasHeld(Reflect.get(Object(error), 'stdout'))).toBe(true);
  });

  test('run, at an abort', async () => {
    const controller = new AbortController();
    const run = () => rejection(runShell(`${HOLDER} exec sleep 50`, { signal: controller.signal, ...LEFT }));
    const { child, result } = await startedBy(run);
    await once(child.stdout, 'data');
    controller.abort();
    const error = await result;
    expect(error).toMatchObject({ code: 'ABORT_ERR', signal: 'SIGTERM' });
    expect(wasHeld(Reflect.get(Object(error), 'stdout'))).toBe(true);
  });

  test('run, at too much output', async () => {
    const error = await rejection(runShell(`${HOLDER} printf '%9d' 1; exec sleep 50`, { maxBuffer: 9, ...LEFT }));
    expect(error).toMatchObject({ code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER', signal: 'SIGTERM' });
    expect(wasHeld(Reflect.get(Object(error), 'stdout'))).toBe(true);
  });

  test('run, at its timeout, when the child itself has ended before', async () => {
    fakeTimeouts();
    const { child, result } = await startedBy(() => rejection(runShell(HOLDER, { timeout: 1000, ...LEFT })));
    await Promise.all([once(child.stdout, 'data'), once(child, 'exit')]);
    vi.advanceTimersByTime(1000);
    const error = await result;
    expect(error).toMatchObject({ code: 'ETIMEDOUT', exitCode: 0, timedOut: true });
    expect(wasHeld(Reflect.get(Object(error), 'stdout'))).toBe(true);
  });

  test('run, at an abort, when the child itself has ended before', async () => {
    const controller = new AbortController();
    const { child, result } = await startedBy(() =>
      rejection(runShell(HOLDER, { signal: controller.signal, ...LEFT })),
    );
    await once(child, 'exit');
    controller.abort();
    const error = await result;
    expect(error).toMatchObject({ code: 'ABORT_ERR', exitCode: 0, timedOut: false });
    expect(wasHeld(Reflect.get(Object(error), 'stdout'))).toBe(true);
  });

  test('spawn, at its timeout', async () => {
    fakeTimeouts();
    const stdout = await closed(() => vi.advanceTimersByTime(1000), { timeout: 1000 });
    expect(wasHeld(stdout)).toBe(true);
  });

  test('spawn, at an abort', async () => {
    const controller = new AbortController();
    expect(wasHeld(await closed(() => controller.abort(), { signal: controller.signal }))).toBe(true);
  });

  test('await using', async () => {
    expect(wasHeld(await closed((child) => child[Symbol.asyncDispose]()))).toBe(true);
  });

  test('await using, when the child itself has ended before', async () => {
    const child = shell(HOLDER, {});
    const [line] = await Promise.all([once(child.stdout ?? child, 'data'), once(child, 'exit')]);
    const close = once(child, 'close');
    await child[Symbol.asyncDispose]();
    await close;
    expect(wasHeld(String(line))).toBe(true);
  });

  /** Runs a script with a holder until the timeout of spawnSync, whose signal does not keep the holder from its start. */
  function shellSyncUntilTimeout(script: string) {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-endings-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const options = { timeout: 200, killSignal: 'SIGWINCH', forceKillAfter: false, ...LEFT } as const;
    const { status, error } = shellSync(`sleep 50 & echo $! >${directory}/holder; ${script}`, options);
    return [status, error?.code, wasHeld(readFileSync(join(directory, 'holder'), 'utf8'))];
  }

  test('spawnSync, at its timeout', () => {
    // The child reads until spawnSync closes the other end of its stdout, which it does after the signal.
    expect(shellSyncUntilTimeout('cat <&1; exit 5')).toEqual([5, 'ETIMEDOUT', true]);
  });

  test('spawnSync, when the child itself has ended before', () => {
    expect(shellSyncUntilTimeout('exit 5')).toEqual([5, 'ETIMEDOUT', true]);
  });
});

test('output before the end of a child is read, even if it was terminated and other processes hold its pipes', async () => {
  const child = shell('trap "head -c 100000 /dev/zero; exit 0" TERM; sleep 50 & echo $!; wait', {
    forceKillAfter: false,
  });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child.stdout ?? child, 'data');
  const close = once(child, 'close');
  await child[Symbol.asyncDispose]();
  expect(await close).toEqual([0, null]);
  const text = Buffer.concat(chunks).toString();
  process.kill(Number.parseInt(text, 10), 'SIGKILL');
  expect(text.replace(/^\d+\n/, '')).toBe('\0'.repeat(100_000));
});

test('Symbol.asyncDispose rejects for a child that may not be signaled, which continues to run', ({ skip }) => {
  skip(!hasCapability('CAP_KILL') || !hasCapability('CAP_SETUID'), 'needs CAP_KILL and CAP_SETUID');
  const code = `
      const child = sandbox.spawn('sleep', ['1000'], 'unconfined', { uid: 61234, gid: 61234, stdio: 'ignore' });
      const events = [];
      const note = (error) => events.push(error.code);
      child.on('error', note).on('exit', () => events.push('exit'));
      const reason = await child[Symbol.asyncDispose]().catch(({ code, syscall }) => ({ code, syscall }));
      const sent = child.kill();
      return { pid: child.pid, reason, events, sent, killed: child.killed, exitCode: child.exitCode };`;
  const { pid, ...told } = evaluateScript(code, { without: 'CAP_KILL' }) as { readonly pid: number };
  process.kill(pid, 'SIGKILL'); // Throws if the child does not exist any more.
  // As in Node, only kill() emits `error`.
  const reason = { code: 'EPERM', syscall: 'kill' };
  expect(told).toEqual({ reason, events: ['EPERM'], sent: false, killed: false, exitCode: null });
});

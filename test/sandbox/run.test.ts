/** run: the values with which its promise resolves and rejects. */
import type { ChildProcess } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { EventEmitter, getEventListeners, once } from 'node:events';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { RunError, type RunResult } from '../../lib/sandbox/child/result.js';
import { type RunOptions, run } from '../../lib/sandbox/run.js';
import { fakeTimeouts } from '../support/fake-timers.js';

type Text = RunOptions & { readonly encoding?: BufferEncoding };

const sh = (script: string, options?: Text) => run('sh', ['-c', script], 'docker-default', options);

/** The RunError that a promise rejects with. */
async function rejection<Output>(promise: Promise<RunResult<Output>>): Promise<RunError> {
  const error = await promise.then(
    ({ command }) => expect.fail(`${command} resolved`),
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(RunError);
  return error;
}

/** The rejection at a timeout that elapses when the program has written something. */
async function rejectionAtTimeout(script: string): Promise<RunError> {
  const started: Promise<[{ readonly process: ChildProcess }]> = once(starts, 'start') as never;
  fakeTimeouts();
  const error = rejection(sh(script, { timeout: 1000 }));
  const [{ process }] = await started;
  await once(process.stdout ?? process, 'data');
  vi.advanceTimersByTime(1000);
  return error;
}

const starts = new EventEmitter();
channel('child_process').subscribe((message) => starts.emit('start', message));

const nothing = {
  stdout: '',
  stderr: '',
  exitCode: null,
  signal: null,
  timedOut: false,
  limit: null,
  usage: expect.anything(),
  enforcement: expect.objectContaining({ isolation: expect.anything() }),
  violations: [],
  unlistedViolations: 0,
  unseenCalls: [],
};

describe('resolves', () => {
  test('to the output as text', async () => {
    expect(await run('sh', ['-c', 'echo out; echo err >&2'], 'docker-default')).toEqual({
      ...{ ...nothing, exitCode: 0, stdout: 'out\n', stderr: 'err\n' },
      command: 'sh -c echo out; echo err >&2',
    });
  });

  test.each([
    ['buffer', Buffer.from('a\n'), Buffer.alloc(0)],
    [null, Buffer.from('a\n'), Buffer.alloc(0)],
    ['hex', '610a', ''],
  ] as const)('to bytes, or to text in another encoding: %s', async (encoding, out, err) => {
    const { stdout, stderr } = await run('echo', ['a'], 'docker-default', { encoding });
    expect([stdout, stderr]).toEqual([out, err]);
  });

  test('to empty output without pipes', async () => {
    expect(await sh('echo lost', { stdio: 'ignore' })).toMatchObject({ stdout: '', stderr: '' });
  });

  test('when processes that are left and share its pipes have ended', async () => {
    // kill -0 succeeds until run has seen the end of the child itself.
    const script = 'echo soon; (while kill -0 $$; do :; done 2>&-; echo late) &';
    expect((await sh(script, { descendants: 'leave' })).stdout).toBe('soon\nlate\n');
  });
});

describe('input', () => {
  test.each([
    ['text', 'é', 'é'],
    ['bytes', new Uint16Array([0x4241]), 'AB'],
    ['more than a pipe holds', 'x'.repeat(500_000), 'x'.repeat(500_000)],
  ])('%s', async (_, input, expected) => {
    expect((await run('cat', 'docker-default', { input })).stdout).toBe(expected);
  });

  test('left out, the program reads nothing and does not wait', async () => {
    expect((await run('cat', 'docker-default')).stdout).toBe('');
  });

  test('that the program does not read is not an error', async () => {
    expect((await run('true', 'docker-default', { input: 'x'.repeat(1e6) })).exitCode).toBe(0);
  });

  test.each<[RunOptions, string]>([
    [{ input: 'a', stdio: 'inherit' }, 'ERR_SECCOMP_OPTION'],
    [{ input: 'a', stdio: ['ignore', 'pipe', 'pipe'] }, 'ERR_SECCOMP_OPTION'],
    [{ input: 5 as never }, 'ERR_INVALID_ARG_TYPE'],
  ])('%j is refused', async (options, code) => {
    await expect(run('cat', 'docker-default', options as Text)).rejects.toMatchObject({ code });
  });
});

describe('rejects with the same shape', () => {
  test('an exit code', async () => {
    const error = await rejection(sh('echo out; echo why >&2; exit 3'));
    const shape = { ...nothing, exitCode: 3, stdout: 'out\n', stderr: 'why\n' };
    expect(error).toMatchObject({ ...shape, command: 'sh -c echo out; echo why >&2; exit 3' });
    expect(error).not.toHaveProperty('code');
    expect(error.message).toBe(`${error.command}: ended with exit code 3\nstderr: why`);
  });

  test('a signal', async () => {
    const error = await rejection(sh('kill -USR1 $$'));
    expect(error).toMatchObject({ ...nothing, signal: 'SIGUSR1' });
    expect(error.message).toMatch(/ended with SIGUSR1$/);
  });

  test('a limit, which the message names', async () => {
    const error = await rejection(sh('kill -XCPU $$'));
    expect(error).toMatchObject({ signal: 'SIGXCPU', limit: 'cpu' });
    expect(error.message).toMatch(/: ended with SIGXCPU: it used too much CPU time \(options\.rlimits\.cpu\)$/);
  });

  test('a signal without a name', async () => {
    expect((await rejection(run('bash', ['-c', 'kill -40 $$'], 'docker-default'))).message).toMatch(
      /ended with signal 40$/,
    );
  });

  test('a missing program', async () => {
    const error = await rejection(run('no-such-program', ['a'], 'docker-default'));
    expect(error).toMatchObject({ ...nothing, usage: null, code: 'ENOENT', command: 'no-such-program a' });
    expect(error.cause).toMatchObject({ syscall: 'spawn no-such-program', call: 'execve' });
  });

  test('a timeout', async () => {
    const error = await rejectionAtTimeout('echo before; exec sleep 60');
    expect(error).toMatchObject({ stdout: 'before\n', signal: 'SIGTERM', timedOut: true, code: 'ETIMEDOUT' });
  });

  test('a timeout of a program that then exits with 0', async () => {
    const script = `trap 'exit 0' TERM; sleep 60 >/dev/null 2>&1 & echo ready; wait`;
    expect(await rejectionAtTimeout(script)).toMatchObject({ exitCode: 0, timedOut: true });
  });

  test('an abort, when the program has ended', async () => {
    const controller = new AbortController();
    const running = sh('exec sleep 60', { signal: controller.signal, killSignal: 'SIGKILL' });
    controller.abort(new Error('enough'));
    const error = await rejection(running);
    expect(error).toMatchObject({ ...nothing, signal: 'SIGKILL', code: 'ABORT_ERR' });
    expect(error.cause).toMatchObject({ name: 'AbortError', cause: { message: 'enough' } });
  });

  test('an abort before the start, and nothing is started', async () => {
    const started = vi.fn();
    starts.on('start', started);
    onTestFinished(() => void starts.off('start', started));
    for (const [encoding, stdout] of [
      [undefined, ''],
      ['buffer', Buffer.alloc(0)],
    ] as const) {
      const options = { signal: AbortSignal.abort(new Error('enough')), timeout: 1000, encoding };
      const error = await rejection(run<typeof encoding>('true', ['a'], 'docker-default', options));
      expect(error).toMatchObject({ ...nothing, stdout, stderr: stdout, usage: null, command: 'true a' });
      expect([error.name, error.code, error.message]).toEqual([
        ...['AbortError', 'ABORT_ERR', 'true a: The operation was aborted'],
      ]);
      expect(error.cause).toMatchObject({ name: 'AbortError', cause: { message: 'enough' } });
    }
    expect(started).not.toHaveBeenCalled();
  });

  test.each<'stdout' | 'stderr'>(['stdout', 'stderr'])('more than maxBuffer on %s, cut', async (name) => {
    const error = await rejection(sh(`printf 1234567 >&${name === 'stdout' ? 1 : 2}`, { maxBuffer: 4 }));
    expect(error).toMatchObject({ [name]: '1234', code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' });
  });

  test.each<[string, Text, string | undefined]>([
    ['1234', { maxBuffer: 4 }, undefined],
    ['éé', { maxBuffer: 4 }, undefined],
    ['éé', { maxBuffer: 3 }, 'éé'],
    ['éé', { maxBuffer: 3, encoding: 'latin1' }, 'Ã©Ã'],
    ['a', { maxBuffer: 0 }, ''],
  ])('%s with %j, unless it has no more bytes', async (text, options, cut) => {
    const running = run('printf', ['%s', text], 'docker-default', options);
    if (cut === undefined) expect((await running).stdout).toBe(text);
    else expect((await rejection(running)).stdout).toBe(cut);
  });

  test('bytes are counted in the encoding of the output', async () => {
    const { stdout } = await run('printf', ['éé'], 'docker-default', { maxBuffer: 4, encoding: 'latin1' });
    expect(stdout).toBe('Ã©Ã©');
  });

  test('each of stdout and stderr may have maxBuffer bytes', async () => {
    expect(await sh('printf 1234; printf 5678 >&2', { maxBuffer: 4 })).toMatchObject({
      stdout: '1234',
      stderr: '5678',
    });
  });

  test('more than 1 MiB by default', async () => {
    const zeros = (bytes: number) => run('head', ['-c', String(bytes), '/dev/zero'], 'docker-default');
    expect((await zeros(1024 * 1024)).stdout).toHaveLength(1024 * 1024);
    const error = await rejection(zeros(1024 * 1024 + 1));
    expect([error.code, error.stdout.length]).toEqual(['ERR_CHILD_PROCESS_STDIO_MAXBUFFER', 1024 * 1024]);
  });

  test.each([
    ['stdout', 'stderr', '', '>&2'],
    ['stderr', 'stdout', '>&2', ''],
  ] as const)('more than maxBuffer on %s, and reads no more of %s either', async (_, other, first, second) => {
    const onTerm = `trap 'kill $!; echo late ${second}; exit' TERM`;
    const script = `${onTerm}; sleep 60 >/dev/null 2>&1 & printf 12345 ${first}; wait`;
    expect(await rejection(sh(script, { maxBuffer: 4 }))).toMatchObject({ [other]: '' });
  });

  test('the first of several errors', async () => {
    starts.once('start', ({ process: child }: { process: ChildProcess }) => {
      process.nextTick(() => ['first', 'second'].map((text) => child.emit('error', new Error(text))));
    });
    const running = run('true', 'docker-default');
    expect((await rejection(running)).cause).toMatchObject({ message: 'first' });
  });

  test('returns bytes with encoding buffer', async () => {
    const error = await rejection(run('sh', ['-c', 'echo a; exit 1'], 'docker-default', { encoding: 'buffer' }));
    expect(error.stdout).toEqual(Buffer.from('a\n'));
  });
});

test('a timeout elapses under fake timers', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  expect(await rejection(run('sleep', ['60'], 'docker-default', { timeout: 1 }))).toMatchObject({ code: 'ETIMEDOUT' });
});

test('leaves no timer when the program has ended', async () => {
  fakeTimeouts();
  await run('true', 'docker-default', { timeout: 600_000 });
  expect(vi.getTimerCount()).toBe(0);
});

test('leaves no listener on an AbortSignal', async () => {
  const { signal } = new AbortController();
  await run('true', 'docker-default', { signal });
  await rejection(run('/nowhere/program', 'docker-default', { signal }));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('the program runs under its profile', async () => {
  expect((await rejection(run('unshare', ['--user', 'true'], 'docker-default'))).stderr).toMatch(/not permitted/);
});

test.each<[string, readonly unknown[], string]>([
  ['no profile', ['true'], 'ERR_INVALID_ARG_TYPE'],
  ['a profile that is not there', ['true', 'docker-defaults'], 'ERR_SECCOMP_BUILTIN'],
  ['an unknown option', ['true', 'unconfined', { timeuot: 5 }], 'ERR_SECCOMP_OPTION'],
  ['a negative timeout', ['true', 'unconfined', { timeout: -1 }], 'ERR_OUT_OF_RANGE'],
  ['a negative maxBuffer', ['true', 'unconfined', { maxBuffer: -1 }], 'ERR_OUT_OF_RANGE'],
  ['an unknown encoding', ['true', 'unconfined', { encoding: 'utf-9' }], 'ERR_UNKNOWN_ENCODING'],
])('%s rejects, and nothing runs', async (_, parameters, code) => {
  const promise: unknown = Reflect.apply(run, undefined, [...parameters]);
  await expect(promise).rejects.toMatchObject({ code });
});

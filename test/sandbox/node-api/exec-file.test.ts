/** The output of a child as execFile and execFileSync report it, for children and results in place of programs. */
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readPaths } from '../../../lib/landlock/paths/option.js';
import * as grants from '../../../lib/landlock/programs/missing-grants.js';
import type { OutputLimits } from '../../../lib/sandbox/child/output.js';
import type { SandboxedProcess } from '../../../lib/sandbox/child/process/child-process.js';
import * as modes from '../../../lib/sandbox/mode-hints.js';
import { hideViolations, outputOrThrow, reportOutput } from '../../../lib/sandbox/node-api/exec-file.js';
import { rememberProgram } from '../../../lib/sandbox/path-hints.js';
import type { SyncOutcome } from '../../../lib/sandbox/spawn-sync.js';
import { fakeTimeouts } from '../../support/fake-timers.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const violation = { syscall: 'mkdir', decoded: ['"/x"'], abi: 'x86_64', count: 1, why: 'it is denied' };
const enforcement = { isolation: { closed: [], open: [] }, paths: { by: 'landlock' } };
const program = { file: 'program', args: ['x'], argv: ['program', 'x'], options: {} };

/** A child, and what its callback is called with. */
function reported(properties: object = {}, limits: Partial<OutputLimits> = {}, hasCallback = true) {
  const child = Object.assign(new EventEmitter(), {
    ...{ stdout: new PassThrough(), stderr: new PassThrough(), killed: false, limit: null, hasEnded: false },
    ...{
      isWatched: false,
      violations: [],
      unlistedViolations: 0,
      unseenCalls: [],
      enforcement,
      terminate: () => {},
    },
    ...properties,
  });
  rememberProgram(child, program);
  const calls: unknown[][] = [];
  const given = { encoding: 'utf8', maxBuffer: 10, timeout: 0, killSignal: 15, ...limits } as OutputLimits;
  const callback = hasCallback ? (...values: unknown[]) => void calls.push(values) : undefined;
  reportOutput(child as unknown as SandboxedProcess, ['program', 'x'], given, callback);
  const close = async (code: number | null, signal: string | null, stdout = 'out', stderr = '') => {
    child.stdout.write(stdout);
    if (stderr !== '') child.stderr.write(stderr);
    await new Promise(setImmediate);
    Object.assign(child, { exitCode: code, signalCode: signal }).emit('close', code, signal);
    return calls;
  };
  return { child, calls, close };
}

describe('the callback', () => {
  test('gets the output of a program that ends well', async () => {
    expect(await reported().close(0, null, 'out', 'err')).toEqual([[null, 'out', 'err']]);
    const bytes = reported({}, { encoding: undefined });
    expect(await bytes.close(0, null)).toEqual([[null, Buffer.from('out'), Buffer.alloc(0)]]);
  });

  test.each<[string, number | null, string | null, object, object]>([
    ['an exit code', 3, null, {}, { code: 3, signal: null, killed: false }],
    ['a signal', null, 'SIGINT', {}, { code: null, signal: 'SIGINT', killed: false }],
    ['a signal of this process', null, 'SIGINT', { killed: true }, { code: null, signal: 'SIGINT', killed: true }],
    ['0 with a signal', 0, 'SIGINT', {}, { code: 0, signal: 'SIGINT', killed: false }],
    ['an errno', -2, null, {}, { code: 'ENOENT', signal: null, killed: false }],
  ])('gets an error for %s', async (_, code, signal, properties, expected) => {
    const [call = []] = await reported(properties).close(code, signal, 'out', 'err\n');
    expect(call[0]).toMatchObject({ message: 'Command failed: program x\nerr\n', cmd: 'program x', ...expected });
    expect(call.slice(1)).toEqual(['out', 'err\n']);
    expect(Object.keys(call[0] as object).sort()).toEqual(['cmd', 'code', 'killed', 'signal']);
    expect(call[0]).toHaveProperty('limit', null);
  });

  test('gets the limit and the denied calls in the message', async () => {
    const watched = { isWatched: true, violations: [violation], limit: 'memory' };
    const [call = []] = await reported(watched).close(1, null, '', 'err\n');
    expect(call[0]).toMatchObject({
      limit: 'memory',
      message: [
        ...['Command failed: program x', 'err', 'it needed more memory than it may use (options.limits.memory)'],
        ...['denied: mkdir("/x"): it is denied'],
      ].join('\n'),
    });
    const [other = []] = await reported({ violations: [violation] }).close(1, null);
    expect(other[0]).toMatchObject({ message: 'Command failed: program x\n' });
  });

  test('gets a hint for an end by SIGSYS only if calls are watched', async () => {
    const messageOf = async (isWatched: boolean) => {
      const [call = []] = await reported({ isWatched }).close(null, 'SIGSYS');
      return Object(call[0]).message as string;
    };
    expect(await messageOf(true)).toMatch(/^Command failed: program x\nhint: SIGSYS ends a program/);
    expect(await messageOf(false)).toBe('Command failed: program x\n');
  });

  test('gets the error for too much output, as much as was taken, and no error of the exit code', async () => {
    const [call = []] = await reported({}, { maxBuffer: 2 }).close(null, 'SIGTERM');
    expect(call).toMatchObject([{ code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER', cmd: 'program x' }, 'ou', '']);
  });

  test('gets the timeout as killed', async () => {
    fakeTimeouts();
    const { child, calls } = reported({}, { timeout: 5 });
    vi.advanceTimersByTime(5);
    child.emit('close', null, 'SIGTERM');
    expect(calls).toMatchObject([[{ killed: true, signal: 'SIGTERM', code: null }, '', '']]);
  });

  test('is called once, with the first error, which ends the output', async () => {
    const { child, calls, close } = reported();
    const error = new Error('spawn ENOENT');
    child.emit('error', error);
    child.emit('error', new Error('another'));
    await close(-2, null);
    expect(calls).toEqual([[error, '', '']]);
    expect(error).toMatchObject({ cmd: 'program x', limit: null });
    expect([child.stdout.destroyed, child.stderr.destroyed]).toEqual([true, true]);
  });

  test('may be absent', async () => {
    await expect(reported({}, {}, false).close(1, null)).resolves.toEqual([]);
  });
});

describe('the output of a program that has ended', () => {
  const result = {
    ...{ pid: 7, output: [null, 'out', 'err'], stdout: 'out', stderr: 'err', status: 0, signal: null },
    ...{ limit: null, violations: [], unlistedViolations: 0, unseenCalls: [] },
  };
  const outcome = (more: object = {}, isWatched = false): SyncOutcome => ({
    result: Object.defineProperty({ ...result, ...more }, 'enforcement', { value: enforcement }) as never,
    isWatched,
    program,
  });

  test('ends its error with the mode that denied what paths grants, unless a grant is missing', () => {
    const options = { paths: readPaths({ read: ['/a'] }) as never };
    const fail = () =>
      outputOrThrow({ ...outcome({ status: 1 }), program: { ...program, options } }, 'program x', false);
    const mode = vi.spyOn(modes, 'deniedByMode').mockReturnValue('a mode');
    const missing = vi.spyOn(grants, 'missingGrant').mockReturnValue(undefined);
    expect(fail).toThrow(/err\nhint: a mode$/);
    expect([mode.mock.calls, missing.mock.calls]).toEqual([[[options, ['x']]], [[expect.anything(), 1]]]);
    missing.mockReturnValue({ problem: 'a grant', list: 'read', path: '/a' });
    expect(fail).toThrow(/^Command failed: program x\nerr\nhint: a grant: add '\/a' to read$/);
  });

  test('is returned if it ended well', () => {
    expect(outputOrThrow(outcome(), 'program x', false)).toBe('out');
    expect(outputOrThrow(outcome({ stdout: null, stderr: null }), 'program x', true)).toBe(null);
  });

  test('is written to stderr of this process, also if it is thrown, unless stdio says otherwise', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    outputOrThrow(outcome(), 'program x', false);
    expect(write.mock.calls).toEqual([]);
    outputOrThrow(outcome(), 'program x', true);
    expect(() => outputOrThrow(outcome({ status: 1 }), 'program x', true)).toThrow();
    expect(write.mock.calls).toEqual([['err'], ['err']]);
  });

  test('is in the error for a status that is not 0, beside the rest of the result', () => {
    const fail = (more: object, isWatched?: boolean) => () =>
      outputOrThrow(outcome(more, isWatched), 'program x', false);
    expect(fail({ status: 3 })).toThrow(
      expect.objectContaining({
        message: 'Command failed: program x\nerr',
        status: 3,
        stdout: 'out',
        stderr: 'err',
        pid: 7,
      }),
    );
    for (const stderr of ['', null])
      expect(fail({ status: null, signal: 'SIGINT', stderr })).toThrow(/^Command failed: program x$/);
    const denied = { status: 1, stderr: 'err\n', violations: [violation], limit: 'processes' };
    expect(fail(denied, true)).toThrow(
      [
        ...['Command failed: program x', 'err'],
        ...[
          'it could not start as many processes as it needs (options.limits.processes)',
          'denied: mkdir("/x"): it is denied',
        ],
      ].join('\n'),
    );
    expect(fail({ ...denied, limit: null })).toThrow(/^Command failed: program x\nerr\n$/);
  });

  test('is in the error with which it was not started, or was ended', () => {
    const error = Object.assign(new Error('spawnSync ETIMEDOUT'), { code: 'ETIMEDOUT' });
    const fail = () => outputOrThrow(outcome({ error, status: null }), 'program x', false);
    expect(fail).toThrow(error);
    expect(error).toMatchObject({ status: null, stdout: 'out', violations: [] });
    expect(Object.keys(error)).not.toEqual(expect.arrayContaining(['limit']));
  });
});

test('what Node’s results have not is hidden, and nothing else', () => {
  const result = hideViolations({ status: 0, limit: null, violations: [1], unlistedViolations: 2 });
  expect([Object.keys(result), result.violations, result.unlistedViolations, result.limit]).toEqual([
    ...[['status'], [1], 2, null],
  ]);
});

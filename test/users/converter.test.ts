/**
 * The tasks of a backend developer who converts uploads with ImageMagick, done as docs/guides/uploads.md says: formats,
 * streams, bounds that hold, and denials that can be logged.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { extend, RunError, run, Sandbox, spawn, type Violation } from '../../lib/index.js';
import { obstacleTo } from '../support/commands.js';
import { describeUnless } from '../support/describe-unless.js';
import { descriptors } from '../support/processes.js';
import { until } from '../support/until.mjs';

const PROFILE = extend('docker-default').deny('execve', 'execveat', 'socket');
const OPTIONS = { encoding: 'buffer', onViolation: true, forceKillAfter: 100 } as const;
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';

/** The first bytes of a format. */
const START = { png: '89504e47', jpeg: 'ffd8ff', webp: '52494646' };

const folder = mkdtempSync(join(tmpdir(), 'seccomp-converter-'));
afterAll(() => rmSync(folder, { recursive: true }));

const picture = () => run('magick', ['-size', '64x48', 'gradient:red-blue', 'png:-'], PROFILE, OPTIONS);

const failureOf = (running: Promise<unknown>): Promise<RunError> =>
  running.then(
    () => expect.fail('did not fail'),
    (error) => (error instanceof RunError ? error : Promise.reject(error)),
  );

describeUnless(obstacleTo('magick'), 'a developer who converts uploads', () => {
  test.each(['jpeg', 'webp', 'png'] as const)('converts a PNG to %s', async (to) => {
    const { stdout: png } = await picture();
    const { stdout } = await run('magick', ['png:-', `${to}:-`], PROFILE, { ...OPTIONS, input: png });
    expect(stdout.toString('hex', 0, 4)).toMatch(new RegExp(`^${START[to]}`));
  });

  test('sees which program ImageMagick wanted to start for an SVG, whether it converts without or fails', async () => {
    const converting = run('magick', ['svg:-', 'png:-'], PROFILE, { ...OPTIONS, input: SVG });
    const { violations } = await converting.catch((error: RunError) => error);
    const denied = violations.filter(({ fallback }) => !fallback);
    expect(new Set(denied.map(({ syscall }) => syscall))).toEqual(new Set(['execve']));
    expect(denied[0]?.decoded[0]).toMatch(/^".*(inkscape|rsvg-convert)"$/);
  });

  test('pipes an upload through, and gets the result as a stream', async () => {
    const { stdout: png } = await picture();
    const magick = spawn('magick', ['png:-', 'jpeg:-'], PROFILE);
    const chunks: Buffer[] = [];
    const errors = text(magick.stderr);
    await Promise.all([
      pipeline([png.subarray(0, 50), png.subarray(50)], magick.stdin),
      pipeline(magick.stdout, async (source: AsyncIterable<Buffer>) => {
        for await (const chunk of source) chunks.push(chunk);
      }),
    ]);
    expect(await errors).toBe('');
    expect(Buffer.concat(chunks).toString('hex', 0, 3)).toBe(START.jpeg);
  });

  test('uses the functions of child_process with promisify', async () => {
    const execFile = promisify(new Sandbox(PROFILE).execFile);
    expect((await execFile('magick', ['-version'])).stdout).toContain('ImageMagick');
  });

  test('converts 20 pictures at once, and no descriptor is left', async () => {
    const { stdout: png } = await picture();
    const before = descriptors().length;
    const convert = () => run('magick', ['png:-', 'webp:-'], PROFILE, { ...OPTIONS, input: png });
    const results = await Promise.all(Array.from({ length: 20 }, convert));
    expect(results.filter(({ stdout }) => stdout.toString('hex', 0, 4) === START.webp)).toHaveLength(20);
    await until(() => descriptors().length <= before); // A listener is closed on its thread.
  });
});

test('an abort and AbortSignal.timeout end the program, which a signal that is aborted already does not start', async () => {
  const controller = new AbortController();
  const running = failureOf(run('sleep', ['1000'], PROFILE, { ...OPTIONS, signal: controller.signal }));
  controller.abort();
  expect(await running).toMatchObject({ code: 'ABORT_ERR' });
  for (const [signal, ending] of [
    [AbortSignal.abort(), null],
    [AbortSignal.timeout(20), 'SIGTERM'],
  ] as const) {
    const error = await failureOf(run('sleep', ['1000'], PROFILE, { signal }));
    expect(error).toMatchObject({ code: 'ABORT_ERR', signal: ending });
  }
});

test('a timeout ends a program that ignores SIGTERM', async () => {
  const script = 'trap "" TERM; while :; do :; done';
  const error = await failureOf(run('sh', ['-c', script], PROFILE, { ...OPTIONS, timeout: 50 }));
  expect(error).toMatchObject({ timedOut: true, signal: 'SIGKILL', code: 'ETIMEDOUT' });
});

test.each(['timeout', 'abort'])('an end by %s does not wait for descendants that hold the pipes', async (way) => {
  const options = way === 'timeout' ? { timeout: 200 } : { signal: AbortSignal.timeout(200) };
  const script = 'sleep 1000 & echo $!; exec sleep 1000';
  const { stdout, signal } = await failureOf(run('sh', ['-c', script], 'docker-default', options));
  expect(signal).toBe('SIGTERM');
  process.kill(Number(stdout), 'SIGKILL'); // It is alive: descendants are not ended.
});

test('output is cut at exactly maxBuffer', async () => {
  const error = await failureOf(run('yes', [], PROFILE, { ...OPTIONS, maxBuffer: 1000 }));
  expect(error.code).toBe('ERR_CHILD_PROCESS_STDIO_MAXBUFFER');
  expect(error.stdout).toHaveLength(1000);
});

test('the limits of CPU time and of file sizes end the program by their signals', async () => {
  const busy = ['-c', 'while :; do :; done'];
  const cpu = await failureOf(run('sh', busy, PROFILE, { rlimits: { cpu: { soft: 1, hard: 2 } } }));
  expect(cpu.signal).toBe('SIGXCPU');
  expect(cpu.message).toMatch(/ended with SIGXCPU: it used too much CPU time \(options\.rlimits\.cpu\)$/);
  const write = ['if=/dev/zero', `of=${join(folder, 'large')}`, 'count=1'];
  expect((await failureOf(run('dd', write, PROFILE, { rlimits: { fsize: 0 } }))).signal).toBe('SIGXFSZ');
});

test('the message of the error ends with the denied call, and names the profile that was built', async () => {
  const error = await failureOf(run('sh', ['-c', '/bin/true'], PROFILE, { onViolation: true }));
  expect(error.message).toMatch(
    /\ndenied: execve\("\/bin\/true", .*\) by "the profile built on docker-default", syscalls\[\d+\]$/,
  );
});

test('without onViolation, the message says how to learn denied calls; after SIGSYS too', async () => {
  expect((await failureOf(run('sh', ['-c', '/bin/true'], PROFILE))).message).toContain('onViolation');
  const killing = extend('docker-default').kill('uname');
  expect((await failureOf(run('uname', [], killing))).message).toMatch(/ended with SIGSYS\nhint: .*SCMP_ACT_ERRNO/);
});

test('violations and errors are JSON', async () => {
  const error = await failureOf(run('sh', ['-c', '/bin/true'], PROFILE, { onViolation: true }));
  const [violation] = JSON.parse(JSON.stringify(error.violations)) as Violation[];
  expect(violation).toMatchObject({ syscall: 'execve', count: 1, fallback: false, deniedBy: 'profile' });
  expect(JSON.parse(JSON.stringify(error))).toMatchObject({ name: 'RunError', exitCode: 126, violations: [violation] });
});

test('calls that programs do without can be left out of the count', async () => {
  const { violations } = await run(process.execPath, ['-e', ''], PROFILE, { onViolation: true });
  expect(violations.filter(({ fallback }) => !fallback)).toEqual([]);
});

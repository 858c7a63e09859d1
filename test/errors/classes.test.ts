/** Every error that leaves the package can be printed, written as JSON and sent to another thread. */
import { once } from 'node:events';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { ProfileError, refuseIn, SandboxFileError, SeccompError } from '../../lib/errors.js';
import { loadProfile } from '../../lib/profile/source.js';
import { RunError } from '../../lib/sandbox/child/result.js';
import { run } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { once as memoOnce } from '../../lib/util/memo.js';

const sandbox = new Sandbox('docker-default');
const relay = new Worker(new URL('relay.mjs', import.meta.url));
afterAll(() => relay.terminate());

const result = {
  command: 'convert in.svg',
  stdout: 'out',
  stderr: 'bad option\n',
  exitCode: 3,
  signal: null,
  timedOut: false,
  limit: null,
  usage: { wallTime: 2, cpuTime: 1, maxRss: null, peakMemory: null },
  enforcement: { isolation: { by: 'scopes' as const, closed: [], open: [] } },
  violations: [],
  unlistedViolations: 0,
  unseenCalls: [],
};

/** Returns the error that the action throws or rejects with. */
async function errorOf(action: () => unknown): Promise<Error> {
  try {
    await action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
}

const execFile = (file: string, args: readonly string[], options: object) =>
  new Promise((_, reject) => sandbox.execFile(file, [...args], options, (error) => reject(error)));

const failures: Readonly<Record<string, () => unknown>> = {
  SeccompError: () => loadProfile('no-such-profile'),
  'SeccompError with a cause': () => loadProfile('./nowhere.json'),
  ProfileError: () => loadProfile('{"defaultAction": 1, "x": 2}'),
  RunError: () => run('sh', ['-c', 'echo out; echo err >&2; exit 3'], 'docker-default'),
  'RunError with bytes': () => run('sh', ['-c', 'echo out; exit 3'], 'docker-default', { encoding: 'buffer' }),
  'RunError of a command that is not there': () => run('/nowhere/true', 'docker-default'),
  'RunError of a timeout': () => run('sleep', ['100'], 'docker-default', { timeout: 1 }),
  'RunError of too much output': () => run('echo', ['much'], 'docker-default', { maxBuffer: 1 }),
  'RunError of an abort': () => run('sleep', ['100'], 'docker-default', { signal: AbortSignal.abort() }),
  'AbortError of execFile': () => execFile('sleep', ['100'], { signal: AbortSignal.abort() }),
  'RangeError of execFile': () => execFile('echo', ['much'], { maxBuffer: 1 }),
  'exit code of execFile': () => execFile('false', [], {}),
  'wrong option': () => sandbox.spawn('true', { cwd: Object(1) }),
};

describe.each(Object.entries(failures))('%s', (_, action) => {
  const failed = memoOnce(() => errorOf(action));

  test('JSON.stringify writes its message', async () => {
    const error = await failed();
    const written: unknown = JSON.parse(JSON.stringify(error));
    const isOurs = error instanceof SeccompError || error instanceof RunError;
    expect(written).toMatchObject(isOurs ? { name: error.name, message: error.message } : {});
  });

  test('structuredClone keeps its message and stack', async () => {
    const error = await failed();
    const { message, stack } = structuredClone(error);
    expect({ message, stack }).toEqual({ message: error.message, stack: error.stack });
  });

  test('util.inspect shows its message', async () => {
    const error = await failed();
    expect(inspect(error)).toContain(error.message);
  });

  test('a worker receives it', async () => {
    const error = await failed();
    relay.postMessage(error);
    const [{ message, stack }] = await once(relay, 'message');
    expect({ message, stack }).toEqual({ message: error.message, stack: error.stack });
  });
});

test('JSON has every property of a ProfileError', async () => {
  const error = await errorOf(() => loadProfile('{"defaultAction": 1}'));
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'ProfileError',
    code: 'ERR_SECCOMP_PROFILE',
    message: 'inline:1:2: defaultAction: unknown action 1',
    source: 'inline',
    issues: [
      {
        severity: 'error',
        path: 'defaultAction',
        message: 'unknown action 1',
        line: 1,
        column: 2,
      },
    ],
  });
});

test('the error of a sandbox file has its name, its code, all issues and their lines', () => {
  const issues = [
    { severity: 'warning', path: '', message: 'odd' },
    { severity: 'error', path: 'paths', message: 'bad', line: 3, column: 14 },
  ] as const;
  const error = new SandboxFileError('box.json', issues);
  const message = 'box.json:3:14: paths: bad\nbox.json: and 1 warning';
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    ...{ name: 'SandboxFileError', code: 'ERR_SECCOMP_SANDBOX', message, source: 'box.json', issues },
  });
  expect([String(error), Object.keys(error)]).toEqual([
    `SandboxFileError [ERR_SECCOMP_SANDBOX]: ${message}`,
    ['code', 'source'],
  ]);
});

test.each([
  [[], '', undefined, 'ERR_INVALID_ARG_VALUE', 'host: is wrong'],
  [[], 'a host is { abi }', 'type', 'ERR_INVALID_ARG_TYPE', 'host: is wrong; a host is { abi }'],
  [['kernel', 'major'], '', 'range', 'ERR_OUT_OF_RANGE', 'host.kernel.major: is wrong'],
  [['abis', 3, 0], '', 'value', 'ERR_INVALID_ARG_VALUE', 'host.abis[3][0]: is wrong'],
] as const)(
  'a problem at %j of a parameter with the form "%s" is of the kind %s',
  (path, form, kind, code, message) => {
    expect(() => refuseIn('host', form)(path, 'is wrong', kind)).toThrow(expect.objectContaining({ code, message }));
  },
);

test('JSON has every property of a RunError', () => {
  const message = 'convert in.svg: ended with exit code 3\nstderr: bad option';
  expect(JSON.parse(JSON.stringify(new RunError('ended with exit code 3', undefined, result)))).toEqual({
    name: 'RunError',
    message,
    ...result,
  });
});

test('the name is not an own property, and output is not enumerable', () => {
  const issues = [{ severity: 'error', path: '', message: 'bad' }] as const;
  expect(Object.keys(new SeccompError('ERR_SECCOMP_OPTION', 'bad'))).toEqual(['code']);
  expect(Object.keys(new ProfileError('p.json', issues))).toEqual(['code', 'source']);
  expect(Object.keys(new RunError('ended', 'ETIMEDOUT', result))).toEqual(['code', 'exitCode', 'signal']);
  expect(new RunError('ended', 'ETIMEDOUT', result)).toMatchObject(result);
  expect(Object.hasOwn(new SeccompError('ERR_SECCOMP_OPTION', 'bad'), 'name')).toBe(false);
});

describe('a message', () => {
  test('lists the first errors of a profile, and counts the others', () => {
    const issues = Array.from(
      { length: 20 },
      (_, i) => ({ severity: 'error', path: `a[${i}]`, message: 'bad' }) as const,
    );
    const { message, issues: all } = new ProfileError('p.json', issues);
    expect(message.split('\n').slice(-2)).toEqual(['p.json: a[7]: bad', 'p.json: and 12 more errors']);
    expect(all).toHaveLength(20);
  });

  test('lists eight errors of a profile without a count, and counts warnings', () => {
    const issues = (severity: 'error' | 'warning', count: number) =>
      Array<{ severity: typeof severity; path: string; message: string }>(count).fill({
        severity,
        path: '',
        message: 'bad',
      });
    const lines = (errors: number, warnings: number) =>
      new ProfileError('p.json', [...issues('error', errors), ...issues('warning', warnings)]).message.split('\n');
    expect(lines(8, 0)).toEqual(Array(8).fill('p.json: bad'));
    expect(lines(9, 0).slice(8)).toEqual(['p.json: and 1 more errors']);
    expect([lines(1, 1), lines(1, 2)]).toEqual([
      ['p.json: bad', 'p.json: and 1 warning'],
      ['p.json: bad', 'p.json: and 2 warnings'],
    ]);
  });

  test('marks what a program wrote to stderr, and escapes control characters', () => {
    const { message, stderr } = new RunError('ended', undefined, {
      ...result,
      stderr: '\u001b]0;title\u0007a\u009b2J\tb\nc',
    });
    expect([message, stderr]).toEqual([
      'convert in.svg: ended\nstderr: \\u001b]0;title\\u0007a\\u009b2J\\tb\nstderr: c',
      expect.stringContaining('\u001b'),
    ]);
  });

  test('has the end of a long stderr, and the beginning of a long command', () => {
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n');
    const error = new RunError('ended', undefined, { ...result, command: `sh -c ${lines}`, stderr: `${lines}\n` });
    expect(error.message.split('\n')).toEqual([
      'sh -c line 0…: ended',
      '… (a part of stderr; the property has all of it)',
      ...['stderr: line 97', 'stderr: line 98', 'stderr: line 99'],
    ]);
    expect(new RunError('ended', undefined, { ...result, stderr: 'x'.repeat(1e6) }).message.length).toBeLessThan(1200);
  });

  test('has all of a command of 200 characters, and of a stderr of 3 lines and 1,000 characters', () => {
    const messageOf = (more: Partial<typeof result>) =>
      new RunError('ended', undefined, { ...result, ...more }).message;
    const whole = { command: 'c'.repeat(200), stderr: `a\nb\n${'x'.repeat(996)}\n` };
    expect(messageOf(whole)).toBe(`${whole.command}: ended\n${whole.stderr.trimEnd().replaceAll(/^/gm, 'stderr: ')}`);
    const cut = '… (a part of stderr; the property has all of it)';
    expect(messageOf({ command: 'c'.repeat(201), stderr: 'x'.repeat(1001) })).toBe(
      `${whole.command}…: ended\n${cut}\nstderr: ${'x'.repeat(1000)}`,
    );
    expect(messageOf({ stderr: '1\n2\n3\n4' })).toBe(`convert in.svg: ended\n${cut}\nstderr: 2\nstderr: 3\nstderr: 4`);
    expect(messageOf({ stderr: '' })).toBe('convert in.svg: ended');
  });
});

/** The output of the command: lines of a terminal's width, colors, and streams that can't be written. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { wrap, wrapJson } from '../../lib/cli/output/wrap.js';
import { main } from '../support/built.js';
import { seccomp } from '../support/command-line.js';

afterEach(() => vi.unstubAllEnvs());

describe('text', () => {
  test('is broken between words, and the lines after the first are indented', () => {
    expect(wrap('one two three four', 2, 10)).toEqual(['one two', '  three', '  four']);
  });

  test('is not broken in a word that is longer than a line', () => {
    expect(wrap('a CONFIG_SECCOMP_FILTER b', 4, 10)).toEqual(['a', '    CONFIG_SECCOMP_FILTER', '    b']);
  });

  test('of a rule is broken after commas, which leaves it valid JSON', () => {
    const value = { names: ['a', 'b'], args: [{ index: 0, value: 1 }] };
    const wrapped = wrapJson(JSON.stringify(value), 4, 24);
    expect(wrapped).toEqual(['{"names":["a","b"],', '    "args":[{"index":0,', '    "value":1}]}']);
    expect(JSON.parse(wrapped.join('\n'))).toEqual(value);
  });

  test('is one line where there is no terminal', () => {
    expect(wrap('one two three', 17, Number.POSITIVE_INFINITY)).toEqual(['one two three']);
  });
});

const WRAPPED =
  /\n {2}no rule that names it applies here: In a new user\n {2}namespace, a process has every capability, which exposes\n/;

/** Gives a stream of this process the width of a terminal, until the end of the test. */
function setWidth(name: 'stdout' | 'stderr', columns: number): void {
  const { [name]: stream } = process;
  const before = stream.columns;
  stream.columns = columns;
  onTestFinished(() => {
    stream.columns = before;
  });
}

test('in a terminal of 60 columns, the reason for a denial is wrapped', () => {
  const script = `stty cols 60; ${process.execPath} ${main} run --explain -- unshare --user true`;
  const { stdout } = spawnSync('script', ['-qec', script, '/dev/null'], { encoding: 'utf8' });
  expect(stdout.replaceAll('\r', '')).toMatch(WRAPPED);
});

test('seccomp explain wraps for the width of stdout, not of stderr', async () => {
  setWidth('stdout', 60);
  setWidth('stderr', 500);
  expect((await seccomp('explain', 'docker-default', 'unshare')).stdout).toMatch(WRAPPED);
});

test('in a terminal that does not know its width, such as a serial console, lines are not broken', async () => {
  setWidth('stdout', 0);
  expect((await seccomp('explain', 'docker-default', 'unshare')).stdout).toMatch(
    /no rule that names it applies here: In a new user namespace, a process has every capability,/,
  );
});

test('in a terminal of 60 columns, seccomp record --base wraps the syscalls that were not needed', async () => {
  setWidth('stderr', 60);
  const lines = (await seccomp('record', '--base', 'docker-default', '--', 'true')).stderr.split('\n');
  const list = lines.slice(lines.findIndex((line) => line.startsWith('- ')));
  expect(list.length).toBeGreaterThan(20);
  expect(list.filter((line) => line.length > 60)).toEqual([]);
});

test('without a terminal, seccomp record --base wraps the syscalls that were not needed to 80 columns', async () => {
  const { stderr } = await seccomp('record', '--base', 'docker-default', '--', 'true');
  const lines = stderr.slice(stderr.indexOf('\n- ') + 1).split('\n');
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test('obeys NO_COLOR and FORCE_COLOR, and does not color output to a pipe in CI', async () => {
  const show = async (env: Readonly<Record<string, string | undefined>>) => {
    for (const name of ['NO_COLOR', 'FORCE_COLOR', 'CI']) vi.stubEnv(name, env[name]);
    return (await seccomp('explain', 'docker-default', 'mount')).stdout;
  };
  expect(await show({ CI: 'true' })).toMatch(/^mount on/);
  expect(await show({ NO_COLOR: '1' })).toMatch(/^mount on/);
  expect(await show({ FORCE_COLOR: '1' })).toContain('\x1b[1mmount\x1b[22m on');
});

test.each([[['check', '--json', 'docker-default']], [['--help']]])(
  'exits 125 with one line if the result can’t be written: %j',
  (args) => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect(stderr).toMatch(/^seccomp: stdout: the result can't be written \(ENOSPC: no space left on device\): .*\n$/);
    expect(status).toBe(125);
  },
);

test.each([
  [['check', '{"defaultAction": 1}'], 1],
  [['explain', 'docker-default'], 0],
] as const)('keeps its exit status if the reader of its output ends early: %j', async (args, status) => {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect([code, stderr]).toEqual([status, '']);
});

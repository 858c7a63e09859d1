/** Text of the command in lines of a terminal's width. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { wrap, wrapJson } from '../../lib/cli/output/wrap.js';
import { main } from '../support/built.js';

test('breaks between words, and indents the lines after the first', () => {
  expect(wrap('one two three four', 2, 10)).toBe('one two\n  three\n  four');
});

test('does not break a word that is longer than a line', () => {
  expect(wrap('a CONFIG_SECCOMP_FILTER b', 4, 10)).toBe('a\n    CONFIG_SECCOMP_FILTER\n    b');
});

test('breaks a rule after commas, which leaves it valid JSON', () => {
  const value = { names: ['a', 'b'], args: [{ index: 0, value: 1 }] };
  const wrapped = wrapJson(JSON.stringify(value), 4, 24);
  expect(wrapped).toBe('{"names":["a","b"],\n    "args":[{"index":0,\n    "value":1}]}');
  expect(JSON.parse(wrapped)).toEqual(value);
});

test('is one line where there is no terminal', () => {
  expect(wrap('one two three', 17, Number.POSITIVE_INFINITY)).toBe('one two three');
});

describe('in a terminal of 60 columns, the reason for a denial is wrapped by', () => {
  const WRAPPED =
    /\n {2}no rule that names it applies here: In a new user\n {2}namespace, a process has every capability, which exposes\n/;

  test.each(['explain docker-default unshare', 'run --explain -- unshare --user true'])('seccomp %s', (command) => {
    const script = `stty cols 60; ${process.execPath} ${main} ${command}`;
    const { stdout } = spawnSync('script', ['-qec', script, '/dev/null'], { encoding: 'utf8' });
    expect(stdout.replaceAll('\r', '')).toMatch(WRAPPED);
  });
});

test('in a terminal that does not know its width, such as a serial console, lines are not broken', () => {
  const script = `stty cols 0; ${process.execPath} ${main} explain docker-default unshare 2>&1`;
  const { stdout } = spawnSync('script', ['-qec', script, '/dev/null'], { encoding: 'utf8' });
  expect(stdout).toMatch(
    /no rule that names it applies here: In a new user namespace, a process has every capability,/,
  );
});

test('without a terminal, seccomp record --base wraps the syscalls that were not needed to 80 columns', () => {
  const { stderr } = spawnSync(process.execPath, [main, 'record', '--base', 'docker-default', '--', 'true'], {
    encoding: 'utf8',
  });
  const lines = stderr.slice(stderr.indexOf('\n- ') + 1).split('\n');
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test('in a terminal of 60 columns, seccomp record --base wraps the syscalls that were not needed', () => {
  const script = `stty cols 60; ${process.execPath} ${main} record --base docker-default -- true`;
  const { stdout } = spawnSync('script', ['-qec', script, '/dev/null'], { encoding: 'utf8' });
  const list = stdout
    .replaceAll('\r', '')
    .split('\n')
    .slice(stdout.split('\n').findIndex((line) => line.startsWith('- ')));
  expect(list.length).toBeGreaterThan(20);
  expect(list.filter((line) => line.length > 60)).toEqual([]);
});

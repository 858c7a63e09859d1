/** The stack of an error begins at the caller's line, and Node prints few lines for an uncaught error. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const fixture = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const calls = fixture('calls.mjs');
const source = readFileSync(calls, 'utf8').split('\n');

function node(...args: readonly string[]) {
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { stdout, lines: stderr.trimEnd().split('\n') };
}

/** Returns the number of the fixture's line that makes the call. */
function lineOf(call: string): number {
  return source.findIndex((line) => /^ {2}'?(.*?)'?: \(\) =>/.exec(line.replaceAll('"', "'"))?.[1] === call) + 1;
}

describe('the first frame is the caller’s', () => {
  const { stdout } = node(fixture('first-frames.mjs'));
  const frames: Record<string, string> = JSON.parse(stdout);

  test.each(Object.entries(frames))('%s', (call, frame) => {
    expect(frame).toContain(`${calls}:${lineOf(call)}:`);
  });
});

describe('an uncaught error prints the caller’s line, in fewer than 30 lines:', () => {
  test.each([
    'spawn',
    'loadProfile',
    'loadProfile text',
    'loadProfile with many mistakes',
    'Profile.allow',
    'Sandbox',
    'Sandbox.execFileSync',
    'Sandbox.execFile promisified',
    "fork option of Node's",
    'record',
    'run',
    'run command',
    'run exit code',
    'run much output',
    'testing.assertRunsUnder',
  ])('%s', (call) => {
    const { lines } = node(fixture('uncaught.mjs'), call);
    const line = lineOf(call);
    expect(lines.slice(0, 2)).toEqual([expect.stringMatching(new RegExp(`/calls\\.mjs:${line}$`)), source[line - 1]]);
    expect(lines.length).toBeLessThan(30);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(400);
  });

  test('from CommonJS a promise that rejects', () => {
    const { lines } = node(fixture('uncaught.cjs'), 'run');
    expect(lines.slice(0, 2)).toEqual([
      expect.stringMatching(/\/uncaught\.cjs:\d+$/),
      "  run: () => run('false', 'docker-default'),",
    ]);
    expect(lines.length).toBeLessThan(30);
  });

  // V8 names the line of the throw statement there, as for functions of Node's own.
  test.each(['spawn', 'loadProfile'])('from CommonJS %s, as the first frame', (call) => {
    const { lines } = node(fixture('uncaught.cjs'), call);
    expect(lines.find((line) => /^ +at /.test(line))).toContain('/uncaught.cjs:');
    expect(lines.length).toBeLessThan(30);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(400);
  });
});

test.each([
  'a limit of 0',
  'no limit',
  'a frozen Error',
  'a prepareStackTrace that gives call sites',
  'a prepareStackTrace that throws',
  'no captureStackTrace',
  'a polluted Object.prototype',
])('errors are the same with %s', (change) => {
  const { stdout } = node(fixture('hostile.cjs'), change);
  expect(stdout).toBe(
    'SeccompError ERR_SECCOMP_BUILTIN unknown built-in profile "dokcer-default" (did you mean docker-default?)\n' +
      'RunError undefined false\n',
  );
});

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

interface WrongCall {
  readonly call: string;
  readonly frame: string;
  /** What util.inspect shows of the error, which Node prints if nobody catches it. */
  readonly printed: readonly string[];
}

const longest = (lines: readonly string[]) => Math.max(...lines.map(({ length }) => length));

describe('an error has the caller’s line as its first frame, and few lines:', () => {
  const wrongCalls: readonly WrongCall[] = JSON.parse(node(fixture('first-frames.mjs')).stdout);

  test.each(wrongCalls)('$call', ({ call, frame, printed }) => {
    expect(frame).toContain(`${calls}:${lineOf(call)}:`);
    expect(printed.length).toBeLessThan(25);
    expect(longest(printed)).toBeLessThan(400);
  });
});

describe('an uncaught error prints the caller’s line, in fewer than 30 lines:', () => {
  test.each(['spawn', 'Sandbox.execFileSync', 'Sandbox.execFile promisified', "fork option of Node's"])(
    '%s',
    (call) => {
      const { lines } = node(fixture('uncaught.mjs'), call);
      const line = lineOf(call);
      expect(lines.slice(0, 2)).toEqual([expect.stringMatching(new RegExp(`/calls\\.mjs:${line}$`)), source[line - 1]]);
      expect(lines.length).toBeLessThan(30);
      expect(longest(lines)).toBeLessThan(400);
    },
  );

  test('from CommonJS a promise that rejects', () => {
    const { lines } = node(fixture('uncaught.cjs'), 'run');
    expect(lines.slice(0, 2)).toEqual([
      expect.stringMatching(/\/uncaught\.cjs:\d+$/),
      "  run: () => run('false', 'docker-default'),",
    ]);
    expect(lines.length).toBeLessThan(30);
  });

  // V8 names the line of the throw statement there, as for functions of Node's own.
  test('from CommonJS, as the first frame', () => {
    const { lines } = node(fixture('uncaught.cjs'), 'loadProfile');
    expect(lines.find((line) => /^ +at /.test(line))).toContain('/uncaught.cjs:');
    expect(lines.length).toBeLessThan(30);
    expect(longest(lines)).toBeLessThan(400);
  });
});

describe('errors are the same with', () => {
  const errors: Readonly<Record<string, readonly string[]>> = JSON.parse(node(fixture('hostile.cjs')).stdout);

  test.each(Object.entries(errors))('%s', (_, [thrown, rejected]) => {
    expect(thrown).toBe(
      'SeccompError ERR_SECCOMP_BUILTIN unknown built-in profile "dokcer-default" (did you mean docker-default?)',
    );
    expect(rejected).toBe('RunError undefined false');
  });
});

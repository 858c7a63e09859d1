/** RunError: what its message quotes of a result, and which of its properties are shown. */
import { describe, expect, test } from 'vitest';
import type { Violation } from '../../../lib/notify/violations/violation.js';
import { RunError, type RunResult } from '../../../lib/sandbox/child/result.js';

const result: RunResult = {
  ...{ command: 'program x', stdout: 'out', stderr: '', exitCode: 3, signal: null, timedOut: false, limit: 'memory' },
  usage: { wallTime: 2, cpuTime: 1, maxRss: null, peakMemory: null },
  enforcement: { isolation: { closed: [], open: [] } },
  ...{ violations: [], unlistedViolations: 0, unseenCalls: [] },
};
const violation = {
  syscall: 'mkdir',
  decoded: ['"/x"'],
  abi: 'x86_64',
  count: 1,
  why: 'it is denied',
} as unknown as Violation;
const messageOf = (more: Partial<RunResult>, hint?: string) =>
  new RunError('failed', undefined, { ...result, ...more }, undefined, hint).message;

describe('the message', () => {
  test('has the command and the reason, the end of stderr, denied calls and a hint, each on lines of its own', () => {
    expect(messageOf({})).toBe('program x: failed');
    const violations = [violation];
    expect(
      messageOf({ stderr: 'one\ntwo\n', violations, unlistedViolations: 2 }, 'hint: try again').split('\n'),
    ).toEqual([
      ...['program x: failed', 'stderr: one', 'stderr: two', 'denied: mkdir("/x"): it is denied'],
      ...['and 2 denied calls of kinds that violations does not list', 'hint: try again'],
    ]);
  });

  const TRACE = [
    ...[
      'node:internal/net:1',
      '    throw it',
      '    ^',
      '',
      'Error: connect EPERM 192.0.2.1:443',
      '    at a (b.js:1:2)',
    ],
    ...['    at c {', '  errno: -1,', "  code: 'EPERM'", '}', '', 'Node.js v24.22.3', ''],
  ].join('\n');
  const CUT = '… (a part of stderr; the property has all of it)';
  test.each<[string, string, string]>([
    ['three lines', 'a\nb\nc', 'stderr: a\nstderr: b\nstderr: c'],
    ['three lines, and space behind', 'a\nb\nc \n\n', 'stderr: a\nstderr: b\nstderr: c'],
    ['the line of an error, not the frames below it', `${TRACE}`, `${CUT}\nstderr: Error: connect EPERM 192.0.2.1:443`],
    ['all lines, if each is indented', ' a\n b', 'stderr:  a\nstderr:  b'],
    ['the last three of four lines', 'a\nb\nc\nd\n', `${CUT}\nstderr: b\nstderr: c\nstderr: d`],
    ['1,000 characters', 'x'.repeat(1000), `stderr: ${'x'.repeat(1000)}`],
    ['the last 1,000 of 1,001 characters', `a${'x'.repeat(1000)}`, `${CUT}\nstderr: ${'x'.repeat(1000)}`],
    ['the last 1,000 characters in lines', `${'x'.repeat(999)}\ny`, `${CUT}\nstderr: ${'x'.repeat(998)}\nstderr: y`],
    [
      'text with escaped control characters',
      'a\u001b[31mb\u0000\u0007\tc\r\nd\u0085',
      'stderr: a\\u001b[31mb\\u0000\\u0007\\tc\nstderr: d\\u0085',
    ],
  ])('quotes of stderr %s', (_, stderr, expected) => {
    expect(messageOf({ stderr })).toBe(`program x: failed\n${expected}`);
  });

  test.each<[string, string, string]>([
    ['all', 'x'.repeat(200), 'x'.repeat(200)],
    ['the first 200 characters', 'x'.repeat(201), `${'x'.repeat(200)}…`],
    ['the first line', 'sh -c a\nb', 'sh -c a…'],
    ['nothing of an empty one', '', ''],
  ])('quotes of a command %s', (_, command, expected) => {
    expect(messageOf({ command })).toBe(`${expected}: failed`);
  });

  test('is that of bytes as text', () => {
    expect(new RunError('failed', undefined, { ...result, stderr: Buffer.from('é') } as never).message).toContain(
      '\nstderr: é',
    );
    expect(new RunError('failed', undefined, { ...result, stderr: undefined } as never).message).toBe(
      'program x: failed',
    );
  });
});

describe('the properties', () => {
  test('are those of the result, of which the code, the exit code and the signal are shown', () => {
    const error = new RunError('failed', 'ETIMEDOUT', result);
    expect(error).toMatchObject({ ...result, name: 'RunError', code: 'ETIMEDOUT' });
    expect(Object.keys(error)).toEqual(['code', 'exitCode', 'signal']);
    expect(Object.keys(new RunError('failed', undefined, result))).toEqual(['exitCode', 'signal']);
    const { limit: _limit, usage: _usage, ...old } = result;
    expect(new RunError('failed', undefined, old as RunResult)).toMatchObject({ limit: null, usage: null });
  });

  test('have the cause of the options', () => {
    const cause = new Error('why');
    expect(new RunError('failed', undefined, result, { cause }).cause).toBe(cause);
    expect(new RunError('failed', undefined, result)).not.toHaveProperty('cause');
  });

  test('are all written by JSON.stringify, in this order', () => {
    const written: object = JSON.parse(JSON.stringify(new RunError('failed', 'ETIMEDOUT', result)));
    expect(written).toEqual({ ...result, name: 'RunError', code: 'ETIMEDOUT', message: 'program x: failed' });
    expect(Object.keys(written)).toEqual([
      ...['name', 'code', 'message', 'command', 'exitCode', 'signal', 'timedOut', 'stdout', 'stderr', 'limit'],
      ...['usage', 'enforcement', 'violations', 'unlistedViolations', 'unseenCalls'],
    ]);
    expect(Object.keys(JSON.parse(JSON.stringify(new RunError('failed', undefined, result))))).not.toContain('code');
  });
});

test.each<[string, readonly unknown[]]>([
  ['reason', [5, undefined, result]],
  ['code', ['failed', 5, result]],
  ['code', ['failed', null, result]],
  ['options', ['failed', undefined, result, 'cause']],
  ['options', ['failed', undefined, result, null]],
  ['result', ['failed', undefined, null]],
  ['result', ['failed', undefined, 'text']],
  ['result.command', ['failed', undefined, { ...result, command: 5 }]],
  ['result.violations', ['failed', undefined, { ...result, violations: {} }]],
  ['result.violations[1]', ['failed', undefined, { ...result, violations: [violation, {}] }]],
  ['result.violations[0]', ['failed', undefined, { ...result, violations: [null] }]],
])('a wrong %s is refused: %o', (name, parameters) => {
  const message = expect.stringMatching(
    new RegExp(`^The "${name.replace(/[[\]]/g, '\\$&')}" (argument|property) must be`),
  );
  expect(() => Reflect.construct(RunError, parameters)).toThrow(
    expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message }),
  );
});

/** The lines about denied calls in messages: which kinds are listed, how each is written, and what SIGSYS means. */
import { expect, test } from 'vitest';
import { callInWords, denialLines, endedBySigsys, hintAt } from '../../lib/notify/violations/denial-messages.js';
import type { Violation } from '../../lib/notify/violations/violation.js';

const violation: Violation = {
  abi: 'x86_64',
  syscall: 'socket',
  args: [],
  captured: [],
  decoded: ['AF_INET', 'SOCK_RAW', '0'],
  pid: 1,
  tid: 1,
  executable: '/bin/a',
  instruction: null,
  action: { kind: 'errno', errno: 1 },
  fallback: false,
  count: 1,
  deniedBy: 'profile',
  profile: 'docker-default',
  why: 'no rule allows it',
};
const lines = (each: readonly Partial<Violation>[], unlistedViolations = 0, unseenCalls: readonly string[] = []) =>
  denialLines({ violations: each.map((more) => ({ ...violation, ...more })), unlistedViolations, unseenCalls });

test('a call has its arguments, and its ABI if that is not the usual one of 64-bit programs', () => {
  expect(callInWords(violation)).toBe('socket(AF_INET, SOCK_RAW, 0)');
  const named = (['x86', 'x32', 'arm', 'aarch64'] as const).map((abi) =>
    callInWords({ ...violation, abi, decoded: [] }),
  );
  expect(named).toEqual(['socket [x86]()', 'socket [x32]()', 'socket [arm]()', 'socket()']);
});

test('a line has the number of calls, and the rule or the reason', () => {
  const rule = { index: 3, path: 'syscalls[3]' };
  expect(lines([{}, { count: 2, rule }, { rule, profile: undefined }])).toEqual([
    'denied: socket(AF_INET, SOCK_RAW, 0): no rule allows it',
    'denied: socket(AF_INET, SOCK_RAW, 0) (2 times) by docker-default, syscalls[3]',
    'denied: socket(AF_INET, SOCK_RAW, 0): no rule allows it',
  ]);
});

test.each([
  [3, 0, []],
  [4, 0, ['and 1 more kind of denied calls: see violations']],
  [5, 0, ['and 2 more kinds of denied calls: see violations']],
  [0, 1, ['and 1 denied calls of kinds that violations does not list']],
  [4, 9, [expect.stringMatching(/^and 1 more kind /), 'and 9 denied calls of kinds that violations does not list']],
])('of %i kinds and %i unlisted calls, the first three kinds are listed', (kinds, unlisted, rest) => {
  const all = lines(Array<object>(kinds).fill({}), unlisted);
  expect(all.slice(Math.min(kinds, 3))).toEqual(rest);
});

test('denials that programs expect are left to the property', () => {
  const denied = 'denied: socket(AF_INET, SOCK_RAW, 0): no rule allows it';
  expect(lines([{ fallback: true }, {}, {}, { fallback: true }, {}], 0, ['a reason'])).toEqual([
    ...[denied, denied, denied],
    'denied calls may be missing: a reason',
  ]);
  expect(lines([{ fallback: true }])).toEqual([]);
});

test('calls by which C libraries ask nscd come after others', () => {
  const words = (syscall: string, ...decoded: readonly string[]) => ({ syscall, decoded });
  const listed = lines([
    words('socket', 'AF_UNIX', 'SOCK_STREAM|SOCK_CLOEXEC', '0'),
    words('connect', '3', '{AF_UNIX, "/var/run/nscd/socket"}', '110'),
    words('connect', '3', '{AF_UNIX, "/run/other"}', '110'),
    words('socket', 'AF_UNIX', 'SOCK_DGRAM', '0'),
    words('socket', 'AF_INET', 'SOCK_STREAM', '0'),
  ]);
  expect(listed.map((line) => line.replace(/: no rule.*/, ''))).toEqual([
    'denied: connect(3, {AF_UNIX, "/run/other"}, 110)',
    'denied: socket(AF_UNIX, SOCK_DGRAM, 0)',
    'denied: socket(AF_INET, SOCK_STREAM, 0)',
    'and 2 more kinds of denied calls: see violations',
  ]);
});

test('a line has at most 400 characters of a call', () => {
  const lengths = [...`${lines([{ decoded: ['x'.repeat(1000)] }])}`].length;
  expect(lengths).toBe(401); // And an ellipsis.
  const exact = 400 - (lines([{ decoded: [''] }])[0]?.length ?? 0);
  expect(lines([{ decoded: ['x'.repeat(exact)] }])[0]).toMatch(/no rule allows it$/);
});

test.each<[number | null, NodeJS.Signals | null, boolean]>([
  [null, 'SIGSYS', true],
  [159, null, true],
  [158, null, false],
  [null, 'SIGKILL', false],
  [0, null, false],
])('exit code %s and signal %s: SIGSYS ended the program: %s', (code, signal, isSigsys) => {
  expect(endedBySigsys(code, signal)).toBe(isSigsys);
  for (const isWatched of [true, false])
    expect(hintAt(code, signal, isWatched)).toMatch(isSigsys ? /^hint: SIGSYS ends a program/ : /^$/);
});

test.each([126, 127])('exit code %i may be a denied execve, unless denied calls were observed', (code) => {
  expect(hintAt(code, null, false)).toMatch(/^hint: exit codes 126 and 127 can mean that the profile denies execve/);
  expect(hintAt(code, null, true)).toBe('');
  expect(hintAt(code - 2, null, false)).toBe('');
});

test.each(['SIGABRT', 'SIGSEGV', 'SIGTRAP'] as const)(
  '%s may come of a denied call, unless such calls are observed',
  (signal) => {
    expect(hintAt(null, signal, false)).toMatch(`hint: ${signal} can mean that the profile denies a call`);
    expect(hintAt(null, signal, true)).toBe('');
    expect(hintAt(null, 'SIGTERM', false)).toBe('');
  },
);

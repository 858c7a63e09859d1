/** The checks of single options: the values at their limits, and what is read from unusual objects. */
import { describe, expect, test } from 'vitest';
import { BY_SCOPES_ALONE } from '../../lib/landlock/domain.js';
import {
  LONGEST_TIMER,
  readAbiNames,
  readAbortSignal,
  readBoolean,
  readCapabilityNames,
  readDescendants,
  readDirectory,
  readEncoding,
  readExecArgv,
  readForceKillAfter,
  readId,
  readInput,
  readIsolate,
  readKillSignal,
  readMaxBuffer,
  readNetwork,
  readNullableBoolean,
  readNullableText,
  readOnViolation,
  readSerialization,
  readShell,
  readSource,
  readStdio,
  readThreads,
  readTimeout,
  refuseInputWithoutPipe,
} from '../../lib/sandbox/options/checks.js';
import { endingOf } from '../../lib/sandbox/options/ending.js';
import { signalNumber } from '../../lib/sandbox/options/signals.js';

/** The value that a check returns, or the code of its error. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

const RANGE = 'ERR_OUT_OF_RANGE';
const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
/** Before Node 26, uid and gid have one error, and so have timeout and maxBuffer. */
const isNew = Number.parseInt(process.versions.node, 10) >= 26;

test.each<[string, (value: unknown) => unknown, unknown, unknown]>([
  ['forceKillAfter', (value) => readForceKillAfter(value, 'x'), 0, 0],
  ['forceKillAfter', (value) => readForceKillAfter(value, 'x'), 2 ** 31 - 1, 2 ** 31 - 1],
  ['forceKillAfter', (value) => readForceKillAfter(value, 'x'), 2 ** 31, RANGE],
  ['forceKillAfter', (value) => readForceKillAfter(value, 'x'), -1, RANGE],
  ['forceKillAfter', (value) => readForceKillAfter(value, 'x'), 0.5, RANGE],
  ['forceKillAfter', (value) => readForceKillAfter(value, 'x'), false, false],
  ['forceKillAfter', (value) => readForceKillAfter(value, 'x'), true, TYPE],
  ['timeout', (value) => readTimeout(value, LONGEST_TIMER), 2 ** 31 - 1, 2 ** 31 - 1],
  ['timeout', (value) => readTimeout(value, LONGEST_TIMER), 2 ** 31, RANGE],
  ['timeout', (value) => readTimeout(value, LONGEST_TIMER), 0, 0],
  ['timeout', (value) => readTimeout(value, LONGEST_TIMER), null, 0],
  ['timeout', (value) => readTimeout(value, LONGEST_TIMER), -1, RANGE],
  ['timeout', (value) => readTimeout(value, LONGEST_TIMER), 1.5, RANGE],
  ['timeout', (value) => readTimeout(value, LONGEST_TIMER), '5', isNew ? TYPE : RANGE],
  ['uid', (value) => readId(value, 'x'), 2 ** 31 - 1, 2 ** 31 - 1],
  ['uid', (value) => readId(value, 'x'), -(2 ** 31), -(2 ** 31)],
  ['uid', (value) => readId(value, 'x'), 2 ** 31, isNew ? RANGE : TYPE],
  ['uid', (value) => readId(value, 'x'), -(2 ** 31) - 1, isNew ? RANGE : TYPE],
  ['uid', (value) => readId(value, 'x'), null, null],
  ['uid', (value) => readId(value, 'x'), -0, 0], // Node's own fork would abort this process.
  ['maxBuffer', (value) => readMaxBuffer(value, 'x'), 0, 0],
  ['maxBuffer', (value) => readMaxBuffer(value, 'x'), Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ['maxBuffer', (value) => readMaxBuffer(value, 'x'), -0.1, RANGE],
  ['maxBuffer', (value) => readMaxBuffer(value, 'x'), Number.NaN, RANGE],
  ['maxBuffer', (value) => readMaxBuffer(value, 'x'), null, null],
  ['detached', (value) => readNullableBoolean(value, 'x'), null, false],
  ['detached', (value) => readNullableBoolean(value, 'x'), true, true],
  ['detached', (value) => readNullableBoolean(value, 'x'), 1, TYPE],
  ['argv0', (value) => readNullableText(value, 'x'), 'a\0', VALUE],
  ['argv0', (value) => readNullableText(value, 'x'), null, null],
  ['cwd', (value) => readDirectory(value, 'x'), new URL('file:///a%20b'), '/a b'],
  ['cwd', (value) => readDirectory(value, 'x'), Buffer.from('/a'), '/a'],
  ['cwd', (value) => readDirectory(value, 'x'), '/a\0', VALUE],
  ['cwd', (value) => readDirectory(value, 'x'), 7, TYPE],
  ['shell', (value) => readShell(value, 'x'), '', false],
  ['shell', (value) => readShell(value, 'x'), null, false],
  ['shell', (value) => readShell(value, 'x'), '/bin/bash', '/bin/bash'],
  ['shell', (value) => readShell(value, 'x'), '/bin/\0', VALUE],
  ['encoding', readEncoding, 'UTF-8', 'UTF-8'],
  ['encoding', readEncoding, 'buffer', 'buffer'],
  ['encoding', readEncoding, null, null],
  ['encoding', readEncoding, 'utf9', 'ERR_UNKNOWN_ENCODING'],
  ['input', (value) => readInput(value, 'x'), null, null],
  ['input', (value) => readInput(value, 'x'), new ArrayBuffer(1), TYPE],
  ['stdio', (value) => readStdio(value, 'x'), '', undefined],
  ['stdio', (value) => readStdio(value, 'x'), null, undefined],
  ['stdio', (value) => readStdio(value, 'x'), 'ipc', VALUE],
  ['killSignal', (value) => readKillSignal(value, 'x'), null, 15],
  ['killSignal', (value) => readKillSignal(value, 'x'), 'sigkill', 9],
  ['killSignal', (value) => readKillSignal(value, 'x'), 9n, TYPE],
  ['descendants', (value) => readDescendants(value, 'x'), 'kill', 'kill'],
  ['descendants', (value) => readDescendants(value, 'x'), 'leave', 'leave'],
  ['descendants', (value) => readDescendants(value, 'x'), 'Kill', VALUE],
  ['descendants', (value) => readDescendants(value, 'x'), null, VALUE],
  ['serialization', (value) => readSerialization(value, 'x'), 'json', 'json'],
  ['serialization', (value) => readSerialization(value, 'x'), 'advanced', 'advanced'],
  ['serialization', (value) => readSerialization(value, 'x'), 'JSON', VALUE],
  ['threads', (value) => readThreads(value, 'x'), 'all', 'all'],
  ['threads', (value) => readThreads(value, 'x'), 'current', 'current'],
  ['threads', (value) => readThreads(value, 'x'), 'main', VALUE],
  ['onViolation', (value) => readOnViolation(value, 'x'), false, false],
  ['onViolation', (value) => readOnViolation(value, 'x'), true, true],
  ['onViolation', (value) => readOnViolation(value, 'x'), Math.abs, Math.abs],
  ['onViolation', (value) => readOnViolation(value, 'x'), null, TYPE],
  ['onViolation', (value) => readOnViolation(value, 'x'), 'yes', TYPE],
  ['logDenied', (value) => readBoolean(value, 'x'), false, false],
  ['logDenied', (value) => readBoolean(value, 'x'), null, TYPE],
  ['network', (value) => readNetwork(value, 'x'), 'none', 'none'],
  ['network', (value) => readNetwork(value, 'x'), 'all', VALUE],
  ['merge', (value) => readSource(value, 'x'), 'node', 'node'],
  ['merge', (value) => readSource(value, 'x'), null, TYPE],
  ['merge', (value) => readSource(value, 'x'), 5, TYPE],
  ['input', (value) => readInput(value, 'x'), '', ''],
  ['input', (value) => readInput(value, 'x'), new Uint8Array(1), new Uint8Array(1)],
  ['input', (value) => readInput(value, 'x'), 5, TYPE],
  ['encoding', readEncoding, '', ''],
  ['encoding', readEncoding, undefined, undefined],
  ['encoding', readEncoding, 5, 'ERR_UNKNOWN_ENCODING'],
  ['encoding', readEncoding, ['utf8'], 'ERR_UNKNOWN_ENCODING'],
  ['maxBuffer', (value) => readMaxBuffer(value, 'x'), '5', isNew ? TYPE : RANGE],
  ['cwd', (value) => readDirectory(value, 'x'), null, null],
  ['cwd', (value) => readDirectory(value, 'x'), '', ''],
  ['cwd', (value) => readDirectory(value, 'x'), Buffer.from('/a\0'), VALUE],
  ['shell', (value) => readShell(value, 'x'), true, true],
  ['shell', (value) => readShell(value, 'x'), false, false],
  ['shell', (value) => readShell(value, 'x'), 1, TYPE],
  ['stdio', (value) => readStdio(value, 'x'), 'overlapped', 'overlapped'],
  ['stdio', (value) => readStdio(value, 'x'), 5, VALUE],
  ['stdio', (value) => readStdio(value, 'x'), [undefined, null, 'x', 5, {}], [undefined, null, 'x', 5, {}]],
  ['stdio', (value) => readStdio(value, 'x'), ['pipe', true], VALUE],
  ['stdio', (value) => readStdio(value, 'x'), ['pipe', 5n], VALUE],
  ['execArgv', (value) => readExecArgv(value, 'x'), null, undefined],
  ['execArgv', (value) => readExecArgv(value, 'x'), [], []],
  ['execArgv', (value) => readExecArgv(value, 'x'), '-p', TYPE],
  ['capabilities', (value) => readCapabilityNames(value, 'x'), [], []],
  ['capabilities', (value) => readCapabilityNames(value, 'x'), 'CAP_BPF', TYPE],
  ['abis', (value) => readAbiNames(value, 'x'), ['x86', 'x86_64'], ['x86', 'x86_64']],
  ['abis', (value) => readAbiNames(value, 'x'), ['x86', 5], TYPE],
  ['abis', (value) => readAbiNames(value, 'x'), ['x86', 'x87'], VALUE],
  ['timeout', (value) => readTimeout(value, 5), 5, 5],
  ['timeout', (value) => readTimeout(value, 5), 6, RANGE],
  ['isolate', (value) => readIsolate(value, 'x'), true, true],
  ['isolate', (value) => readIsolate(value, 'x'), false, false],
  ['isolate', (value) => readIsolate(value, 'x'), BY_SCOPES_ALONE, BY_SCOPES_ALONE],
  ['isolate', (value) => readIsolate(value, 'x'), {}, { abstractSockets: undefined }],
  ['isolate', (value) => readIsolate(value, 'x'), { abstractSockets: false }, { abstractSockets: false }],
  ['isolate', (value) => readIsolate(value, 'x'), { abstractSockets: null }, TYPE],
  ['isolate', (value) => readIsolate(value, 'x'), { sockets: true }, VALUE],
  ['isolate', (value) => readIsolate(value, 'x'), null, TYPE],
])('%s: %o %o is %o', (_, read, value, expected) => {
  expect(outcome(() => read(value))).toEqual(expected);
});

describe('a list has at most', () => {
  const list = (length: number, element: unknown) => Array<unknown>(length).fill(element);

  test.each<[string, number, (value: unknown) => unknown, unknown]>([
    ['capabilities', 256, (value) => readCapabilityNames(value, 'x'), 'CAP_BPF'],
    ['abis', 256, (value) => readAbiNames(value, 'x'), 'x86'],
    ['stdio', 1024, (value) => readStdio(value, 'x'), 'pipe'],
    ['execArgv', 1024, (value) => readExecArgv(value, 'x'), '-p'],
  ])('of %s: %i', (_, most, read, element) => {
    expect(outcome(() => read(list(most, element)))).toHaveLength(most);
    expect(outcome(() => read(list(most + 1, element)))).toBe(VALUE);
  });

  test('execArgv that is this process’s own is not copied: fork() reads it later', () => {
    expect(readExecArgv(process.execArgv, 'x')).toBe(undefined);
  });

  test.each<[unknown, RegExp]>([
    [['CAP_BPF', 'CAP_BFP'], /^x: unknown capability "CAP_BFP" \(did you mean CAP_BPF\?\)$/],
    [['CAP_BPF', 5], /^x: unknown capability 5$/],
    [['CAP_BPF', undefined], /^x: unknown capability undefined$/],
    [['NOTHING_LIKE_IT'], /^x: unknown capability "NOTHING_LIKE_IT"$/],
  ])('names of capabilities: %j is refused', (value, message) => {
    expect(() => readCapabilityNames(value, 'x')).toThrow(message);
  });
});

describe('input', () => {
  const given = (input: unknown, stdio: unknown) => outcome(() => refuseInputWithoutPipe(input, stdio));

  test.each([undefined, null, 'pipe', 'overlapped', [undefined], [null], ['pipe', 'ignore'], ['overlapped'], []])(
    'is written with stdio %j',
    (stdio) => {
      expect(given('text', stdio)).toBe(undefined);
    },
  );

  test.each(['ignore', 'inherit', ['ignore'], [0], ['inherit', 'pipe']])('is refused with stdio %j', (stdio) => {
    expect([given('text', stdio), given(new Uint8Array(1), stdio)]).toEqual(Array(2).fill('ERR_SECCOMP_OPTION'));
  });

  test('that is empty is accepted with any stdio', () => {
    expect([undefined, null, '', new Uint8Array(0)].map((input) => given(input, 'ignore'))).toEqual(
      Array(4).fill(undefined),
    );
  });
});

test('an AbortSignal of another implementation is accepted', () => {
  const read = (value: unknown) => outcome(() => readAbortSignal(value, 'signal'));
  const other = { aborted: false, addEventListener() {} };
  expect(read(other)).toBe(other);
  expect([{ aborted: false }, { addEventListener() {} }, { ...other, addEventListener: 1 }, null].map(read)).toEqual(
    Array(4).fill(TYPE),
  );
});

describe('signals', () => {
  test('are named in any case, or numbered', () => {
    expect(['SIGTERM', 'sigterm', 'SigTerm', 15].map(signalNumber)).toEqual([15, 15, 15, 15]);
  });

  test.each(['TERM', 'SIGNONE', '15', '', 0, 40, 99, -15, 1.5, null, {}])('%o is unknown', (signal) => {
    expect(outcome(() => signalNumber(signal))).toBe('ERR_UNKNOWN_SIGNAL');
  });
});

test('a child is ended by SIGTERM, and by SIGKILL 5 seconds later, without a timeout', () => {
  expect(endingOf({})).toEqual({ timeout: 0, signal: undefined, killSignal: 15, forceKillAfter: 5000 });
  const { signal } = new AbortController();
  expect(endingOf({ timeout: 7, signal, killSignal: 'SIGINT', forceKillAfter: 0 })).toEqual({
    ...{ timeout: 7, signal, killSignal: 2, forceKillAfter: 0 },
  });
  expect(endingOf({ forceKillAfter: false }).forceKillAfter).toBe(Number.POSITIVE_INFINITY);
});

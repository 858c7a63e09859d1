/** Which argument of node:child_process's functions is which, and the options of a call beside the defaults of a Sandbox. */
import { describe, expect, test } from 'vitest';
import {
  mergeOptions,
  normalizeExec,
  normalizeExecFile,
  normalizeFork,
  normalizeSpawn,
  optionReader,
  readDefaults,
} from '../../../lib/sandbox/node-api/overloads.js';

/** Options that were read, in place of the ones that were given. */
const read = (options: unknown) => ({ read: options });
const callback = () => {};
const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';

/** What a function returns, or the code of its error and the argument that the message names. */
function outcome(call: () => object): unknown {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return [error.code, /["']([\w.]+)["']/.exec(error.message)?.[1]];
  }
}

const OPTIONS = { cwd: '/' };
const from = (options: unknown) => ({ read: options });

describe('spawn', () => {
  test.each<[string, readonly unknown[], unknown]>([
    ['the program', ['a'], { args: [], options: from(undefined) }],
    ['arguments', ['a', ['x']], { args: ['x'], options: from(undefined) }],
    ['options', ['a', OPTIONS], { args: [], options: from(OPTIONS) }],
    ['both', ['a', ['x'], OPTIONS], { args: ['x'], options: from(OPTIONS) }],
    ['undefined and options', ['a', undefined, OPTIONS], { args: [], options: from(OPTIONS) }],
    ['null and options', ['a', null, OPTIONS], { args: [], options: from(OPTIONS) }],
    ['options twice, of which the first count', ['a', OPTIONS, { cwd: '/x' }], { args: [], options: from(OPTIONS) }],
    ['null as options', ['a', [], null], { args: [], options: from(null) }],
  ])('has %s', (_, given, expected) => {
    expect(normalizeSpawn(given, read)).toEqual({ file: 'a', callback: undefined, ...Object(expected) });
  });

  test.each([
    [[], 'file'],
    [[5, []], 'file'],
    [['a', 'x'], 'args'],
    [['a', 5], 'args'],
    [['a', callback], 'args'],
  ])('refuses %j', (given, name) => {
    expect(outcome(() => normalizeSpawn(given, read))).toEqual([TYPE, name]);
  });
});

describe('execFile', () => {
  test.each<[string, readonly unknown[], object]>([
    ['arguments alone', ['a', ['x']], { args: ['x'] }],
    ['a callback', ['a', callback], { callback }],
    ['arguments and a callback', ['a', ['x'], callback], { args: ['x'], callback }],
    ['options and a callback', ['a', OPTIONS, callback], { options: from(OPTIONS), callback }],
    ['all', ['a', ['x'], OPTIONS, callback], { args: ['x'], options: from(OPTIONS), callback }],
    ['null for each', ['a', null, null, null], {}],
    ['undefined for each', ['a', undefined, undefined, undefined], {}],
    ['null and options', ['a', null, OPTIONS], { options: from(OPTIONS) }],
    ['null and a callback', ['a', null, callback], { callback }],
    ['arguments, null and a callback', ['a', ['x'], null, callback], { args: ['x'], callback }],
    ['a callback twice, of which the first counts', ['a', [], callback, () => {}], { callback }],
  ])('has %s', (_, given, expected) => {
    expect(normalizeExecFile(given, read)).toEqual({
      ...{ file: 'a', args: [], options: from(undefined), callback: undefined },
      ...expected,
    });
  });

  test('without arguments has its options second', () => {
    expect(outcome(() => normalizeExecFile(['a'], read))).toMatchObject({ args: [], options: from(undefined) });
  });

  test.each([
    [['a', 'x'], TYPE, 'args'],
    [['a', 5], TYPE, 'args'],
    [['a', [], {}, 5], TYPE, 'callback'],
    [['a', {}, 'x'], TYPE, 'callback'],
    [[5], TYPE, 'file'],
    [[undefined, []], TYPE, 'file'],
  ])('refuses %j', (given, code, name) => {
    expect(outcome(() => normalizeExecFile(given, read))).toEqual([code, name]);
  });
});

describe('exec', () => {
  test.each<[string, readonly unknown[], object]>([
    ['the command', ['a b'], {}],
    ['options', ['a b', OPTIONS], { options: from(OPTIONS) }],
    ['a callback', ['a b', callback], { callback }],
    ['both', ['a b', OPTIONS, callback], { options: from(OPTIONS), callback }],
    ['null for both', ['a b', null, null], {}],
    ['undefined and a callback', ['a b', undefined, callback], { callback }],
  ])('has %s', (_, given, expected) => {
    expect(normalizeExec(given, read)).toEqual({
      ...{ file: 'a b', args: [], options: from(undefined), callback: undefined },
      ...expected,
    });
  });

  test.each([
    [[5], TYPE, 'command'],
    [['a\0'], VALUE, 'command'],
    [['a', {}, {}], TYPE, 'callback'],
  ])('refuses %j', (given, code, name) => {
    expect(outcome(() => normalizeExec(given, read))).toEqual([code, name]);
  });
});

describe('fork', () => {
  test.each<[string, readonly unknown[], object]>([
    ['the module', ['m'], {}],
    ['arguments', ['m', ['x']], { args: ['x'] }],
    ['options', ['m', OPTIONS], { options: from(OPTIONS) }],
    ['both', ['m', ['x'], OPTIONS], { args: ['x'], options: from(OPTIONS) }],
    ['null and options', ['m', null, OPTIONS], { options: from(OPTIONS) }],
    ['undefined and options', ['m', undefined, OPTIONS], { options: from(OPTIONS) }],
    ['null for both', ['m', null, null], {}],
  ])('has %s', (_, given, expected) => {
    expect(normalizeFork(given, read)).toEqual({ file: 'm', args: [], options: from(undefined), ...expected });
  });

  test.each([[['m', 'x']], [['m', 5]], [['m', callback]]])('refuses %j', (given) => {
    expect(outcome(() => normalizeFork(given, read))).toEqual([TYPE, 'args']);
  });
});

test.each<[string, (options: unknown) => object]>([
  ['execFile', (options) => normalizeExecFile(['a', [], options], (given) => Object(given))],
  ['exec', (options) => normalizeExec(['a', options], (given) => Object(given))],
  ['fork', (options) => normalizeFork(['a', [], options], (given) => Object(given))],
])('%s checks argv0, which it does not use', (_, normalize) => {
  expect(['x', '', null, undefined].map((argv0) => outcome(() => normalize({ argv0 })))).toEqual(
    Array(4).fill(expect.objectContaining({ options: expect.anything() })),
  );
  expect(outcome(() => normalize({ argv0: 5 }))).toEqual([TYPE, 'options.argv0']);
  expect(outcome(() => normalize({ argv0: 'a\0' }))).toEqual([VALUE, 'options.argv0']);
});

describe('options', () => {
  test('of a call may be those of any function, and unknown ones if these are allowed', () => {
    const options = { silent: true, encoding: 'utf8', notify: {}, argv0: 'x', cwd: '/', input: 'x' };
    for (const allowsUnknown of [true, false]) expect({ ...optionReader(allowsUnknown)(options) }).toEqual(options);
    expect({ ...optionReader(true)({ preferLocal: true, cwd: '/' }) }).toEqual({ cwd: '/' });
    expect(() => optionReader(false)({ preferLocal: true })).toThrow('options.preferLocal: unknown option');
    for (const name of ['threads', 'allowUnknownOptions', 'merge'])
      expect(() => optionReader(true)({ [name]: true })).toThrow(`options.${name}: `);
  });

  test('have no profile', () => {
    const message = 'options.profile: a Sandbox has its profile already: leave it out, or make another Sandbox';
    for (const reader of [optionReader(true), optionReader(false), readDefaults]) {
      expect(() => reader({ profile: 'node' })).toThrow(message);
      expect(() => reader({ profile: undefined })).not.toThrow();
    }
  });

  test('that are defaults are checked', () => {
    expect({ ...readDefaults({ allowUnknownOptions: true, timeout: 5 }) }).toEqual({
      allowUnknownOptions: true,
      timeout: 5,
    });
    expect(() => readDefaults({ timeout: -1 })).toThrow();
    expect(() => readDefaults({ preferLocal: true })).toThrow('unknown option');
    expect({ ...readDefaults(undefined) }).toEqual({});
  });
});

describe('the options of a function are', () => {
  const defaults = { cwd: '/', timeout: 5, stdio: 'ignore', shell: '/bin/sh', execPath: 'node', limits: {} };

  test('those of the call, and defaults for all others that it takes', () => {
    expect({ ...mergeOptions(defaults, { cwd: '/usr', detached: true }, 'spawn') }).toEqual({
      ...{ cwd: '/usr', timeout: 5, stdio: 'ignore', shell: '/bin/sh', limits: {}, detached: true },
    });
    expect({ ...mergeOptions(defaults, {}, 'execFile') }).toEqual({
      ...{ cwd: '/', timeout: 5, shell: '/bin/sh', limits: {} },
    });
  });

  test('with those that it refuses for a reason, but without others', () => {
    expect({ ...mergeOptions(defaults, { encoding: 'utf8' }, 'fork') }).toEqual({
      ...{ cwd: '/', timeout: 5, stdio: 'ignore', execPath: 'node', limits: {} },
    });
  });

  test('not replaced by undefined, which stays if there is no default', () => {
    const merged = mergeOptions(defaults, { cwd: undefined, env: undefined, timeout: null }, 'spawn');
    expect({ ...merged }).toMatchObject({ cwd: '/', timeout: null });
    expect([Object.hasOwn(merged, 'env'), merged['env'], Object.getPrototypeOf(merged)]).toEqual([
      ...[true, undefined, expect.not.objectContaining({ toString: expect.anything() })],
    ]);
  });
});

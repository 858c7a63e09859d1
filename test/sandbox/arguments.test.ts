/** The first step of every start: what a call's parameters become, and which are refused. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Profile } from '../../lib/profile/profile.js';
import type * as sandboxArguments from '../../lib/sandbox/arguments.js';
import { loadSandbox } from '../../lib/sandbox/load-sandbox.js';

const instance = '../../lib/sandbox/arguments.js?test'; // Of its own: it warns once.
const { MOST_ARGUMENTS, normalizeArguments, normalizeOwnArguments, refuseWithoutEffect }: typeof sandboxArguments =
  await import(instance);

afterEach(() => {
  vi.restoreAllMocks();
});

type By = 'spawn' | 'spawnSync' | 'run' | 'fork' | 'execve' | 'record';
const profile = Profile.denylist();

/** A call with its parameters in a list, as callers give them. */
const called = (command: unknown, args: unknown, options: object = {}, by: By = 'spawn') =>
  normalizeArguments(by, [command, args, profile, options]);

describe('a program', () => {
  test('is its command, with its arguments as texts', () => {
    expect(called('program', ['x', 5, null])).toEqual({
      ...{ command: 'program', args: ['x', '5', 'null'], profile, options: {} },
      ...{ file: 'program', argv: ['program', 'x', '5', 'null'] },
    });
    expect(called('program', ['x'], { argv0: 'name' })).toMatchObject({ file: 'program', argv: ['name', 'x'] });
    expect(called('program', [], { argv0: '' }).argv).toEqual(['']);
    expect(called('program', [], { argv0: null }).argv).toEqual(['program']);
  });

  test('may be run by a shell, with its arguments in the same text', () => {
    const versions = Object.getOwnPropertyDescriptor(process, 'versions') ?? expect.fail('no versions');
    Object.defineProperty(process, 'versions', { ...versions, value: { ...process.versions, node: '24.0.0' } });
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    called('a', [], { shell: true });
    called('a', ['b']);
    expect(warnings).not.toHaveBeenCalled();
    for (const args of [['b'], ['b', 'c']]) called('a', args, { shell: true });
    Object.defineProperty(process, 'versions', versions);
    // As Node does from version 24 on, once.
    expect(warnings.mock.calls).toEqual([
      [
        expect.stringMatching(/^Passing args to a child process with shell option true can/),
        'DeprecationWarning',
        'DEP0190',
      ],
    ]);
    expect(called('a $b', ['c', 'd e'], { shell: true })).toMatchObject({
      ...{ command: 'a $b', args: ['c', 'd e'], file: '/bin/sh', argv: ['/bin/sh', '-c', 'a $b c d e'] },
    });
    expect(called('a', [], { shell: '/bin/bash', argv0: 'x' })).toMatchObject({
      ...{ file: '/bin/bash', argv: ['x', '-c', 'a'] },
    });
    for (const shell of [false, '', null]) expect(called('a', ['b'], { shell }).argv).toEqual(['a', 'b']);
  });

  test.each([
    [5, 'ERR_INVALID_ARG_TYPE', '"file" argument must be of type string'],
    [undefined, 'ERR_INVALID_ARG_TYPE', '"file" argument'],
    ['', 'ERR_INVALID_ARG_VALUE', "'file' cannot be empty"],
    ['a\0', 'ERR_INVALID_ARG_VALUE', "'file' must be a string without null bytes"],
  ])('named %o is refused', (command, code, message) => {
    for (const by of ['spawn', 'spawnSync', 'run', 'execve', 'record'] as const)
      expect(() => called(command, [], {}, by)).toThrow(
        expect.objectContaining({ code, message: expect.stringContaining(message) }),
      );
  });

  test('has at most as many arguments as could ever be passed on', () => {
    expect(MOST_ARGUMENTS).toBe(2 ** 20);
    const args = Array(MOST_ARGUMENTS + 1).fill('');
    expect(() => called('program', args)).toThrow(/args.* has 1048577 elements, more than 1048576/);
  });

  test('has arguments in a list, without null bytes', () => {
    const given = (args: object) => normalizeArguments('spawn', { command: 'a', args, profile, options: {} });
    expect(() => given({ length: 1 })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    expect(() => given(['a', 'b\0'])).toThrow(/'args\[1\]' must be a string without null bytes/);
  });
});

describe('a module', () => {
  test.each([
    ['m.js', 'm.js'],
    [new URL('file:///a%20b/m.js'), '/a b/m.js'],
    [Buffer.from('/m.js'), '/m.js'],
  ])('may be given as %o', (module, command) => {
    expect(called(module, ['x'], {}, 'fork')).toMatchObject({ command, file: command, argv: [command, 'x'] });
  });

  test.each([
    [5, 'ERR_INVALID_ARG_TYPE', 'of type string or an instance of Buffer or URL'],
    ['', 'ERR_INVALID_ARG_VALUE', "'modulePath' cannot be empty"],
    ['a\0', 'ERR_INVALID_ARG_VALUE', 'must be a string, Uint8Array, or URL without null bytes'],
  ])('given as %o is refused', (module, code, message) => {
    expect(() => called(module, [], {}, 'fork')).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe('the profile', () => {
  test('is that of the parameters or of the options, from which it is removed', () => {
    const call = normalizeArguments('spawn', ['a', { profile, cwd: '/' }]);
    expect([call.profile, { ...call.options }]).toEqual([profile, { cwd: '/' }]);
    expect(() => called('a', [], { profile: 'node' })).toThrow(
      'options.profile: the profile is given before the options',
    );
    expect(called('a', [], { profile: undefined }).profile).toBe(profile);
  });

  test('is that of a sandbox, whose options are those that the call does not give', () => {
    const sandbox = loadSandbox({ profile, timeout: 5, capabilities: [] });
    const call = normalizeArguments('spawn', ['a', [], sandbox, { timeout: 7, cwd: '/' }]);
    expect([call.profile, { ...call.options }]).toEqual([profile, { timeout: 7, cwd: '/', capabilities: [] }]);
    const { profile: found, options } = normalizeArguments('run', ['a', { profile: sandbox, timeout: 7 }]);
    expect([found, { ...options }]).toEqual([profile, { timeout: 7, capabilities: [] }]);
    expect(normalizeArguments('spawn', { command: 'a', args: [], profile: sandbox, options: {} }).profile).toBe(
      profile,
    );
  });

  test('of harden is no sandbox', () => {
    const harden = (given: unknown, options: object = {}) => normalizeOwnArguments(given, options);
    expect(harden(profile, { threads: 'all' })).toMatchObject({ profile, options: { threads: 'all' } });
    for (const sandbox of [loadSandbox({}), 'untrusted'])
      expect(() => harden(sandbox)).toThrow(
        /^harden takes a profile and no sandbox, most of which a running process can't/,
      );
    expect(() => harden(profile, { bestEffort: true })).toThrow(
      'options.bestEffort: has no effect without options.paths',
    );
  });
});

describe('an option that has no effect without another is refused', () => {
  const set = {};
  test.each<[Readonly<Record<string, unknown>>, string | undefined]>([
    [{}, undefined],
    [{ notifyTimeout: 5 }, 'notifyTimeout: has no effect without options.notify:'],
    [{ notifyTimeout: 5, notify: set }, undefined],
    [{ notifyTimeout: 5, notify: undefined }, 'notifyTimeout: has no effect without options.notify:'],
    [{ notifyTimeout: undefined }, undefined],
    [{ bestEffort: true }, 'bestEffort: has no effect without options.paths or options.limits:'],
    [{ bestEffort: false }, undefined],
    [{ bestEffort: true, paths: set }, undefined],
    [{ bestEffort: true, limits: set }, undefined],
    [{ bestEffort: true, notify: set }, 'bestEffort: has no effect'],
    [{ reportPaths: true }, 'reportPaths: has no effect without options.paths:'],
    [{ reportPaths: true, paths: set }, 'reportPaths: has no effect without options.onViolation:'],
    [{ reportPaths: true, onViolation: true }, 'reportPaths: has no effect without options.paths:'],
    [{ reportPaths: true, onViolation: true, paths: set }, undefined],
    [{ reportPaths: false }, undefined],
  ])('%o: %s', (options, message) => {
    const refuse = () => refuseWithoutEffect(options);
    if (message === undefined) expect(refuse).not.toThrow();
    else
      expect(refuse).toThrow(
        expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringContaining(`options.${message}`) }),
      );
  });

  test('by the functions, but not among the defaults of a Sandbox', () => {
    expect(() => called('a', [], { notifyTimeout: 5 })).toThrow('options.notifyTimeout: has no effect');
    const named = (by: 'spawn' | 'record', options: object) =>
      normalizeArguments(by, { command: 'a', args: [], profile: by === 'record' ? undefined : profile, options });
    expect(() => named('spawn', { bestEffort: true })).not.toThrow();
    expect(() => named('record', { bestEffort: true })).toThrow('options.bestEffort: has no effect');
  });
});

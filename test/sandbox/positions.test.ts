/** Where the profile of a call may stand, and which parameters are refused as ambiguous. */
import { describe, expect, test } from 'vitest';
import * as seccomp from '../../lib/index.js';
import { parametersOf } from '../../lib/sandbox/positions.js';

const { Profile, compile, execve, fork, run, Sandbox, spawn, spawnSync } = seccomp;
const profile = Profile.denylist();
const document = { defaultAction: 'SCMP_ACT_ALLOW' } as const;
const filter = compile('node');

describe('(command, args, profile, options) in every order:', () => {
  const url = new URL('file:///profile.json');
  const PROFILES = { text: 'docker-default', profile, document, filter, url, list: ['docker-default', profile] };

  test.each(Object.entries(PROFILES))('%s', (_, given) => {
    const options = { timeout: 5 };
    const expected = { command: 'true', args: ['-l'], profile: given, options };
    expect(parametersOf(['true', ['-l'], given, options])).toEqual(expected);
    expect(parametersOf(['true', ['-l'], given])).toEqual({ ...expected, options: undefined });
    expect(parametersOf(['true', given, options])).toEqual({ ...expected, args: [] });
    expect(parametersOf(['true', given])).toEqual({ ...expected, args: [], options: undefined });
    expect(parametersOf(['true', undefined, given, options])).toEqual({ ...expected, args: [] });

    const inOptions = { profile: given, timeout: 5 };
    const named = { command: 'true', args: ['-l'], profile: undefined, options: inOptions };
    expect(parametersOf(['true', ['-l'], inOptions])).toEqual(named);
    expect(parametersOf(['true', ['-l'], undefined, inOptions])).toEqual(named);
    expect(parametersOf(['true', inOptions])).toEqual({ ...named, args: [] });
    expect(parametersOf(['true', null, inOptions])).toEqual({ ...named, args: [] });
  });
});

test.each<[string, readonly unknown[]]>([
  ['of built-ins', ['docker-default', 'node']],
  ['with a misspelled name', ['dokcer-default']],
  ['with an object', ['./a.json', profile]],
  ['of texts', ['{"defaultAction": "SCMP_ACT_ALLOW"}']],
])('an array without a profile after it is a list of profiles: a list %s', (_, list) => {
  expect(parametersOf(['true', list])).toMatchObject({ args: [], profile: list });
  expect(parametersOf(['true', list, { timeout: 1 }])).toMatchObject({ args: [], profile: list });
  expect(parametersOf(['true', list, {}])).toMatchObject({ args: [], profile: list });
});

const MISSING: Readonly<Record<string, readonly unknown[]>> = {
  'no profile': [],
  'undefined as the profile': [undefined],
  'null as the profile': [null],
  'arguments only': [['-l']],
  'paths, which may be arguments': [['./a.json', './b.json']],
  'an empty array': [[]],
  'options only': [{ timeout: 1 }],
  'empty options': [{}],
  'arguments and options': [['-l'], { timeout: 1 }],
  'undefined after arguments': [['docker-default'], undefined],
  'null after arguments': [['docker-default'], null],
  'undefined after arguments, before options': [['docker-default'], undefined, { timeout: 1 }],
  'undefined in options': [['-l'], { profile: undefined }],
  'null in options': [['-l'], { profile: null }],
  'an empty text in options': [{ profile: '' }],
  'an empty list in options': [{ profile: [] }],
};

describe.each(Object.entries(MISSING))('%s', (_, parameters) => {
  const expected = expect.objectContaining({
    name: 'TypeError',
    code: expect.stringMatching(/^ERR_INVALID_ARG_(TYPE|VALUE)$/),
    message: expect.stringMatching(/"profile(\[0\])?" argument is missing.*docker-default.*unconfined/),
  });

  test.each([spawn, spawnSync, fork, execve])('is refused by %o', (start) => {
    expect(() => Reflect.apply(start, undefined, ['true', ...parameters])).toThrow(expected);
  });

  test('is refused by run', async () => {
    await expect(Reflect.apply(run, undefined, ['true', ...parameters])).rejects.toThrow(expected);
  });
});

test('a profile before and in the options is refused', async () => {
  const both = [[], profile, { profile }] as const;
  const expected = expect.objectContaining({
    code: 'ERR_SECCOMP_OPTION',
    message: expect.stringMatching(/options\.profile: .* leave out one of the two/),
  });
  for (const start of [spawn, spawnSync, fork, execve])
    expect(() => Reflect.apply(start, undefined, ['true', ...both])).toThrow(expected);
  await expect(Reflect.apply(run, undefined, ['true', ...both])).rejects.toThrow(expected);
});

test('the profile of the options is in force', async () => {
  const options = { profile: Profile.denylist().deny('uname', { errno: 'EACCES' }) };
  expect(spawnSync('uname', options).status).toBe(1);
  expect(spawnSync('uname', ['-s'], options).status).toBe(1);
  expect(spawnSync('uname', ['docker-default', options.profile]).status).toBe(1);
  await expect(run('uname', ['-s'], options)).rejects.toMatchObject({ exitCode: 1 });
  await expect(run('uname', { profile: 'unconfined' })).resolves.toMatchObject({ exitCode: 0 });
});

test('a Sandbox, record and harden name the reason for which they take no option `profile`', async () => {
  const options = { profile: 'node' } as never;
  const { spawn: start, exec, fork: forkIn } = new Sandbox('docker-default');
  const mine = /options\.profile: a Sandbox has its profile already/;
  expect(() => start('true', [], options)).toThrow(mine);
  expect(() => exec('true', options)).toThrow(mine);
  expect(() => forkIn('x.js', options)).toThrow(mine);
  expect(() => new Sandbox('docker-default', options)).toThrow(mine);
  await expect(seccomp.record('true', [], options)).rejects.toThrow(/options\.profile: record runs the program unfilt/);
  expect(() => seccomp.harden('unconfined', options)).toThrow(/options\.profile: the profile is the first argument/);
});

test('parameters in another order are refused', () => {
  const apply = (...parameters: readonly unknown[]) => Reflect.apply(spawn, undefined, parameters);
  expect(() => apply('true', '-l', 'docker-default')).toThrow(/"args" argument must be an instance of Array/);
  expect(() => apply('true', 'docker-default', ['-l'])).toThrow(/"options" argument must be of type object/);
  expect(() => apply('true', { profile: 'node' }, 'docker-default')).toThrow(/after the options/);
  expect(() => apply('true', [], 'docker-default', {}, {})).toThrow(/after the options/);
});

test('an object is the options if it has an option’s name or no property, and a profile otherwise', () => {
  const [profileLike, options] = [{ whatever: 1 }, { timeout: 5 }];
  expect(parametersOf(['true', profileLike])).toEqual({
    ...{ command: 'true', args: [], profile: profileLike, options: undefined },
  });
  expect(parametersOf(['true', 'node', options]).options).toBe(options);
  expect(() => parametersOf(['true', {}])).toThrow('The "profile" argument is missing');
  expect(() => parametersOf(['true', { ...options, whatever: 1 }])).toThrow('The "profile" argument is missing');
});

test('options whose profile is a getter have a profile: reading them reports the getter', () => {
  const options = {
    timeout: 5,
    get profile() {
      return 'node';
    },
  };
  expect(parametersOf(['true', options])).toMatchObject({ args: [], profile: undefined, options });
  expect(() => parametersOf(['true', { timeout: 5, profile: undefined }])).toThrow('"profile" argument is missing');
});

test('undefined after the options is no further argument', () => {
  expect(parametersOf(['true', [], 'node', {}, undefined, undefined])).toMatchObject({ profile: 'node', options: {} });
  expect(() => parametersOf(['true', [], 'node', {}, undefined, null])).toThrow(
    'there are arguments after the options',
  );
});

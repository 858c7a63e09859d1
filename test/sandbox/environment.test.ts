/** The option env: the variables of a program, or the names of those of this process that it gets. */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as seccomp from '../../lib/index.js';
import { readEnvironment } from '../../lib/sandbox/options/environment.js';

const read = (value: unknown) => ({ ...readEnvironment(value, 'options.env') });

/** The value that a check returns, or the code of its error. */
function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';

describe('an object', () => {
  const read = (value: unknown) => ({ ...readEnvironment(value, 'env') });

  test('has inherited variables, hidden by nearer ones, as in Node', () => {
    const base = { A: 'far', B: 'far', C: 'far' };
    const near = Object.create(base, { A: { value: 'hidden' }, B: { value: 'near', enumerable: true } });
    expect(read(near)).toEqual({ B: 'near', C: 'far' });
  });

  test('has the value of a getter, called on the object itself', () => {
    class Variables {
      HOME = '/a';
    }
    Object.defineProperty(Variables.prototype, 'COPY', {
      enumerable: true,
      get(this: Variables) {
        return this.HOME;
      },
    });
    expect(read(new Variables())).toEqual({ HOME: '/a', COPY: '/a' });
  });

  test('has no variable of Object.prototype', () => {
    Object.assign(Object.prototype, { POLLUTED: 'x' });
    try {
      expect(read({ A: '1' })).toEqual({ A: '1' });
    } finally {
      Reflect.deleteProperty(Object.prototype, 'POLLUTED');
    }
  });

  test('may have a chain of 100 prototypes', () => {
    const chain = (length: number) => {
      let object: object = Object.create(null);
      for (let i = 0; i < length; i++) object = Object.create(object, { A: { value: String(i), enumerable: true } });
      return object;
    };
    expect(read(chain(100))).toEqual({ A: '99' });
    expect(outcome(() => read(chain(101)))).toBe(VALUE);
  });

  test.each<[unknown, unknown]>([
    [null, {}],
    [new Map([['A', '1']]), TYPE],
    [new Set(), TYPE],
    ['A=1', TYPE],
  ])('that is %o gives %o', (value, expected) => {
    expect(outcome(() => read(value))).toEqual(expected);
  });
});

describe('a list of names', () => {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-environment-'));
  const module = join(directory, 'module.cjs');
  writeFileSync(module, "process.exit([process.env.KEPT, process.env.SECRET].join() === 'kept,' ? 0 : 7)");
  afterAll(() => rmSync(directory, { recursive: true }));
  beforeEach(() => {
    vi.stubEnv('KEPT', 'kept');
    vi.stubEnv('SECRET', 'secret');
    vi.stubEnv('NODE_V8_COVERAGE', undefined);
  });
  afterEach(() => void vi.unstubAllEnvs());

  test('gives the variables of this process with these names, and skips those that it lacks', () => {
    expect(read(['KEPT', 'MISSING', 'KEPT', 'toString', '__proto__'])).toEqual({ KEPT: 'kept' });
    expect(read([])).toEqual({});
    expect(seccomp.spawnSync('/usr/bin/env', 'docker-default', { env: ['KEPT'], encoding: 'utf8' }).stdout).toBe(
      'KEPT=kept\n',
    );
    expect(seccomp.spawnSync('/usr/bin/env', 'unconfined', { env: [], encoding: 'utf8' }).stdout).toBe('');
  });

  test.each(['PATH,KEPT', 'KEPT MISSING', 'KEP*', '$KEPT'])(
    'must not have %o, if it is no name of a variable',
    (name) => {
      expect(() => read(['KEPT', name])).toThrow(
        `The property 'options.env[1]' must be the name of one variable: names are literal, so give each as an element. Received '${name}'`,
      );
      vi.stubEnv(name, 'value');
      expect(read([name])).toEqual({ [name]: 'value' });
    },
  );

  test('may have a name of a property of Object.prototype', () => {
    vi.stubEnv('toString', 'a variable');
    vi.stubEnv('__proto__', 'another');
    expect(Object.entries(read(['toString', '__proto__'])).filter(([name]) => name !== 'NODE_V8_COVERAGE')).toEqual([
      ['toString', 'a variable'],
      ['__proto__', 'another'],
    ]);
  });

  const check = '[ "$KEPT,$SECRET" = kept, ]';
  const sh = ['-c', check] as const;
  const options = { env: ['PATH', 'KEPT'] } as const;
  const exitCode = async (child: EventEmitter) => (await once(child, 'exit'))[0];
  const isFailure = (code: unknown) => code !== 0;
  const succeeds = (call: () => unknown) => (outcome(call) instanceof Error ? 1 : 0);
  const sandbox = new seccomp.Sandbox('docker-default');
  const FUNCTIONS: Readonly<Record<string, (given: object) => unknown>> = {
    spawn: (given) => exitCode(seccomp.spawn('sh', sh, 'docker-default', given)),
    spawnSync: (given) => seccomp.spawnSync('sh', sh, 'docker-default', given).status,
    run: (given) =>
      seccomp.run('sh', sh, 'docker-default', given).then(
        ({ exitCode: code }) => code,
        () => 1,
      ),
    record: async (given) => (await seccomp.record('sh', sh, given)).exitCode,
    fork: (given) => exitCode(seccomp.fork(module, 'docker-default', given)),
    'fork of unconfined': (given) => exitCode(seccomp.fork(module, 'unconfined', given)),
    'Sandbox.spawn': (given) => exitCode(sandbox.spawn('sh', sh, given)),
    'Sandbox.spawnSync': (given) => sandbox.spawnSync('sh', sh, given).status,
    'Sandbox.exec': (given) =>
      promisify(sandbox.exec)(check, given).then(
        () => 0,
        () => 1,
      ),
    'Sandbox.execFile': (given) =>
      promisify(sandbox.execFile)('sh', sh, given).then(
        () => 0,
        () => 1,
      ),
    'Sandbox.execSync': (given) => succeeds(() => sandbox.execSync(check, given)),
    'Sandbox.execFileSync': (given) => succeeds(() => sandbox.execFileSync('sh', sh, given)),
    'Sandbox.fork': (given) => exitCode(sandbox.fork(module, given)),
    'a default of Sandbox': (given) => new seccomp.Sandbox('docker-default', given).spawnSync('sh', sh).status,
  };
  test.each(Object.keys(FUNCTIONS))('is taken by %s', async (name) => {
    expect([await FUNCTIONS[name]?.(options), await FUNCTIONS[name]?.({})]).toEqual([0, expect.toSatisfy(isFailure)]);
  });

  test('is taken by execve', () => {
    const code = `require('seccomp').execve('/usr/bin/env', 'docker-default', { env: ['KEPT'] })`;
    const { stdout } = nodeSpawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
    expect(stdout).toBe('KEPT=kept\n');
  });

  test('is read at the start, and as a default of a Sandbox when that is made', () => {
    const print = ['-c', 'echo $KEPT'] as const;
    const fixed = new seccomp.Sandbox('docker-default', { env: ['KEPT'], encoding: 'utf8' });
    const atStart = () => seccomp.spawnSync('/bin/sh', print, 'docker-default', { env: ['KEPT'], encoding: 'utf8' });
    vi.stubEnv('KEPT', 'later');
    expect([fixed.spawnSync('/bin/sh', print).stdout, atStart().stdout]).toEqual(['kept\n', 'later\n']);
    expect(fixed.spawnSync('/bin/sh', print, { env: ['KEPT'] }).stdout).toBe('later\n');
    expect(fixed.spawnSync('/bin/sh', print, { env: undefined }).stdout).toBe('kept\n');
  });

  test('passes NODE_V8_COVERAGE on only if it is named, while Node adds it to any object', () => {
    vi.stubEnv('NODE_V8_COVERAGE', directory);
    const coverage = (env: NonNullable<seccomp.ProgramOptions['env']>, profile: string) =>
      seccomp.spawnSync('/usr/bin/printenv', ['NODE_V8_COVERAGE'], profile, { env, encoding: 'utf8' }).stdout;
    for (const profile of ['docker-default', 'unconfined']) {
      expect(coverage({}, profile)).toBe(`${directory}\n`);
      expect(coverage(['KEPT'], profile)).toBe('');
      expect(coverage(['NODE_V8_COVERAGE'], profile)).toBe(`${directory}\n`);
    }
    const sandboxed = new seccomp.Sandbox('docker-default', { env: ['KEPT'], encoding: 'utf8' });
    expect(sandboxed.spawnSync('/usr/bin/printenv', ['NODE_V8_COVERAGE']).stdout).toBe('');
  });

  test('does not pass NODE_V8_COVERAGE on to a fork', async () => {
    vi.stubEnv('NODE_V8_COVERAGE', directory);
    const reports = join(directory, 'reports.cjs');
    writeFileSync(reports, 'process.send(String(process.env.NODE_V8_COVERAGE))');
    for (const profile of ['docker-default', 'unconfined']) {
      expect(await once(seccomp.fork(reports, profile, { env: ['KEPT'] }), 'message')).toEqual([
        'undefined',
        undefined,
      ]);
    }
  });

  test('is read once', () => {
    let reads = 0;
    const env = new Proxy(['KEPT'], {
      getOwnPropertyDescriptor(target, key) {
        if (key === '0' && reads++ > 0) return { ...Object.getOwnPropertyDescriptor(target, key), value: 'SECRET' };
        return Object.getOwnPropertyDescriptor(target, key);
      },
      get: () => expect.fail('is not read by its properties'),
    });
    const { stdout } = seccomp.spawnSync('/usr/bin/env', 'docker-default', { env, encoding: 'utf8' });
    expect([stdout, reads]).toEqual(['KEPT=kept\n', 1]);
    reads = 0;
    new seccomp.Sandbox('docker-default', { env }).spawnSync('/usr/bin/env');
    expect(reads).toBe(1);
  });

  test.each<[string, unknown, string, RegExp]>([
    [
      'a number',
      ['A', 'B', 5],
      TYPE,
      /^The "options\.env\[2\]" property must be of type string\. Received type number/,
    ],
    [
      'an empty name',
      ['A', ''],
      VALUE,
      /^The property 'options\.env\[1\]' must be the name of a variable.*Received ''$/,
    ],
    ['a variable', ['A=b'], VALUE, /^The property 'options\.env\[0\]' .*to set variables, give an object.*'A=…'$/],
    ['an equals sign', ['='], VALUE, /options\.env\[0\]/],
    ['a NUL', ['A', 'B\0'], VALUE, /^The property 'options\.env\[1\]' .*null bytes/],
    ['a hole', new Array(1), VALUE, /"options\.env\[0\]" property is a hole/],
    [
      'a getter',
      Object.defineProperty(['A'], 0, { get: () => 'B' }),
      VALUE,
      /"options\.env\[0\]" property is a getter/,
    ],
    ['a class', new (class extends Array {})(), TYPE, /"options\.env" property must be an array, not a kind of array/],
    ['a property beside its elements', Object.assign(['A'], { B: 'c' }), VALUE, /has B beside its elements/],
    ['4,097 names', new Array(4097).fill('A'), VALUE, /has 4097 elements, more than 4096/],
  ])('with %s is refused', (_, env, code, message) => {
    const refused = expect.objectContaining({ code, message: expect.stringMatching(message) });
    const given = { env } as never;
    expect(() => seccomp.spawn('true', 'docker-default', given)).toThrow(refused);
    expect(() => seccomp.fork(module, 'docker-default', given)).toThrow(refused);
    expect(() => new seccomp.Sandbox('docker-default', given)).toThrow(refused);
    expect(() => sandbox.execSync('true', given)).toThrow(refused);
  });
});

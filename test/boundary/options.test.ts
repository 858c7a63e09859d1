/** Options: each function applies its own options, and refuses all others by name. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as seccomp from '../../lib/index.js';
import { probe } from '../../lib/testing/index.js';
import { childrenSince } from '../support/children.mjs';
import { evaluateScript } from '../support/scripts.js';
import { until } from '../support/until.mjs';

const isRoot = process.getuid?.() === 0;
/** An empty module. */
const empty = fileURLToPath(new URL('nothing.mjs', import.meta.url));
const host = { abi: 'x86_64', kernel: { major: 6, minor: 1 }, capabilities: new Set<string>() };

/** Every option, with a valid value. */
const OPTIONS: Readonly<Record<string, unknown>> = {
  abis: ['x86'],
  acceptRings: true,
  acceptSharedPool: true,
  allowUnknownOptions: true,
  argumentWidth: 64,
  argv0: 'name',
  capabilities: [],
  compareArguments: true,
  containerStart: true,
  cwd: '/',
  detached: true,
  encoding: 'utf8',
  env: {},
  execArgv: [],
  execPath: process.execPath,
  foreignAction: 'kill-thread',
  forceKillAfter: 100,
  format: 'oci',
  gid: 0,
  handles: true,
  host,
  input: '',
  killSignal: 'SIGKILL',
  logDenied: true,
  maxBuffer: 1,
  merge: 'docker-default',
  mode: 'compat',
  newerCalls: 'default',
  noNewPrivileges: true,
  notify: {},
  notifyTimeout: 1,
  onViolation: true,
  rlimits: {},
  root: '/',
  serialization: 'json',
  shell: false,
  signal: new AbortController().signal,
  silent: true,
  source: 'name',
  stdio: 'ignore',
  threads: 'all',
  timeout: 10_000,
  uid: 0,
  windowsHide: true,
  windowsVerbatimArguments: true,
};
const SPAWN = `abis argv0 capabilities cwd detached env forceKillAfter gid handles killSignal logDenied noNewPrivileges notify notifyTimeout
  onViolation rlimits serialization shell signal stdio timeout uid windowsHide windowsVerbatimArguments`;
const OUTPUT = 'input encoding maxBuffer';
const HOST = 'host capabilities abis';
const READING = 'argumentWidth foreignAction mode newerCalls source format';

interface Case {
  readonly name: string;
  /** The options that the function takes. */
  readonly taken: string;
  readonly call: (options: never) => unknown;
}
const filter = seccomp.compile('node');
/** Adds the handlers that notifyTimeout needs. */
const handled = (options: seccomp.SpawnOptions): seccomp.SpawnOptions =>
  options.notifyTimeout === undefined ? options : { notify: {}, ...options };
const CASES: readonly Case[] = [
  {
    name: 'spawn',
    taken: SPAWN,
    call: (options) => seccomp.spawn('/nonexistent', [], 'node', handled(options)).on('error', () => {}),
  },
  {
    name: 'spawnSync',
    taken: `${SPAWN.replace(/\b(signal|notify|notifyTimeout)\b/g, '')} ${OUTPUT}`,
    call: (options) => seccomp.spawnSync('/nonexistent', [], 'node', options),
  },
  { name: 'run', taken: `${SPAWN} ${OUTPUT}`, call: (options) => seccomp.run('true', [], 'node', handled(options)) },
  {
    name: 'record',
    taken: `${SPAWN.replace(/\b(abis|logDenied|notify|notifyTimeout|onViolation)\b/g, '')} compareArguments containerStart merge`,
    call: (options) => seccomp.record('true', [], options),
  },
  { name: 'compile', taken: HOST, call: (options) => seccomp.compile('node', options) },
  {
    name: 'compile of a policy',
    taken: '',
    call: (options) => seccomp.compile(seccomp.compile('node').policy, options),
  },
  { name: 'compile of a filter', taken: '', call: (options) => seccomp.compile(filter, options) },
  { name: 'compile of filters', taken: '', call: (options) => seccomp.compile([filter, filter], options) },
  {
    name: 'compile of a filter and a profile',
    taken: HOST,
    call: (options) => seccomp.compile([filter, 'node'], options),
  },
  { name: 'explain', taken: HOST, call: (options) => seccomp.explain('node', { syscall: 'mount' }, options) },
  { name: 'probe', taken: 'capabilities abis', call: (options) => probe('node', 'mount', options) },
  { name: 'probe of a filter', taken: '', call: (options) => probe(filter, 'mount', options) },
  { name: 'probe of unconfined', taken: '', call: (options) => probe('unconfined', 'mount', options) },
  {
    name: 'spawn of a filter',
    taken: SPAWN.replace(/\babis\b/, ''),
    call: (options) => seccomp.spawn('/nonexistent', [], filter, handled(options)).on('error', () => {}),
  },
  {
    name: 'spawn of unconfined',
    taken: SPAWN.replace(/\babis\b/, ''),
    call: (options) => seccomp.spawn('/nonexistent', [], 'unconfined', handled(options)).on('error', () => {}),
  },
  { name: 'listen', taken: 'notifyTimeout', call: (options) => seccomp.listen('/nonexistent/path', {}, options) },
  {
    name: 'loadProfile of a document',
    taken: READING,
    call: (options) => seccomp.loadProfile({ defaultAction: 'SCMP_ACT_LOG' }, options),
  },
  {
    name: 'loadProfile of a text',
    taken: READING,
    call: (options) => seccomp.loadProfile('{"defaultAction": "SCMP_ACT_LOG"}', options),
  },
  {
    name: 'loadProfile of a built-in',
    taken: READING.replace('format', ''),
    call: (options) => seccomp.loadProfile('node', options),
  },
  {
    name: 'loadProfile of a Profile',
    taken: '',
    call: (options) => seccomp.loadProfile(seccomp.Profile.denylist(), options),
  },
  { name: 'loadProfile of unconfined', taken: '', call: (options) => seccomp.loadProfile('unconfined', options) },
  {
    name: 'checkProfile',
    taken: `${READING} host`,
    call: (options) => seccomp.checkProfile({ defaultAction: 'SCMP_ACT_LOG' }, options),
  },
  {
    name: 'parseProfile',
    taken: READING,
    call: (options) => seccomp.parseProfile('{"defaultAction": "SCMP_ACT_LOG"}', options),
  },
  { name: 'Profile.denylist', taken: '', call: (options) => seccomp.Profile.denylist(options) },
  { name: 'extend', taken: '', call: (options) => seccomp.extend('node', options) },
  { name: 'Profile.allowlist', taken: 'newerCalls', call: (options) => seccomp.Profile.allowlist(options) },
  {
    name: 'fork',
    taken: `${SPAWN.replace(/\bshell\b/, '')} execPath execArgv silent`,
    call: (options) => seccomp.fork(empty, [], 'node', handled(options)).on('error', () => {}),
  },
];

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');
const messageOf = async (work: () => unknown) => {
  try {
    await work();
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe.each(CASES)('$name', ({ taken, call }) => {
  const names = words(taken);
  const others = Object.keys(OPTIONS).filter((name) => !names.includes(name));

  test('refuses each option that it does not use, by its name', async () => {
    for (const name of others) {
      const message = await messageOf(() => call({ [name]: OPTIONS[name] } as never));
      expect([name, message]).toEqual([name, expect.stringContaining(name)]);
    }
  });

  test('accepts each option that it uses', async () => {
    for (const name of names) {
      const message = await messageOf(() => call({ [name]: OPTIONS[name] } as never));
      expect([name, message]).toEqual([name, expect.not.stringMatching(/unknown option|has no effect/)]);
    }
  });

  test('refuses an instance of a class, an array, a string and a getter as options', async () => {
    class Options {}
    for (const options of [new Options(), new Map(), [], 'timeout', Object.create({ timeout: 1 })]) {
      expect(await messageOf(() => call(options as never))).toMatch(/object|text|name/);
    }
    const getter = Object.defineProperty({}, names[0] ?? 'timeout', { get: () => 1, enumerable: true });
    expect(await messageOf(() => call(getter as never))).toMatch(/getter/);
  });
});

test('options.host is refused together with capabilities or abis', () => {
  for (const more of [{ capabilities: [] }, { abis: ['x86'] }] as const) {
    expect(() => seccomp.compile('node', { host, ...more } as object)).toThrow(/options\.host sets this already/);
    expect(() => seccomp.explain('node', { syscall: 'mount' }, { host, ...more } as object)).toThrow(
      /options\.host sets this already/,
    );
  }
  expect(seccomp.compile('node', { host } as object).abis).toEqual(['x86_64']);
});

test('abis are refused if no profile is resolved for them, even with a supervisor, and accepted if handlers need them', () => {
  const abis = ['x86'] as const;
  const denies: seccomp.Handler = (call) => call.deny(1);
  const start = (profile: seccomp.FilterSource, more: object) => () =>
    seccomp.spawn('true', [], profile, { abis, ...more });
  expect(start(filter, { onViolation: true })).toThrow(/options\.abis: has no effect on a Filter, which is compiled/);
  expect(start(filter, { notify: { mkdir: denies } })).toThrow(/options\.abis: has no effect on a Filter/);
  expect(start('unconfined', { onViolation: true })).toThrow(
    /options\.abis: has no effect on unconfined: leave it out/,
  );
  expect(start('unconfined', { notify: { mkdir: denies } })).not.toThrow();
  expect(start([filter, 'node'], {})).not.toThrow();
  expect(() => new seccomp.Sandbox(filter, { abis })).toThrow(/options\.abis: has no effect on a Filter/);
  expect(() => new seccomp.Sandbox('unconfined', { abis, notify: {} })).not.toThrow();
});

test('harden refuses each option that it does not use, by its name', () => {
  const names = Object.keys(OPTIONS).filter(
    (name) =>
      !['threads', 'acceptSharedPool', 'acceptRings', 'capabilities', 'abis', 'noNewPrivileges', 'logDenied'].includes(
        name,
      ),
  );
  const result = evaluateScript(`
    return ${JSON.stringify(names)}.map((name) => {
      try { sandbox.harden('unconfined', { [name]: 'x' }); return name; } catch (error) { return error.message.includes(name); }
    });`);
  expect(result).toEqual(names.map(() => true));
});

describe('functions that start a program', () => {
  /** The output of a shell with options, by each function. */
  const FUNCTIONS: Readonly<Record<string, (script: string, options: object) => Promise<string>>> = {
    spawn: async (script, options) => {
      const child = seccomp.spawn('sh', ['-c', script], 'docker-default', options);
      let output = '';
      child.stdout?.on('data', (chunk) => {
        output += chunk;
      });
      const [code, signal] = await once(child, 'close');
      return `${output}${code === 0 ? '' : (signal ?? code)}`.trim();
    },
    spawnSync: async (script, options) => {
      const { stdout, status, signal } = seccomp.spawnSync('sh', ['-c', script], 'docker-default', options);
      return `${stdout ?? ''}${status === 0 ? '' : (signal ?? status)}`.trim();
    },
    run: async (script, options) => {
      const result = await seccomp.run('sh', ['-c', script], 'docker-default', options).catch((error) => error);
      return `${result.stdout}${result.exitCode === 0 ? '' : (result.signal ?? result.exitCode)}`.trim();
    },
  };

  const EFFECTS: readonly (readonly [string, object, string, string])[] = [
    ['cwd', { cwd: '/usr' }, 'pwd', '/usr'],
    ['env', { env: { A: 'b' } }, 'echo $A$HOME', 'b'],
    ['argv0', { argv0: 'name' }, "tr '\\0' ' ' </proc/$$/cmdline | cut -d ' ' -f 1", 'name'],
    ['stdio', { stdio: 'ignore' }, 'echo text', ''],
    ['detached', { detached: true }, '[ "$(cut -d " " -f 6 /proc/$$/stat)" = $$ ] && echo leader', 'leader'],
    ['rlimits', { rlimits: { nofile: 33 } }, 'ulimit -n', '33'],
    ['killSignal and timeout', { timeout: 50, killSignal: 'SIGUSR1' }, 'exec sleep 60', 'SIGUSR1'],
    ...(isRoot
      ? ([
          ['uid', { uid: 1234 }, 'id -u', '1234'],
          ['gid', { gid: 1234 }, 'id -g', '1234'],
          ['capabilities', { capabilities: [] }, 'sed -n "s/^CapEff:.//p" /proc/self/status', '0000000000000000'],
        ] as const)
      : []),
  ];
  test.each(Object.keys(FUNCTIONS))('each option has an effect on %s', async (name) => {
    for (const [option, options, script, expected] of EFFECTS)
      expect([option, await FUNCTIONS[name]?.(script, options)]).toEqual([option, expected]);
  });
});

describe('arguments of a program', () => {
  test.each<[string, unknown, RegExp]>([
    ['with a hole', Object.assign(new Array(2), { 1: 'a' }), /"args\[0\]" argument is a hole/],
    ['without an end', new Array(2 ** 32 - 1), /"args" argument has 4294967295 elements/],
    ['with a getter', Object.defineProperty(['a'], 0, { get: () => 'b' }), /"args\[0\]" argument is a getter/],
    ['of a class', new (class extends Array {})(), /"args" argument must be an array/],
  ])('%s are refused', (_, args, message) => {
    expect(() => seccomp.spawn('true', args as never, 'node')).toThrow(message);
    expect(() => seccomp.spawnSync('true', args as never, 'node')).toThrow(message);
    expect(() => seccomp.execve('true', args as never, 'node')).toThrow(message);
  });
});

describe('rlimits', () => {
  test.each<[string, unknown]>([
    ['a Map', new Map([['nofile', 3]])],
    ['an array', []],
    ['null', null],
    ['an object that inherits', Object.create({ nofile: 3 })],
    [
      'a getter',
      {
        get nofile() {
          return 3;
        },
      },
    ],
    ['a limit with another key', { nofile: { soft: 3, hard: 3, more: 1 } }],
    ['a limit that inherits', { nofile: Object.create({ soft: 3, hard: 3 }) }],
  ])('%s is refused', (_, rlimits) => {
    expect(() => seccomp.spawnSync('true', 'node', { rlimits: rlimits as never })).toThrow(/options\.rlimits/);
  });
});

test('lists of names must be arrays of known strings', () => {
  const odd = [new Array(1), [Symbol('x')], ['CAP_CHOWN', 1], new Set(['CAP_CHOWN']), 'CAP_CHOWN', [['CAP_CHOWN']]];
  for (const capabilities of odd)
    expect(() => seccomp.spawnSync('true', 'node', { capabilities: capabilities as never })).toThrow(/capabilities/);
});

describe('env', () => {
  test('is read once, with inherited properties, but not those of Object.prototype', () => {
    let reads = 0;
    const env = Object.create({ INHERITED: '1' }, { HIDDEN: { value: '1' } });
    Object.defineProperty(env, 'PATH', {
      enumerable: true,
      get: () => (reads++ === 0 ? process.env['PATH'] : '/nowhere'),
    });
    const { stdout } = seccomp.spawnSync('env', 'node', { env, encoding: 'utf8' });
    expect([stdout?.trim().split('\n').sort(), reads]).toEqual([['INHERITED=1', `PATH=${process.env['PATH']}`], 1]);
  });

  const endless: object = new Proxy({}, { getPrototypeOf: () => endless });
  test.each<[string, unknown]>([
    ['a Map', new Map([['A', 'b']])],
    ['a Set', new Set(['A=b'])],
    ['an array of variables', ['A=b']],
    ['a text', ''],
    ['a number', 0],
    ['false', false],
    ['an object that inherits without end', endless],
  ])('%s is refused', (_, env) => {
    const options = { env } as never;
    expect(() => seccomp.spawnSync('true', 'node', options)).toThrow(/options\.env/);
    expect(() => seccomp.fork(empty, 'node', options)).toThrow(/options\.env/);
    expect(() => new seccomp.Sandbox('node', options)).toThrow(/options\.env/);
  });
});

describe('a Sandbox', () => {
  test('reads its defaults once', () => {
    const defaults = {
      rlimits: { nofile: { soft: 40, hard: 40 } },
      env: { A: '1' },
      stdio: ['ignore', 'pipe', 'ignore'],
    };
    const sandbox = new seccomp.Sandbox('docker-default', defaults as never);
    defaults.rlimits.nofile.soft = 30;
    defaults.env.A = '2';
    defaults.stdio[1] = 'ignore';
    const { stdout } = sandbox.spawnSync('/bin/sh', ['-c', 'echo $A $(ulimit -S -n)']);
    expect(String(stdout)).toBe('1 40\n');
  });

  test('keeps its handlers if the object changes later', async () => {
    const notify: Record<string, seccomp.Handler> = { mkdir: (call) => call.deny('EROFS') };
    const sandbox = new seccomp.Sandbox({ defaultAction: 'SCMP_ACT_ALLOW' }, { notify });
    delete notify['mkdir'];
    const child = sandbox.spawn('mkdir', ['/nowhere/x'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    await once(child, 'close');
    expect(stderr).toContain('Read-only file system');
  });

  test('accepts a stream that opens later, a socket, which it does not change, and options that only fork takes', async () => {
    const written = createWriteStream('/dev/null');
    const server = createServer((socket) => socket.end('heard')).listen(0);
    const { port } = server.address() as AddressInfo;
    const socket = connect(port);
    await once(socket, 'connect');
    for (const stdio of [
      ['ignore', written, 'inherit'],
      ['ignore', socket, 'inherit'],
      ['ignore', 'pipe', 'inherit', 'ipc'],
    ])
      new seccomp.Sandbox('docker-default', { stdio: stdio as never });
    expect(String(await once(socket, 'data'))).toBe('heard');
    server.close();
    written.destroy();
  });

  test.each<[string, unknown]>([
    ['rlimits', { nofile: 'x' }],
    ['timeout', -1],
    ['timeout', 2 ** 31],
    ['stdio', 5],
    ['notify', new Map()],
    ['onViolation', 5],
    ['onViolation', null],
    ['uid', 'a'],
    ['cwd', 5],
    ['killSignal', 'SIGNONE'],
    ['maxBuffer', -1],
    ['encoding', 'utf-9'],
  ])('refuses a wrong default for %s', (name, value) => {
    expect(() => new seccomp.Sandbox('node', { [name]: value })).toThrow(
      /timeout|stdio|notify|encoding|options\.|SIGNONE/,
    );
  });
});

test('refuses arguments after the options, and options of exec that are not an object', () => {
  const extra = ['true', [], 'node', undefined, { rlimits: { nofile: 30 } }];
  expect(() => Reflect.apply(seccomp.spawnSync, undefined, extra)).toThrow(/after the options/);
  expect(() => Reflect.apply(seccomp.spawn, undefined, ['true', 'node', {}, {}])).toThrow(/after the options/);
  const { exec } = new seccomp.Sandbox('node');
  for (const options of [5, 'utf8', false]) {
    expect(() => Reflect.apply(exec, undefined, ['true', options, () => {}])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  }
});

describe('errors are found before the program starts:', () => {
  const spoilt = (property: string) =>
    Object.defineProperty(new AbortController().signal, property, {
      get: () => {
        throw new Error('mine');
      },
    });
  test.each<[string, object]>([
    ['a signal without a method', { signal: { aborted: false } }],
    ['a signal with a getter that throws', { signal: spoilt('aborted') }],
    ['a timeout that no timer has', { timeout: 2 ** 31 }],
    ['a timeout that no timer has by far', { timeout: Number.MAX_SAFE_INTEGER }],
  ])('%s', async (_, options) => {
    const before = childrenSince([]);
    expect(() => seccomp.spawn('sleep', ['60'], 'node', options)).toThrow();
    await expect(seccomp.run('sleep', ['60'], 'node', options)).rejects.toThrow();
    await expect(seccomp.record('sleep', ['60'], options)).rejects.toThrow();
    expect(() => new seccomp.Sandbox('node').execFile('sleep', ['60'], options)).toThrow();
    expect(childrenSince(before)).toEqual([]);
  });

  test('a signal that is aborted already, of run and record', async () => {
    const before = childrenSince([]);
    const options = { signal: AbortSignal.abort(new Error('mine')) };
    const aborted = { name: 'AbortError', code: 'ABORT_ERR' };
    await expect(seccomp.run('sleep', ['60'], 'node', options)).rejects.toMatchObject(aborted);
    const error = await seccomp.record('sleep', ['60'], options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ ...aborted, cause: { message: 'mine' } });
    expect(childrenSince(before)).toEqual([]);
  });

  test('a signal that throws when a listener is added, which ends the child', async () => {
    const before = childrenSince([]);
    const signal = {
      aborted: false,
      addEventListener: () => {
        throw new Error('mine');
      },
    };
    const options = { signal: signal as never };
    expect(() => seccomp.spawn('sleep', ['60'], 'node', options)).toThrow('mine');
    await expect(seccomp.run('sleep', ['60'], 'node', options)).rejects.toThrow('mine');
    await expect(seccomp.record('sleep', ['60'], options)).rejects.toThrow('mine');
    let listened = 0;
    const second = {
      aborted: false,
      removeEventListener: () => {},
      addEventListener: () => {
        if (listened++ === 1) throw new Error('mine');
      },
    } as never;
    await expect(seccomp.record('sleep', ['60'], { signal: second })).rejects.toThrow('mine');
    listened = 0;
    await expect(seccomp.run('sleep', ['60'], 'node', { signal: second })).rejects.toThrow('mine');
    await until(() => childrenSince(before).length === 0);
  });

  test('accepts null input, null encoding, and a timeout of spawnSync above the limit of Node’s timers', () => {
    const none = { input: '', encoding: '' as never, stdio: 'ignore', timeout: 2 ** 32 } as const;
    expect(seccomp.spawnSync('true', 'node', none).status).toBe(0);
    expect(seccomp.spawnSync('true', 'node', { input: Buffer.alloc(0), stdio: ['inherit'] }).status).toBe(0);
  });

  test('refuses an unknown encoding, and input that the program could not read', () => {
    const options = { encoding: 'utf-9' as never };
    expect(() => seccomp.spawnSync('true', 'node', options)).toThrow(/Unknown encoding/);
    for (const stdio of ['ignore', ['inherit']] as never[])
      expect(() => seccomp.spawnSync('cat', 'node', { input: 'x', stdio })).toThrow(/stdin is not a pipe/);
    for (const input of [0, false, {}] as never[])
      expect(() => seccomp.spawnSync('cat', 'node', { input })).toThrow(/must be of type string/);
  });
});

test('record merges into a profile, but not into unconfined', async () => {
  for (const merge of ['unconfined', seccomp.Profile.unconfined])
    await expect(seccomp.record('true', [], { merge })).rejects.toThrow(/options\.merge/);
});

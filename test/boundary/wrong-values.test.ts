/**
 * Every public function with a wrong value in the place of each argument, and of each option of the table: it is either
 * accepted, or refused by an error with a documented class and code, whose message names the argument.
 */
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as entry from '../../lib/entry.js';
import * as seccomp from '../../lib/index.js';
import { isOption, optionsOf } from '../../lib/sandbox/options/table.js';
import * as testingEntry from '../../lib/testing/entry.js';
import * as testing from '../../lib/testing/index.js';

const { arg, compile, loadProfile, Profile, resolve, Sandbox } = seccomp;

// With CI set, assertNeedsNoMore reports a file that does not exist before it reads its options.
beforeAll(() => void vi.stubEnv('CI', undefined));
afterAll(() => void vi.unstubAllEnvs());

// No call starts Node, which takes long.
const { execPath } = process;
beforeAll(() => void Object.assign(process, { execPath: missing }));
afterAll(() => void Object.assign(process, { execPath }));

const VALUES: Readonly<Record<string, unknown>> = {
  undefined,
  null: null,
  true: true,
  false: false,
  '0': 0,
  '-1': -1,
  '1.5': 1.5,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '2 ** 53': 2 ** 53,
  '1n': 1n,
  '2n ** 64n': 2n ** 64n,
  'an empty text': '',
  'a text with NUL': 'x\0y',
  'a text': 'no such thing',
  'a symbol': Symbol('wrong'),
  'an empty array': [],
  'an array of undefined': [undefined],
  'an array with a hole': new Array(1),
  'an array of an object': [{}],
  'an empty object': {},
  'an object without a prototype': Object.create(null),
  'an object with an unknown key': { unknown: 1 },
  'an object that inherits': Object.create({ inherited: 1 }),
  'an object with a getter': Object.defineProperty({}, 'getter', { get: () => 1, enumerable: true }),
  'an object with a symbol': { [Symbol('key')]: 1 },
  'a function': () => {},
  'a class': class Wrong {},
  'a Date': new Date(0),
  'a Map': new Map(),
  'a Promise': Promise.resolve(),
  'a Buffer': Buffer.from('x'),
  'a URL': new URL('https://example.org'),
  'a boxed number': Object(1),
};

const CODES: Readonly<Record<string, readonly string[]>> = {
  TypeError: [
    'ERR_INVALID_ARG_TYPE',
    'ERR_INVALID_ARG_VALUE',
    'ERR_UNKNOWN_ENCODING',
    'ERR_UNKNOWN_SIGNAL',
    'ERR_INVALID_SYNC_FORK_INPUT',
    'ERR_INVALID_URL_SCHEME',
  ],
  RangeError: ['ERR_OUT_OF_RANGE'],
  Error: ['ERR_CHILD_PROCESS_IPC_REQUIRED'],
  SeccompError: ['ERR_SECCOMP_OPTION', 'ERR_SECCOMP_BUILTIN', 'ERR_SECCOMP_FILE', 'ERR_SECCOMP_UNSUPPORTED'],
  ProfileError: ['ERR_SECCOMP_PROFILE'],
};

/** Codes of starts that fail after all values were accepted: only root may attach a filter with `noNewPrivileges: false`. */
const LATE: ReadonlySet<string> = new Set(['ERR_SECCOMP_AGENT', 'ERR_SECCOMP_ATTACH']);

/** The error of a call; undefined if the value was accepted, even if a program then could not be started. */
async function refusalOf(call: () => unknown): Promise<unknown> {
  try {
    const result = call();
    if (result instanceof EventEmitter) result.on('error', () => {});
    await result;
    return undefined;
  } catch (error) {
    if (error instanceof seccomp.SeccompError && LATE.has(error.code)) return undefined;
    if (error instanceof seccomp.RunError || (error instanceof Error && 'syscall' in error)) return undefined;
    return error;
  }
}

/** What is wrong with an error; undefined if nothing is. */
function flawOf(error: unknown, name: RegExp): string | undefined {
  if (error === undefined) return undefined;
  if (!(error instanceof Error)) return `throws ${String(error)}`;
  const code = String(Reflect.get(error, 'code'));
  if (!CODES[error.name]?.includes(code)) return `${error.name} ${code}: ${error.stack}`;
  return name.test(error.message) ? undefined : `does not name ${name}: ${error.message}`;
}

async function flaws(call: (value: never) => unknown, name: RegExp): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [text, value] of Object.entries(VALUES)) {
    const flaw = flawOf(await refusalOf(() => call(value as never)), name);
    if (flaw !== undefined) found.push(`${text}: ${flaw}`);
  }
  return found;
}

const nothing = fileURLToPath(new URL('nothing.mjs', import.meta.url));
const host = { abi: 'x86_64', kernel: { major: 6, minor: 1 }, capabilities: new Set<string>() } as const;
const profile = Profile.allowlist().allow('read');
const policy = resolve(profile, host);
const filter = compile('node');
const sandbox = new Sandbox('unconfined');
const missing = '/nonexistent/program';

const PROFILE = /profile|inline|built-in/;

/** Each argument of each function: its name in messages, and a call with a value in its place. */
const ARGUMENTS: readonly (readonly [string, RegExp, (value: never) => unknown])[] = [
  ['spawn: command', /"file"|'file'/, (value) => seccomp.spawn(value, [], 'unconfined')],
  ['spawn: args', /args|options|profile/, (value) => seccomp.spawn(missing, value, 'unconfined')],
  ['spawn: profile', /profile|inline|options/, (value) => seccomp.spawn(missing, [], value)],
  ['spawn: options', /options/, (value) => seccomp.spawn(missing, [], 'unconfined', value)],
  ['spawnSync: profile', /profile|inline|options/, (value) => seccomp.spawnSync(missing, [], value)],
  ['spawnSync: options', /options/, (value) => seccomp.spawnSync(missing, [], 'unconfined', value)],
  ['run: command', /"file"|'file'/, (value) => seccomp.run(value, [], 'unconfined')],
  ['run: profile', /profile|inline|options/, (value) => seccomp.run(missing, [], value)],
  ['run: options', /options/, (value) => seccomp.run(missing, [], 'unconfined', value)],
  ['execve: command', /"file"|'file'|no-such-profile/, (value) => seccomp.execve(value, [], 'no-such-profile')],
  ['execve: profile', /profile|inline|options/, (value) => seccomp.execve(missing, [], value)],
  ['execve: options', /options/, (value) => seccomp.execve(missing, [], 'unconfined', value)],
  ['fork: options', /options/, (value) => seccomp.fork(nothing, [], 'unconfined', value)],
  ['fork: profile', /profile|inline|options/, (value) => seccomp.fork(nothing, [], value)],
  ['Sandbox: profile', PROFILE, (value) => new Sandbox(value)],
  ['Sandbox: defaults', /options/, (value) => new Sandbox('unconfined', value)],
  ['Sandbox.spawn: options', /options/, (value) => sandbox.spawn(missing, [], value)],
  ['harden: profile', PROFILE, (value) => seccomp.harden(value)],
  ['harden: options', /options/, (value) => seccomp.harden('unconfined', value)],
  ['record: command', /"file"|'file'/, (value) => seccomp.record(value)],
  ['record: args', /args/, (value) => seccomp.record(missing, value)],
  ['record: options', /options/, (value) => seccomp.record(missing, [], value)],
  ['listen: path', /path|handlers/, (value) => seccomp.listen(value, 5 as never)],
  ['listen: handlers', /handlers|options|syscall|ENOENT|nonexistent/, (value) => seccomp.listen(missing, value)],
  ['listen: options', /options|nonexistent/, (value) => seccomp.listen(missing, {}, value)],
  ['loadProfile: source', PROFILE, (value) => loadProfile(value)],
  ['loadProfile: options', /options/, (value) => loadProfile('node', value)],
  ['parseProfile: text', /text|inline/, (value) => seccomp.parseProfile(value)],
  ['parseProfile: options', /options/, (value) => seccomp.parseProfile('{"defaultAction": "SCMP_ACT_LOG"}', value)],
  ['checkProfile: source', PROFILE, (value) => seccomp.checkProfile(value)],
  ['checkProfile: options', /options|host/, (value) => seccomp.checkProfile('node', value)],
  ['extend: source', PROFILE, (value) => seccomp.extend(value)],
  ['stringify: profile', /profile/, (value) => seccomp.stringify(value)],
  ['Profile.allowlist: options', /options|allowlist/, (value) => Profile.allowlist(value)],
  ['Profile.allow', /syscall|argument test|group/, (value) => Profile.allowlist().allow(value)],
  ['Profile.deny: options', /syscall|group|deny|option/, (value) => Profile.denylist().deny('read', value)],
  ['Profile.when', /when/, (value) => Profile.allowlist().allow('read').when(value)],
  ['Profile.comment', /comment/, (value) => Profile.allowlist().allow('read').comment(value)],
  ['Profile.abis', /ABI|abis/, (value) => Profile.allowlist().allow('read').abis(value)],
  ['resolve: profile', PROFILE, (value) => resolve(value, host)],
  ['resolve: host', /host/, (value) => resolve(profile, value)],
  ['compile: source', /source|profile|inline|built-in/, (value) => compile(value)],
  ['compile: options', /options/, (value) => compile('node', value)],
  ['explain: source', PROFILE, (value) => seccomp.explain(value, { syscall: 'read' })],
  ['explain: query', /question|query|syscall/, (value) => seccomp.explain('node', value)],
  ['explain: args', /args/, (value) => seccomp.explain('node', { syscall: 'read', args: value })],
  ['explain: abi', /abi|ABI/, (value) => seccomp.explain('node', { syscall: 'read', abi: value })],
  ['explain: options', /options/, (value) => seccomp.explain('node', { syscall: 'read' }, value)],
  [
    'evaluate: policy',
    /policy|profile|inline|built-in/,
    (value) => seccomp.evaluate(value, { arch: 1, number: 0, args: [] }),
  ],
  ['evaluate: call', /call/, (value) => seccomp.evaluate(policy, value)],
  ['compare: a', /\ba\b|profile|inline|built-in/, (value) => seccomp.compare(value, policy)],
  ['compare: b', /\bb\b|profile|inline|built-in/, (value) => seccomp.compare(policy, value)],
  ['intersect: a', /\ba\b|profile|inline|built-in/, (value) => seccomp.intersect(value, policy as never)],
  ['union: b', /\bb\b|profile|inline|built-in/, (value) => seccomp.union(policy as never, value)],
  ['prove: filter', /filter/, (value) => seccomp.prove(value)],
  ['prove: policy', /policy/, (value) => seccomp.prove(filter, value)],
  ['disassemble: filter', /filter/, (value) => seccomp.disassemble(value)],
  ['decompile: bytes', /bytes/, (value) => seccomp.decompile(value)],
  ['decompile: endian', /endian/, (value) => seccomp.decompile(filter.bytes, value)],
  ['arg: index', /arg\(/, (value) => arg(value)],
  ['arg.eq', /value|constant|integer|negative|bits/, (value) => arg(0).eq(value)],
  ['arg.in', /in\(|value|constant/, (value) => arg(0).in(value)],
  ['syscallGroup: name', /name/, (value) => seccomp.syscallGroup(value)],
  ['probe: profile', PROFILE, (value) => testing.probe(value, 'read')],
  ['probe: calls', /call|syscall/, (value) => testing.probe('node', value)],
  ['probe: options', /options/, (value) => testing.probe('node', 'read', value)],
  ['assertAllowed: calls', /call|syscall/, (value) => testing.assertAllowed('unconfined', value)],
  ['assertDenied: options', /options/, (value) => testing.assertDenied('node', 'reboot', value)],
  ['assertRunsUnder: command', /command|file/, (value) => testing.assertRunsUnder(value, 'unconfined')],
  ['neededSyscalls: command', /command|file/, (value) => testing.neededSyscalls(value)],
  ['assertNeedsNoMore: file', /file|cwd/, (value) => testing.assertNeedsNoMore(['true'], value, { cwd: 5 as never })],
];

describe('a wrong argument is refused by name:', () => {
  test.each(ARGUMENTS)('%s', async (_, name, call) => {
    expect(await flaws(call, name)).toEqual([]);
  });
});

const document = JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW' });

describe('a message names the argument, what it must be, and what was received:', () => {
  const one = "must be a built-in's name, a path, a file URL, JSON text, a document or a Profile";
  const alone = `${one}, not a list, a Filter or a policy`;
  test.each<readonly [string, () => unknown, string]>([
    ['compare without b', () => seccomp.compare('node', undefined as never), 'The "b" argument is missing'],
    [
      'compile of a number',
      () => compile(Number.NaN as never),
      `The "source" argument ${one}, a Filter, or a list of these; compile() makes a Filter of a policy. Received type number (NaN)`,
    ],
    [
      'compare of a number',
      () => seccomp.compare('node', 5 as never),
      `The "b" argument ${one}, a Filter, or a list of these; compile() makes a Filter of a policy. Received type number (5)`,
    ],
    [
      'intersect of a number',
      () => seccomp.intersect(5 as never, 'node'),
      `The "a" argument ${alone}. Received type number (5)`,
    ],
    ['a Date', () => loadProfile(new Date() as never), `The "source" argument ${alone}. Received an instance of Date`],
    ['a list', () => loadProfile(['node'] as never), `The "source" argument ${alone}. Received an array`],
    [
      'checkProfile of a list',
      () => seccomp.checkProfile([] as never),
      `The "source" argument ${alone}. Received an array`,
    ],
    ['a policy', () => resolve(policy as never), `The "source" argument ${alone}. Received a policy`],
    [
      'a filter',
      () => seccomp.explain(filter as never, { syscall: 'read' }),
      `The "source" argument ${alone}. Received an instance of Filter`,
    ],
    [
      'intersect of a list',
      () => seccomp.intersect(['node'] as never, 'compute'),
      `The "a" argument ${alone}. Received an array`,
    ],
    [
      'a list in a list',
      () => seccomp.spawn(missing, [], ['node', ['node']] as never),
      `The "profile[1]" argument ${one}, a Filter, or a list of these; compile() makes a Filter of a policy. Received an array`,
    ],
    ['an object that inherits', () => loadProfile(Object.create(JSON.parse(document))), 'pass a copy, { ...object }'],
    [
      'options of allow',
      () => Profile.denylist().allow('read', {} as never),
      'allow(): argument 2 must be the name of a syscall or group, or an argument test; allow() takes no options. Received an instance of Object',
    ],
    [
      'options before a name',
      () => Profile.denylist().deny('socket', { errno: 'EACCES' }, 'bind'),
      'deny(): argument 2 must be the name of a syscall or group, or an argument test; options must be the last argument.',
    ],
    [
      'an array of names',
      () => Profile.denylist().kill(['read'] as never),
      'kill(): argument 1 must be the name of a syscall or group, or an argument test; for an array of names, write kill(...names).',
    ],
    [
      'an errno',
      () => Profile.denylist().deny('read', { errno: {} as never }),
      'errno: an instance of Object is not an errno',
    ],
    [
      'an index',
      () => arg({} as never),
      'arg(): the index must be an integer from 0 to 5. Received an instance of Object',
    ],
    [
      'a value',
      () => arg(0).eq({} as never),
      'a value must be a number, a bigint or the name of a constant. Received an instance of Object',
    ],
  ])('%s', async (_, call, message) => {
    const error = await refusalOf(call);
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining(message) });
  });
});

const { RunError, ProfileError, SandboxFileError, SeccompError } = seccomp;

describe('a constructor refuses', () => {
  test.each([seccomp.Filter, Profile, seccomp.SandboxedProcess])('to make a %s', async (Class) => {
    const error = await refusalOf(() => Reflect.construct(Class, []));
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_ILLEGAL_CONSTRUCTOR' });
  });

  const issue = { severity: 'error', path: '', message: 'bad' };
  test.each<readonly [string, new (...given: never[]) => Error, readonly unknown[]]>([
    ['"code"', SeccompError, [Symbol('code'), 'm']],
    ['"message"', SeccompError, ['ERR_SECCOMP_OPTION', 5]],
    ['"options"', SeccompError, ['ERR_SECCOMP_OPTION', 'm', 5]],
    ['"source"', ProfileError, [undefined, [issue]]],
    ['"issues"', ProfileError, ['x']],
    ['"issues[1]"', ProfileError, ['x', [issue, null]]],
    ['"issues[0].message"', ProfileError, ['x', [{ ...issue, message: 5 }]]],
    ['"issues[0].path"', ProfileError, ['x', [{ ...issue, path: 5 }]]],
    ['"source"', SandboxFileError, [undefined, [issue]]],
    ['"issues[0]"', SandboxFileError, ['x', [null]]],
    ['"reason"', RunError, []],
    ['"result"', RunError, ['ended']],
    ['"result.command"', RunError, ['ended', undefined, {}]],
    ['"result.violations"', RunError, ['ended', undefined, { command: 'true' }]],
  ])('a wrong %s', async (name, Class, given) => {
    const error = await refusalOf(() => Reflect.construct(Class, given));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE', message: expect.stringMatching(`^The .* must be`) });
    expect(error).toHaveProperty('message', expect.stringContaining(name));
  });
});

const variables = (env: unknown) => seccomp.spawnSync('env', [], 'unconfined', { env: env as never }).stdout.toString();

describe('env', () => {
  test.each([
    ...[
      new Date(0),
      Promise.resolve(),
      /x/,
      new WeakRef({}),
      Object('x'),
      Object(1),
      Buffer.from('x'),
      new URL('file:///'),
    ],
    ...[new Map(), new Set(), new WeakMap(), new WeakSet(), new ArrayBuffer(1), new URLSearchParams('a=1')],
  ])('refuses the built-in object %#, of which nothing would be taken', async (env) => {
    expect(await refusalOf(() => variables(env))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(
        /^The "options\.env" property must be an object of strings by name, or an array of names\. Received an inst/,
      ),
    });
  });

  test('may be an instance of a class, and an object without a prototype', () => {
    class Variables {
      A = '1';
    }
    expect(variables(new Variables())).toBe('A=1\n');
    expect(variables(Object.assign(Object.create(null), { B: 2 }))).toBe('B=2\n');
  });
});

test.each([Symbol('x'), true, 1n, () => {}])(
  'an entry of stdio is refused, also as a default of a Sandbox: %o',
  async (entry) => {
    const stdio = ['ignore', entry] as never;
    const message = expect.stringMatching(/^The argument 'stdio\[1\]' is invalid/);
    for (const call of [
      () => new Sandbox('unconfined', { stdio }),
      () => seccomp.spawn(missing, [], 'unconfined', { stdio }),
    ])
      expect(await refusalOf(call)).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE', message });
  },
);

test('notifyTimeout is refused without notify, but not as a default of a Sandbox', async () => {
  const given = { notifyTimeout: 100 };
  for (const call of [() => seccomp.spawn(missing, [], 'unconfined', given), () => seccomp.run(missing, 'node', given)])
    expect(await refusalOf(call)).toMatchObject({
      code: 'ERR_SECCOMP_OPTION',
      message: 'options.notifyTimeout: has no effect without options.notify: add that, or leave it out',
    });
  const { spawn } = new Sandbox('unconfined', given);
  expect(await refusalOf(() => spawn(missing))).toBeUndefined();
  expect(await refusalOf(() => spawn(missing, given as object))).toMatchObject({ code: 'ERR_SECCOMP_OPTION' });
});

test('options that apply to a filter are accepted under unconfined, where there is none', async () => {
  const given = { logDenied: true, noNewPrivileges: false };
  expect(seccomp.spawnSync('true', [], 'unconfined', { ...given, onViolation: true })).toMatchObject({
    status: 0,
    violations: [],
  });
  expect(seccomp.harden('unconfined', { ...given, acceptRings: true }).filters).toEqual([]);
});

test('bytes with a NUL as cwd are shown as bytes, as in Node', async () => {
  const error = await refusalOf(() => sandbox.spawn(missing, [], { cwd: new Uint8Array(2) as never }));
  expect(error).toHaveProperty(
    'message',
    expect.stringMatching(/without null bytes\. Received Uint8Array\(2\) \[ 0, 0 \]$/),
  );
});

test('a symbol among the arguments of a program becomes text, in every function', () => {
  const given = [Symbol('x') as never];
  expect(sandbox.spawnSync('echo', given).stdout.toString()).toBe('Symbol(x)\n');
  expect(sandbox.execFileSync('echo', given).toString()).toBe('Symbol(x)\n');
});

const clause = Profile.denylist().deny('bpf', arg(0).eq(1));

/** The functions with fixed parameters: the name, the object that has the function, and a value of each parameter. */
const FIXED: readonly (readonly [string, object, readonly unknown[]])[] = [
  ...['eq', 'ne', 'lt', 'le', 'gt', 'ge'].map((name) => [name, arg(0), [1]] as const),
  ['masked', arg(0), [1, 1]],
  ['in', arg(0), [[1]]],
  ['when', clause, [{ capability: 'CAP_SYS_ADMIN' }]],
  ['unless', clause, [{ minKernel: '5.0' }]],
  ['comment', clause, ['the reason']],
  ['allowlist', Profile, [{}]],
  ['denylist', Profile, [undefined]],
  ['Sandbox', { Sandbox: (...given: readonly unknown[]) => Reflect.construct(Sandbox, given) }, ['unconfined', {}]],
  ['arg', entry, [0]],
  ['checkProfile', entry, ['node', {}]],
  ['compare', entry, ['node', 'compute', {}]],
  ['compile', entry, ['node', {}]],
  ['decompile', entry, [filter.bytes, 'little']],
  ['disassemble', entry, [filter]],
  ['evaluate', entry, [policy, { arch: 1, number: 0, args: [] }]],
  ['explain', entry, ['node', { syscall: 'read' }, {}]],
  ['extend', entry, ['node', undefined]],
  ['harden', entry, ['unconfined', {}]],
  ['intersect', entry, ['node', 'unconfined', {}]],
  ['isSupported', entry, []],
  ['listen', entry, [`${missing}.sock`, {}, {}]],
  ['loadProfile', entry, ['node', {}]],
  ['loadSandbox', entry, ['untrusted']],
  ['parseProfile', entry, ['{"defaultAction": "SCMP_ACT_LOG"}', {}]],
  ['prove', entry, [filter, filter.policy]],
  ['record', entry, [missing, [], {}]],
  ['resolve', entry, [profile, host]],
  ['stringify', entry, [profile]],
  ['syscallGroup', entry, ['@io']],
  ['thisHost', entry, [undefined]],
  ['union', entry, ['node', 'unconfined', {}]],
  ['probe', testingEntry, ['unconfined', 'read', {}]],
  ['assertAllowed', testingEntry, ['unconfined', 'read', {}]],
  ['assertDenied', testingEntry, ['node', 'reboot', {}]],
];

describe('an argument after the last parameter is refused:', () => {
  test.each(FIXED)('%s', async (name, owner, given) => {
    const withMore = (...more: readonly unknown[]) =>
      refusalOf(() => Reflect.apply(Reflect.get(owner, name), owner, [...given, ...more]));
    expect(await withMore(undefined)).toBeUndefined();
    const taken = given.length === 1 ? 'one argument' : `${given.length} arguments`;
    const ignored = `argument ${given.length + 2} would be ignored`;
    expect(await withMore(undefined, 7)).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringMatching(`^${name}\\(\\) takes ${taken}, and ${ignored}: .*\\(7\\)$`),
    });
  });

  test('delegateCgroup', async () => {
    expect(await refusalOf(() => Reflect.apply(entry.delegateCgroup, undefined, [{}, 7]))).toMatchObject({
      message: expect.stringMatching(/^delegateCgroup\(\) takes one argument, and argument 2 would be ignored: /),
    });
  });

  test('the index that array.map() passes, with a remedy', async () => {
    const error = await refusalOf(() => [profile].map(entry.stringify));
    expect(error).toMatchObject({
      message: expect.stringMatching(/argument 2 .*write \(each\) => stringify\(each\)\. Received type number \(0\)$/),
    });
    for (const call of [
      () => entry.extend('node', 0 as never),
      () => entry.thisHost(5 as never),
      () => Profile.denylist(Number.NaN as never),
    ])
      expect(await refusalOf(call)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});

/** Each function of the table of options: a call with options, of a program that does not exist where it starts one. */
const FUNCTIONS = {
  spawn: (options) => seccomp.spawn(missing, [], 'unconfined', options),
  spawnSync: (options) => seccomp.spawnSync(missing, [], 'unconfined', options),
  run: (options) => seccomp.run(missing, [], 'unconfined', options),
  execve: (options) => seccomp.execve(missing, [], 'unconfined', options),
  fork: (options: object) => seccomp.fork(nothing, [], 'unconfined', { execPath: missing, ...options }),
  record: (options) => seccomp.record(missing, [], options),
  harden: (options) => seccomp.harden('unconfined', options),
  listen: (options) => seccomp.listen(missing, {}, options),
  compile: (options) => compile('node', options),
  probe: (options) => testing.probe('node', 'read', options),
  assertDenied: (options) => testing.assertDenied('node', 'reboot', options),
} as const satisfies Partial<Record<Parameters<typeof optionsOf>[0], (options: never) => unknown>>;

/** What messages name instead of the option, as Node's do. */
const NAMES: Readonly<Record<string, RegExp>> = {
  profile: /options\.profile|"profile"/,
  cwd: /options\.cwd|URL/,
  killSignal: /options\.killSignal|Unknown signal/,
  timeout: /"(options\.)?timeout"/,
  encoding: /[Uu]nknown encoding|options\.encoding/,
  input: /options\.(input|stdio\[0\])/,
  stdio: /stdio/,
  execPath: /execPath|"file"|'file'/,
  host: /host/,
  merge: /options\.merge|profile|inline/,
};

describe.each(Object.entries(FUNCTIONS))('a wrong option of %s is refused by name:', (by, call) => {
  test.each(optionsOf(by as keyof typeof FUNCTIONS))('%s', async (option) => {
    expect(isOption(option)).toBe(true);
    const name = NAMES[option] ?? new RegExp(`options\\.${option}|"${option}`);
    expect(await flaws((value) => call({ [option]: value } as never), name)).toEqual([]);
  });

  test('one that is unknown', async () => {
    const error = await refusalOf(() => call({ tiemout: 1 } as never));
    expect(error).toMatchObject({
      code: 'ERR_SECCOMP_OPTION',
      message: expect.stringMatching(/options\.tiemout: unknown option/),
    });
  });
});

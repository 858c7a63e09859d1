/**
 * Values that callers pass as a profile: a value that is not a profile starts no program, hardens no process, and is an
 * error at once.
 */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import * as seccomp from '../../lib/index.js';
import { probe } from '../../lib/testing/index.js';
import { evaluateScript } from '../support/scripts.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-'));
afterAll(() => rmSync(folder, { recursive: true }));

class Settings {
  readonly defaultAction = 'SCMP_ACT_ALLOW';
  readonly syscalls = [];
}
class List extends Array {}
const allowing = { defaultAction: 'SCMP_ACT_ALLOW' };
const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = { comment: value };
  return value;
};
const cyclic: Record<string, unknown> = { ...allowing };
cyclic['syscalls'] = [cyclic];
const longest = new Array(2 ** 32 - 1);
const throwing = () => {
  throw new Error('thrown by a getter');
};

/** Rules with more than a million values. Reading them takes half a second, so only checkProfile is given them. */
const LARGE = 'three hundred thousand rules';

/** Values by description. */
const SOURCES: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  'an empty text': () => '',
  false: () => false,
  true: () => true,
  'a number': () => 0,
  'not a number': () => Number.NaN,
  'a bigint': () => 1n,
  'a symbol': () => Symbol('docker-default'),
  'a function': () => () => 'docker-default',
  'an empty list': () => [],
  'a list of undefined': () => [undefined],
  'a list of null': () => [null],
  'a list of holes': () => new Array(2),
  'a list with a hole': () => Object.assign(new Array(2), { 0: 'docker-default' }),
  'a list with an empty text': () => ['docker-default', ''],
  'a list in a list': () => [['docker-default']],
  'a list of an empty list': () => ['docker-default', []],
  'a list without an end': () => longest,
  'a list with an iterator of its own': () => Object.assign(['docker-default'], { [Symbol.iterator]: throwing }),
  'a Map': () => new Map(Object.entries(allowing)),
  'a Set': () => new Set(['docker-default']),
  'a Date': () => new Date(),
  'a promise': () => Promise.resolve('docker-default'),
  'bytes of JSON': () => Buffer.from(JSON.stringify(allowing)),
  'an instance of a class': () => new Settings(),
  'a String object': () => Object('docker-default'),
  'an object that inherits a document': () => Object.create(allowing),
  'an object that inherits Profile’s methods': () => Object.create(seccomp.Profile.prototype),
  'an object that inherits Filter’s methods': () => Object.create(seccomp.Filter.prototype),
  'an empty object': () => ({}),
  'a getter': () => Object.defineProperty({ ...allowing }, 'syscalls', { get: () => [], enumerable: true }),
  'a getter that throws': () => Object.defineProperty({}, 'defaultAction', { get: throwing, enumerable: true }),
  'rules of another kind of array': () => ({ ...allowing, syscalls: List.from([{ names: ['mkdir'] }]) }),
  'rules with a hole': () => ({ ...allowing, syscalls: new Array(1) }),
  'rules without an end': () => ({ ...allowing, syscalls: longest }),
  [LARGE]: () => ({ ...allowing, syscalls: new Array(3e5).fill({ names: ['mkdir'], action: 'SCMP_ACT_LOG' }) }),
  'rules that are a Map': () => ({ ...allowing, syscalls: new Map() }),
  'a rule that holds itself': () => cyclic,
  'a very deep document': () => deep(50_000),
  'a document with a symbol': () => ({ ...allowing, [Symbol('syscalls')]: [] }),
  'a proxy that throws': () => new Proxy({}, { getOwnPropertyDescriptor: throwing, ownKeys: throwing }),
  'a URL of the web': () => new URL('https://localhost/profile.json'),
  'a text that is no name': () => 'undefined',
  'a list in JSON': () => '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}}',
};

const touch = (file: string) => ['-c', `touch '${file}'`];

/** Each starts a program, or uses the profile otherwise; with the file that the program would make. */
const FUNCTIONS: Readonly<Record<string, (source: never, file: string) => unknown>> = {
  spawn: (source, file) => seccomp.spawn('sh', touch(file), source),
  'spawn with onViolation': (source, file) => seccomp.spawn('sh', touch(file), source, { onViolation: true }),
  spawnSync: (source, file) => seccomp.spawnSync('sh', touch(file), source),
  run: (source, file) => seccomp.run('sh', touch(file), source),
  fork: (source, file) => seccomp.fork('-e', [`fs.writeFileSync('${file}')`], source),
  Sandbox: (source) => new seccomp.Sandbox(source),
  compile: (source) => seccomp.compile(source),
  loadProfile: (source) => seccomp.loadProfile(source),
  extend: (source) => seccomp.extend(source),
  explain: (source) => seccomp.explain(source, { syscall: 'mkdir' }),
  probe: (source) => probe(source, 'mkdir'),
};

describe.each(Object.entries(FUNCTIONS))('%s refuses', (_, call) => {
  let files = 0;
  const sources = Object.entries(SOURCES).filter(([name]) => name !== LARGE);
  test.each(sources)('%s', async (_, source) => {
    const file = join(folder, `${_}${files++}`);
    await expect((async () => call(source() as never, file))()).rejects.toBeInstanceOf(Error);
    expect(existsSync(file)).toBe(false);
  });
});

describe('checkProfile', () => {
  const found = (source: unknown) =>
    seccomp.checkProfile(source as never).map(({ path, message }) => `${path} ${message}`);
  test.each([
    ['rules with a hole', 'syscalls[0] is a hole: give every element'],
    ['rules that are a Map', 'syscalls must be a plain object or an array, not an instance of Map'],
    ['a getter', 'syscalls is a getter: give the value itself, since a getter may return another value each time'],
    ['a rule that holds itself', /is nested more than 100 levels deep/],
    ['rules without an end', 'syscalls has 4294967295 elements, more than 1048576'],
    [LARGE, /is one of more than 1048576 values/],
  ])('reports the path of %s', (name, message) => {
    expect(found(SOURCES[name]?.())).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
  });
});

test('harden and execve refuse values that are not profiles, and do not change the process', () => {
  const result = evaluateScript(`
    const odd = [undefined, null, '', false, [], [undefined], new Array(2), new Map(), () => {}, Promise.resolve('node'), { defaultAction: 1 }];
    const tried = odd.flatMap((source) => [
      () => sandbox.harden(source),
      () => sandbox.execve('true', [], source),
    ].map((call) => { try { call(); return 'done'; } catch (error) { return 'refused'; } }));
    return [[...new Set(tried)], field('/proc/self/status', 'Seccomp')];`);
  expect(result).toEqual([['refused'], field('Seccomp')]);
});

/** Of this process, whose children inherit it. */
function field(name: string): string {
  const { stdout } = seccomp.spawnSync('grep', [`^${name}:`, '/proc/self/status'], 'unconfined', { encoding: 'utf8' });
  return stdout?.split(':')[1]?.trim() ?? '';
}

test('a policy without ranges has none, even if Object.prototype has ranges', () => {
  const { policy } = seccomp.compile('compute');
  const abis = policy.abis.map(({ abi, syscalls }) => ({ abi, syscalls }));
  const expected = seccomp.compile({ ...policy, abis }).bytes;
  const ranges = [{ first: 0, last: 450, decisions: [{ conditions: [], action: { kind: 'allow' } }] }];
  Object.defineProperty(Object.prototype, 'ranges', { value: ranges, configurable: true });
  try {
    expect(seccomp.compile({ ...policy, abis }).bytes).toEqual(expected);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'ranges');
  }
});

describe('a policy', () => {
  const abi = { name: 'x86_64' };
  const action = { kind: 'allow' };
  const policy = { abis: [], defaultAction: action, foreignAction: action };
  const withAbi = (part: object) => ({ ...policy, abis: [{ abi, syscalls: new Map(), ...part }] });
  const withDecision = (part: object) => withAbi({ syscalls: new Map([[0, [{ conditions: [], action, ...part }]]]) });
  const withCondition = (part: object) =>
    withDecision({ conditions: [{ index: 0, width: 32, op: 'eq', value: 1n, ...part }] });

  test.each<[string, object, string]>([
    ['a part of one', { foreignAction: action }, 'policy.abis: must be an array'],
    ['a list with a hole', { ...policy, abis: new Array(1) }, 'policy.abis[0]: is a hole'],
    ['an unknown ABI', withAbi({ abi: { name: 'z80' } }), 'policy.abis[0].abi: must be one of the ABIs x86_64'],
    [
      'the same ABI twice',
      { ...policy, abis: [1, 2].map(() => ({ abi: { ...abi }, syscalls: new Map() })) },
      'policy.abis[1].abi: x86_64 already has an entry: combine the two',
    ],
    ['an object for a Map', withAbi({ syscalls: {} }), 'policy.abis[0].syscalls: must be a Map'],
    ['a negative number', withAbi({ syscalls: new Map([[-1, []]]) }), 'policy.abis[0].syscalls.-1: must be an integer'],
    ['a name for a number', withAbi({ syscalls: new Map([['read', []]]) }), '.syscalls.read: must be an integer'],
    ['decisions that are no list', withAbi({ syscalls: new Map([[0, new Set()]]) }), '.syscalls.0: must be an array'],
    ['no action', withDecision({ action: undefined }), '.syscalls.0[0].action: must be an object'],
    ['an action of no kind', withDecision({ action: {} }), '.action.kind: must be one of kill-process'],
    [
      'an action of an inherited kind',
      withDecision({ action: Object.create(action) }),
      '.action: must be a plain object',
    ],
    ['an errno that would allow', withDecision({ action: { kind: 'errno', errno: 0x7ffa_0000 } }), '.errno: must be a'],
    ['a message of 17 bits', withDecision({ action: { kind: 'trace', message: 2 ** 16 } }), '.message: must be a'],
    ['no conditions', withDecision({ conditions: undefined }), '.conditions: must be an array'],
    ['a seventh argument', withCondition({ index: 6 }), '.index: must be an integer from 0 to 5'],
    ['a width of 8', withCondition({ width: 8 }), '.width: must be 16, 32 or 64'],
    ['an unknown comparison', withCondition({ op: 'near' }), '.op: must be one of eq'],
    [
      'a value beyond its width',
      withCondition({ value: 2n ** 32n }),
      '.value: must be a bigint from 0n to 4294967295n',
    ],
    ['no mask', withCondition({ op: 'masked-eq' }), '.mask: must be a bigint'],
    [
      'ranges that overlap',
      withAbi({ ranges: [0, 4].map((first) => ({ first, last: 4, decisions: [] })) }),
      '.ranges[1]: must not overlap the range before it',
    ],
    ['a range that ends first', withAbi({ ranges: [{ first: 2, last: 1, decisions: [] }] }), '.ranges[0]: must not'],
  ])('with %s is refused', (_, given, message) => {
    expect(() => seccomp.compile(given as seccomp.Policy)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE)$/),
        message: expect.stringContaining(message),
      }),
    );
  });

  test('is read once: later changes affect neither the filter nor its children', () => {
    const { policy: given } = seccomp.compile({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
    });
    const maps = given.abis.map(({ syscalls }) => new Map(syscalls));
    const abis = given.abis.map((each, i) => ({ ...each, syscalls: maps[i] ?? new Map() }));
    const filter = seccomp.compile({ ...given, abis });
    for (const map of maps) map.clear();
    abis.length = 0;
    expect(filter.policy.abis.map(({ syscalls }) => syscalls.size)).toEqual(
      given.abis.map((each) => each.syscalls.size),
    );
    expect(seccomp.spawnSync('mkdir', [join(folder, 'made')], filter).status).toBe(1);
  });
});

test.each(['-1', '', '0.5', '01', '1e0', 'x'])(
  'a list with the property ‹%s› beside its elements is refused',
  (key) => {
    const list = Object.assign(['a', 'b', 'c'], { [key]: 'd' });
    const refused = expect.objectContaining({ message: expect.stringContaining(`has ${key} beside its elements`) });
    expect(() => seccomp.spawnSync('true', list, 'unconfined')).toThrow(refused);
  },
);

test('a document is read once: changes while it is read have no effect', () => {
  let reads = 0;
  const document = new Proxy(
    {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
    },
    {
      getOwnPropertyDescriptor(target, key) {
        if (key === 'syscalls') reads++;
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
    },
  );
  const { status } = seccomp.spawnSync('mkdir', [join(folder, 'made')], document as never);
  expect([status, reads, existsSync(join(folder, 'made'))]).toEqual([1, 1, false]);
});

test('changes of the bytes of a filter affect neither the filter nor its children', async () => {
  const filter = seccomp.compile({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
  });
  const before = Buffer.from(filter.bytes);
  filter.bytes.fill(0);
  expect(before.equals(filter.bytes)).toBe(true);
  const [code] = await once(seccomp.spawn('mkdir', [join(folder, 'other')], filter, { stdio: 'ignore' }), 'exit');
  expect(code).toBe(1);
});

test('accepts a document with non-enumerable properties, without a prototype, or from another realm', async () => {
  const { runInNewContext } = await import('node:vm');
  const syscalls = [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }];
  const hidden = Object.defineProperty({ ...allowing }, 'syscalls', { value: syscalls });
  const bare = Object.assign(Object.create(null), { ...allowing, syscalls });
  const foreign = runInNewContext(
    `({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }] })`,
  );
  for (const document of [hidden, bare, foreign])
    expect(seccomp.spawnSync('mkdir', [join(folder, 'another')], document as never).status).toBe(1);
});

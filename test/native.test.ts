/** The addon refuses members that it does not know, so that no filter is lost between JavaScript and the addon. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../lib/filter/compile.js';
import { thisHost } from '../lib/host.js';
import { addon, type NativeFilters, type NativeRequest, NULL, SOCKET } from '../lib/native.js';
import { resolve } from '../lib/profile/resolve/resolve.js';
import { loadProfile } from '../lib/profile/source.js';

const { EINVAL, ENAMETOOLONG } = constants.errno;
const profile = loadProfile('docker-default');
const { bytes } = compilePolicy(resolve(profile, thisHost()));
const request: NativeRequest = {
  candidates: ['/bin/false'],
  args: ['false'],
  env: '',
  detached: false,
  noNewPrivileges: true,
  stdio: [NULL, NULL, NULL],
  filters: [{ bytes, gate: [] }],
  unconfined: false,
  filterFlags: 0,
};
const limits = { timeout: 0, maxBuffer: 0, killSignal: 15, forceKillAfter: 5000 };
/** SECCOMP_FILTER_FLAG_NEW_LISTENER. */
const listener = { filterFlags: 8 };
const descriptors = (object: object) => Object.getOwnPropertyDescriptors(object);
const without = (key: keyof NativeRequest) =>
  Object.fromEntries(Object.entries(request).filter(([name]) => name !== key));

const CALLS: Readonly<Record<string, (wrong: object) => unknown>> = {
  spawn: (wrong) => Reflect.apply(addon().spawn, undefined, [wrong, () => {}]),
  spawnSync: (wrong) => Reflect.apply(addon().spawnSync, undefined, [wrong, limits]),
  execve: (wrong) => Reflect.apply(addon().execve, undefined, [wrong]),
};

describe.each(Object.entries(CALLS))('%s refuses', (_, call) => {
  test.each<[string, object, RegExp]>([
    ['no filters', without('filters'), /^request\.filters must be an array/],
    ['filters under another name', { ...without('filters'), filter: bytes }, /^request has an unknown key: filter$/],
    ['an unknown key', { ...request, filter: bytes }, /^request has an unknown key: filter$/],
    ['an empty list of filters', { ...request, filters: [] }, /^filters must be empty if unconfined is true/],
    ['filters with unconfined: true', { ...request, unconfined: true }, /^filters must be empty if unconfined is true/],
    ['no unconfined', without('unconfined'), /^request\.unconfined must be a boolean/],
    [
      'an inherited unconfined',
      Object.create({ unconfined: true }, descriptors({ ...without('unconfined'), filters: [] })),
      /^request\.unconfined must be a boolean/,
    ],
    ['no filterFlags', without('filterFlags'), /^request\.filterFlags must be /],
    ['a filter without instructions', { ...request, filters: [{ gate: [] }] }, /^filter\.bytes must be /],
    ['a filter without its gate', { ...request, filters: [{ bytes }] }, /^filter\.gate must be /],
    [
      'an unknown key of a filter',
      { ...request, filters: [{ bytes, gate: [], flags: 1 }] },
      /^filter has an unknown key: flags$/,
    ],
    [
      'an agent without a listener',
      { ...request, agent: { path: '/a', state: [''] } },
      /^agent is set, but filterFlags request no listener/,
    ],
    [
      'an agent without a path',
      { ...request, ...listener, agent: { path: '', state: [''] } },
      /^agent\.path must be a string/,
    ],
    [
      'an agent with an empty message',
      { ...request, ...listener, agent: { path: '/a', state: [] } },
      /^agent\.state must be an array/,
    ],
    [
      'an agent with too long a message',
      { ...request, ...listener, agent: { path: '/a', state: ['', '', '', ''] } },
      /^agent\.state must be /,
    ],
    [
      'an unknown key of an agent',
      { ...request, ...listener, agent: { path: '/a', text: [''] } },
      /^agent has an unknown key: text/,
    ],
    ['an environment whose last variable has no NUL', { ...request, env: 'A=1\0B=2' }, /^request\.env must be /],
    ['a long array without elements', { ...request, args: new Array(2 ** 32 - 1) }, /^request\.args must be /],
    ['an environment that is an array', { ...request, env: ['A=1'] }, /^request\.env must be /],
    ['no noNewPrivileges', without('noNewPrivileges'), /^request\.noNewPrivileges must be /],
  ])('%s', (_, wrong, message) => {
    expect(() => call(wrong)).toThrowError(
      expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) }),
    );
  });
});

describe('without a filter', () => {
  test('a program starts, and install returns, only with unconfined: true', () => {
    const unconfined = { ...request, filters: [], unconfined: true };
    expect(addon().spawnSync(unconfined, limits)).toMatchObject({ code: 1 });
    expect(addon().install({ filters: [], unconfined: true, filterFlags: 0, noNewPrivileges: false })).toBeUndefined();
    for (const wrong of [{ filters: [], unconfined: false }, { filters: [] }, { unconfined: true }])
      expect(() =>
        Reflect.apply(addon().install, undefined, [{ filterFlags: 0, noNewPrivileges: false, ...wrong }]),
      ).toThrowError(TypeError);
  });
});

test('spawnSync refuses an unknown limit', () => {
  expect(() => Reflect.apply(addon().spawnSync, undefined, [request, { ...limits, maxTime: 1 }])).toThrowError(
    /^limits has an unknown key: maxTime$/,
  );
});

test('spawnSync starts the program of a request that is complete', () => {
  expect(addon().spawnSync(request, limits)).toMatchObject({ code: 1, signal: null });
});

test.each<[string, readonly unknown[]]>([
  ['no calls', [request]],
  ['calls in other numbers', [request, new Uint8Array(64), false]],
  ['half a call', [request, new BigUint64Array(12), false]],
  ['no filters', [{ noNewPrivileges: true, filterFlags: 0 }, new BigUint64Array(8), false]],
])('probe refuses %s', (_, parameters) => {
  expect(() => Reflect.apply(addon().probe, undefined, parameters)).toThrowError(TypeError);
});

describe('memory that a getter of an argument takes away is not read by', () => {
  /** Detaches an array, and writes into its memory. */
  const take = (array: Uint8Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>) => {
    const moved = structuredClone(array.buffer, { transfer: [array.buffer] });
    new Uint8Array(moved).fill('x'.charCodeAt(0));
  };

  test('spawnSync', () => {
    const input = new Uint8Array(4);
    const wrong = Object.defineProperty({ ...limits, input }, 'forceKillAfter', {
      get: () => {
        take(input);
        return 5000;
      },
    });
    const cat = { ...request, candidates: ['/bin/cat'], args: ['cat'], stdio: [SOCKET, SOCKET, NULL] };
    expect(addon().spawnSync(cat, wrong)).toMatchObject({ code: 0, output: [null, Buffer.alloc(0), null] });
  });

  test('probe', () => {
    const calls = new BigUint64Array(8);
    const { noNewPrivileges, filters, unconfined, filterFlags } = request;
    const wrong = Object.defineProperty({ noNewPrivileges, filters, unconfined }, 'filterFlags', {
      enumerable: true,
      get: () => {
        take(calls);
        return filterFlags;
      },
    });
    expect(addon().probe(wrong as NativeFilters, calls, false)).toEqual(new Int32Array());
  });
});

test('execve that fails leaves the signals of this process as they were', () => {
  const signals = () => readFileSync('/proc/self/status', 'utf8').match(/^Sig(Blk|Ign|Cgt):.*$/gm);
  const before = signals();
  const { ENOENT } = constants.errno;
  expect(addon().execve({ ...request, candidates: ['/no/such/file'] })).toEqual({ error: ENOENT, call: 'execve' });
  expect(signals()).toEqual(before);
});

describe('a socket', () => {
  test.each<[string, readonly unknown[]]>([
    ['bindSocket', []],
    ['bindSocket', [7]],
    ['reach', [null]],
    ['endReading', []],
    ['isListening', ['3']],
    ['isListening', [0.5]],
    ['isListening', [2 ** 32]],
    ['connect', [1, 2n, 3, 4, new Uint8Array(), () => {}]],
  ])('%s refuses arguments of a wrong type', (name, parameters) => {
    expect(() => Reflect.apply(Reflect.get(addon(), name), undefined, parameters)).toThrowError(TypeError);
  });

  test('has a path of at most 107 bytes in the file system, and not in the abstract namespace', () => {
    for (const path of ['', 'x'.repeat(108)])
      expect([addon().bindSocket(path), addon().reach(path)]).toEqual([-ENAMETOOLONG, ENAMETOOLONG]);
    for (const path of ['\0abstract', 'a\0b'])
      expect([addon().bindSocket(path), addon().reach(path)]).toEqual([-EINVAL, EINVAL]);
  });
});

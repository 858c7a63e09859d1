/** The addon refuses members that it does not know, so that no filter is lost between JavaScript and the addon. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../lib/filter/compile.js';
import { thisHost } from '../lib/host.js';
import { addon, CHANNEL, type NativeFilters, type NativeRequest, NULL, SOCKET } from '../lib/native.js';
import { resolve } from '../lib/profile/resolve/resolve.js';
import { loadProfile } from '../lib/profile/source.js';
import { toNativeFilters } from '../lib/sandbox/child/native-request.js';
import { abiOf } from '../lib/syscalls/abi.js';

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
/** A jeq instruction and two that return. */
const gated = Uint8Array.from(
  [
    [0x15, 0, 0, 0, 0, 0, 0, 0],
    [6, 0, 0, 0, 0, 0, 0xff, 0x7f],
  ].flat(),
);
const withFilter = (instructions: Uint8Array, gate: readonly number[] = []) => ({
  ...request,
  filters: [{ bytes: instructions, gate }],
});
/** Answers every call with EPERM. */
const answers = Uint8Array.of(6, 0, 0, 0, 1, 0, 5, 0);
const supervised = {
  answers,
  countsAll: false,
  passesAll: false,
  distinguishing: new Uint32Array(),
  captures: new Uint32Array(),
  paths: new Uint32Array(),
};
const supervision = addon().supervision(supervised);
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
    ['no candidate', { ...request, candidates: [] }, /^request\.candidates must be /],
    ['a candidate with a NUL', { ...request, candidates: ['/bin/true\0'] }, /^request\.candidates must be /],
    ['no argument', { ...request, args: [] }, /^request\.args must be /],
    ['a directory with a NUL', { ...request, cwd: '/\0' }, /^request\.cwd must be /],
    ['a uid of 33 bits', { ...request, uid: 2 ** 32 }, /^request\.uid must be /],
    ['a uid below 32 bits', { ...request, uid: -(2 ** 31) - 1 }, /^request\.uid must be /],
    ['a gid that is no integer', { ...request, gid: 0.5 }, /^request\.gid must be /],
    ['an unknown kind of descriptor', { ...request, stdio: [CHANNEL - 1] }, /^request\.stdio must be /],
    ['two channels', { ...request, stdio: [CHANNEL, CHANNEL] }, /^request\.stdio must be /],
    ['a descriptor of 32 bits', { ...request, stdio: [2 ** 31] }, /^request\.stdio must be /],
    ['too many descriptors', { ...request, stdio: Array(1025).fill(NULL) }, /^request\.stdio must be /],
    ['half a limit', { ...request, limits: [7, 64n] }, /^request\.limits must be /],
    ['a limit and a resource', { ...request, limits: [7, 64n, 64n, 4] }, /^request\.limits must be /],
    ['a limit that is a number', { ...request, limits: [7, 64n, 64] }, /^request\.limits must be /],
    ['a limit of 65 bits', { ...request, limits: [7, 64n, 2n ** 64n] }, /^request\.limits must be /],
    ['a resource of 9 bits', { ...request, limits: [256, 64n, 64n] }, /^request\.limits must be /],
    ['a negative resource', { ...request, limits: [-1, 64n, 64n] }, /^request\.limits must be /],
    ['a domain of two sets', { ...request, isolation: false, domain: [1, 1] }, /^request\.domain must be /],
    ['a domain without isolation', { ...request, domain: [1, 1, 0] }, /^domain is set, but isolation is not$/],
    ['required isolation without a domain', { ...request, isolation: true }, /^isolation is required, but domain/],
    ['a required domain that is none', { ...request, domainRequired: true }, /^domainRequired is true, but neither /],
    [
      'a filter for a guardian without one',
      { ...request, guardianFilter: { bytes: gated, sites: [0] } },
      /^guardianFilter is set, but guarded is not true$/,
    ],
    ['a site beyond the last', { ...request, guardianFilter: { bytes: gated, sites: [2] } }, /\.sites must be /],
    ['a site of another instruction', { ...request, guardianFilter: { bytes: gated, sites: [1] } }, /\.sites must be /],
    [
      'a guardian filter of none',
      { ...request, guardianFilter: { bytes: new Uint8Array(), sites: [] } },
      /\.bytes must be /,
    ],
    ['a cgroup that is no descriptor', { ...request, cgroup: -1 }, /^request\.cgroup must be a descriptor$/],
    ['a ruleset that is no handle', { ...request, ruleset: {} }, /^request\.ruleset must be a handle/],
    ['capabilities as a number', { ...request, keptCapabilities: 0 }, /^request\.keptCapabilities must be /],
    ['half an instruction', withFilter(bytes.subarray(0, 12)), /^filter\.bytes must be /],
    ['a filter of no instruction', withFilter(new Uint8Array()), /^filter\.bytes must be /],
    ['4097 instructions', withFilter(new Uint8Array(4097 * 8)), /^filter\.bytes must be /],
    ['half a patch', withFilter(gated, [0, 0, 0]), /^filter\.gate must be /],
    ['a patch of a jump beyond the last', withFilter(gated, [2, 0]), /^filter\.gate must be /],
    ['a patch of another instruction', withFilter(gated, [1, 0]), /^filter\.gate must be /],
    ['a patch with an unknown half', withFilter(gated, [0, 6]), /^filter\.gate must be /],
    ['nine filters', { ...request, filters: Array(9).fill({ bytes, gate: [] }) }, /^request\.filters must be /],
    [
      'a listener of two filters',
      { ...request, ...listener, filters: Array(2).fill({ bytes, gate: [] }) },
      /^filterFlags request a listener, which requires exactly one filter$/,
    ],
    ['a supervision that is no handle', { ...request, supervision: {} }, /^request\.supervision must be a handle/],
    ['a supervision without mailbox', { ...request, supervision }, /^supervision is set, but mailbox is not$/],
    ['another handle as mailbox', { ...request, supervision, mailbox: supervision }, /^request\.mailbox must be /],
  ])('%s', (_, wrong, message) => {
    expect(() => call(wrong)).toThrowError(
      expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) }),
    );
  });
});

test('execve refuses a listener without an agent', () => {
  expect(() => addon().execve({ ...request, ...listener })).toThrowError(/^filterFlags request a listener, but there /);
});

describe('supervision refuses', () => {
  const instruction = (code: number, jumps: readonly [number, number], k: number) => [code, 0, ...jumps, k, 0, 0, 0];
  const program = (...instructions: readonly (readonly number[])[]) => ({
    answers: Uint8Array.from([...instructions.flat(), ...answers]),
  });
  test.each<[string, object, RegExp]>([
    ['a program that does not return', { answers: Uint8Array.of(0x20, 0, 0, 0, 0, 0, 0, 0) }, /^supervision\.answers /],
    ['a program of no instruction', { answers: new Uint8Array() }, /^supervision\.answers must be /],
    ['half an instruction', { answers: new Uint8Array(12).fill(6) }, /^supervision\.answers must be /],
    ['a jump beyond the program', program(instruction(0x05, [0, 0], 1)), /^supervision\.answers must be /],
    ['a jump on true beyond it', program(instruction(0x15, [1, 0], 0)), /^supervision\.answers must be /],
    ['a jump on false beyond it', program(instruction(0x15, [0, 1], 0)), /^supervision\.answers must be /],
    ['a load beyond the call', program(instruction(0x20, [0, 0], 64)), /^supervision\.answers must be /],
    ['a load between words', program(instruction(0x20, [0, 0], 2)), /^supervision\.answers must be /],
    ['half of a distinction', { distinguishing: Uint32Array.of(1, 2, 3) }, /^supervision\.distinguishing must be /],
    ['a seventh argument', { distinguishing: Uint32Array.of(1, 2, 6, 1) }, /^supervision\.distinguishing must be /],
    ['no bit of an argument', { distinguishing: Uint32Array.of(1, 2, 5, 0) }, /^supervision\.distinguishing must be /],
    ['65 bits', { distinguishing: Uint32Array.of(1, 2, 5, 65) }, /^supervision\.distinguishing must be /],
    ['half of a capture', { captures: Uint32Array.of(1, 2, 3, 1, 9) }, /^supervision\.captures must be /],
    ['memory of a seventh argument', { captures: Uint32Array.of(1, 2, 6, 1, 9, 6) }, /^supervision\.captures must be /],
    ['a size in an eighth argument', { captures: Uint32Array.of(1, 2, 5, 1, 9, 7) }, /^supervision\.captures must be /],
    ['an unknown member', { counts: true }, /^supervision has an unknown key: counts$/],
  ])('%s', (_, wrong, message) => {
    expect(() => Reflect.apply(addon().supervision, undefined, [{ ...supervised, ...wrong }])).toThrowError(
      expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) }),
    );
  });

  test('nothing at the limits', () => {
    const edges = { distinguishing: Uint32Array.of(1, 2, 5, 64), captures: Uint32Array.of(1, 2, 5, 1, 9, 6) };
    const jumps = program(instruction(0x05, [0, 0], 0), instruction(0x15, [0, 0], 0), instruction(0x20, [0, 0], 60));
    expect(addon().supervision({ ...supervised, ...edges, ...jumps })).toBeDefined();
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

test('probe reports each of many calls', () => {
  const action = { kind: 'errno', errno: 1 } as const;
  const abis = [{ abi: abiOf(thisHost().abi), syscalls: new Map<number, never>() }];
  const denying = compilePolicy({ abis, defaultAction: action, foreignAction: action }, { gate: ['exit_group'] });
  const filters = toNativeFilters({ filters: [denying], flags: [], supervision: undefined, agent: undefined }, true);
  const count = 3000;
  const results = Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? 0 : -1));
  for (const traced of [false, true])
    expect(addon().probe(filters, new BigUint64Array(8 * count), traced)).toEqual(results);
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

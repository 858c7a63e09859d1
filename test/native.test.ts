/** The addon refuses what it does not know, so that a filter can't be lost between the two halves of this package. */
import { describe, expect, test } from 'vitest';
import { compile } from '../lib/filter/compile.js';
import { thisHost } from '../lib/host.js';
import { addon, type NativeRequest, NULL } from '../lib/native.js';
import { loadProfile } from '../lib/profile/load.js';
import { resolve } from '../lib/profile/resolve.js';

const profile = loadProfile('docker-default');
if (profile === null) throw new Error('docker-default is a profile');
const { bytes } = compile(resolve(profile, thisHost()));
const request: NativeRequest = {
  candidates: ['/bin/false'],
  args: ['false'],
  env: '',
  detached: false,
  noNewPrivileges: true,
  stdio: [NULL, NULL, NULL],
  filters: [{ bytes, gate: [] }],
  filterFlags: 0,
};
const limits = { timeout: 0, maxBuffer: 0, killSignal: 15 };
const without = (key: keyof NativeRequest) =>
  Object.fromEntries(Object.entries(request).filter(([name]) => name !== key));

const CALLS: Readonly<Record<string, (wrong: object) => unknown>> = {
  spawn: (wrong) => Reflect.apply(addon().spawn, undefined, [wrong, () => {}]),
  spawnSync: (wrong) => Reflect.apply(addon().spawnSync, undefined, [wrong, limits]),
  execve: (wrong) => Reflect.apply(addon().execve, undefined, [wrong]),
};

describe.each(Object.entries(CALLS))('%s refuses', (_, call) => {
  test.each<[string, object, RegExp]>([
    ['no filters', without('filters'), /^filters: an array/],
    ['filters under another name', { ...without('filters'), filter: bytes }, /^request: unknown key filter$/],
    ['a key that it does not know', { ...request, filter: bytes }, /^request: unknown key filter$/],
    ['no flags of the filters', without('filterFlags'), /^filterFlags: /],
    ['a filter without instructions', { ...request, filters: [{ gate: [] }] }, /^bytes: /],
    ['a filter without its gate', { ...request, filters: [{ bytes }] }, /^gate: /],
    [
      'a key of a filter that it does not know',
      { ...request, filters: [{ bytes, gate: [], flags: 1 }] },
      /^filter: unknown key flags$/,
    ],
    ['an environment whose last variable has no end', { ...request, env: 'A=1\0B=2' }, /^env: /],
    ['variables one by one', { ...request, env: ['A=1'] }, /^env: /],
    ['no word on new privileges', without('noNewPrivileges'), /^noNewPrivileges: /],
  ])('%s', (_, wrong, message) => {
    expect(() => call(wrong)).toThrowError(
      expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) }),
    );
  });
});

test('spawnSync refuses a limit that it does not know', () => {
  expect(() => Reflect.apply(addon().spawnSync, undefined, [request, { ...limits, maxTime: 1 }])).toThrowError(
    /^limits: unknown key maxTime$/,
  );
});

test('what the addon takes, it starts', () => {
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

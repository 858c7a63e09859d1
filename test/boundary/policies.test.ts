/**
 * Policies, calls, filters and profiles that callers pass to functions that start nothing: each is read once, or is an
 * error.
 */
import { describe, expect, test } from 'vitest';
import * as seccomp from '../../lib/index.js';

const X86_64 = 0xc000003e;
const OPENAT = 257;
const UNSHARE = 272;
const { policy } = seccomp.compile('docker-default');
const refused = (message: string) =>
  expect.objectContaining({
    code: expect.stringMatching(/^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE)$/),
    message: expect.stringContaining(message),
  });

/** The functions by name, with their parameter for the policy. */
const OF_POLICIES: Readonly<Record<string, readonly [string, (given: seccomp.Policy) => unknown]>> = {
  evaluate: ['policy', (given) => seccomp.evaluate(given, { arch: X86_64, number: OPENAT, args: [] })],
  compare: ['b', (given) => seccomp.compare(policy, given)],
  intersect: ['a', (given) => seccomp.intersect(given, policy)],
  union: ['b', (given) => seccomp.union(policy, given)],
};

describe.each(Object.entries(OF_POLICIES))('%s', (_, [name, call]) => {
  const getter = { get: () => policy.abis, enumerable: true };
  test.each<[string, unknown, string]>([
    ['ABIs that a getter gives', Object.defineProperty({ ...policy }, 'abis', getter), '.abis: is a getter'],
    ['no default', { ...policy, defaultAction: undefined }, '.defaultAction: must be an object'],
  ])('refuses %s as a policy', (_, given, problem) => {
    expect(() => call(given as seccomp.Policy)).toThrow(refused(name + problem));
  });

  test('accepts a policy that structuredClone made', () => {
    expect(call(structuredClone(policy))).toEqual(call(policy));
  });
});

test.each<[string, unknown, string]>([
  ['nothing', undefined, ': must be an object'],
  ['null', null, ': must be an object'],
  ['a filter', seccomp.compile('docker-default'), ': must be a plain object, not an instance of Filter'],
  ['an inherited policy', Object.create(policy), ': must be a plain object'],
])('evaluate refuses %s as a policy', (_, given, problem) => {
  const call = { arch: X86_64, number: UNSHARE, args: [] };
  expect(() => seccomp.evaluate(given as seccomp.Policy, call)).toThrow(refused(`policy${problem}`));
});

test.each([
  ['intersect', seccomp.intersect],
  ['union', seccomp.union],
] as const)('%s of a policy and its clone has each ABI once', (_, combine) => {
  const { abis } = combine(structuredClone(policy), policy);
  expect(abis.map(({ abi }) => abi.name)).toEqual(policy.abis.map(({ abi }) => abi.name));
});

describe('evaluate', () => {
  const call = { arch: X86_64, number: UNSHARE, args: [] };
  test.each<[string, unknown, string]>([
    ['no call', undefined, 'call: must be an object'],
    ['a number that is text', { ...call, number: '272' }, 'call.number: must be an integer from 0 to 4294967295'],
    ['a number that is a bigint', { ...call, number: 272n }, 'call.number: must be an integer'],
    ['a negative number', { ...call, number: -1 }, 'call.number: must be an integer'],
    ['the name of an ABI', { ...call, arch: 'x86_64' }, 'call.arch: must be an integer'],
    ['no ABI', { number: UNSHARE, args: [] }, 'call.arch: must be an integer'],
    ['no arguments', { ...call, args: undefined }, 'call.args: must be an array'],
    ['an argument that is a number', { ...call, args: [1] }, 'call.args[0]: must be a bigint from'],
    ['an argument of 65 bits', { ...call, args: [2n ** 64n] }, 'call.args[0]: must be a bigint from'],
    ['seven arguments', { ...call, args: new Array(7).fill(0n) }, 'call.args: must have at most six elements'],
    ['a name', { ...call, syscall: 'unshare' }, 'call.syscall: is unknown'],
  ])('refuses %s', (_, given, message) => {
    expect(() => seccomp.evaluate(policy, given as seccomp.PolicyCall)).toThrow(refused(message));
  });

  test('accepts the calls that compare finds, and negative arguments', () => {
    const { differences } = seccomp.compare(policy, seccomp.compile('node').policy);
    for (const { call, a } of differences.flatMap(({ cases }) => cases))
      expect(seccomp.evaluate(policy, call)).toEqual(a);
    expect(seccomp.evaluate(policy, { ...call, args: [-1n] })).toEqual({ kind: 'errno', errno: 1 });
  });
});

test.each<[string, (given: never) => unknown, string]>([
  [
    'prove',
    (given) => seccomp.prove(given),
    'The "filter" argument must be a Filter, as returned by compile(). Received ',
  ],
  [
    'disassemble',
    (given) => seccomp.disassemble(given),
    'The "filter" argument must be a Filter, as returned by compile(). Received ',
  ],
  [
    'stringify',
    (given) => seccomp.stringify(given),
    'The "profile" argument must be a Profile, as loadProfile returns it. Received ',
  ],
])('%s refuses forged values', (_, call, message) => {
  const filter = seccomp.compile('docker-default');
  const profile = seccomp.loadProfile('docker-default');
  const madeUp = [undefined, null, {}, 'docker-default', { document: { syscalls: new Map() } }, { policy }];
  for (const given of [...madeUp, { ...filter }, { ...profile }, Object.create(filter), Object.create(profile)])
    expect(() => call(given as never)).toThrow(refused(message));
});

test('resolve refuses values that are not profiles, and a host that is none', () => {
  const profile = seccomp.loadProfile('docker-default');
  for (const given of [undefined, null, {}, { document: { syscalls: new Map() } }, { policy }, Object.create(profile)])
    expect(() => seccomp.resolve(given as never)).toThrow(/^(The "source" argument must be |inline: )/);
  expect(() => seccomp.resolve(profile, null as never)).toThrow(refused('host: must be an object'));
});

test('prove compares a filter with a policy, which it reads once', () => {
  const filter = seccomp.compile('docker-default');
  expect(seccomp.prove(filter, structuredClone(policy))).toEqual(seccomp.prove(filter));
  expect(() => seccomp.prove(filter, { ...policy, abis: null } as never)).toThrow(
    refused('policy.abis: must be an array'),
  );
});

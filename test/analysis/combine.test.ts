/** intersect() and union(): two profiles give a profile that means what the combined policies mean. */
import { describe, expect, test } from 'vitest';
import * as seccomp from '../../lib/index.js';
import * as algebra from '../../lib/policy/algebra.js';
import { checkCombined, expectMeaning, OPERATIONS } from '../support/combined.js';

const { arg, compare, intersect, Profile, parseProfile, resolve, union } = seccomp;
const machine: seccomp.Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };
/** Pairs of built-ins: allowlists and denylists, with conditions on arguments and without. */
const PAIRS = [
  ['docker-default', 'node'],
  ['podman-default', 'compute'],
  ['node', 'node-no-exec'],
  ['node-no-network', 'compute'],
] as const;

describe.each(OPERATIONS)('%s of two profiles', (_, combine, combinePolicies) => {
  test.each(PAIRS)('%s and %s, on the native ABI', (a, b) => {
    const policy = combinePolicies(...resolved(a, b, { ...machine, abis: [] }));
    expectMeaning(combine(a, b, { host: { ...machine, abis: [] } }), policy, { ...machine, abis: [] });
  });

  test('docker-default and podman-default, on all ABIs, even on a host that is described by options', () => {
    const on = { ...seccomp.thisHost(), capabilities: new Set(['CAP_SYS_ADMIN']) };
    const combined = combine('docker-default', 'podman-default', { capabilities: ['CAP_SYS_ADMIN'] });
    expectMeaning(combined, combinePolicies(...resolved('docker-default', 'podman-default', on)), on);
    expect(combined.document.comment).toMatch(/ of docker-default and podman-default, for .*, CAP_SYS_ADMIN$/);
  });

  // test/slow/combine.test.ts has more.
  test('random ones, unless it cannot be written', () => checkCombined(combine, combinePolicies, 10));
});

function resolved(a: string, b: string, on: seccomp.Host): [seccomp.Policy, seccomp.Policy] {
  return [resolve(a, on), resolve(b, on)];
}

test('two policies give a policy', () => {
  const [a, b] = resolved('node', 'docker-default', machine);
  expect(intersect(a, b)).toEqual(algebra.intersect(a, b));
  expect(() => (intersect as (...all: unknown[]) => unknown)(a, b, { host: machine })).toThrow(/no effect on policies/);
});

test('conditions of one profile limit the calls of the other', () => {
  const sockets = Profile.allowlist()
    .allow('socket', arg(0).in(['AF_UNIX', 'AF_INET']))
    .allow('read');
  const streams = Profile.allowlist().allow('socket', arg(1).eq('SOCK_STREAM')).allow('write');
  const { syscalls } = intersect(sockets, streams, { host: machine }).document;
  const comparisons = syscalls.map(({ args }) => args.map(({ index, value }) => [index, value]));
  const both = (family: bigint) => [
    [0, family],
    [1, 1n],
  ];
  expect(comparisons).toEqual([both(1n), both(2n)]);
});

test('with unconfined, the intersection is the profile itself, and the union is unconfined', () => {
  const profile = Profile.allowlist().allow('read');
  expect(intersect('unconfined', profile)).toBe(profile);
  expect(union(profile, Profile.unconfined)).toBe(Profile.unconfined);
});

test('the flags of both profiles are kept, and the listener of one', () => {
  const listening = parseProfile(
    '{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG"],"listenerPath":"/run/a"}',
  );
  const other = parseProfile('{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]}');
  const { flags, listenerPath } = union(listening, other, { host: machine }).document;
  expect(flags).toEqual(['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW']);
  expect(listenerPath).toBe('/run/a');
  const without = parseProfile('{"defaultAction":"SCMP_ACT_ALLOW"}');
  for (const pair of [[listening, without] as const, [without, listening] as const])
    expect(union(...pair, { host: machine }).document).toMatchObject({
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      listenerPath: '/run/a',
    });
  expect(union(without, without, { host: machine }).document.flags).toBe(undefined);
});

describe('is an error, with the reason, for', () => {
  const listening = (path: string) => parseProfile(`{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"${path}"}`);
  const wide = parseProfile('{"defaultAction":"SCMP_ACT_ERRNO"}', { argumentWidth: 64 });
  const policy = resolve('node', machine);
  const read = Profile.allowlist().allow('read');
  test.each<[string, () => unknown, RegExp]>([
    [
      'actions that differ between ABIs',
      () => union('node', 'podman-default', { host: machine }),
      /its rules would give \w+ on \w+ errno \d+, instead of errno \d+: .* options\.abis: \[\]/,
    ],
    ['two listeners', () => union(listening('/a'), listening('/b')), /they have two listenerPaths/],
    ['two widths', () => intersect(wide, 'node'), /load both with the same argumentWidth/],
    [
      'a policy beside a profile',
      () => intersect(policy as never, 'node'),
      /^a: is a policy beside a profile: resolve\(\) the profile/,
    ],
    ['a filter', () => union('node', seccomp.compile('node') as never), /^b: is a Filter: give its policy/],
    ['a list', () => union(read, ['node'] as never), /The "b" argument must be .* not a list/],
    [
      'a host of two policies',
      () => intersect(policy, policy, ...([{ host: machine }] as unknown as [])),
      /^options\.host: has no effect on policies, which are resolved already/,
    ],
    ['a host that has no effect', () => union(read, 'unconfined', { host: machine }), /^options\.host: has no effect/],
  ])('%s', (_, combine, message) => {
    expect(combine).toThrow(message);
  });
});

test('a narrower intersection and a wider union are as compare says', () => {
  const [a, b] = [Profile.allowlist().allow('read', 'openat2'), Profile.allowlist().allow('read', 'open')];
  expect(compare(intersect(a, b), a).relation).toBe('subset');
  expect(compare(union(a, b), a).relation).toBe('superset');
});

test('a refusal names the syscall, and no place in rules that nobody has', () => {
  const rule = (name: string, action: string, args: readonly object[] = []) => ({ names: [name], action, args });
  const read = (document: object) => parseProfile(JSON.stringify(document));
  const notifying = read({
    defaultAction: 'SCMP_ACT_TRAP',
    syscalls: [rule('clone', 'SCMP_ACT_NOTIFY'), rule('chmod', 'SCMP_ACT_ALLOW')],
  });
  const killing = read({
    defaultAction: 'SCMP_ACT_LOG',
    syscalls: [
      rule('clone', 'SCMP_ACT_KILL_PROCESS', [{ index: 5, value: 7, op: 'SCMP_CMP_GE' }]),
      rule('setuid', 'SCMP_ACT_KILL_THREAD'),
    ],
  });
  const on = { ...machine, abi: 's390x' } as const;
  expect(() => intersect(notifying, killing, { host: on })).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/^(?!.*syscalls\[).*its rules on clone would not be valid:/),
    }),
  );
});

/** compare(): takes profiles, filters and policies, and names the syscalls and arguments on which they differ. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as seccomp from '../../lib/index.js';
import { compare as relate } from '../../lib/policy/algebra.js';
import { host, policyOfAny, profile } from '../support/arbitrary.js';

const { arg, compare, compile, evaluate, extend, Profile, resolve } = seccomp;
const machine: seccomp.Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };
const ALLOW = { kind: 'allow' };
const EPERM = { kind: 'errno', errno: 1 };

/** Each difference as text: `clone on x86_64, x86: errno, not allow, if flags & …`. */
function written(a: seccomp.Profile, b: seccomp.Profile, options: { host: seccomp.Host } = { host: machine }) {
  return compare(a, b, options).differences.map(({ syscall, numbers, abis, cases }) => {
    const name = syscall ?? (numbers === undefined ? 'unlisted ABIs' : `${numbers.first} to ${numbers.last}`);
    const actions = cases.map(
      ({ a, b, when }) => `${a.kind}, not ${b.kind}${when === undefined ? '' : `, if ${when}`}`,
    );
    return `${[name, ...abis].join(' ')}: ${actions.join('; ')}`;
  });
}

test('names the syscall, with the ABIs on which it differs', () => {
  const [difference, ...others] = compare(extend('docker-default').deny('ptrace'), 'docker-default', {
    host: machine,
  }).differences;
  expect(others).toEqual([]);
  expect(difference).toMatchObject({
    syscall: 'ptrace',
    abis: ['x86_64', 'x86', 'x32'],
    cases: [{ a: EPERM, b: ALLOW, call: { arch: 0xc000_003e, number: 101 } }],
  });
  expect(difference).not.toHaveProperty('numbers');
  expect(difference?.cases[0]).not.toHaveProperty('when');
});

test('names each syscall that one profile leaves to its default action', () => {
  const allowAll = Profile.denylist();
  const few = Profile.allowlist({ newerCalls: 'default' }).allow('read');
  const { relation, differences } = compare(few, allowAll, { host: machine });
  expect(relation).toBe('subset');
  const names = differences.map(({ syscall }) => syscall);
  expect(names).toContain('openat2');
  expect(names).not.toContain('read');
  expect(differences.filter(({ syscall }) => syscall === undefined)).toMatchObject([
    { numbers: { first: 0, last: 0x3fff_ffff } },
    { numbers: { first: 0xffff_ffff, last: 0xffff_ffff } },
  ]);
});

test('differences are in the order of the names', () => {
  const profile = Profile.denylist().deny('write', 'accept', 'read', 'openat2', 'close');
  const names = compare(profile, Profile.denylist(), { host: machine }).differences.map(({ syscall }) => syscall);
  expect(names).toEqual(['accept', 'close', 'openat2', 'read', 'write']);
});

test('names the syscalls of a range of numbers, the first and the last included', () => {
  const policy = (ranges: seccomp.Policy['abis'][number]['ranges']): seccomp.Policy => {
    const { abis, ...rest } = resolve(Profile.denylist(), { ...machine, abis: [] });
    return { ...rest, abis: abis.map(({ abi }) => ({ abi, syscalls: new Map(), ranges })) };
  };
  const decisions = [{ conditions: [], action: { kind: 'errno', errno: 1 } }] as const;
  const { differences } = compare(policy([{ first: 5, last: 7, decisions }]), policy([]));
  expect(differences.map(({ syscall }) => syscall)).toEqual(['fstat', 'lstat', 'poll']);
  const unnamed = compare(policy([{ first: 500, last: 501, decisions }]), policy([])).differences;
  expect(unnamed).toMatchObject([{ numbers: { first: 500, last: 501 }, abis: ['x86_64'] }]);
});

test.each<[string, seccomp.Profile, string]>([
  ['a constant by name', Profile.denylist().deny('socket', arg(0).ne('AF_UNIX')), 'argument 0 != AF_UNIX'],
  ['bits', Profile.denylist().deny('clone', arg(0).hasFlags('CLONE_NEWUSER')), 'clone_flags & 0x10000000 = 0x10000000'],
  ['a bound of 64 bits', Profile.denylist().deny('lseek', arg(1).gt(5)), 'offset >= 6'],
  ['two arguments', Profile.denylist().deny('fcntl', arg(0).eq(3), arg(1).lt(2)), 'fd = 3 and cmd <= F_GETFD'],
  ['all bits of 16', Profile.denylist().deny('fchmod', arg(1).eq(0o755)), 'mode = 493'],
  ['some bits of 16', Profile.denylist().deny('fchmod', arg(1).hasFlags(0o111)), 'mode & 73 = 73'],
  ['a value of 64 bits', Profile.denylist().deny('lseek', arg(1).eq(2n ** 32n + 5n)), 'offset = 0x100000005'],
  ['single values', Profile.denylist().deny('close', arg(0).in([7, 9])), 'fd = 7 or fd = 9'],
])('describes arguments: %s', (_, profile, when) => {
  const [difference] = compare(profile, Profile.denylist(), { host: machine }).differences;
  expect(difference?.cases).toMatchObject([{ a: EPERM, b: ALLOW, when }]);
});

test('writes at most eight alternatives, and says that there are others', () => {
  const odd = Profile.denylist().deny('close', arg(0).in([1, 3, 5, 7, 9, 11, 13, 15, 17, 19]));
  expect(written(odd, Profile.denylist())).toEqual([expect.stringMatching(/^close .*( or fd = \d+){7} or others$/)]);
});

test('reports ABIs that neither profile covers, and numbers without a name', () => {
  const killing = seccomp.parseProfile('{"defaultAction": "SCMP_ACT_ALLOW"}', { foreignAction: 'kill-thread' });
  expect(written(killing, Profile.denylist())).toEqual(['unlisted ABIs: kill-thread, not kill-process']);
  expect(
    written(Profile.allowlist().allow('lsm_list_modules'), Profile.allowlist().allow('lsm_get_self_attr')),
  ).toEqual(expect.arrayContaining(['lsm_list_modules x86_64: allow, not errno']));
});

describe('takes', () => {
  const filter = compile('node', { host: machine });
  test.each<[string, Parameters<typeof compare>[0]]>([
    ['a name', 'node'],
    ['a Profile', seccomp.loadProfile('node')],
    ['JSON text', seccomp.stringify(seccomp.loadProfile('node'))],
    ['a document', seccomp.loadProfile('node').toJSON()],
    ['a policy', resolve('node', machine)],
    ['a filter', filter],
    ['a list', ['node', 'docker-default']],
  ])('%s', (_, source) => {
    expect(
      compare(source, filter, source === filter || 'abis' in Object(source) ? {} : { host: machine }).relation,
    ).toBe('equal');
  });

  test('unconfined, which allows more than every profile', () => {
    expect(compare('unconfined', 'docker-default').relation).toBe('superset');
    expect(compare('unconfined', Profile.unconfined)).toEqual({ relation: 'equal', differences: [] });
  });

  test('a host only if there is a profile to resolve', () => {
    const options = { capabilities: ['CAP_SYS_ADMIN'] } as const;
    expect(compare('docker-default', filter, options).differences.map(({ syscall }) => syscall)).toContain('mount');
    for (const fixed of [filter, resolve('node', machine), 'unconfined'] as const)
      expect(() => compare(fixed, filter, options)).toThrow(
        /^options\.capabilities: has no effect on policies, filters/,
      );
  });
});

test('has this machine as its default host', () => {
  expect(compare(resolve('docker-default'), 'docker-default').relation).toBe('equal');
  expect(resolve('docker-default')).toEqual(resolve('docker-default', seccomp.thisHost()));
});

test('finds the relation that the algebra finds, and every example is a real difference', () => {
  const policies = host.chain((on) =>
    fc.tuple(profile(on), profile(on)).map((two) => two.map((each) => policyOfAny(each, on))),
  );
  fc.assert(
    fc.property(policies, ([a, b]) => {
      if (a === undefined || b === undefined) throw new Error('two policies');
      const { relation, differences } = compare(a, b);
      const known = relate(a, b);
      expect(relation).toBe(known.relation);
      expect(differences.length === 0).toBe(known.differences.length === 0);
      for (const { cases } of differences)
        for (const { call, a: inA, b: inB } of cases) {
          expect(evaluate(a, call)).toEqual(inA);
          expect(evaluate(b, call)).toEqual(inB);
          expect(inA).not.toEqual(inB);
        }
    }),
    { numRuns: 10 },
  );
});

test('a comparison and a counterexample can be written as JSON', () => {
  const [a, b] = [seccomp.resolve('docker-default'), seccomp.resolve('unconfined')];
  const { differences } = JSON.parse(JSON.stringify(compare(a, b)));
  expect(differences[0].cases[0].call.args).toEqual(['0', '0', '0', '0', '0', '0']);
  const wrong = JSON.parse(JSON.stringify(seccomp.prove(seccomp.compile('docker-default'), b)));
  expect(wrong.call.args).toHaveLength(6);
  expect(Object.keys(compare(a, b))).toEqual(['relation', 'differences']);
});

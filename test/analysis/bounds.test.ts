/** Rules with many conditions: what was refused, or took minutes, where paths through the rules were counted. */
import { describe, expect, test } from 'vitest';
import { proveProgram } from '../../lib/filter/verify/prove.js';
import * as seccomp from '../../lib/index.js';
import * as algebra from '../../lib/policy/algebra.js';
import type { Condition, Decision } from '../../lib/policy/policy.js';
import { abiOf } from '../../lib/syscalls/abi.js';
import { indices } from '../../lib/util/own-data.js';
import { expectMeaning } from '../support/combined.js';

const { compare, compile, decompile, intersect, parseProfile, resolve, stringify, union } = seccomp;
const machine: seccomp.Host = { abi: 'x86_64', abis: [], kernel: { major: 6, minor: 18 }, capabilities: new Set() };

const ARGUMENTS = [0, 1, 2, 3, 4, 5];
const masked = (index: number, valueTwo = 0x5050) => ({ index, value: 0xf0f0, valueTwo, op: 'SCMP_CMP_MASKED_EQ' });

/** A profile that gives mmap an action if all comparisons hold, and ERRNO if four other ones do. */
const mmap = (action: string) =>
  parseProfile(
    JSON.stringify({
      defaultAction: 'SCMP_ACT_KILL_PROCESS',
      syscalls: [
        { names: ['mmap'], action, args: ARGUMENTS.map((index) => ({ index, value: 7 + index, op: 'SCMP_CMP_GE' })) },
        { names: ['mmap'], action: 'SCMP_ACT_ERRNO', args: ARGUMENTS.slice(0, 4).map((index) => masked(index)) },
        { names: ['read'], action: 'SCMP_ACT_ALLOW' },
      ],
    }),
  );

describe.each([
  ['intersect', intersect, algebra.intersect],
  ['union', union, algebra.union],
] as const)('%s', (_, combine, combinePolicies) => {
  test('of profiles with ten comparisons on one syscall is a profile', () => {
    const [a, b] = [mmap('SCMP_ACT_ALLOW'), mmap('SCMP_ACT_LOG')];
    const combined = combine(a, b, { host: machine });
    expectMeaning(combined, combinePolicies(resolve(a, machine), resolve(b, machine)), machine);
    expect(combined.document.syscalls.length).toBeLessThan(20);
  });
});

/** A profile with 30 rules on mmap, of three comparisons each. */
function intertwined(seed: number): seccomp.Profile {
  const rules = indices(30).map((i) => ({
    names: ['mmap'],
    action: ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_ERRNO'][i % 3],
    args: ARGUMENTS.filter((index) => (i + index + seed) % 2 === 0).map((index) => ({
      index,
      value: (i * 7919 + index * 104_729 + seed * 1299_709) % 65_521,
      op: i % 2 === 0 ? 'SCMP_CMP_GE' : 'SCMP_CMP_LT',
    })),
  }));
  return parseProfile(JSON.stringify({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: rules }));
}

test('rules that are too intertwined are refused, with the syscall', () => {
  expect(() => intersect(intertwined(1), intertwined(2), { host: machine })).toThrow(
    expect.objectContaining({
      code: 'ERR_SECCOMP_OPTION',
      message: expect.stringMatching(/the rules on mmap cannot be/),
    }),
  );
  expect(
    compare(intertwined(1), intertwined(2), { host: machine }).differences.map(({ syscall }) => syscall),
  ).toContain('mmap');
});

test('a filter in which one of six tests decides becomes six decisions', () => {
  const denials = ARGUMENTS.map((index): Decision => {
    const condition: Condition = { index, width: 64, op: 'masked-eq', mask: 0xf0f0n, value: 0x5050n };
    return { conditions: [condition], action: { kind: 'errno', errno: 1 } };
  });
  const { abis, ...rest } = resolve('docker-default', machine);
  const [native] = abis;
  if (native === undefined) throw new Error('docker-default has an ABI');
  const decisions = [...denials, { conditions: [], action: { kind: 'allow' } } as const];
  const policy = { ...rest, abis: [{ abi: native.abi, syscalls: new Map([[9, decisions]]) }] };
  const { bytes } = compile(policy);
  const found = decompile(bytes);
  expect(proveProgram({ policy: found, bytes, gate: [] })).not.toHaveProperty('call');
  expect(found.abis[0]?.syscalls.get(9)).toHaveLength(7);
});

test('a profile that would need an option to be read again is not made, unless both had the option', () => {
  const text = (names: readonly string[]) =>
    JSON.stringify({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }] });
  const newer = parseProfile(text(['read']), { newerCalls: 'default' });
  const older = parseProfile(text(['read', 'write']));
  expect(() => intersect(newer, older, { host: machine })).toThrow(
    /cannot be written as a profile: .* instead of kill-process/,
  );
  const both = intersect(newer, parseProfile(text(['read', 'write']), { newerCalls: 'default' }), { host: machine });
  expect(compare(both, parseProfile(stringify(both), both.options), { host: machine }).relation).toBe('equal');
  const none = parseProfile('{"defaultAction":"SCMP_ACT_KILL_PROCESS"}');
  const written = parseProfile(stringify(intersect(none, older, { host: machine })));
  expect(compare(written, none, { host: machine }).relation).toBe('equal');
});

test('intertwined rules are explained, with an example of each action', () => {
  const profile = intertwined(1);
  const policy = resolve(profile, machine);
  const { action, changes } = seccomp.explain(profile, { syscall: 'mmap' }, { host: machine });
  const others = changes.filter(({ kind }) => kind === 'arguments');
  for (const { by, action } of others) {
    const args = [...by.matchAll(/ = (\w+)/g)].map(([, value = '']) => BigInt(value));
    expect(seccomp.evaluate(policy, { arch: abiOf('x86_64').audit, number: 9, args })).toEqual(action);
  }
  expect([action, ...others.map((each) => each.action)].map(({ kind }) => kind).sort()).toEqual([
    ...['allow', 'errno', 'kill-process', 'log'],
  ]);
});

test('rules that are too intertwined to be compared are refused, with the syscall', () => {
  const profile = (seed: number) =>
    parseProfile(
      JSON.stringify({
        defaultAction: 'SCMP_ACT_KILL_PROCESS',
        syscalls: indices(40).map((i) => ({
          names: ['mmap'],
          action: ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_ERRNO'][i % 3],
          args: ARGUMENTS.map((index) => ({
            index,
            value: (i * 7919 + index * 104_729 + seed * 1299_709) % 65_521,
            op: (i + index) % 2 === 0 ? 'SCMP_CMP_GE' : 'SCMP_CMP_LT',
          })),
        })),
      }),
    );
  expect(() => compare(profile(1), profile(2), { host: machine })).toThrow(
    expect.objectContaining({
      code: 'ERR_SECCOMP_TOO_LARGE',
      message: "the argument rules on mmap are too intertwined, and can't be compared: use fewer rules",
    }),
  );
});

/**
 * Our filters against libseccomp's for the same profiles: the same decisions, but for the differences that are listed.
 */
import { describe, expect, test } from 'vitest';
import { ProfileError } from '../../lib/errors.js';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { resolve } from '../../lib/profile/resolve/resolve.js';
import { loadProfile, profileOf } from '../../lib/profile/source.js';
import { abiOf } from '../../lib/syscalls/abi.js';
import { numberOf } from '../support/arbitrary.js';
import { describeUnless } from '../support/describe-unless.js';
import { libseccompFilter, libseccompObstacle, rulesOn, runcRules } from '../support/libseccomp.js';
import {
  compare,
  compat,
  fewCalls,
  hostOf,
  MACHINES,
  readBoth,
  testBuiltins,
  testCorpus,
  unlistedCalls,
} from './both-filters.js';
import { DIFFERENCES, REFUSAL } from './differences.js';
import { testRandomProfiles, testRulesOnOneSyscall, testSocketcall } from './random-rules.js';

const reason = libseccompObstacle();

describeUnless(reason, 'a compiled filter decides as libseccomp’s', () => {
  describe.each(MACHINES.map((abis) => [abis.join(' + '), abis] as const))('on %s', (_, abis) => {
    const host = hostOf(abis);

    // The machines take turns. test/slow/peers has all on each.
    testBuiltins(abis, (i) => i === (MACHINES.indexOf(abis) + 2) % 4);

    testRandomProfiles(abis, 1, fewCalls);

    // Every fourth profile, on one machine.
    testCorpus(host, (i) => i % (4 * MACHINES.length) === 4 * MACHINES.indexOf(abis));
  });

  test.each(['aarch64', 's390x'] as const)('on %s, for all calls of ABIs that docker-default does not list', (abi) => {
    const both = readBoth(loadProfile('docker-default'), hostOf([abi]));
    expect(compare(both, unlistedCalls).unexplained.slice(0, 5)).toEqual([]);
  });

  testSocketcall(0, fewCalls);

  test.each(DIFFERENCES.map((difference) => [difference.name, difference] as const))(
    'but for: %s',
    (name, { example, abis }) => {
      const { seen, unexplained } = compare(readBoth(compat(example), hostOf(abis)));
      expect(unexplained.slice(0, 5)).toEqual([]);
      expect([...seen.keys()]).toContain(name);
    },
  );

  test('except for rules on socketcall that libseccomp refuses, which compat also refuses and strict accepts', () => {
    const { example, abis, explains } = REFUSAL;
    const host = hostOf(abis);
    const source = profileOf(example);
    expect(() => libseccompFilter(runcRules(source, host))).toThrow(/^rule 0 socket 0 .*: File exists$/m);
    expect(() => resolve(compat(example), host)).toThrow(
      /a different action from syscalls\[0\]; for socketcall on x86,/,
    );
    const rules = rulesOn(source, host);
    const policy = resolve(source, host);
    expect(['socket', 'bind', 'brk'].map((name) => explains(name, rules, policy))).toEqual([true, false, false]);
    expect(explains('socket', rules, resolve(compat(example), hostOf(['x86_64'])))).toBe(false);
    expect(explains('socket', rules.slice(1), policy)).toBe(false);
  });

  testRulesOnOneSyscall({ documents: 60, compared: 3, callsFor: fewCalls });

  test.each<[string, readonly number[], readonly number[]]>([
    ['two actions under one condition', [1], [1]],
    ['fewer conditions after more', [1, 2], [1]],
    ['the same of three', [1, 2, 3], [1]],
  ])('both refuse %s', (_, first, second) => {
    const args = (values: readonly number[]) =>
      values.map((value, index) => ({ index, value, op: 'SCMP_CMP_EQ' as const }));
    const source = compat({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['brk'], action: 'SCMP_ACT_ALLOW', args: args(first) },
        { names: ['brk'], action: 'SCMP_ACT_LOG', args: args(second) },
      ],
    });
    expect(() => resolve(source, hostOf(['x86_64']))).toThrow(ProfileError);
    expect(() => libseccompFilter(runcRules(source, hostOf(['x86_64'])))).toThrow(/File exists/);
  });

  test('a rule that one of the two lacks is detected', () => {
    const host = hostOf(['x86_64']);
    const names = ['read', 'write', 'getpid'];
    const both = readBoth(profileOf({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] }), host);
    const policy = resolve(
      profileOf(
        { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] },
        { newerCalls: 'default' },
      ),
      host,
    );
    const { unexplained } = compare({ ...both, policy });
    expect(unexplained).toHaveLength(3);
    expect(unexplained[0]).toMatch(/^x86_64 read\[0\]\(.*\): ours 0x7fff0000, theirs 0x50001$/);
  });

  test('where no rule matches but libseccomp 2.6.0 allows the call, the compiled filter follows the rules', () => {
    const ne = (index: number, value: number) => ({ index, value, op: 'SCMP_CMP_NE' as const });
    const { policy, theirs } = readBoth(
      profileOf({
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [
          { names: ['mmap'], action: 'SCMP_ACT_ALLOW', args: [ne(0, 0)] },
          { names: ['mmap'], action: 'SCMP_ACT_ALLOW', args: [ne(0, 2), { index: 1, value: 7, op: 'SCMP_CMP_EQ' }] },
        ],
      }),
      hostOf(['x86_64']),
    );
    const call = { arch: abiOf('x86_64').audit, number: numberOf('x86_64', 'mmap'), args: [0n, 9n, 0n, 0n, 0n, 0n] };
    expect(interpret(theirs, call, 'little').value.toString(16)).toBe('7fff0000');
    expect(interpret(compilePolicy(policy).instructions, call, 'little').value.toString(16)).toBe('50001');
  });
});

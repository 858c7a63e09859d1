/** Tests of random profiles against libseccomp: a few of each kind in the gate, more in test/slow. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProfileError } from '../../lib/errors.js';
import { OPERATORS } from '../../lib/profile/document/fields.js';
import type { Profile } from '../../lib/profile/profile.js';
import { issuesOn, resolve } from '../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../lib/profile/source.js';
import { ABIS, type AbiName } from '../../lib/syscalls/abi.js';
import { profile } from '../support/arbitrary.js';
import { libseccompRefusals, runcRules } from '../support/libseccomp.js';
import { type Calls, compare, compat, expectAgreement, hostOf, isStricter, readBoth } from './both-filters.js';

const SEED = 20_260_901;

/** For JSON.stringify, which takes no bigints. */
const inWords = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** Random profiles on a machine, so many of each kind. */
export function testRandomProfiles(abis: readonly AbiName[], runs: number, callsFor: Calls): void {
  const host = hostOf(abis);

  // With more rules libseccomp's decisions are not always those of the rules; see the last test of libseccomp.test.ts.
  test('for random profiles with one rule a syscall', () => {
    for (const document of fc.sample(profile(host), { seed: SEED, numRuns: runs })) {
      const rules = new Map((document.syscalls ?? []).map((rule) => [rule.names.join(), rule]));
      expectAgreement(compat({ ...document, syscalls: [...rules.values()] }), host, callsFor);
    }
  });

  test('for random profiles with several rules a syscall, of one action and without order', () => {
    for (const document of fc.sample(profile(host), { seed: SEED, numRuns: runs })) {
      const syscalls = (document.syscalls ?? []).map((rule) => ({
        names: rule.names,
        action: 'SCMP_ACT_ALLOW' as const,
        args: (rule.args ?? []).map((each) =>
          each.op === 'SCMP_CMP_MASKED_EQ' ? each : { ...each, op: 'SCMP_CMP_EQ' as const },
        ),
      }));
      expectAgreement(compat({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }), host, callsFor);
    }
  });

  // Of rules with one comparison each libseccomp always takes the action of one that holds; ours is the strictest, of
  // those that hold of all 64 bits. libseccomp refuses different actions for what socketcall makes, since there it drops
  // the comparison: socket is left out.
  test('for random profiles with several rules a syscall, or is stricter', () => {
    let stricter = 0;
    for (const document of fc.sample(profile(host), { seed: SEED, numRuns: runs })) {
      const syscalls = (document.syscalls ?? [])
        .filter(({ names }) => !names.includes('socket'))
        .map((rule) => ({ ...rule, args: rule.args?.slice(0, 1) ?? null }));
      const source = profileOf({ ...document, syscalls }, { mode: 'compat', argumentWidth: 64 });
      if (issuesOn(source, host).some(({ severity }) => severity === 'error')) continue;
      const { seen, unexplained } = compare(readBoth(source, host), callsFor, isStricter);
      expect(unexplained.slice(0, 5)).toEqual([]);
      stricter += seen.get('stricter') ?? 0;
    }
    expect(stricter).toBeGreaterThan(0);
  });
}

/** Random profiles on each ABI that name calls which socketcall and ipc make, so many beside a fixed one. */
export function testSocketcall(runs: number, callsFor: Calls): void {
  test.each([...ABIS.keys()])('on %s, also where socketcall and ipc make calls that a profile names', (abi) => {
    const some = fc.subarray(['read', 'write', 'socket', 'semget', 'recvmmsg', 'socketcall', 'ipc', 'statx'], {
      minLength: 1,
    });
    for (const names of [['read', 'write', 'semget'], ...fc.sample(some, { seed: SEED, numRuns: runs })])
      expectAgreement(
        compat({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] }),
        hostOf(abi === 'x32' ? ['x86_64', 'x32'] : [abi]), // No machine has x32 alone.
        callsFor,
      );
  });
}

/** How many random profiles have their refusals compared, and how many their decisions. */
export interface Numbers {
  readonly documents: number;
  readonly compared: number;
  readonly callsFor: Calls;
}

/** Random profiles with several rules on one syscall. */
export function testRulesOnOneSyscall(numbers: Numbers): void {
  describe.each<readonly AbiName[]>([['x86_64'], ['x86']])('on %s, of random rules on one syscall', (abi) => {
    const host = hostOf([abi]);
    // All of its arguments have all bits of a register. A mask of 0, which makes a rule one without comparisons, is
    // apart.
    const NAME = 'mremap';
    const value = fc.bigInt({ min: 1n, max: 4n });
    const comparisonOf = (index: number) =>
      fc.record({ index: fc.constant(index), op: fc.constantFrom(...OPERATORS), value, valueTwo: value });
    const args = (most: number) =>
      fc.subarray([0, 1, 2], { minLength: 1, maxLength: most }).chain((all) => fc.tuple(...all.map(comparisonOf)));
    const documents = (most: number, action: fc.Arbitrary<object>) =>
      fc.sample(
        fc.array(fc.tuple(args(most), action), { minLength: 2, maxLength: 5 }).map((all) => ({
          defaultAction: 'SCMP_ACT_KILL' as const,
          syscalls: all.map(([args, action]) => ({
            names: [NAME],
            action: 'SCMP_ACT_ALLOW' as const,
            ...action,
            args,
          })),
        })),
        { seed: SEED, numRuns: numbers.documents },
      );
    const errno = fc.integer({ min: 1, max: 3 }).map((errnoRet) => ({ action: 'SCMP_ACT_ERRNO', errnoRet }));

    const isRefused = (source: Profile) => {
      try {
        resolve(source, host);
        return false;
      } catch (error) {
        if (error instanceof ProfileError) return true;
        throw error;
      }
    };

    // With more of them, libseccomp 2.6 may not terminate.
    test('with one comparison, compat refuses those that libseccomp refuses', () => {
      const all = documents(1, fc.oneof(fc.constant({}), errno));
      const refusals = libseccompRefusals(all.map((document) => runcRules(compat(document), host)));
      const wrong = all.filter((document, i) => isRefused(compat(document)) !== refusals[i]?.endsWith(': File exists'));
      expect(wrong.slice(0, 3)).toEqual([]);
      expect(new Set(refusals.map((line) => line.replace(/^rule .*: /, '')))).toEqual(new Set(['', 'File exists']));
    });

    test('with one comparison, compat takes the same errno where several rules match', () => {
      let calls = 0;
      for (const document of documents(1, errno).slice(0, numbers.compared)) {
        const source = profileOf(document, { mode: 'compat', argumentWidth: 64 });
        if (issuesOn(source, host).some(({ severity }) => severity === 'error')) continue;
        const outcome = compare(readBoth(source, host), numbers.callsFor);
        expect(outcome.unexplained.slice(0, 5), JSON.stringify(document, inWords)).toEqual([]);
        expect(outcome.seen.get('rules in conflict'), JSON.stringify(document, inWords)).toBeUndefined();
        calls += outcome.calls;
      }
      expect(calls).toBeGreaterThan(100 * numbers.compared);
    });
  });
}

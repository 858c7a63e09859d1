/** Profiles that intersect() and union() make, against the combined policies. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { SeccompError } from '../../lib/errors.js';
import * as seccomp from '../../lib/index.js';
import * as algebra from '../../lib/policy/algebra.js';
import { profileOf } from '../../lib/profile/source.js';
import { call, host, policyOfAny, profile } from './arbitrary.js';

const { intersect, parseProfile, resolve, stringify, union } = seccomp;

export const OPERATIONS = [
  ['intersect', intersect, algebra.intersect],
  ['union', union, algebra.union],
] as const;

/** Expects a combined profile to mean what the combined policies mean, also when it is written and read again. */
export function expectMeaning(combined: seccomp.Profile, policy: seccomp.Policy, on: seccomp.Host): void {
  expect(algebra.compare(resolve(combined, on), policy).differences).toEqual([]);
  const again = parseProfile(stringify(combined));
  expect(algebra.compare(resolve(again, on), policy).relation).toBe('equal');
}

/** Combines `runs` pairs of random profiles, and expects some of the results to be written as profiles. */
export function checkCombined(
  combine: typeof intersect,
  combinePolicies: typeof algebra.intersect,
  runs: number,
): void {
  let written = 0;
  const inputs = host.chain((on) =>
    fc.tuple(profile(on), profile(on), fc.constant(on)).chain(([a, b]) => {
      const read = [a, b].map((document) => profileOf(document, { mode: 'compat' }));
      const near = fc.oneof(call(policyOfAny(a, on)), call(policyOfAny(b, on)));
      const calls = fc.array(near, { minLength: 10, maxLength: 10 });
      return fc.record({ read: fc.constant(read), on: fc.constant(on), calls });
    }),
  );
  fc.assert(
    fc.property(inputs, ({ read: [a, b], on, calls }) => {
      if (a === undefined || b === undefined || !isValid(a, on) || !isValid(b, on)) return;
      const policy = combinePolicies(resolve(a, on), resolve(b, on));
      const combined = unlessRefused(() => combine(a, b, { host: on }));
      if (combined === undefined) return;
      written++;
      expectMeaning(combined, policy, on);
      const read = resolve(combined, on);
      for (const each of calls) expect(seccomp.evaluate(read, each)).toEqual(seccomp.evaluate(policy, each));
    }),
    { numRuns: runs },
  );
  expect(written).toBeGreaterThan(runs / 6);
}

function isValid(profile: seccomp.Profile, on: seccomp.Host): boolean {
  return !seccomp.checkProfile(profile, { host: on }).some(({ severity }) => severity === 'error');
}

/** Returns the result, or undefined if it cannot be written as a profile. */
function unlessRefused<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SeccompError && error.message.includes('cannot be written as a profile'))) throw error;
    // The places of rules that were tried are nobody's.
    expect(error.message).not.toContain('syscalls[');
    return undefined;
  }
}

/**
 * The rule that a decision carries has no effect on the filter: decisions that differ in nothing else share
 * instructions.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePolicy } from '../../lib/filter/compile.js';
import { precompiledKey } from '../../lib/filter/precompiled/lookup.js';
import type { Decision, Policy } from '../../lib/policy/policy.js';
import { host, policyOfAny, profile } from '../support/arbitrary.js';

/** The same policy with other rules: each decision gets what `ruleOf` returns. */
function withRules(policy: Policy, ruleOf: () => number | undefined): Policy {
  const change = (decisions: readonly Decision[]) => decisions.map((decision) => ({ ...decision, rule: ruleOf() }));
  const abis = policy.abis.map(({ abi, syscalls, ranges = [] }) => ({
    abi,
    syscalls: new Map([...syscalls].map(([number, decisions]) => [number, change(decisions)])),
    ranges: ranges.map((range) => ({ ...range, decisions: change(range.decisions) })),
  }));
  return { ...policy, abis };
}

test('rule indices change neither the program nor the key of a policy', () => {
  const policies = host.chain((on) => profile(on).map((document) => policyOfAny(document, on)));
  fc.assert(
    fc.property(policies, (policy) => {
      let next = 0;
      const [numbered, bare] = [withRules(policy, () => next++), withRules(policy, () => undefined)];
      expect(Buffer.from(compilePolicy(numbered).bytes)).toEqual(Buffer.from(compilePolicy(bare).bytes));
      expect(precompiledKey(numbered)).toBe(precompiledKey(bare));
    }),
    { numRuns: 50 },
  );
});

import { expect, test } from 'vitest';
import { subjects } from '../../bench/filter-profiles.js';
import { stepsOf } from '../../bench/filter-steps.js';
import { decodeInstructions } from '../../lib/filter/bpf/instruction.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import type { Host } from '../../lib/profile/resolve/resolve.js';
import { describeUnless } from '../support/describe-unless.js';
import { libseccompFilter, libseccompObstacle, runcRules } from '../support/libseccomp.js';

// Sizes that do not depend on timing, and so hold on any machine.
const host: Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };

describeUnless(libseccompObstacle(), 'beside libseccomp’s filters', () => {
  const profiles = subjects(host).filter(({ isShown }) => isShown);

  test.each(profiles)('$name runs fewer instructions', (subject) => {
    const ours = stepsOf(compilePolicy(subject.policy).instructions, subject.policy);
    for (const optimize of [1, 2] as const) {
      const filter = decodeInstructions(libseccompFilter(runcRules(subject.profile, subject.host, optimize)), 'little');
      const theirs = stepsOf(filter, subject.policy);
      expect(ours.attach).toBeLessThan(theirs.attach);
      expect(ours.checked ?? 0).toBeLessThanOrEqual(theirs.checked ?? 0);
      expect(ours.denied ?? 0).toBeLessThanOrEqual(theirs.denied ?? 0);
    }
  });
});

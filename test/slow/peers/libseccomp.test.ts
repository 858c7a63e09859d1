/** Many random profiles against libseccomp. The gate has a few of each kind, in test/peers/libseccomp.test.ts. */
import { describe } from 'vitest';
import { MACHINES } from '../../peers/both-filters.js';
import { testRandomProfiles, testRulesOnOneSyscall, testSocketcall } from '../../peers/random-rules.js';
import { describeUnless } from '../../support/describe-unless.js';
import { libseccompObstacle } from '../../support/libseccomp.js';

describeUnless(libseccompObstacle(), 'a compiled filter decides as libseccomp’s', () => {
  describe.each(MACHINES.map((abis) => [abis.join(' + '), abis] as const))('on %s', (_, abis) => {
    testRandomProfiles(abis, 20);
  });
  testSocketcall(4);
  testRulesOnOneSyscall({ documents: 150, compared: 30 });
});

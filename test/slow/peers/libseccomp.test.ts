/** Many random profiles, and all built-in ones and of other projects on all machines, against libseccomp. test/peers/libseccomp.test.ts has a few. */
import { describe } from 'vitest';
import { allCalls, fewCalls, hostOf, MACHINES, testBuiltins, testCorpus } from '../../peers/both-filters.js';
import { testRandomProfiles, testRulesOnOneSyscall, testSocketcall } from '../../peers/random-rules.js';
import { describeUnless } from '../../support/describe-unless.js';
import { libseccompObstacle } from '../../support/libseccomp.js';

describeUnless(libseccompObstacle(), 'a compiled filter decides as libseccomp’s', () => {
  describe.each(MACHINES.map((abis) => [abis.join(' + '), abis] as const))('on %s', (_, abis) => {
    testBuiltins(abis, () => true);
    testRandomProfiles(abis, 20, allCalls);
    testCorpus(hostOf(abis), () => true);
  });
  describe.each([['x86'], ['s390x'], ['ppc64']] as const)('on %s, where socketcall and ipc make calls', (abi) => {
    testRandomProfiles([abi], 1000, fewCalls);
  });
  testSocketcall(4, allCalls);
  testRulesOnOneSyscall({ documents: 150, compared: 30, callsFor: allCalls });
});

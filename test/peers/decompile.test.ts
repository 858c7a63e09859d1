/** Filters that libseccomp makes. */
import { expect, test } from 'vitest';
import type { Host } from '../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../lib/profile/source.js';
import { ABIS } from '../../lib/syscalls/abi.js';
import { corpusFiles } from '../support/corpus.js';
import { checkLengths, checkMeaning } from '../support/decompiled.js';
import { describeUnless } from '../support/describe-unless.js';
import { libseccompFilter, libseccompObstacle, runcRules } from '../support/libseccomp.js';

const host: Host = {
  abi: 'x86_64',
  abis: ['x86', 'x32'],
  kernel: { major: 6, minor: 18 },
  capabilities: new Set(),
};

describeUnless(libseccompObstacle(), 'libseccomp’s filter of docker-default', () => {
  test.each([
    ['in its default mode', 1],
    ['as a tree', 2],
  ] as const)('%s', (_, optimize) => {
    const profile = loadProfile('docker-default');
    const { policy } = checkMeaning(libseccompFilter(runcRules(profile, host, optimize)));
    expect(policy.abis.map(({ abi }) => abi.name)).toEqual(['x86_64', 'x86', 'x32']);
  });
});

/** One profile on each ABI, another one on each. test/slow/peers has all on each. */
describeUnless(libseccompObstacle(), 'a filter compiled from a decompiled policy', () => {
  test.each([...ABIS.values()].map((abi, i) => ({ abi, i })))(
    'is at most twice as long, on $abi.name',
    ({ abi, i }) => {
      checkLengths(abi, (n) => n === i % corpusFiles.length);
    },
  );
});

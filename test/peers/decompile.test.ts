/** Filters that libseccomp makes. */
import { expect, test } from 'vitest';
import { compilePolicy } from '../../lib/filter/compile.js';
import { decompile } from '../../lib/filter/verify/decompile.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../lib/profile/source.js';
import { ABIS } from '../../lib/syscalls/abi.js';
import { corpusFiles, corpusOn } from '../support/corpus.js';
import { checkMeaning } from '../support/decompiled.js';
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

/** Every so many-th profile, beginning with another one on each ABI. */
const EVERY = Math.min(20, corpusFiles.length);

describeUnless(libseccompObstacle(), 'a filter compiled from a decompiled policy', () => {
  const abis = [...ABIS.values()].map((abi, i) => ({ ...abi, i }));
  test.each(abis)('is at most twice as long, on $name', ({ name, endian, i }) => {
    const on: Host = { ...host, abi: name, abis: [] };
    const entries = corpusOn(on, (n) => n % EVERY === i % EVERY);
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries) {
      if ('refusal' in entry) continue;
      const ours = compilePolicy(resolve(entry.profile, on)).bytes;
      for (const bytes of [ours, libseccompFilter(runcRules(entry.profile, on))]) {
        const again = compilePolicy(decompile(bytes, endian));
        expect(again.bytes.length, entry.name).toBeLessThanOrEqual(2 * bytes.length);
      }
    }
  });
});

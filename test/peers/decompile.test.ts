/** Filters that libseccomp makes. */
import { describe, expect, test } from 'vitest';
import { loadProfile } from '../../lib/profile/load.js';
import { profileOf } from '../../lib/profile/profile.js';
import type { Host } from '../../lib/profile/resolve.js';
import { checkMeaning } from '../support/decompiled.js';
import { libseccompFilter, libseccompObstacle, runcRules } from '../support/libseccomp.js';

const host: Host = {
  abi: 'x86_64',
  abis: ['x86', 'x32'],
  kernel: { major: 6, minor: 18 },
  capabilities: new Set(),
};

describe.skipIf(libseccompObstacle() !== undefined)('libseccomp’s filter of docker-default', () => {
  test.each([
    ['in its default mode', 1],
    ['as a tree', 2],
  ] as const)('%s', (_, optimize) => {
    const profile = loadProfile('docker-default') ?? profileOf({ defaultAction: 'SCMP_ACT_ALLOW' });
    const { policy } = checkMeaning(libseccompFilter(runcRules(profile, host, optimize)));
    expect(policy.abis.map(({ abi }) => abi.name)).toEqual(['x86_64', 'x86', 'x32']);
  });
});

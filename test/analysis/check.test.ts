/** checkProfile() finds what every start refuses, with and without a host. */
import { describe, expect, test } from 'vitest';
import { checkProfile } from '../../lib/analysis/check.js';
import { thisHost } from '../../lib/host.js';
import type { RuleDocument } from '../../lib/profile/document/types.js';
import { compile } from '../../lib/sandbox/compile.js';

const document = (syscalls: readonly RuleDocument[], more: object = {}) => ({
  defaultAction: 'SCMP_ACT_ALLOW' as const,
  syscalls,
  ...more,
});
const compared = (...indices: readonly number[]): RuleDocument => ({
  names: ['socket'],
  action: 'SCMP_ACT_ERRNO',
  args: indices.map((index, i) => ({ index, value: i, op: 'SCMP_CMP_EQ' })),
});
const notifying: RuleDocument = { names: ['uname'], action: 'SCMP_ACT_NOTIFY' };
/** Six syscalls that are each compared with a thousand values. */
const tooLong = ['bind', 'connect', 'getsockopt', 'ioctl', 'setsockopt', 'socket'].flatMap((name, i) =>
  [...Array(1000).keys()].map(
    (value): RuleDocument => ({
      names: [name],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: (value % 100) + 1,
      args: [{ index: 1, value: value * 7_777 + i, op: 'SCMP_CMP_EQ' }],
    }),
  ),
);

const REFUSED = {
  'an argument that is compared twice': [document([compared(0, 0)]), 'syscalls[0].args[1].index', 'is compared twice'],
  'rules that contradict each other': [
    document([compared(0), { ...compared(0), errnoRet: 5 }]),
    'syscalls[1]',
    'under the same conditions',
  ],
  'notifications by default': [{ defaultAction: 'SCMP_ACT_NOTIFY' as const }, 'defaultAction', 'cannot be the default'],
  'a filter that is too long': [document(tooLong), '', 'instructions'],
  'an agent at a relative path': [document([notifying], { listenerPath: 'agent.sock' }), '', 'is not absolute'],
} as const;

describe.each(Object.entries(REFUSED))('%s', (what, [profile, path, message]) => {
  test('is an error without a host, and on this one', () => {
    const error = { severity: 'error', path: expect.stringContaining(path), message: expect.stringContaining(message) };
    expect(checkProfile(profile)).toEqual([expect.objectContaining(error)]);
    const errors = checkProfile(profile, { host: thisHost() }).filter(({ severity }) => severity === 'error');
    expect(errors).toEqual([expect.objectContaining(error)]);
    if (!what.startsWith('an agent')) expect(() => compile(profile)).toThrow(message);
  });
});

test.each([
  ['one CPU', { arches: ['arm64'] }],
  ['one kernel', { minKernel: '5.9' }],
  ['one capability', { caps: ['CAP_SYS_ADMIN'] }],
])('an error in a rule for %s is one of that host alone', (_, includes) => {
  const profile = document([{ ...compared(0, 0), includes }]);
  expect(checkProfile(profile)).toEqual([]);
  const host = {
    abi: 'aarch64' as const,
    kernel: { major: 6, minor: 1 },
    capabilities: new Set(['CAP_SYS_ADMIN']),
  };
  expect(checkProfile(profile, { host })).toMatchObject([{ severity: 'error' }]);
});

test.each(['docker-default', 'podman-default', 'node', 'unconfined'])('%s has no errors', (name) => {
  expect(checkProfile(name)).toEqual([]);
});

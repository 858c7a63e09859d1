/** `Profile.unconfined`: a profile that every function takes, and under which nothing is filtered. */
import { expect, test } from 'vitest';
import * as seccomp from '../../lib/index.js';
import type { Host } from '../../lib/profile/resolve/resolve.js';

const { Profile } = seccomp;
const host: Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };
const AARCH64 = 0xc000_00b7;

test('is what the name and the profile itself load as', () => {
  for (const source of ['unconfined', 'Unconfined', Profile.unconfined])
    expect(seccomp.loadProfile(source)).toBe(Profile.unconfined);
  expect(Profile.unconfined).toMatchObject({ source: 'unconfined', isUnconfined: true, warnings: [] });
  expect(seccomp.loadProfile('docker-default').isUnconfined).toBe(false);
  expect(Profile.denylist().isUnconfined).toBe(false);
});

test('resolves to a policy that allows every call of every ABI', () => {
  const policy = seccomp.resolve(Profile.unconfined, { ...host, abis: ['x86'] });
  expect(policy.abis.map(({ abi }) => abi.name)).toEqual(['x86_64', 'x86']);
  for (const arch of [...policy.abis.map(({ abi }) => abi.audit), AARCH64])
    for (const number of [0, 9999, 0xffff_ffff])
      expect(seccomp.evaluate(policy, { arch, number, args: [] })).toEqual({ kind: 'allow' });
});

test('is written as a document that allows every call, which loads as a profile with a filter', () => {
  const text = seccomp.stringify(Profile.unconfined);
  expect(JSON.parse(text)).toEqual({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] });
  expect(JSON.parse(JSON.stringify(Profile.unconfined))).toEqual(JSON.parse(text));
  expect(seccomp.parseProfile(text).isUnconfined).toBe(false);
});

test.each([
  ['extended', () => seccomp.extend(Profile.unconfined), /begin with Profile\.denylist\(\)/],
  ['changed by a clause', () => Profile.unconfined.deny('ptrace'), /begin with Profile\.denylist\(\)/],
  ['compiled', () => seccomp.compile(Profile.unconfined), /has no filter to compile: give it to spawn/],
  ['compiled in a list', () => seccomp.compile([Profile.unconfined, 'unconfined']), /has no filter to compile/],
  ['loaded with options', () => seccomp.loadProfile(Profile.unconfined, { mode: 'compat' }), /already loaded/],
])('cannot be %s', (_, use, message) => {
  expect(use).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringMatching(message) }));
});

test('a document that filters nothing in compat mode is as unconfined, and keeps its name and warnings', () => {
  const profile = seccomp.parseProfile('{"syscalls": []}', { mode: 'compat', source: 'nothing.json' });
  expect(profile).toMatchObject({ source: 'nothing.json', isUnconfined: true, warnings: [{ path: 'defaultAction' }] });
  expect(() => seccomp.compile(profile)).toThrow('has no filter to compile');
  expect(seccomp.checkProfile(profile, { host })).toEqual(profile.warnings);
  expect(seccomp.explain(profile, { syscall: 'mount' })).toEqual({
    action: { kind: 'allow' },
    why: 'nothing is filtered',
    changes: [],
  });
});

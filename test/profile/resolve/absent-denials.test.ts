/** Rules that deny nothing on a host, as its ABIs have none of their calls. */
import { describe, expect, test } from 'vitest';
import { BUILTIN_DEFINITIONS } from '../../../lib/profile/builtin/index.js';
import { readProfileOptions } from '../../../lib/profile/document/options.js';
import type { ProfileDocument, RuleDocument } from '../../../lib/profile/document/types.js';
import type { Profile } from '../../../lib/profile/profile.js';
import { absentDenials } from '../../../lib/profile/resolve/absent-denials.js';
import type { Host } from '../../../lib/profile/resolve/host-match.js';
import { resolveWithDiagnostics } from '../../../lib/profile/resolve/resolve.js';
import { extend, loadProfile, profileOf, readText } from '../../../lib/profile/source.js';
import { untrustedProfile } from '../../../lib/sandbox/file/untrusted.js';
import { ABIS, type AbiName } from '../../../lib/syscalls/abi.js';
import { CAPABILITIES } from '../../../lib/syscalls/capabilities.js';
import { corpusFiles } from '../../support/corpus.js';
import { documentOf, HOST, rule } from '../../support/meaning.js';

const DENY = { action: 'SCMP_ACT_ERRNO', errnoRet: 1 } as const;
const deny = (...names: readonly string[]): RuleDocument => ({ names, ...DENY });

function warningsOn(profile: Profile, host: Host): readonly string[] {
  const found = absentDenials(profile, resolveWithDiagnostics(profile, host).policy, host);
  return found.map(({ path, severity, message }) => `${severity} ${path.join('.')}: ${message}`);
}

/** The warnings of a denylist. */
function ofDenylist(rules: readonly RuleDocument[], host: Partial<Host> = {}, more: Partial<ProfileDocument> = {}) {
  const profile = profileOf(documentOf(rules, { defaultAction: 'SCMP_ACT_ALLOW', ...more }), {});
  return warningsOn(profile, { ...HOST, abi: 'aarch64', abis: undefined, ...host });
}

test('a rule without effect has a warning with the allowed calls by which programs do the same', () => {
  const rules = [deny('openat2'), deny('open', 'fork', 'vfork')];
  expect(ofDenylist(rules)).toEqual([
    'warning syscalls.1: has no effect on aarch64, which lacks open, fork, vfork. Programs do the same by openat, clone, clone3: deny all of them',
  ]);
  expect(ofDenylist(rules, { abi: 'x86_64' })).toEqual([]);
});

test('a rule on a call that no other replaces has one', () => {
  expect(ofDenylist([deny('modify_ldt')])).toEqual([
    'warning syscalls.0: has no effect on aarch64, which lacks modify_ldt',
  ]);
});

test('only ABIs that the host runs count', () => {
  const architectures = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_ARM'];
  expect(ofDenylist([deny('iopl')], {}, { architectures })).toEqual([
    'warning syscalls.0: has no effect on aarch64 and arm, which lack iopl',
  ]);
  expect(ofDenylist([deny('open')], {}, { architectures })).toEqual([]);
  expect(ofDenylist([deny('recv')], { abi: 'x86' })).toEqual([]); // Made by socketcall.
});

test.each<[string, readonly RuleDocument[]]>([
  ['the host has one of its calls', [deny('open', 'ptrace')]],
  ['other rules deny the calls that replace its own', [deny('open'), deny('openat', 'openat2')]],
  ['it does not apply to the host', [{ ...deny('open'), includes: { arches: ['amd64'] } }]],
  ['it answers as the kernel does', [rule('open', [], { ...DENY, errnoRet: 38 })]],
  ['it allows', [rule('open')]],
  ['it logs', [rule('open', [], { action: 'SCMP_ACT_LOG' })]],
  ['a supervisor decides', [rule('open', [], { action: 'SCMP_ACT_NOTIFY' })]],
])('a rule has no warning where %s', (_, rules) => {
  expect(ofDenylist(rules)).toEqual([]);
});

test('a denial that is added to an allowlist has one', () => {
  const host = { ...HOST, abi: 'riscv64' as const, abis: undefined };
  expect(warningsOn(extend('docker-default').deny('iopl'), host)).toEqual([]);
  expect(warningsOn(extend('docker-default').deny('open'), host)).toEqual([
    expect.stringMatching(/has no effect on riscv64, which lacks open\. Programs do the same by openat, openat2: deny/),
  ]);
});

describe.each([...ABIS.keys()])('on %s', (abi) => {
  const profiles = [...BUILTIN_DEFINITIONS.keys(), 'unconfined'].map((name) => [name, loadProfile(name)] as const);
  test.each([...profiles, ['untrusted', untrustedProfile()] as const])('%s has no warning', (_, profile) => {
    for (const capabilities of [new Set<string>(), new Set(CAPABILITIES)])
      for (const minor of [0, 255])
        expect(warningsOn(profile, { abi, kernel: { major: minor && 255, minor }, capabilities })).toEqual([]);
  });
});

test.each<[AbiName, readonly string[]]>([
  ['x86_64', []],
  ['aarch64', ['regmarmcem__container-sec-basics__seccomp.json']],
])('of the profiles of other projects that are here, on %s %j have a warning', (abi, names) => {
  const host = { abi, kernel: HOST.kernel, capabilities: new Set<string>() };
  const found = corpusFiles.flatMap(({ name, text }) => {
    const { profile } = readText(text, readProfileOptions({ mode: 'compat' }));
    return profile === undefined || warningsOn(profile, host).length === 0 ? [] : [name];
  });
  expect(found).toEqual(names.filter((each) => corpusFiles.some(({ name }) => name === each)));
});

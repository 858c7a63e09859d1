/** How rules, conditions on the host and architectures become a policy. */
import { describe, expect, test } from 'vitest';
import { resolve } from '../../../lib/analysis/resolve.js';
import type { ProfileFormat } from '../../../lib/profile/document/options.js';
import type { ProfileDocument, RuleDocument } from '../../../lib/profile/document/types.js';
import type { Profile } from '../../../lib/profile/profile.js';
import { type Host, resolveWithDiagnostics } from '../../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../../lib/profile/source.js';
import { compile } from '../../../lib/sandbox/compile.js';
import { type AbiName, abiOf } from '../../../lib/syscalls/abi.js';
import { numberOf } from '../../support/arbitrary.js';

const host: Host = { abi: 'x86_64', kernel: { major: 5, minor: 10 }, capabilities: new Set(['CAP_CHOWN']) };

const policyOf = (document: Partial<ProfileDocument>, on: Host = host) =>
  resolve(profileOf({ defaultAction: 'SCMP_ACT_ERRNO', ...document }), on);

/** The action that a policy with these rules takes for `read`, as text. */
function decisions(rules: readonly Partial<RuleDocument>[], on: Host = host): readonly string[] {
  const syscalls = rules.map((rule): RuleDocument => ({ names: ['read'], action: 'SCMP_ACT_ALLOW', ...rule }));
  const found = policyOf({ syscalls }, on).abis[0]?.syscalls.get(numberOf(on.abi, 'read')) ?? [];
  return found.map(
    ({ action, conditions }) =>
      `${action.kind}${conditions.map(({ index, op, value }) => ` ${index} ${op} ${value}`).join('')}`,
  );
}

describe('conditions on the host', () => {
  test.each([
    ['no condition', {}, true],
    ['an empty condition', { includes: {}, excludes: {} }, true],
    ['a capability that is held', { includes: { caps: ['CAP_CHOWN'] } }, true],
    ['a capability that is not', { includes: { caps: ['CAP_SYS_ADMIN'] } }, false],
    ['two capabilities, one held', { includes: { caps: ['CAP_CHOWN', 'CAP_SYS_ADMIN'] } }, false],
    ['an excluded capability that is held', { excludes: { caps: ['CAP_SYS_ADMIN', 'CAP_CHOWN'] } }, false],
    ['an excluded capability that is not', { excludes: { caps: ['CAP_SYS_ADMIN'] } }, true],
    ['this architecture', { includes: { arches: ['arm64', 'amd64'] } }, true],
    ['another architecture', { includes: { arches: ['arm64'] } }, false],
    ['this architecture excluded', { excludes: { arches: ['amd64'] } }, false],
    ['an older kernel', { includes: { minKernel: '4.19' } }, true],
    ['this very kernel', { includes: { minKernel: '5.10' } }, true],
    ['a newer kernel', { includes: { minKernel: '5.11' } }, false],
    ['a newer kernel by its first number', { includes: { minKernel: '6.0' } }, false],
    ['kernels from here excluded', { excludes: { minKernel: '5.10' } }, false],
    ['later kernels excluded', { excludes: { minKernel: '5.11' } }, true],
    ['included and excluded at once', { includes: { caps: ['CAP_CHOWN'] }, excludes: { arches: ['amd64'] } }, false],
  ])('%s', (_, rule, counts) => {
    expect(decisions([rule])).toEqual(counts ? ['allow'] : []);
  });
});

describe('several rules on one syscall', () => {
  const one = [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' as const }];
  const two = [{ index: 1, value: 2, op: 'SCMP_CMP_GE' as const }];

  test('the first unconditional one takes precedence', () => {
    expect(decisions([{ args: one }, { action: 'SCMP_ACT_TRAP' }, { action: 'SCMP_ACT_LOG' }])).toEqual(['trap']);
  });

  test('conditional ones are alternatives', () => {
    expect(decisions([{ args: one }, { args: two }])).toEqual(['allow 0 eq 1', 'allow 1 ge 2']);
  });

  test('the most restrictive conditional one is tried first', () => {
    expect(decisions([{ args: one }, { args: two, action: 'SCMP_ACT_KILL_PROCESS' }])).toEqual([
      'kill-process 1 ge 2',
      'allow 0 eq 1',
    ]);
  });

  test('for MASKED_EQ the value is the mask', () => {
    const policy = policyOf({
      syscalls: [
        {
          names: ['brk'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: 0xf0, valueTwo: 0x10, op: 'SCMP_CMP_MASKED_EQ' }],
        },
      ],
    });
    expect(policy.abis[0]?.syscalls.get(12)?.[0]?.conditions).toEqual([
      { index: 0, width: 64, op: 'masked-eq', mask: 0xf0n, value: 0x10n },
    ]);
  });
});

describe('actions', () => {
  test('an errno is EPERM unless the profile says otherwise', () => {
    const document: ProfileDocument = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_ERRNO' },
        { names: ['write'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
        { names: ['open'], action: 'SCMP_ACT_TRACE', errnoRet: 7 },
      ],
    };
    const policy = policyOf(document);
    expect(policy.defaultAction).toEqual({ kind: 'errno', errno: 1 });
    expect([...(policy.abis[0]?.syscalls.values() ?? [])].map(([first]) => first?.action)).toEqual([
      { kind: 'errno', errno: 1 },
      { kind: 'errno', errno: 38 },
      { kind: 'trace', message: 7 },
    ]);
    expect(policyOf({ defaultErrnoRet: 38 }).defaultAction).toEqual({ kind: 'errno', errno: 38 });
  });
});

describe('ABIs', () => {
  const archMap: ProfileDocument['archMap'] = [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ];
  test.each<[string, Partial<ProfileDocument>, Partial<Host>, readonly AbiName[]]>([
    ['the native one alone', {}, {}, ['x86_64']],
    ['those of the native entry of archMap', { archMap }, {}, ['x86_64', 'x86', 'x32']],
    ['on another machine', { archMap }, { abi: 'aarch64' }, ['aarch64', 'arm']],
    ['none of archMap that is not for this machine', { archMap }, { abi: 'riscv64' }, ['riscv64']],
    [
      'those of architectures, the native one first',
      { architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X86_64'] },
      {},
      ['x86_64', 'x86'],
    ],
    ['those that the host lists', { archMap }, { abis: ['x86'] }, ['x86_64', 'x86']],
  ])('%s', (_, document, on, expected) => {
    expect(policyOf(document, { ...host, ...on }).abis.map(({ abi }) => abi.name)).toEqual(expected);
  });

  // Sources: goToNative and nativeToSeccomp of moby/profiles, nativeToSeccomp of containers/common.
  test.each<[ProfileFormat, AbiName, string, AbiName, boolean]>([
    ['docker', 'ppc64le', 'PPC64LE', 'x86', true],
    ['podman', 'ppc64le', 'PPC64LE', 'x86', false],
    ['podman', 'riscv64', 'RISCV64', 'x86', false],
    ['podman', 'aarch64', 'AARCH64', 'arm', true],
    ['docker', 'loongarch64', 'LOONGARCH64', 'x86', false],
    ['docker', 'mipsel', 'MIPSEL', 'x86', false],
  ])('%s on %s uses its entry of archMap, or warns that it does not', (format, abi, name, sub, isRead) => {
    const entry = { architecture: `SCMP_ARCH_${name}`, subArchitectures: [abiOf(sub).scmp] };
    const source = profileOf({ defaultAction: 'SCMP_ACT_LOG', archMap: [entry] }, { format });
    const { policy, diagnostics } = resolveWithDiagnostics(source, { ...host, abi });
    expect(policy.abis.map((each) => each.abi.name)).toEqual(isRead ? [abi, sub] : [abi]);
    expect(diagnostics.map(({ message }) => message)).toEqual(
      isRead ? [] : [expect.stringMatching(`ignores this entry on ${abi}, and the filter covers that ABI alone`)],
    );
  });

  test('moby uses the name loongarch64, not Go’s name', () => {
    const on = { ...host, abi: 'loongarch64' as const };
    const rules = (arch: string) => [
      { names: ['read'], action: 'SCMP_ACT_ALLOW' as const, includes: { arches: [arch] } },
    ];
    expect(policyOf({ syscalls: rules('loongarch64') }, on).abis[0]?.syscalls.size).toBe(1);
    expect(() => policyOf({ syscalls: rules('loong64') }, on)).toThrow('unknown architecture "loong64"');
  });

  test('ABIs ABIs ABIs ABIs that runc does not know are refused if runc reads the profile', () => {
    const on = { ...host, abi: 'aarch64' as const };
    const source = { defaultAction: 'SCMP_ACT_LOG' as const, architectures: ['SCMP_ARCH_SH'] };
    expect(() => resolve(profileOf(source), on)).toThrow('architectures[0]: runc does not know SCMP_ARCH_SH');
    expect(() => resolve(profileOf(source, { format: 'podman' }), on)).not.toThrow();
  });

  test('a name that an ABI does not have is ignored there', () => {
    const policy = policyOf({ archMap, syscalls: [{ names: ['socketcall', 'mount'], action: 'SCMP_ACT_ALLOW' }] });
    expect(policy.abis.map(({ syscalls }) => [...syscalls.keys()])).toEqual([[165], [102, 21], [0x4000_0000 + 165]]);
  });

  test('arguments are compared in the width that the kernel reads on each ABI', () => {
    const args = [{ index: 1, value: 1, op: 'SCMP_CMP_EQ' as const }];
    const policy = policyOf({ archMap, syscalls: [{ names: ['lseek', 'chmod'], action: 'SCMP_ACT_ALLOW', args }] });
    const widths = policy.abis.map(({ syscalls }) =>
      [...syscalls.values()].map(([first]) => first?.conditions[0]?.width),
    );
    expect(widths).toEqual([
      [64, 16],
      [32, 16],
      [64, 16],
    ]);
  });
});

test('refuses a value that is not a profile, or not a host', () => {
  const nothing = [null, undefined, {}] as unknown[] as Profile[];
  for (const wrong of nothing)
    expect(() => resolve(wrong, host)).toThrow(/^The "source" argument must be|^inline: defaultAction/);
  expect(() => resolve(profileOf({ defaultAction: 'SCMP_ACT_ALLOW' }), {} as Host)).toThrow(/a host is \{ abi/);
  expect(() => compile(null as unknown as string)).toThrow(/a profile is required/);
});

describe('a host', () => {
  const profile = profileOf({ defaultAction: 'SCMP_ACT_ALLOW' });
  const host = { abi: 'x86_64', kernel: { major: 6, minor: 1 }, capabilities: new Set(['CAP_CHOWN']) };
  const kernel = host.kernel;
  test.each<[string, object, RegExp]>([
    ['with an unknown key', { ...host, extra: 1 }, /^host\.extra: is unknown; a host is \{ abi/],
    ['of an unknown ABI', { ...host, abi: 'x86-64' }, /^host\.abi: unknown ABI "x86-64" \(did you mean x86_64\?\)/],
    ['with an object for an ABI', { ...host, abi: Object.create(null) }, /^host\.abi: unknown ABI this/],
    ['without a kernel', { ...host, kernel: undefined }, /^host\.kernel: must be an object/],
    ['with NaN', { ...host, kernel: { ...kernel, major: Number.NaN } }, /^host\.kernel\.major: must be an integer/],
    ['with a text', { ...host, kernel: { ...kernel, minor: '1' } }, /^host\.kernel\.minor: must be an integer/],
    ['with a patch level', { ...host, kernel: { ...kernel, patch: 3 } }, /^host\.kernel\.patch: is unknown/],
    ['with a list of capabilities', { ...host, capabilities: ['CAP_CHOWN'] }, /^host\.capabilities: must be a Set/],
    [
      'with an unknown capability',
      { ...host, capabilities: new Set(['CAP_CHOWM']) },
      /^host\.capabilities: unknown capability "CAP_CHOWM" \(did you mean CAP_CHOWN\?\)/,
    ],
    ['with a number for a capability', { ...host, capabilities: new Set([21]) }, /unknown capability 21/],
    ['with no list of ABIs', { ...host, abis: 5 }, /^host\.abis: must be an array/],
    ['with an unknown ABI in the list', { ...host, abis: ['x86', 'i386'] }, /^host\.abis: unknown ABI "i386"/],
  ])('%s is refused', (_, given, message) => {
    const refused = expect.objectContaining({
      code: expect.stringMatching(/^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE)$/),
      message: expect.stringMatching(message),
    });
    expect(() => resolve(profile, given as Host)).toThrow(refused);
  });

  test('is read without the iterator of the caller’s Set', () => {
    const capabilities = new Set(['CAP_SYS_ADMIN']);
    const values = () => [].values();
    Object.assign(capabilities, { [Symbol.iterator]: values, values, forEach: values });
    const includes = { caps: ['CAP_SYS_ADMIN'] };
    const denying = profileOf({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', includes }],
    });
    const { abis } = resolve(denying, { ...host, abi: 'x86_64', capabilities });
    expect(abis.map(({ syscalls }) => syscalls.size)).toEqual([1]);
  });
});

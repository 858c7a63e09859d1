/** The built-in docker-default: equal in meaning to Docker's own profile on every host; and what that meaning is. */

import { describe, expect, test } from 'vitest';

import { evaluate } from '../../../lib/policy/evaluate.js';
import type { Policy } from '../../../lib/policy/policy.js';
import type { Profile } from '../../../lib/profile/profile.js';
import { type Host, resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile, parseProfile } from '../../../lib/profile/source.js';
import { ABIS, type AbiName, abiOf } from '../../../lib/syscalls/abi.js';
import { CAPABILITIES } from '../../../lib/syscalls/capabilities.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';
import { includedProfile } from '../../support/corpus.js';
import { differences, expectSame, inWords } from '../../support/policies.js';

const NEW_KERNEL: Host['kernel'] = { major: 6, minor: 18 };

const EPERM = 'errno 1';
const ENOSYS = 'errno 38';

const dockerDefault = builtin();

function builtin(): Profile {
  const profile = loadProfile('docker-default');
  return profile;
}

/** What docker-default decides on x86_64, on a new kernel, without capabilities, except for the changes in `host`. */
function policyOf(host: Partial<Host> = {}): Policy {
  return resolve(dockerDefault, { abi: 'x86_64', kernel: NEW_KERNEL, capabilities: new Set(), ...host });
}

/** The policy's decision on a call, by name, as text. */
function decide(policy: Policy, name: string, args: readonly bigint[] = [], abi: AbiName = 'x86_64'): string {
  const number = syscallNumber(abi, name);
  if (number === undefined) throw new Error(`${abi} has no ${name}`);
  return inWords(evaluate(policy, { arch: abiOf(abi).audit, number, args }));
}

describe('docker-default', () => {
  // The counts change with the profile and with the syscall table. Either change should be intended.
  test.each<[AbiName, Record<string, number>]>([
    ['x86_64', { x86_64: 309, x86: 360, x32: 305 }],
    ['aarch64', { aarch64: 267, arm: 353 }],
    ['s390x', { s390x: 308, s390: 357 }],
    ['mips64', { mips64: 300, mips: 336, mips64n32: 323 }],
    ['riscv64', { riscv64: 268 }],
    ['loongarch64', { loongarch64: 264 }],
    ['ppc64le', { ppc64le: 313 }],
  ])('names this many numbers of each ABI if %s is native', (abi, counts) => {
    const { abis } = policyOf({ abi });
    expect(Object.fromEntries(abis.map((decided) => [decided.abi.name, decided.syscalls.size]))).toEqual(counts);
  });

  test('makes calls that it does not name fail with EPERM, and kills for an ABI that it does not cover', () => {
    const policy = policyOf();
    expect(decide(policy, 'mount')).toBe(EPERM);
    expect(inWords(evaluate(policy, { arch: abiOf('x86_64').audit, number: 400, args: [] }))).toBe(EPERM);
    expect(inWords(evaluate(policy, { arch: abiOf('aarch64').audit, number: 0, args: [] }))).toBe('kill-process');
  });

  test.each<AbiName>(['x86_64', 'x86', 'x32'])(
    'answers ENOSYS to calls of %s that are newer than the profile',
    (abi) => {
      const policy = policyOf();
      const newest = syscallNumber(abi, abi === 'x32' ? 'pwritev2' : 'removexattrat') ?? -1;
      const answer = (number: number) => inWords(evaluate(policy, { arch: abiOf(abi).audit, number, args: [] }));
      expect([newest, newest + 1, newest + 1000].map(answer)).toEqual(['allow', ENOSYS, ENOSYS]);
      expect(answer(0xffff_ffff)).toBe(ENOSYS);
    },
  );

  test.each([
    ['CLONE_NEWNS', 0x0002_0000n],
    ['CLONE_NEWCGROUP', 0x0200_0000n],
    ['CLONE_NEWUTS', 0x0400_0000n],
    ['CLONE_NEWIPC', 0x0800_0000n],
    ['CLONE_NEWUSER', 0x1000_0000n],
    ['CLONE_NEWPID', 0x2000_0000n],
    ['CLONE_NEWNET', 0x4000_0000n],
  ])('allows clone for threads and processes, but not for a namespace by %s', (_, flag) => {
    const thread = 0x003d_0f00n; // as pthread_create passes it
    const sigchld = 17n;
    const policy = policyOf();
    const s390x = policyOf({ abi: 's390x' });
    for (const flags of [sigchld, thread]) {
      expect(decide(policy, 'clone', [flags])).toBe('allow');
      expect(decide(policy, 'clone', [flags | flag])).toBe(EPERM);
      expect(decide(s390x, 'clone', [flag, flags], 's390x')).toBe('allow');
      expect(decide(s390x, 'clone', [0n, flags | flag], 's390x')).toBe(EPERM);
    }
    expect(decide(policyOf({ capabilities: new Set(['CAP_SYS_ADMIN']) }), 'clone', [flag])).toBe('allow');
  });

  test('makes clone3 fail with ENOSYS, so that C libraries fall back to clone', () => {
    expect(decide(policyOf(), 'clone3')).toBe(ENOSYS);
    expect(decide(policyOf(), 'clone3', [], 'x86')).toBe(ENOSYS);
    expect(decide(policyOf({ capabilities: new Set(['CAP_SYS_ADMIN']) }), 'clone3')).toBe('allow');
  });

  test('allows five personalities', () => {
    const tried = [...Array.from({ length: 32 }, (_, i) => 2n ** BigInt(i)), 0n, 0x2_0008n, 0xffff_ffffn, 0x4_0008n];
    const policy = policyOf();
    const allowed = tried.filter((value) => decide(policy, 'personality', [value]) === 'allow');
    expect(allowed).toEqual([8n, 0x2_0000n, 0n, 0x2_0008n, 0xffff_ffffn]);
  });

  test('allows sockets of every family but AF_ALG and AF_VSOCK', () => {
    const families = Array.from({ length: 64 }, (_, family) => family);
    const policy = policyOf();
    const denied = families.filter((family) => decide(policy, 'socket', [BigInt(family)]) !== 'allow');
    expect(denied).toEqual([38, 40]);
  });

  test('allows ptrace from Linux 4.8 on, and before with CAP_SYS_PTRACE', () => {
    const kernel = { major: 4, minor: 7 };
    const capabilities = new Set(['CAP_SYS_PTRACE']);
    expect(decide(policyOf({ kernel: { major: 4, minor: 8 } }), 'ptrace')).toBe('allow');
    expect(decide(policyOf({ kernel }), 'ptrace')).toBe(EPERM);
    expect(decide(policyOf({ kernel, capabilities }), 'ptrace')).toBe('allow');
  });

  test('denies io_uring, even with all capabilities', () => {
    const policy = policyOf({ capabilities: new Set(CAPABILITIES) });
    for (const name of ['io_uring_setup', 'io_uring_enter', 'io_uring_register']) {
      expect(decide(policy, name), name).toBe(EPERM);
    }
  });

  test('is one of the built-ins', () => {
    expect(dockerDefault.source).toBe('docker-default');
  });
});

describe('Docker’s own profile', () => {
  const theirs = parseProfile(includedProfile('moby__profiles__seccomp__default.json'));

  // test/slow/builtin.test.ts has all of their capabilities.
  test.each([...ABIS.keys()])('decides every call as docker-default does if %s is native', (abi) => {
    expectSame(abi, dockerDefault, theirs, 5);
  });

  test('decides calls of every ABI as docker-default does', () => {
    const abis = [...ABIS.keys()];
    for (const abi of abis) {
      const host: Host = { abi, abis, kernel: NEW_KERNEL, capabilities: new Set() };
      expect(differences(resolve(dockerDefault, host), resolve(theirs, host)), `${abi} native`).toEqual([]);
    }
  });

  test('is distinguished from a profile that differs in a single decision', () => {
    const ours = policyOf();
    const [native] = ours.abis;
    if (native === undefined) throw new Error('a policy has its native ABI');
    const number = syscallNumber('x86_64', 'socket') ?? -1;
    const changed = new Map(native.syscalls).set(number, (native.syscalls.get(number) ?? []).slice(1));
    const other: Policy = { ...ours, abis: [{ ...native, syscalls: changed }, ...ours.abis.slice(1)] };
    expect(differences(ours, other)).toEqual([
      'x86_64 socket: ours allow if a0:32 eq 39 | allow if a0:32 gt 40 | allow if a0:32 lt 38, ' +
        'theirs allow if a0:32 eq 39 | allow if a0:32 gt 40',
    ]);
  });
});

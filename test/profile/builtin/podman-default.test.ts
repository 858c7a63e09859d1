/** The built-in podman-default: equal in meaning to Podman's own profile on every host; and what that meaning is. */
import { describe, expect, test } from 'vitest';
import { compare } from '../../../lib/policy/algebra.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import type { Policy } from '../../../lib/policy/policy.js';
import type { Profile } from '../../../lib/profile/profile.js';
import { type Host, issuesOn, resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile, parseProfile } from '../../../lib/profile/source.js';
import { ABIS, type AbiName, abiOf } from '../../../lib/syscalls/abi.js';
import { CAPABILITIES, type Capability } from '../../../lib/syscalls/capabilities.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';
import { includedProfile } from '../../support/corpus.js';
import { expectSame, inWords } from '../../support/policies.js';

const KERNEL: Host['kernel'] = { major: 6, minor: 18 };

const EPERM = 'errno 1';
const EINVAL = 'errno 22';
const ENOSYS = 'errno 38';

const AF_NETLINK = 16n;
const NETLINK_AUDIT = 9n;

const podmanDefault = builtin();

function builtin(): Profile {
  const profile = loadProfile('podman-default');
  return profile;
}

/** What podman-default decides for a process that holds `capabilities`, on x86_64 and a new kernel. */
function policyWith(...capabilities: readonly Capability[]): Policy {
  return resolve(podmanDefault, { abi: 'x86_64', kernel: KERNEL, capabilities: new Set(capabilities) });
}

/** The policy's decision on a call, by name, as text. */
function decide(policy: Policy, name: string, args: readonly bigint[] = [], abi: AbiName = 'x86_64'): string {
  const number = syscallNumber(abi, name);
  if (number === undefined) throw new Error(`${abi} has no ${name}`);
  return inWords(evaluate(policy, { arch: abiOf(abi).audit, number, args }));
}

describe('podman-default', () => {
  test('makes calls that it does not name fail with ENOSYS, so that programs fall back', () => {
    const policy = policyWith();
    for (const name of ['io_uring_setup', 'add_key', 'mseal']) expect(decide(policy, name), name).toBe(ENOSYS);
    expect(inWords(evaluate(policy, { arch: abiOf('x86_64').audit, number: 5000, args: [] }))).toBe(ENOSYS);
  });

  test('makes calls that it denies by name fail with EPERM', () => {
    const policy = policyWith();
    for (const name of ['userfaultfd', 'kexec_load', 'swapon', 'vmsplice']) {
      expect(decide(policy, name), name).toBe(EPERM);
    }
  });

  test('kills for an ABI that it does not cover', () => {
    expect(inWords(evaluate(policyWith(), { arch: abiOf('aarch64').audit, number: 0, args: [] }))).toBe('kill-process');
  });

  test('allows containers in containers: namespaces and mounts', () => {
    const policy = policyWith();
    for (const name of ['clone', 'clone3', 'unshare', 'setns', 'mount', 'pivot_root']) {
      expect(decide(policy, name, [0x7e02_0000n]), name).toBe('allow');
    }
  });

  test.each<[Capability, string]>([
    ['CAP_BPF', 'bpf'],
    ['CAP_SYS_ADMIN', 'bpf'],
    ['CAP_PERFMON', 'perf_event_open'],
    ['CAP_SYS_ADMIN', 'sethostname'],
    ['CAP_SYS_CHROOT', 'chroot'],
    ['CAP_SYS_MODULE', 'init_module'],
    ['CAP_SYS_TIME', 'clock_settime'],
    ['CAP_DAC_READ_SEARCH', 'open_by_handle_at'],
  ])('with %s allows %s, which otherwise fails with EPERM', (capability, name) => {
    expect(decide(policyWith(), name)).toBe(EPERM);
    expect(decide(policyWith(capability), name)).toBe('allow');
  });

  test('allows sockets of every family but AF_VSOCK', () => {
    for (const policy of [policyWith(), policyWith('CAP_AUDIT_WRITE')]) {
      const families = Array.from({ length: 64 }, (_, family) => family);
      expect(families.filter((family) => decide(policy, 'socket', [BigInt(family)]) !== 'allow')).toEqual([40]);
      expect(decide(policy, 'socket', [40n])).toBe(EPERM);
    }
  });

  test('makes audit sockets fail with EINVAL, and allows them with CAP_AUDIT_WRITE', () => {
    const audit = [AF_NETLINK, 3n, NETLINK_AUDIT];
    const policy = policyWith();
    expect(decide(policy, 'socket', audit)).toBe(EINVAL);
    expect(decide(policy, 'socket', [AF_NETLINK, 3n, 0n])).toBe('allow');
    expect(decide(policy, 'socket', [1n, 3n, NETLINK_AUDIT])).toBe('allow');
    expect(decide(policyWith('CAP_AUDIT_WRITE'), 'socket', audit)).toBe('allow');
  });

  test('is one of the built-ins', () => {
    expect(podmanDefault.source).toBe('podman-default');
  });

  test('has one diagnostic only: AF_VSOCK is excluded from a rule that allows it', () => {
    const found = (capabilities: readonly Capability[]) =>
      issuesOn(podmanDefault, { abi: 'x86_64', kernel: KERNEL, capabilities: new Set(capabilities) });
    expect(found(['CAP_AUDIT_WRITE'])).toEqual([]);
    expect(found([]).map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      expect.stringMatching(
        /^warning: overlaps with syscalls\[\d+\] for socket: where both match, the most restrictive/,
      ),
    ]);
  });
});

describe('Podman’s own profile', () => {
  // Its rule that denies setns has no effect, since setns is allowed before: an error in strict mode.
  const file = 'containers__container-libs__common__pkg__seccomp__seccomp.json';
  const theirs = parseProfile(includedProfile(file), { mode: 'compat' });

  // test/slow/builtin.test.ts has all of their capabilities.
  test.each([...ABIS.keys()])('decides every call as podman-default does if %s is native', (abi) => {
    expectSame(abi, podmanDefault, theirs, 5);
  });

  test.each([
    ['no capability', []],
    ['CAP_AUDIT_WRITE', ['CAP_AUDIT_WRITE']],
    ['all capabilities', CAPABILITIES],
  ])('is equal to podman-default by exact comparison, with %s', (_, names) => {
    for (const abi of ['x86_64', 's390x', 'aarch64'] as const) {
      const host: Host = { abi, kernel: KERNEL, capabilities: new Set(names) };
      expect(compare(resolve(podmanDefault, host), resolve(theirs, host)).differences).toEqual([]);
    }
  });
});

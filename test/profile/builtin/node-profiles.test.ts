/** The built-ins for Node: what they decide by arguments, on every ABI, and how they relate to each other. */
import { describe, expect, test } from 'vitest';
import { checkProfile } from '../../../lib/analysis/check.js';
import { compare } from '../../../lib/policy/algebra.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import type { Policy } from '../../../lib/policy/policy.js';
import { resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../../lib/profile/source.js';
import { ABIS, type AbiName, abiOf } from '../../../lib/syscalls/abi.js';
import { errnos } from '../../../lib/syscalls/errno.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';

const NAMES = ['node', 'node-no-network', 'node-no-exec', 'compute'];
/** The CPUs that this package supports. */
const NATIVE: readonly AbiName[] = ['x86_64', 'aarch64', 'riscv64', 's390x', 'ppc64le', 'loongarch64'];

const hostOf = (abi: AbiName) => ({ abi, kernel: { major: 6, minor: 18 }, capabilities: new Set<never>() });

const resolved = new Map<string, Policy>();

function policyOf(name: string, abi: AbiName): Policy {
  const known = resolved.get(`${name} ${abi}`) ?? resolvedOn(name, abi);
  resolved.set(`${name} ${abi}`, known);
  return known;
}

function resolvedOn(name: string, abi: AbiName): Policy {
  const profile = loadProfile(name);
  return resolve(profile, hostOf(abi));
}

/** `allow`, or the name of the errno. */
function answer(name: string, syscall: string, args: readonly number[], abi: AbiName = 'x86_64'): string {
  const number = syscallNumber(abi, syscall);
  if (number === undefined) return 'none';
  const registers = [0, 1, 2, 3, 4, 5].map((index) => BigInt(args[index] ?? 0));
  const action = evaluate(policyOf(name, abi), { arch: abiOf(abi).audit, number, args: registers });
  return action.kind === 'errno'
    ? ([...errnos()].find(([, errno]) => errno === action.errno)?.[0] ?? '?')
    : action.kind;
}

const THREAD = 0x3d_0f00;
const FORK = 0x120_0011;
const VFORK = 0x4111;
const NEW_USER = 0x1000_0000;
const NEW_NET = 0x4000_0000;

describe.each<[string, string, readonly number[], readonly string[]]>([
  // a call, its arguments, and the decision of each of NAMES
  ['a thread', 'clone', [THREAD], ['allow', 'allow', 'allow', 'allow']],
  ['a process', 'clone', [FORK], ['allow', 'allow', 'EACCES', 'EACCES']],
  ['a process in the memory of its parent', 'clone', [VFORK], ['allow', 'allow', 'EACCES', 'EACCES']],
  ['a process in a user namespace', 'clone', [FORK | NEW_USER], ['EPERM', 'EPERM', 'EACCES', 'EACCES']],
  ['a thread in a network namespace', 'clone', [THREAD | NEW_NET], ['EPERM', 'EPERM', 'EPERM', 'EPERM']],
  ['clone3', 'clone3', [], ['ENOSYS', 'ENOSYS', 'ENOSYS', 'ENOSYS']],
  ['io_uring', 'io_uring_setup', [], ['ENOSYS', 'ENOSYS', 'ENOSYS', 'ENOSYS']],
  ['a program', 'execve', [], ['allow', 'allow', 'EACCES', 'EACCES']],
  ['a file', 'openat', [], ['allow', 'allow', 'allow', 'EPERM']],
  ['a socket of this machine', 'socket', [1, 1], ['allow', 'EPERM', 'allow', 'EPERM']],
  ['a socket of the internet', 'socket', [2, 1], ['allow', 'EPERM', 'allow', 'EPERM']],
  ['a socket of the internet, version 6', 'socket', [10, 2], ['allow', 'EPERM', 'allow', 'EPERM']],
  ['a socket for the list of interfaces', 'socket', [16, 3, 0], ['allow', 'EPERM', 'allow', 'EPERM']],
  ['a socket for audit messages', 'socket', [16, 3, 9], ['EPERM', 'EPERM', 'EPERM', 'EPERM']],
  ['a socket for packets', 'socket', [17, 3], ['EPERM', 'EPERM', 'EPERM', 'EPERM']],
  ['a socket of the kernel’s ciphers', 'socket', [38, 5], ['EPERM', 'EPERM', 'EPERM', 'EPERM']],
  ['a socket to the hypervisor', 'socket', [40, 1], ['EPERM', 'EPERM', 'EPERM', 'EPERM']],
  ['the two ends of a stream', 'socketpair', [1, 1 | 0x80800], ['allow', 'allow', 'allow', 'EPERM']],
  ['two ends for datagrams', 'socketpair', [1, 2], ['allow', 'EPERM', 'allow', 'EPERM']],
  ['connecting', 'connect', [], ['allow', 'EPERM', 'allow', 'EPERM']],
  ['sending on a socket that exists', 'sendmsg', [], ['allow', 'allow', 'allow', 'EPERM']],
  ['a terminal’s state', 'ioctl', [0, 0x5401], ['allow', 'allow', 'allow', 'allow']],
  ['not to block', 'ioctl', [0, 0x5421], ['allow', 'allow', 'allow', 'allow']],
  ['typing into a terminal', 'ioctl', [0, 0x5412], ['EPERM', 'EPERM', 'EPERM', 'EPERM']],
  ['pasting into a console', 'ioctl', [0, 0x541c], ['EPERM', 'EPERM', 'EPERM', 'EPERM']],
  ['what is beside TIOCSTI', 'ioctl', [0, 0x5411], ['allow', 'allow', 'allow', 'EPERM']],
  ['what is between TIOCSTI and TIOCLINUX', 'ioctl', [0, 0x5417], ['allow', 'allow', 'allow', 'EPERM']],
  ['what is beside TIOCLINUX', 'ioctl', [0, 0x541d], ['allow', 'allow', 'allow', 'EPERM']],
  ['a FIFO', 'mknodat', [0, 0, 0o010_644], ['allow', 'allow', 'allow', 'EPERM']],
  ['a character device', 'mknodat', [0, 0, 0o020_644], ['EPERM', 'EPERM', 'EPERM', 'EPERM']],
  ['a block device', 'mknodat', [0, 0, 0o060_644], ['EPERM', 'EPERM', 'EPERM', 'EPERM']],
  ['a limit of its own', 'prlimit64', [0, 7], ['allow', 'allow', 'allow', 'allow']],
  ['a limit of another process', 'prlimit64', [1, 7], ['allow', 'allow', 'allow', 'EPERM']],
  ['a descriptor that does not block', 'fcntl', [0, 4, 0o4000], ['allow', 'allow', 'allow', 'allow']],
  ['a descriptor that signals another process', 'fcntl', [0, 8, 1], ['allow', 'allow', 'allow', 'EPERM']],
  ['a signal', 'kill', [1, 9], ['allow', 'allow', 'allow', 'EPERM']],
  ['a debugger', 'ptrace', [], ['EPERM', 'EPERM', 'EPERM', 'EPERM']],
])('%s', (_, syscall, args, expected) => {
  test.each(NAMES.map((name, i) => [name, expected[i]]))('%s: %s', (name, each) => {
    expect(answer(name ?? '', syscall, args)).toBe(each);
  });
});

test.each(NAMES)('%s has no diagnostics on any ABI', (name) => {
  for (const abi of ABIS.keys()) expect(checkProfile(name, { host: hostOf(abi) }), abi).toEqual([]);
});

test.each(NAMES)('%s covers the native ABI alone', (name) => {
  expect(policyOf(name, 'x86_64').abis.map(({ abi }) => abi.name)).toEqual(['x86_64']);
});

test('flags of clone are tested in the argument that s390x uses', () => {
  expect(answer('node', 'clone', [0, FORK], 's390x')).toBe('allow');
  expect(answer('node', 'clone', [0, FORK | NEW_USER], 's390x')).toBe('EPERM');
  expect(answer('node-no-exec', 'clone', [THREAD, FORK], 's390x')).toBe('EACCES');
});

test.each<[string, number]>([
  ['ppc64le', 0x8004_667e],
  ['mips64el', 0x667e],
])('on %s, FIONBIO has a different number', (_, request) => {
  const abi = request === 0x667e ? 'mipsel64' : 'ppc64le';
  expect(answer('compute', 'ioctl', [0, request], abi)).toBe('allow');
  expect(answer('compute', 'ioctl', [0, 0x5421], abi)).toBe('EPERM');
});

test.each(NATIVE)('on %s, socketcall and ipc are denied', (abi) => {
  for (const name of NAMES)
    for (const call of ['socketcall', 'ipc']) expect(answer(name, call, [1], abi)).toMatch(/^(ENOSYS|none)$/);
});

describe.each([
  ['node', 'docker-default'],
  ['node-no-network', 'node'],
  ['node-no-exec', 'node'],
  ['compute', 'node-no-network'],
  ['compute', 'node-no-exec'],
])('%s allows nothing that %s does not', (stricter, looser) => {
  test.each(NATIVE)('on %s', (abi) => {
    const { differences } = compare(policyOf(stricter, abi), policyOf(looser, abi));
    expect(differences.filter(({ a }) => a.kind === 'allow')).toEqual([]);
  });
});

/** Whose permissions decide which symbolic links a child could replace. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readStatus } from '../../lib/kernel/process-status.js';
import { mappedUsers, SYSTEM_FOLDERS, userOfLinks } from '../../lib/landlock/paths/link-trust.js';
import { addon } from '../../lib/native.js';
import { capabilityBits } from '../../lib/syscalls/capabilities.js';

afterEach(() => vi.restoreAllMocks());

interface Process {
  readonly ids: readonly [real: number, effective: number, saved: number];
  readonly permitted?: readonly string[];
  readonly inForce?: readonly string[];
  readonly secureBits?: number;
}

/** The result for a child of a process with these credentials. */
function userIn({ ids, permitted = [], inForce = permitted, secureBits = 0 }: Process, child: object = {}): number {
  const halves = (names: readonly string[]): [low: number, high: number] => {
    const bits = capabilityBits(names);
    return [Number(bits & 0xffffffffn), Number(bits >> 32n)];
  };
  vi.spyOn(addon(), 'credentials').mockReturnValue([...ids, secureBits, ...halves(permitted), ...halves(inForce)]);
  return userOfLinks(child);
}

const USER = [1000, 1000, 1000] as const;
const ROOT = [0, 0, 0] as const;
const ALL = ['CAP_SETUID', 'CAP_DAC_OVERRIDE', 'CAP_CHOWN', 'CAP_BPF'];

describe('the user of links', () => {
  test.each<[string, number, Process, object?]>([
    ['of an ordinary user', 1000, { ids: USER }],
    ['of root', 0, { ids: ROOT, permitted: ALL }],
    ['of root without capabilities', 0, { ids: ROOT }, { capabilities: [] }],
    ['that root gives another user ID', 1000, { ids: ROOT, permitted: ALL }, { uid: 1000 }],
    ['that a user makes root', 0, { ids: USER, permitted: ALL }, { uid: 0 }],
    ['that Node takes for the highest ID', 4_294_967_295, { ids: ROOT, permitted: ALL }, { uid: -1 }],
    ['with another ID as real or saved one', 0, { ids: [1001, 1000, 1000] }],
    ['with the saved ID of root', 0, { ids: [1000, 1000, 0] }],
    ['that keeps the IDs of root, for lack of CAP_SETUID', 0, { ids: ROOT, permitted: ['CAP_CHOWN'] }, { uid: 1000 }],
    ['whose CAP_SETUID is not effective', 0, { ids: ROOT, permitted: ALL, inForce: [] }, { uid: 1000 }],
    [
      'that keeps capabilities when root changes its ID (KEEP_CAPS)',
      0,
      { ids: ROOT, permitted: ALL, secureBits: 16 },
      { uid: 1000 },
    ],
    ['that keeps them (NO_SETUID_FIXUP)', 0, { ids: ROOT, permitted: ALL, secureBits: 4 }, { uid: 1000 }],
    ['that keeps none', 1000, { ids: ROOT, permitted: ALL, secureBits: 4 }, { uid: 1000, capabilities: [] }],
    ['of a user with a capability that overrides', 0, { ids: USER, permitted: ['CAP_DAC_OVERRIDE'] }],
    ['of a user with such a one that is not effective', 0, { ids: USER, permitted: ['CAP_FOWNER'], inForce: [] }],
    ['that is left none of these', 1000, { ids: USER, permitted: ALL }, { capabilities: ['CAP_BPF'] }],
    ['of a user that may change its ID', 0, { ids: USER, permitted: ['CAP_SETUID'] }, { uid: 1001 }],
    ['of a user with other capabilities', 1000, { ids: USER, permitted: ['CAP_BPF', 'CAP_DAC_READ_SEARCH'] }],
  ])('for a child %s is %i', (_, user, process, child) => {
    expect(userIn(process, child)).toBe(user);
  });

  test('is root where a filter denies to read the credentials', () => {
    vi.spyOn(addon(), 'credentials').mockReturnValue(-1);
    expect(userOfLinks({})).toBe(0);
  });

  test('is found by what the kernel says of this thread', () => {
    const status = readStatus('thread-self');
    const ids = status.get('Uid')?.split('\t').slice(0, 3).map(Number);
    const halves = ['CapPrm', 'CapEff'].flatMap((set) => {
      const text = status.get(set) ?? '';
      return [Number.parseInt(text.slice(8), 16), Number.parseInt(text.slice(0, 8), 16)];
    });
    expect(addon().credentials()).toEqual([...(ids ?? []), expect.any(Number), ...halves]);
  });
});

test('root’s links are followed in directories of programs and settings alone', () => {
  const programs = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];
  expect(SYSTEM_FOLDERS).toEqual([
    ...programs.map((name) => `/${name}/`),
    '/usr',
    ...[...programs, 'libexec', 'share', 'include'].map((name) => `/usr/${name}/`),
    ...['/usr/local', '/usr/local/bin', '/etc'],
    ...[
      '/etc/alternatives/',
      '/etc/ca-certificates/',
      '/etc/crypto-policies/',
      '/etc/pki/',
      '/etc/ssl/',
      '/etc/static/',
    ],
    ...['/nix/store/', '/gnu/store/', '/run', '/var', '/dev', '/proc', '/sys/'],
  ]);
});

test('the mapped users are those of the user namespace', () => {
  const map = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/).map(Number);
  const pairs = map.filter((_, i) => i % 3 !== 1);
  const ids = addon().credentials();
  const isMapped = (id: number) =>
    pairs.some((first, i) => i % 2 === 0 && id >= first && id < first + (pairs[i + 1] ?? 0));
  const isOwn = typeof ids !== 'number' && ids.slice(0, 3).every(isMapped);
  expect([...mappedUsers()]).toEqual(isOwn ? pairs : [0, 0xffff_ffff]);
});

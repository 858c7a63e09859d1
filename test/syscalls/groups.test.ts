/** The groups: complete, as documented, and beside systemd's. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { decisionsOf } from '../../lib/policy/policy.js';
import { Profile } from '../../lib/profile/profile.js';
import { resolve } from '../../lib/profile/resolve/resolve.js';
import { ENOSYS } from '../../lib/syscalls/errno.js';
import { groupNames, syscallGroup } from '../../lib/syscalls/groups.js';
import { syscallNames, syscallNumber } from '../../lib/syscalls/table.js';
import { describeUnless } from '../support/describe-unless.js';

const known = syscallNames();
const membersOf = (name: string) => syscallGroup(name)?.syscalls ?? [];

test('every syscall of every ABI is in a group', () => {
  const grouped = new Set(groupNames().flatMap(membersOf));
  expect([...known].filter((name) => !grouped.has(name))).toEqual([]);
});

test('groups contain only existing syscalls and groups, and none is empty', () => {
  for (const name of groupNames()) {
    expect(membersOf(name).length, name).toBeGreaterThan(0);
    expect(
      membersOf(name).filter((member) => !known.has(member)),
      name,
    ).toEqual([]);
  }
});

test('a group has its name, its purpose, and its syscalls in order', () => {
  expect(syscallGroup('@keyring')).toEqual({
    name: '@keyring',
    purpose: "The kernel's keyrings.",
    syscalls: ['add_key', 'keyctl', 'request_key'],
  });
});

test('a group that is not named by a string is an error', () => {
  expect(() => syscallGroup(5 as unknown as string)).toThrow('name: must be the name of a group, not number');
});

test('an unknown group is undefined', () => {
  expect([syscallGroup('@no-such'), syscallGroup('network'), syscallGroup('@constructor')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('a profile that allows the groups which most programs need answers ENOSYS to calls newer than these', () => {
  const profile = Profile.allowlist().allow('@default', '@process', '@thread', '@basic-io');
  const [policy] = resolve(profile, { abi: 'x86_64', kernel: { major: 7, minor: 3 }, capabilities: new Set() }).abis;
  const newer = ['setxattrat', 'file_setattr', 'listns', 'rseq_slice_yield', 'fchroot'];
  const answers = newer.map((name) => policy && decisionsOf(policy, syscallNumber('x86_64', name) ?? 0)[0]?.action);
  expect(answers).toEqual(newer.map(() => ({ kind: 'errno', errno: ENOSYS })));
});

/** The version of systemd whose groups MORE is about. */
const SYSTEMD = 257;

/**
 * The syscalls that a group has in addition to systemd 257's group of the same name, with reasons. The groups lack
 * none.
 */
const MORE: Readonly<Record<string, readonly [names: string, why: string]>> = {
  '@default': ['get_tls uprobe', 'the twins of set_tls and uretprobe'],
  '@system-service': ['arm_sync_file_range get_tls getpagesize process_mrelease uprobe', 'what its groups have more'],
  '@file-system': [
    'flock readdir umask',
    'locks, the first getdents, and the mode of new files; all in @system-service there',
  ],
  '@sync': ['arm_sync_file_range', 'the other name of sync_file_range2'],
  '@process': ['process_mrelease', 'what ends the memory of a process that was killed'],
  '@clock': ['stime', 'sets the clock where it still is; @obsolete there, and here too'],
  '@mount': ['fchroot open_tree_attr', 'of Linux 7.3 and 6.15, newer than that list'],
  '@debug': ['kcmp process_vm_readv process_vm_writev', 'look into other processes, by the same permission as ptrace'],
  '@privileged': ['fchroot stime syslog', 'need CAP_SYS_CHROOT, CAP_SYS_TIME and CAP_SYSLOG'],
  '@obsolete': ['lookup_dcookie multiplexer nfsservctl timerfd', 'gone from the kernel, or never in it'],
};

const analyze = (...args: readonly string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });

/** The reason why systemd's groups cannot be read here; undefined if they can. */
function systemdObstacle(): string | undefined {
  const { stdout, error } = analyze('--version');
  const version = /^systemd (\d+)/.exec(stdout ?? '')?.[1];
  if (error === undefined && Number(version) === SYSTEMD) return undefined;
  return `needs systemd-analyze of systemd ${SYSTEMD}, and ${error ? 'there is none' : `this is of systemd ${version}`}`;
}

describeUnless(systemdObstacle(), 'systemd’s groups', () => {
  const groups = systemdGroups();
  const shared = groupNames().filter((name) => groups.has(name));

  test('include more than 20 that this package has', () => {
    expect(shared.length).toBeGreaterThan(20);
  });

  test.each(shared)('%s: the same syscalls, except for the listed differences', (name) => {
    const theirs = [...expanded(groups, name)].filter((member) => known.has(member));
    const more = (MORE[name]?.[0] ?? '').split(' ').filter((member) => member !== '');
    expect(membersOf(name)).toEqual([...theirs, ...more].sort());
  });
});

/** The members of each group, which may be groups: each line of a group but its first is one, or a comment. */
function systemdGroups(): ReadonlyMap<string, readonly string[]> {
  const groups = analyze('syscall-filter', '--no-pager').stdout.split(/^(?=@)/m);
  return new Map(
    groups.map((text) => {
      const [name = '', ...members] = text.trim().split('\n');
      return [name, members.map((line) => line.trim()).filter((member) => /^[@\w]/.test(member))];
    }),
  );
}

function expanded(groups: ReadonlyMap<string, readonly string[]>, name: string): ReadonlySet<string> {
  const members = groups.get(name) ?? [];
  return new Set(members.flatMap((member) => (member.startsWith('@') ? [...expanded(groups, member)] : [member])));
}

/** The groups: complete, as documented, and beside systemd's. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { groupNames, syscallGroup } from '../../lib/syscalls/groups.js';
import { syscallNames } from '../../lib/syscalls/table.js';
import { groupsPage } from '../../scripts/generate-groups.js';

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

test('an unknown group is undefined', () => {
  expect([syscallGroup('@no-such'), syscallGroup('network'), syscallGroup('@constructor')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('docs/groups.md is up to date', () => {
  const page = readFileSync(new URL('../../docs/groups.md', import.meta.url), 'utf8');
  expect(page, 'out of date: run `npm run generate:groups`').toBe(groupsPage());
});

const file = new URL('../../../shared/data/systemd-syscall-groups.json', import.meta.url);

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
  '@mount': ['open_tree_attr', 'of Linux 6.15, newer than that list'],
  '@debug': ['kcmp process_vm_readv process_vm_writev', 'look into other processes, by the same permission as ptrace'],
  '@privileged': ['stime syslog', 'need CAP_SYS_TIME and CAP_SYSLOG'],
  '@obsolete': ['lookup_dcookie multiplexer nfsservctl timerfd', 'gone from the kernel, or never in it'],
};

describe.skipIf(!existsSync(file))(
  `systemd's groups${existsSync(file) ? '' : ' (skipped: not in the repository)'}`,
  () => {
    interface Reference {
      readonly groups: Readonly<Record<string, { readonly expanded: readonly string[] }>>;
    }
    const { groups }: Reference = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { groups: {} };
    const shared = groupNames().filter((name) => name in groups);

    test('include more than 20 that this package has', () => {
      expect(shared.length).toBeGreaterThan(20);
    });

    test.each(shared)('%s: the same syscalls, except for the listed differences', (name) => {
      const theirs = (groups[name]?.expanded ?? []).filter((member) => known.has(member));
      const more = (MORE[name]?.[0] ?? '').split(' ').filter((member) => member !== '');
      expect(membersOf(name)).toEqual([...theirs, ...more].sort());
    });
  },
);

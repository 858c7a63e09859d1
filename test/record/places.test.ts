/** What stands for files with other names in each run, and what a recording grants to nobody. */
import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { bitsOf, GRANTS } from '../../lib/landlock/paths/rights.js';
import { generalised, isAt, isBeneath, tooWide, upwards } from '../../lib/landlock/paths/wide-paths.js';
import { placesOf } from '../../lib/record/paths/places.js';

const places = { directory: '/nowhere/work', homes: ['/srv/people/me'], tmp: '/nowhere/tmp', words: new Map() };

describe('nobody is granted by a recording', () => {
  const HOME = 'a home directory would be granted, with all in it';
  const SETTINGS = 'settings and secrets of the user would be granted, with all in it';
  const SHARED = 'many programs share it, with all in it';
  const PROCESSES = 'other processes could be changed there';
  const list = bitsOf('READ_DIR');
  const { read, write, execute } = GRANTS;

  test.each<[string, number, string | undefined]>([
    ['/', list, HOME],
    ['/root', list, HOME],
    ['/home', list, HOME],
    ['/home/someone', list, HOME],
    ['/home/someone/work', list, undefined],
    ['/roots', list, undefined],
    ['/srv/people', list, HOME],
    ['/srv/people/me', execute, HOME],
    ['/srv/people/me2', list, undefined],
    ['/srv/people/me/.ssh', list, SETTINGS],
    ['/srv/people/me/.ssh', bitsOf('READ_FILE', 'WRITE_FILE'), undefined],
    ['/srv/people/me/.ssh/keys', list, undefined],
    ['/srv/people/me/ssh.d', list, undefined],
    ['/home/.someone', list, HOME],
    ['/home/someone/.config', write, SETTINGS],
    ['/.hidden', list, undefined],
    ['/proc', read, undefined],
    ['/proc', write, PROCESSES],
    ['/dev/pts', read | bitsOf('WRITE_FILE'), PROCESSES],
    ['/sys/fs/cgroup', read, undefined],
    ['/sys/fs/cgroup', execute, PROCESSES],
    ['/etc', list, SHARED],
    ['/etc/app', list, undefined],
    ['/etc/app', bitsOf('WRITE_FILE', 'TRUNCATE', 'IOCTL_DEV'), undefined],
    ['/etc/app', bitsOf('MAKE_REG'), SHARED],
    ['/etc/app', bitsOf('REMOVE_FILE'), SHARED],
    ['/usr/lib/x', write, SHARED],
    ['/lib64/x', write, SHARED],
    ['/libs-of-mine', write, undefined],
    ['/my/usr', write, undefined],
    ['/var/lib', list, SHARED],
    ['/var/lib/app', write, undefined],
    ['/run/user/1000', list, SHARED],
    ['/run/user/1000/app', list, undefined],
    ['/run/user/me', list, undefined],
    ['/tmp', list, SHARED],
    [realpathSync(tmpdir()), list, SHARED],
    ['/nowhere/work', write, undefined],
  ])('%s with rights %i: %s', (path, rights, reason) => {
    expect(tooWide(path, rights, places.homes)).toBe(reason);
  });

  test.each([
    ['/proc/12', '/proc'],
    ['/proc/12/fd/3', '/proc'],
    ['/proc/self', '/proc/self'],
    ['/proc/12a', '/proc/12a'],
    ['/my/proc/12', '/my/proc/12'],
    ['/dev/pts/7', '/dev/pts'],
    ['/dev/pts/7/x', '/dev/pts/7/x'],
    ['/dev/pts/ptmx', '/dev/pts/ptmx'],
    ['/sys/fs/cgroup/a/b', '/sys/fs/cgroup'],
    ['/sys/fs/cgroup', '/sys/fs/cgroup'],
    ['/x/dev/pts/7', '/x/dev/pts/7'],
  ])('a name of one run: %s is generalised to %s', (path, general) => {
    expect(generalised(path)).toBe(general);
  });

  test('everything but / is beneath /, and nothing is beneath itself', () => {
    expect([isBeneath('/a', '/'), isBeneath('/', '/'), isBeneath('/a', '/a'), isBeneath('/ab', '/a')]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

test('a directory is at itself, and so is what is beneath it', () => {
  expect([isAt('/a', '/a'), isAt('/a/b', '/a'), isAt('/', '/'), isAt('/a', '/')]).toEqual([true, true, true, true]);
  expect([isAt('/ab', '/a'), isAt('/', '/a')]).toEqual([false, false]);
});

test('the directories above a path are the nearest first, up to /', () => {
  expect([...upwards('/a/b/c')]).toEqual(['/a/b/c', '/a/b', '/a', '/']);
  expect([...upwards('/')]).toEqual(['/']);
});

test('the places of a program have its HOME if that is absolute, and the paths of words without links', () => {
  const homes = (home?: string) => placesOf('/work', '/nowhere/tmp', home, false).homes.slice(1);
  expect([homes('/nowhere/me'), homes('me'), homes(), homes('')]).toEqual([['/nowhere/me'], [], [], []]);
  const { directory, tmp, words } = placesOf('/work', '/nowhere/tmp', undefined, false);
  expect([directory, tmp, [...words.keys()]]).toEqual(['/work', '/nowhere/tmp', ['@system', '@node']]);
  const system = words.get('@system') ?? [];
  expect(system.length).toBeGreaterThan(0);
  for (const { path, rights } of system) {
    expect(realpathSync(path)).toBe(path);
    expect([GRANTS.read, GRANTS.write, GRANTS.execute]).toContain(rights);
  }
});

test('/dev/tty is one of the paths of @system for a program that was given a terminal', ({ skip }) => {
  skip(!existsSync('/dev/tty'), 'needs /dev/tty');
  const system = (hasTerminal: boolean) => placesOf('/work', '/tmp', undefined, hasTerminal).words.get('@system') ?? [];
  const terminal = { path: '/dev/tty', rights: GRANTS.write };
  expect(system(true)).toEqual([...system(false), terminal]);
  expect(system(false)).not.toContainEqual(terminal);
});

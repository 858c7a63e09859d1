/** Whose home directories untrusted programs are kept from, for files of passwd(5) in place of the system's. */
import fs, { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { homeDirectories, isOrContains } from '../../../lib/sandbox/file/home-directories.js';
import { spyOnBuiltin } from '../../support/spy-on-builtin.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-homes-')));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

/** The home directories on a system with these users. */
function homesOf(passwd: string, { user = 1000, home = '/home/us' } = {}) {
  vi.spyOn(process, 'getuid').mockReturnValue(user);
  spyOnBuiltin(os, 'homedir').mockReturnValue(home);
  const read = spyOnBuiltin(fs, 'readFileSync').mockReset().mockReturnValue(passwd);
  const homes = homeDirectories();
  expect(read.mock.calls).toEqual([['/etc/passwd', 'utf8']]);
  return homes;
}

const entry = (id: string | number, home: string) => `name:x:${id}:100:comment:${home}:/bin/sh\n`;

describe('home directories', () => {
  test.each<[string, string | number, boolean]>([
    ['root', 0, true],
    ['a service', 1, false],
    ['the last service', 999, false],
    ['the first person', 1000, true],
    ['the last person', 59_999, true],
    ['the first user above', 60_000, false],
    ['nobody', 65_534, false],
    ['a user without a number', 'x', false],
    ['a user with no ID', '', false],
    ['a number with a sign', '-0', false],
    ['a number with a space', ' 0', false],
  ])('are those of %s, %o: %s', (_, id, isOne) => {
    expect(homesOf(entry(id, '/home/other'))).toEqual(['/home/us', ...(isOne ? ['/home/other'] : [])]);
  });

  test('are that of this user, whatever its number', () => {
    expect(homesOf(entry(33, '/var/www'), { user: 33 })).toEqual(['/home/us', '/var/www']);
    expect(homesOf(entry(33, '/var/www'), { user: 34 })).toEqual(['/home/us']);
  });

  test('are each there once, and absolute, and not /', () => {
    const passwd = ['/home/a', '/', 'relative', '', '/home/us', '/home/a', '/home/b'].map((home) => entry(1000, home));
    expect(homesOf(passwd.join(''))).toEqual(['/home/us', '/home/a', '/home/b']);
    expect(homesOf('', { home: '/' })).toEqual([]);
    expect(homesOf('', { home: 'relative' })).toEqual([]);
  });

  test('are those of lines that are complete', () => {
    expect(homesOf(`# comment\n\nname:x:0\n${entry(0, '/root').trimEnd()}`)).toEqual(['/home/us', '/root']);
  });

  test('are none if neither the environment nor the system has any', () => {
    spyOnBuiltin(os, 'homedir').mockImplementation(() => expect.fail('no entry, and no HOME'));
    spyOnBuiltin(fs, 'readFileSync').mockImplementation(() => expect.fail('no such file'));
    expect(homeDirectories()).toEqual([]);
  });
});

describe('a directory', () => {
  const [home, other] = [join(directory, 'home'), join(directory, 'home-2')];
  mkdirSync(join(home, 'work'), { recursive: true });
  mkdirSync(other);

  test('contains the home directory if it is that, or above it', () => {
    for (const place of [home, `${home}/`, directory, '/']) expect(isOrContains(place, home), place).toBe(true);
    for (const place of [other, join(home, 'work'), '/proc', '/nowhere']) expect(isOrContains(place, home)).toBe(false);
    expect([isOrContains('/nowhere', '/nowhere/x'), isOrContains('/nowhere', '/nowhere-2')]).toEqual([true, false]);
  });

  test('is the home directory, mounted at another place, if the file system and the number are the same', () => {
    const isSame = (dev: number, ino: number) => {
      spyOnBuiltin(fs, 'statSync').mockImplementation(
        (path) => (path === home ? { dev: 1, ino: 2 } : { dev, ino }) as never,
      );
      return isOrContains(other, home);
    };
    expect([isSame(1, 2), isSame(1, 3), isSame(2, 2), isSame(2, 1)]).toEqual([true, false, false, false]);
  });
});

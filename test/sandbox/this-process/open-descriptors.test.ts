/** What this process has open, for files of /proc in place of the kernel's. */

import fs from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { addon } from '../../../lib/native.js';
import {
  descriptorsOf,
  listeningSockets,
  openDescriptors,
} from '../../../lib/sandbox/this-process/open-descriptors.js';
import { spyOnBuiltin } from '../../support/spy-on-builtin.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** This process has these descriptors, and one more whose link is gone. */
function opens(open: Readonly<Record<number, string>>): void {
  spyOnBuiltin(fs, 'readdirSync').mockReturnValue([...Object.keys(open), '77'] as never);
  spyOnBuiltin(fs, 'readlinkSync').mockImplementation((path) => {
    const target = open[Number(/^\/proc\/self\/fd\/(\d+)$/.exec(String(path))?.[1])];
    if (target === undefined) throw new Error('ENOENT');
    return target;
  });
}

describe('descriptors', () => {
  test('are those that are still open, each with what it is open for', () => {
    opens({ 0: '/dev/null', 12: 'socket:[5]', 13: '/dev/null' });
    const open = openDescriptors();
    expect(open).toEqual([
      { fd: 0, target: '/dev/null' },
      { fd: 12, target: 'socket:[5]' },
      { fd: 13, target: '/dev/null' },
    ]);
    expect([descriptorsOf('/dev/null', open), descriptorsOf('socket:', open)]).toEqual([[0, 13], []]);
  });

  test('of this process are found', () => {
    const fd = fs.openSync('/proc/self/status', 'r');
    const found = openDescriptors().find((each) => each.fd === fd);
    fs.closeSync(fd);
    expect(found?.target).toMatch(/^\/proc\/\d+\/status$/);
  });

  test.each([
    [
      'ENOENT',
      /^can't read \/proc\/self\/fd \(ENOENT\) to see .* open descriptors: mount \/proc; or allow accept4 and/,
    ],
    [
      'EACCES',
      /\(EACCES\) .*: if the paths of this process are restricted, start it with paths: \{ read: \['\/proc'\] \}/,
    ],
  ])('that can’t be read are an error with a remedy: %s', (code, message) => {
    const cause = Object.assign(new Error(code), { code });
    spyOnBuiltin(fs, 'readdirSync').mockImplementation(() => {
      throw cause;
    });
    expect(openDescriptors).toThrow(
      expect.objectContaining({
        ...{ code: 'ERR_SECCOMP_UNSUPPORTED', cause },
        message: expect.stringMatching(message),
      }),
    );
  });
});

test('sockets that listen are those of which the kernel says so', () => {
  opens({ 3: 'socket:[1]', 4: 'pipe:[2]', 5: 'socket:[3]', 6: '/a/socket:[4]' });
  const asked = vi.spyOn(addon(), 'isListening').mockImplementation((fd) => fd === 5);
  expect([listeningSockets(), asked.mock.calls]).toEqual([[5], [[3], [5]]]);
});

/** Profiles are read from regular files of bounded size. Other files are not opened, and reading never blocks. */
import { spawnSync } from 'node:child_process';
import fs, { appendFileSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkProfile } from '../../lib/analysis/check.js';
import { MOST_BYTES } from '../../lib/profile/read-file.js';
import { loadProfile } from '../../lib/profile/source.js';
import { spyOnBuiltin } from '../support/spy-on-builtin.js';

const TEXT = '{"defaultAction": "SCMP_ACT_LOG"}';
const directory = mkdtempSync(join(tmpdir(), 'seccomp-file-'));
const path = (name: string) => join(directory, name);
const fifo = path('fifo');
const server = createServer();

beforeAll(async () => {
  spawnSync('mkfifo', [fifo]);
  symlinkSync('loop', path('loop'));
  symlinkSync('/dev/zero', path('zero'));
  writeFileSync(path('empty'), '');
  await new Promise<void>((resolve) => server.listen(path('socket'), resolve));
});
afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

const refusals: readonly (readonly [string, RegExp])[] = [
  ['/dev/zero', /: this is a device, but a profile must be a regular file: give the path of a regular file$/],
  ['/dev/urandom', /: this is a device/],
  ['/dev/full', /: this is a device/],
  ['/dev/tty', /: this is a device/],
  [path('zero'), /: this is a device/],
  [fifo, /: this is a pipe \(FIFO\), .*; or read it, and give its text instead of its path$/],
  [directory, /: this is a directory/],
  [path('socket'), /: this is a socket/],
  [path('loop'), /: the profile can't be read \(ELOOP: /],
  [
    path('nothing.json'),
    /: the profile can't be read \(ENOENT: .*\): give the path of a file that exists and is readable$/,
  ],
  [path('empty'), /: this file is empty, or has no size, like files in \/proc: /],
  ['/proc/kmsg', /: this file is empty, or has no size, like files in \/proc: /],
  ['/proc/self/environ', /: this file is empty/],
];

describe('an error that names the file, and what to do:', () => {
  test.each(refusals)('%s', (file, message) => {
    const open = spyOnBuiltin(fs, 'openSync');
    const error = expect.objectContaining({ code: 'ERR_SECCOMP_FILE', message: expect.stringMatching(message) });
    expect(() => loadProfile(file)).toThrow(error);
    expect(() => checkProfile(file)).toThrow(error);
    expect(() => loadProfile(new URL(`file://${file}`))).toThrow(error);
    expect(() => loadProfile(file)).toThrow(file);
    expect(open).not.toHaveBeenCalled();
  });

  test('of a FIFO that has taken the place of a file, without waiting for its writer', () => {
    const place = path('place.json');
    writeFileSync(place, TEXT);
    spyOnBuiltin(fs, 'openSync').mockImplementationOnce((file, flags) => {
      rmSync(file);
      spawnSync('mkfifo', [place]);
      return fs.openSync(file, flags);
    });
    expect(() => loadProfile(place)).toThrow(/: this is a pipe \(FIFO\)/);
  });
});

describe('the size', () => {
  const tooLarge = expect.objectContaining({
    code: 'ERR_SECCOMP_FILE',
    message: expect.stringMatching(/: more than 16 MiB \(16777216 bytes\): a profile may have no more$/),
  });

  test('may be 16 MiB', () => {
    const file = path('full.json');
    writeFileSync(file, TEXT.padEnd(MOST_BYTES));
    expect(loadProfile(file)).toMatchObject({ document: { defaultAction: 'SCMP_ACT_LOG' } });
    appendFileSync(file, ' ');
    expect(() => loadProfile(file)).toThrow(tooLarge);
  });

  test('is refused before anything is read', () => {
    const file = path('sparse.json');
    writeFileSync(file, '');
    truncateSync(file, 2 ** 40);
    expect(() => loadProfile(file)).toThrow(tooLarge);
  });

  test.each([
    ['a little', 1000, true],
    ['above the limit', MOST_BYTES + 1, false],
  ])('of a file that grows while it is read is that of its content at the end: %s', (_, size, isTaken) => {
    const file = path('grows.json');
    writeFileSync(file, TEXT);
    spyOnBuiltin(fs, 'fstatSync').mockImplementationOnce((descriptor) => {
      const stats = fs.fstatSync(descriptor);
      truncateSync(file, 0);
      writeFileSync(file, TEXT.padEnd(size));
      return stats;
    });
    if (isTaken) expect(loadProfile(file)).toMatchObject({ document: { defaultAction: 'SCMP_ACT_LOG' } });
    else expect(() => loadProfile(file)).toThrow(tooLarge);
  });
});

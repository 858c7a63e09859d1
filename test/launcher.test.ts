/** The program that hands descriptors over. test/process-tree has it as a guardian. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addon, launcherFile } from '../lib/native.js';

const { ECONNRESET } = constants.errno;
const directory = mkdtempSync(join(tmpdir(), 'seccomp-launcher-'));
const plain = join(directory, 'plain');
writeFileSync(plain, '#!/bin/sh\n', { mode: 0o644 });
afterAll(() => rmSync(directory, { recursive: true }));

describe('the launcher', () => {
  test.each([[[]], [['0,0,0', '/bin/echo']], [['1', '2', '3', '4', '5']]])('is for this package only: %j', (args) => {
    const { status, stderr } = spawnSync(launcherFile(), args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({
      status: 125,
      stderr: 'seccomp-launch: only the npm package seccomp starts this program\n',
    });
  });

  test.each<[number, number]>([
    [0, 0],
    [63, 0],
    [64, 125],
  ])('hands a descriptor over with an environment of %i variables, or ends: %i', (count, expected) => {
    const variables = Array.from({ length: count }, (_, i) => `V${i}=${i}`);
    const end = addon().openHandover();
    const file = openSync(plain, 'r');
    const { status } = spawnSync(launcherFile(), ['3'], {
      env: Object.fromEntries(variables.map((each) => each.split('='))),
      stdio: ['ignore', 'ignore', 'ignore', file, end, 'ignore'],
    });
    closeSync(file);
    const received = addon().receive();
    expect(status).toBe(expected);
    if (typeof received === 'number') expect({ expected, received }).toEqual({ expected: 125, received: -ECONNRESET });
    else {
      expect(received.text.split('\0').slice(1, -1).sort()).toEqual([...variables].sort());
      expect(readFileSync(received.descriptor, 'utf8')).toBe('#!/bin/sh\n');
      addon().giveBack();
    }
  });

  test('hands a descriptor over that gets the number 0', () => {
    const end = addon().openHandover();
    const file = openSync(plain, 'r');
    spawnSync(launcherFile(), ['3'], { env: {}, stdio: ['ignore', 'ignore', 'ignore', file, end, 'ignore'] });
    closeSync(file);
    closeSync(0);
    const received = addon().receive();
    addon().giveBack();
    expect(openSync('/dev/null', 'r')).toBe(0);
    expect(received).toEqual({ descriptor: 0, text: '\0' });
  });
});

/** The program that isolates a forked Node before Node runs. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addon, launcherFile } from '../lib/native.js';

const launch = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(launcherFile(), args, { encoding: 'utf8' });
  return { status, stdout, stderr };
};

const directory = mkdtempSync(join(tmpdir(), 'seccomp-launcher-'));
const plain = join(directory, 'plain');
writeFileSync(plain, '#!/bin/sh\n', { mode: 0o644 });
afterAll(() => rmSync(directory, { recursive: true }));

/** LANDLOCK_ACCESS_FS_EXECUTE and LANDLOCK_SCOPE_SIGNAL, and a right that no kernel has. */
const [EXECUTE, SIGNAL, UNKNOWN] = [1, 2, 2 ** 31];
const hasLandlock = addon().tryDomain([EXECUTE, EXECUTE, 0]) === 0;
const NO_LANDLOCK = 'this kernel has no Landlock';

describe('the launcher', () => {
  test.each(['', '0,0,0,0', '0,0,0,0,0,0', '0,0,0,0,x', '0,0,0,0,0 ', ',,,,', '4294967296,0,0,0,0', '0;0;0;0;0'])(
    'refuses the options "%s"',
    (options) => {
      const { status, stderr } = launch(options, '/bin/echo', 'started');
      expect({ status, stderr }).toEqual({
        status: 125,
        stderr: 'seccomp-launch: only the npm package seccomp starts this program\n',
      });
    },
  );

  test('runs the program with its arguments', () => {
    expect(launch('0,0,0,0,0', 'echo', 'one', '', 'three')).toEqual({ status: 0, stdout: 'one  three\n', stderr: '' });
    expect(launch('0,0,0,0,0', 'sh', '-c', 'exit 7').status).toBe(7);
  });

  test('ends with 127 if there is no such program, and with 126 if it cannot be executed', () => {
    const missing = join(directory, 'missing');
    expect(launch('0,0,0,0,0', missing)).toEqual({
      status: 127,
      stdout: '',
      stderr: `seccomp fork: ${missing}: No such file or directory; the program was not run\n`,
    });
    expect(launch('0,0,0,0,0', plain)).toEqual({
      status: 126,
      stdout: '',
      stderr: `seccomp fork: ${plain}: Permission denied; the program was not run\n`,
    });
  });

  test('sets no_new_privs only if asked', () => {
    const ours = spawnSync('grep', ['NoNewPrivs', '/proc/self/status'], { encoding: 'utf8' }).stdout;
    expect(launch('0,0,0,0,0', 'grep', 'NoNewPrivs', '/proc/self/status').stdout).toBe(ours);
    expect(launch('0,0,0,0,1', 'grep', 'NoNewPrivs', '/proc/self/status').stdout).toBe('NoNewPrivs:\t1\n');
  });

  test('lowers the soft limit of core dumps, and leaves the hard one', () => {
    const hard = spawnSync('sh', ['-c', 'ulimit -Hc'], { encoding: 'utf8' }).stdout;
    const raised = ['-c', `ulimit -Sc $(ulimit -Hc); exec ${launcherFile()} 0,0,0,0,0 sh -c 'ulimit -Sc; ulimit -Hc'`];
    expect(spawnSync('sh', raised, { encoding: 'utf8' }).stdout).toBe(`0\n${hard}`);
  });

  test('enters the domain, and grants in it what is granted', ({ skip }) => {
    skip(!hasLandlock, NO_LANDLOCK);
    expect(launch(`${EXECUTE},${EXECUTE},0,1,1`, 'echo', 'started').stdout).toBe('started\n');
    expect(launch(`${EXECUTE},0,0,1,1`, '/bin/echo', 'started')).toMatchObject({ status: 126, stdout: '' });
  });

  test('enters a domain that has scopes only', ({ skip }) => {
    skip(addon().tryDomain([0, 0, SIGNAL]) !== 0, "this kernel's Landlock has no scopes");
    const signals = ['sh', '-c', `kill -0 ${process.pid} 2>/dev/null; echo $?`] as const;
    expect(launch('0,0,0,1,1', ...signals).stdout).toBe('0\n');
    expect(launch(`0,0,${SIGNAL},1,1`, ...signals).stdout).toBe('1\n');
  });

  test('runs the program without a domain that it cannot enter, unless that is required', ({ skip }) => {
    expect(launch(`${UNKNOWN},0,0,0,1`, 'echo', 'started').stdout).toBe('started\n');
    const { status, stdout, stderr } = launch(`${UNKNOWN},0,0,1,1`, 'echo', 'started');
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    skip(!hasLandlock, NO_LANDLOCK);
    expect(stderr).toBe('seccomp fork: Landlock: Invalid argument; the program was not run\n');
  });
});

/** The program that isolates a forked Node before Node runs. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addon, launcherFile, RULE_OPTIONAL } from '../lib/native.js';

const launch = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(launcherFile(), args, { encoding: 'utf8' });
  return { status, stdout, stderr };
};

/** The launcher's first argument. Members that are left out are 0. */
const numbers = (given: Readonly<Record<string, number>> = {}) => MEMBERS.map((name) => given[name] ?? 0).join();
const MEMBERS = [
  'handled',
  'granted',
  'scoped',
  'ruleset',
  'domainRequired',
  'noCore',
  'noCoreRequired',
  'noNewPrivileges',
  'noIoUring',
];
const NOTHING = numbers();

const directory = mkdtempSync(join(tmpdir(), 'seccomp-launcher-'));
const plain = join(directory, 'plain');
writeFileSync(plain, '#!/bin/sh\n', { mode: 0o644 });
afterAll(() => rmSync(directory, { recursive: true }));

/** LANDLOCK_ACCESS_FS_EXECUTE and LANDLOCK_SCOPE_SIGNAL, and a right that no kernel has. */
const [EXECUTE, SIGNAL, UNKNOWN] = [1, 2, 2 ** 31];
const READ_FILE = 4;
const REQUIRED = { domainRequired: 1, noNewPrivileges: 1 };
const hasLandlock = addon().tryDomain([EXECUTE, EXECUTE, 0]) === 0;
const NO_LANDLOCK = 'this kernel has no Landlock';

describe('the launcher', () => {
  test.each([
    '',
    NOTHING.slice(2),
    `${NOTHING},0`,
    NOTHING.replace(/0$/, 'x'),
    `${NOTHING} `,
    ',,,,,,,,',
    NOTHING.replace('0', '4294967296'),
    NOTHING.replaceAll(',', ';'),
  ])('refuses the options "%s"', (options) => {
    const { status, stderr } = launch(options, '/bin/echo', 'started');
    expect({ status, stderr }).toEqual({
      status: 125,
      stderr: 'seccomp-launch: only the npm package seccomp starts this program\n',
    });
  });

  test('runs the program with its arguments', () => {
    expect(launch(NOTHING, 'echo', 'one', '', 'three')).toEqual({ status: 0, stdout: 'one  three\n', stderr: '' });
    expect(launch(NOTHING, 'sh', '-c', 'exit 7').status).toBe(7);
  });

  test('ends with 127 if there is no such program, and with 126 if it cannot be executed', () => {
    const missing = join(directory, 'missing');
    expect(launch(NOTHING, missing)).toEqual({
      status: 127,
      stdout: '',
      stderr: `seccomp fork: ${missing}: No such file or directory; the program was not run\n`,
    });
    expect(launch(NOTHING, plain)).toEqual({
      status: 126,
      stdout: '',
      stderr: `seccomp fork: ${plain}: Permission denied; the program was not run\n`,
    });
  });

  test('sets no_new_privs only if asked', () => {
    const ours = spawnSync('grep', ['NoNewPrivs', '/proc/self/status'], { encoding: 'utf8' }).stdout;
    expect(launch(NOTHING, 'grep', 'NoNewPrivs', '/proc/self/status').stdout).toBe(ours);
    expect(launch(numbers({ noNewPrivileges: 1 }), 'grep', 'NoNewPrivs', '/proc/self/status').stdout).toBe(
      'NoNewPrivs:\t1\n',
    );
  });

  test('lowers the soft limit of core dumps, and leaves the hard one', () => {
    const hard = spawnSync('sh', ['-c', 'ulimit -Hc'], { encoding: 'utf8' }).stdout;
    const raised = [
      '-c',
      `ulimit -Sc $(ulimit -Hc); exec ${launcherFile()} ${numbers({ noCore: 1 })} sh -c 'ulimit -Sc; ulimit -Hc'`,
    ];
    expect(spawnSync('sh', raised, { encoding: 'utf8' }).stdout).toBe(`0\n${hard}`);
  });

  test('enters the domain, and grants in it what is granted', ({ skip }) => {
    skip(!hasLandlock, NO_LANDLOCK);
    expect(launch(numbers({ handled: EXECUTE, granted: EXECUTE, ...REQUIRED }), 'echo', 'started').stdout).toBe(
      'started\n',
    );
    expect(launch(numbers({ handled: EXECUTE, ...REQUIRED }), '/bin/echo', 'started')).toMatchObject({
      status: 126,
      stdout: '',
    });
  });

  test('enters a domain that has scopes only', ({ skip }) => {
    skip(addon().tryDomain([0, 0, SIGNAL]) !== 0, "this kernel's Landlock has no scopes");
    const signals = ['sh', '-c', `kill -0 ${process.pid} 2>/dev/null; echo $?`] as const;
    expect(launch(numbers(REQUIRED), ...signals).stdout).toBe('0\n');
    expect(launch(numbers({ scoped: SIGNAL, ...REQUIRED }), ...signals).stdout).toBe('1\n');
  });

  test('runs the program without a domain that it cannot enter, unless that is required', ({ skip }) => {
    expect(launch(numbers({ handled: UNKNOWN, noNewPrivileges: 1 }), 'echo', 'started').stdout).toBe('started\n');
    const { status, stdout, stderr } = launch(numbers({ handled: UNKNOWN, ...REQUIRED }), 'echo', 'started');
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    skip(!hasLandlock, NO_LANDLOCK);
    expect(stderr).toBe('seccomp fork: Landlock: Invalid argument; the program was not run\n');
  });

  test('enters the domain of a ruleset that it inherits, and closes it', ({ skip }) => {
    skip(!hasLandlock, NO_LANDLOCK);
    const made = addon().openPathRuleset({
      handled: READ_FILE,
      scoped: 0,
      paths: ['/usr', '/lib', '/lib64', '/etc'],
      grants: Uint32Array.from([1, 2, 3, 4].flatMap(() => [READ_FILE, RULE_OPTIONAL])),
      user: process.geteuid?.() ?? 0,
      folders: [],
      mappedUsers: Uint32Array.from([0, 2 ** 32 - 1]),
    });
    if ('error' in made) throw new Error(made.call);
    const { stdout, stderr, status } = spawnSync(
      launcherFile(),
      [numbers({ ruleset: 3, ...REQUIRED }), 'sh', '-c', `cat /etc/passwd >/dev/null && ! true <&3 && cat ${plain}`],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe', addon().descriptorOf(made)] },
    );
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toMatch(/3: Bad file descriptor\n.*plain: Permission denied\n$/s);
  });

  test('makes io_uring_setup fail with ENOSYS if asked', () => {
    const report = ['grep', '^Seccomp:', '/proc/self/status'] as const;
    expect(launch(numbers({ noNewPrivileges: 1, noIoUring: 1 }), ...report).stdout).toBe('Seccomp:\t2\n');
  });
});

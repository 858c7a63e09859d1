/** The program that isolates a forked Node before Node runs. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addon, launcherFile, RULE_OPTIONAL } from '../lib/native.js';

const { ECONNRESET } = constants.errno;
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

  test('makes io_uring_setup, and nothing else, fail with ENOSYS if asked', () => {
    // The numbers beside io_uring_setup are pidfd_send_signal and io_uring_enter, which fail with EBADF.
    const ask = `import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
for number in 424, 425, 426: print(libc.syscall(number, -1, 0, 0, 0, 0, 0), errno.errorcode[ctypes.get_errno()])`;
    const enter = spawnSync('python3', ['-c', ask], { encoding: 'utf8' }).stdout.split('\n')[2];
    expect(launch(numbers({ noNewPrivileges: 1, noIoUring: 1 }), 'python3', '-c', ask).stdout).toBe(
      `-1 EBADF\n-1 ENOSYS\n${enter}\n`,
    );
    const ours = spawnSync('grep', ['^Seccomp', '/proc/self/status'], { encoding: 'utf8' }).stdout;
    expect(launch(NOTHING, 'grep', '^Seccomp', '/proc/self/status').stdout).toBe(ours);
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

  test('does not run the program if it must dump no core, and cannot prevent that', () => {
    const refusing = numbers({ noCore: 1, noNewPrivileges: 1 });
    const required = numbers({ noCore: 1, noNewPrivileges: 1, noCoreRequired: 1 });
    const { EPERM, ETXTBSY, ENODATA } = constants.errno;
    const ENOMEDIUM = 123;
    const errnos = [EPERM, ETXTBSY, ENODATA, ENOMEDIUM];
    const cases = [refusing, required].flatMap((options) => errnos.map((errno) => [options, errno]));
    const { stdout } = spawnSync(
      process.execPath,
      [
        '-e',
        `const { spawnSync } = require(${JSON.stringify(join(import.meta.dirname, '../dist/index.cjs'))});
        for (const [options, errnoRet] of ${JSON.stringify(cases)}) {
          const denied = { defaultAction: 'SCMP_ACT_ALLOW',
            syscalls: [{ names: ['prlimit64'], action: 'SCMP_ACT_ERRNO', errnoRet }] };
          const child = spawnSync(${JSON.stringify(launcherFile())}, [options, 'echo', 'started'], denied);
          process.stdout.write(child.status + ' ' + child.stdout + child.stderr);
        }`,
      ],
      { encoding: 'utf8' },
    );
    const failed = ['Operation not permitted', 'Text file busy', 'errno 061', 'errno 123'].map(
      (text) => `125 seccomp fork: prlimit: ${text}; the program was not run\n`,
    );
    expect(stdout).toBe(`${'0 started\n'.repeat(4)}${failed.join('')}`);
  });

  describe('searches PATH for a name', () => {
    const folders = ['denied', 'first', 'second'].map((name) => join(directory, name));
    const [denied = '', first = '', second = ''] = folders;
    for (const folder of folders) mkdirSync(folder);
    const write = (file: string, text: string, mode = 0o755) => writeFileSync(file, text, { mode });
    write(join(denied, 'tool'), '#!/bin/sh\necho denied\n', 0o644);
    write(join(first, 'tool'), '#!/bin/sh\necho first "$@"\n');
    write(join(second, 'tool'), '#!/bin/sh\necho second "$@"\n');
    write(join(second, 'plain'), 'echo "$0" "$@"\n');
    const search = (path: string | undefined, ...command: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(launcherFile(), [NOTHING, ...command], {
        encoding: 'utf8',
        cwd: second,
        env: path === undefined ? { XPATH: first } : { XPATH: first, PATH: path },
      });
      return status === 0 ? stdout.trim() : `${status} ${stderr.trim()}`;
    };
    const failed = (status: number, name: string, text: string) =>
      `${status} seccomp fork: ${name}: ${text}; the program was not run`;

    test.each<[string, string | undefined, string]>([
      ['the first folder that has it', `${first}:${second}`, 'first a'],
      ['the next if one has it not', `/no/such/folder:${plain}:${second}:${first}`, 'second a'],
      ['the next if one has it without the right to execute it', `${denied}:${first}`, 'first a'],
      ['the working directory for an empty folder', `/no/such/folder::${first}`, 'second a'],
      ['the working directory for an empty folder at the end', '/no/such/folder:', 'second a'],
      ['the working directory for an empty list', '', 'second a'],
      ['the next after a folder whose path is too long', `/${'x'.repeat(4096)}:${first}`, 'first a'],
      [
        'the last folder too if the right was missing before',
        `${denied}:/no`,
        failed(126, 'tool', 'Permission denied'),
      ],
      ['no folder that has it', '/no:/no/either', failed(127, 'tool', 'No such file or directory')],
      ['/bin and /usr/bin without the variable', undefined, failed(127, 'tool', 'No such file or directory')],
    ])('%s', (_, path, expected) => {
      expect(search(path, 'tool', 'a')).toBe(expected);
    });

    test('/bin and /usr/bin without the variable: finds sh', () => {
      expect(search(undefined, 'sh', '-c', 'echo found')).toBe('found');
      expect(search(first, 'sh', '-c', 'echo found')).toBe(failed(127, 'sh', 'No such file or directory'));
    });

    test('paths of up to 4095 bytes', () => {
      const padded = (size: number) => `${first}${'/'.repeat(size - first.length)}`;
      const room = 4095 - '/tool'.length;
      expect(search(padded(room), 'tool', 'a')).toBe('first a');
      expect(search(padded(room + 1), 'tool', 'a')).toBe(failed(127, 'tool', 'No such file or directory'));
    });

    test('a script without an interpreter, which the shell runs', () => {
      expect(search(second, 'plain', 'a', 'b')).toBe(`${join(second, 'plain')} a b`);
      expect(search('/no', './plain', 'a')).toBe('./plain a');
    });

    test('an empty name, which no program has', () => {
      expect(search(first, '')).toBe(failed(127, '', 'No such file or directory'));
    });

    test('a loop of links, after which it stops', () => {
      symlinkSync('loop', join(denied, 'loop'));
      write(join(first, 'loop'), '#!/bin/sh\n');
      expect(search(`${denied}:${first}`, 'loop')).toBe(failed(126, 'loop', 'Too many levels of symbolic links'));
    });
  });
});

/** Programs that hide their denials: a report says that it may lack some, and why; those of other programs say nothing. */
import { mkdirSync, mkdtempSync, openSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { thisHost } from '../../lib/host.js';
import { type ProfileSource, run, type SpawnSyncOptions, spawnSync } from '../../lib/index.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { dist } from '../support/built.js';
import { describeUnless } from '../support/describe-unless.js';
import { everything } from '../support/profiles.js';
import { interpreter } from '../support/python.js';

const place = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-unseen-')));
afterAll(() => rmSync(place, { recursive: true }));
writeFileSync(join(place, 'file'), 'text');
mkdirSync(join(place, 'directory'));

/** The directory in which Python is installed. */
const prefix = dirname(dirname(realpathSync(interpreter())));
const PATHS = { read: ['@system', '@node', '/proc', prefix], execute: ['@node', prefix] };
const reporting = { onViolation: true, reportPaths: true, paths: PATHS, cwd: place } as const;
const number = (name: string) => String(syscallNumber(thisHost().abi, name));

/** What Python programs here have: `call` makes a syscall, `filter` is a filter that allows all calls. */
const PREAMBLE = `import ctypes, os, threading
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args): return libc.syscall(number, *[ctypes.c_void_p(each) if isinstance(each, int) else each for each in args])
instruction = ctypes.create_string_buffer(bytes.fromhex('06000000' + '0000ff7f'))
program = ctypes.create_string_buffer(bytes(16))
ctypes.memmove(program, (1).to_bytes(8, 'little') + ctypes.addressof(instruction).to_bytes(8, 'little'), 16)
libc.prctl(38, 1, 0, 0, 0)
def tried(path, flags = os.O_RDONLY):
  try: os.close(os.open(path, flags))
  except OSError: pass
`;

/** Runs a program with its calls reported. */
const report = (command: string, args: readonly string[], profile: ProfileSource, options: SpawnSyncOptions = {}) =>
  spawnSync(command, args, profile, { ...reporting, encoding: 'utf8', ...options });

/** The reasons why the report of a Python program may lack denials. It must end well. */
function unseen(script: string, profile: ProfileSource = everything, options: SpawnSyncOptions = {}) {
  const { status, stderr, unseenCalls } = report(interpreter(), ['-S', '-c', PREAMBLE + script], profile, options);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return unseenCalls;
}

describeUnless(pathsSupport().reason ?? undefined, 'a program', () => {
  test.each([
    ['attaches a filter by prctl', 'libc.prctl(22, 2, program, 0, 0)', /filter of its own/],
    ['attaches a filter by seccomp', `call(${number('seccomp')}, 1, 0, program)`, /filter of its own/],
    [
      'attaches a filter to one thread',
      `t = threading.Thread(target=lambda: call(${number('seccomp')}, 1, 0, program)); t.start(); t.join()`,
      /filter of its own/,
    ],
    [
      'restricts how a path is resolved',
      `call(${number('openat2')}, -100, b'file', bytes(16) + (8).to_bytes(8, 'little'), 24)`,
      /^the files of one call could not be found/,
    ],
    ['opens through another process', `tried(f'/proc/{os.getppid()}/root/etc/shadow')`, /^the files of one call/],
    ['opens through a directory of its own', `tried('/proc/self/cwd/file')`, /could not be found/],
    [
      'executes a file by its descriptor',
      `call(${number('execveat')}, os.open('file', os.O_PATH), b'', None, None, 0x1000)`,
      /could not be found/,
    ],
    ['names a file in memory that can’t be read', `call(${number('openat')}, -100, 1, 0)`, /could not be read/],
    [
      'makes thousands of calls with long names',
      `for i in range(6000): tried('./' * 1900 + str(i), os.O_CREAT | os.O_WRONLY)`,
      /^\d+ calls that name files were not looked at/,
    ],
  ])('that %s', (_, script, reason) => {
    const [first, ...others] = unseen(script);
    expect(first).toMatch(reason);
    expect(others).toEqual([]);
  });

  test('whose files can’t be found in this process, which is itself in a sandbox', async () => {
    const script = `const { spawnSync } = await import(${JSON.stringify(dist)});
      const paths = ${JSON.stringify(PATHS)};
      const { unseenCalls } = spawnSync('cat', ['file'], 'unconfined', { paths, onViolation: true, reportPaths: true });
      console.log(unseenCalls.length, unseenCalls[0]);`;
    const rule = { names: ['openat2'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 } as const;
    const { stdout } = await run(
      process.execPath,
      ['--input-type=module', '-e', script],
      { ...everything, syscalls: [rule] },
      { cwd: place },
    );
    expect(stdout).toMatch(
      /^1 the files of \d+ calls could not be found .* where openat2 is denied to this process\n$/,
    );
  });

  test('that opens, makes and executes files in the usual ways has none', () => {
    const script = `echo a >&2; echo b >/dev/stderr; cat /dev/stdin <file; cat <&0 /dev/fd/0 </etc/hostname
      echo | cat /proc/self/fd/0; ls /proc/self/fd /nowhere/file broken; ln -s nothing /dev/shm/x 2>&1; cd directory; cat ../file`;
    const { unseenCalls } = report('sh', ['-c', script], 'docker-default');
    expect(unseenCalls).toEqual([]);
    expect(report(process.execPath, ['-e', '1'], 'docker-default').unseenCalls).toEqual([]);
    expect(unseen('import json, subprocess; subprocess.run(["true"])', 'docker-default')).toEqual([]);
  });

  test('that opens its descriptor by any name in /proc is reported, for each file that it leads to', () => {
    const script = `${PREAMBLE}os.dup2(os.open('/etc/passwd', os.O_RDONLY), 500)
tried('/dev/fd/500')
os.dup2(os.open('file', os.O_PATH), 500)
for name in ('/proc/self/fd/500', '/proc/./self/fd/500', '/dev/fd/500'): tried(name)`;
    const { violations, unseenCalls } = report(interpreter(), ['-S', '-c', script], everything);
    const named = violations.map(({ decoded }) => decoded[1]);
    expect(named.filter((name) => name?.includes('/fd/'))).toEqual([
      '"/proc/self/fd/500"',
      '"/proc/./self/fd/500"',
      '"/dev/fd/500"',
    ]);
    expect(unseenCalls).toEqual([]);
  });

  test('whose stdin is a file that paths does not grant, and that opens it again', () => {
    const stdin = openSync(join(place, 'file'), 'r');
    const { violations, unseenCalls } = report('cat', ['/dev/stdin'], 'docker-default', {
      stdio: [stdin, 'pipe', 'pipe'],
    });
    const file = join(place, 'file');
    expect(violations).toMatchObject([{ path: '/dev/stdin', why: `paths does not grant reading ${file}` }]);
    expect(violations[0]?.remedy).toEqual({ paths: { read: [file] } });
    expect(unseenCalls).toEqual([]);
  });
});

describe('a profile', () => {
  test('whose actions the kernel carries out says so', () => {
    const rules = [
      { names: ['sync'], action: 'SCMP_ACT_KILL_THREAD' },
      { names: ['syncfs'], action: 'SCMP_ACT_LOG' },
    ] as const;
    const { unseenCalls } = spawnSync('true', [], { ...everything, syscalls: [...rules] }, { onViolation: true });
    expect(unseenCalls).toEqual([
      'calls with the action SCMP_ACT_KILL_THREAD are not reported',
      expect.stringMatching(/^calls with the action SCMP_ACT_LOG are allowed, and not looked at/),
    ]);
    expect(spawnSync('true', [], { ...everything, syscalls: [...rules] }).unseenCalls).toEqual([]);
  });

  test('says so if a handler decides about calls that hide others', async () => {
    const handled = run('true', [], everything, { onViolation: true, notify: { prctl: (call) => call.continue() } });
    expect((await handled).unseenCalls).toEqual(['the handler of prctl can let the program hide its calls']);
  });

  test('does not take a look at what the kernel has for a filter', () => {
    const script = `${PREAMBLE}libc.prctl(22, 2, 0, 0, 0); call(${number('seccomp')}, 1, 0, 0)`;
    const args = ['-S', '-c', script];
    expect(spawnSync(interpreter(), args, everything, { onViolation: true }).unseenCalls).toEqual([]);
  });

  test('without paths reports that a program uses io_uring, if it allows that', () => {
    const script = `${PREAMBLE}call(${number('io_uring_setup')}, 1, bytes(256))`;
    const of = (profile: ProfileSource) =>
      spawnSync(interpreter(), ['-S', '-c', script], profile, { onViolation: true }).unseenCalls;
    expect(of(everything)).toEqual(['the program used io_uring, whose requests are not syscalls and are not reported']);
    expect(of('docker-default')).toEqual([]);
  });

  test('without paths reports that a program attaches a filter, with the error that lists its denials', async () => {
    const failing = run(
      interpreter(),
      ['-S', '-c', `${PREAMBLE}libc.prctl(22, 2, program, 0, 0); exit(3)`],
      'docker-default',
      {
        onViolation: true,
      },
    );
    await expect(failing).rejects.toThrow(
      'denied calls may be missing: the program attached a seccomp filter of its own: what that denies is not reported',
    );
  });
});

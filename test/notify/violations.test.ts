/** Denied calls: reported once for each kind, counted, and failing in the program as they do without a supervisor. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Filter } from '../../lib/filter/filter.js';
import { thisHost } from '../../lib/host.js';
import type { Handler } from '../../lib/notify/handlers.js';
import type { Violation } from '../../lib/notify/violations/violation.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { run } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { abiOf } from '../../lib/syscalls/abi.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { compileC } from '../support/compile-c.js';
import { plannedFilters } from '../support/plans.js';
import { finish } from '../support/processes.js';

const dist = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

const denying = (action: string, ...names: string[]): ProfileDocument => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names, action: action as 'SCMP_ACT_ERRNO' }],
});

/** The kind of action that a filter takes for a call of this machine's native ABI. */
function decidedFor({ policy }: Filter, syscall: string): string {
  const { abi } = thisHost();
  const number = syscallNumber(abi, syscall) ?? -1;
  return evaluate(policy, { arch: abiOf(abi).audit, number, args: Array(6).fill(0n) }).kind;
}

async function watched(command: string, args: readonly string[], profile: ProfileDocument, options: SpawnOptions = {}) {
  const told: Violation[] = [];
  const child = spawn(command, args, profile, { ...options, onViolation: (violation) => told.push(violation) });
  return { ...(await finish(child)), told, violations: child.violations };
}

describe('a denied call', () => {
  test('is reported the first time, with caller, place and arguments, and counted after that', async () => {
    const profile: ProfileDocument = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 77, comment: 'no directories' }],
    };
    const script =
      "import os\nfor name in 'aba':\n  try: os.mkdir('/nowhere/' + name)\n  except OSError as e: print(e.errno)";
    const { stdout, told, violations } = await watched('python3', ['-c', script], profile);
    expect(stdout).toBe('77\n77\n77\n');
    expect(told.map(({ decoded }) => decoded[0])).toEqual(['"/nowhere/a"', '"/nowhere/b"']);
    expect(told[0]).toMatchObject({ action: { kind: 'errno', errno: 77 }, count: 1, rule: { path: 'syscalls[0]' } });
    expect(told[0]?.executable).toMatch(/python3/);
    expect(told[0]?.instruction).toMatch(/^\/.+\+0x[0-9a-f]+$/);
    expect(told[0]?.pid).toBe(told[0]?.tid);
    expect(violations.map(({ count }) => count)).toEqual([2, 1]);
  });

  test('is reported with a path that ends where the memory ends, and is told apart by the path', async () => {
    const script = `
import ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.munmap.argtypes = ctypes.c_void_p, ctypes.c_size_t
libc.mkdir.argtypes = ctypes.c_void_p, ctypes.c_uint
base = libc.mmap(None, ctypes.c_size_t(131072), 3, 0x22, -1, ctypes.c_long(0))
libc.munmap(base + 65536, 65536)
for path in b'/nowhere/a\\0', b'/nowhere/b\\0', b'/nowhere/a\\0':
  at = base + 65536 - len(path)
  ctypes.memmove(at, path, len(path))
  libc.mkdir(at, 0o700)`;
    const { violations } = await watched('python3', ['-c', script], denying('SCMP_ACT_ERRNO', 'mkdir', 'mkdirat'));
    expect(violations.map(({ decoded, count }) => [decoded.join().match(/"[^"]*"/)?.[0], count])).toEqual([
      ['"/nowhere/a"', 2],
      ['"/nowhere/b"', 1],
    ]);
  });

  test('is told apart by the directory that its path is relative to, also on two threads', async () => {
    const script = `
import os, threading
names = {path: os.open(path, os.O_RDONLY) for path in ('/usr', '/etc')}
def fail(directory):
  try: os.open('none', os.O_RDWR | os.O_CREAT, dir_fd=directory)
  except OSError: pass
for directory in [*names.values()] * 2:
  thread = threading.Thread(target=fail, args=[directory])
  thread.start()
  thread.join()`;
    const { violations } = await watched('python3', ['-c', script], {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        {
          names: ['openat'],
          action: 'SCMP_ACT_ERRNO',
          args: [{ index: 2, value: 0o2, valueTwo: 0o2, op: 'SCMP_CMP_MASKED_EQ' }],
        },
      ],
    });
    const opened = violations.filter(({ decoded }) => decoded[1] === '"none"');
    expect(opened.map(({ count }) => count)).toEqual([2, 2]);
    expect(new Set(opened.map(({ decoded }) => decoded[0])).size).toBe(2);
  });

  test('is reported with the place in the file of the instruction after the call', async ({ skip }) => {
    const instruction = { x64: '0f05', arm64: '010000d4' }[process.arch as string];
    if (instruction === undefined) return skip('the instruction that makes a call is known for x64 and arm64 only');
    const { told } = await watched('mkdir', ['/nowhere/x'], denying('SCMP_ACT_ERRNO', 'mkdir', 'mkdirat'));
    const [, file = '', offset = ''] = /^(.+)\+0x([0-9a-f]+)$/.exec(told[0]?.instruction ?? '') ?? [];
    const end = Number.parseInt(offset, 16);
    const bytes = readFileSync(file).subarray(end - instruction.length / 2, end);
    expect(bytes.toString('hex')).toBe(instruction);
  });

  test('is reported before the exit of the child, to the callback, as an event and on the channel', async () => {
    const seen: string[] = [];
    const onMessage = () => seen.push('channel');
    subscribe('seccomp:violation', onMessage);
    const child = spawn('mkdir', ['/nowhere/x'], denying('SCMP_ACT_ERRNO', 'mkdir', 'mkdirat'), { stdio: 'ignore' });
    child.on('violation', () => seen.push('event')).on('exit', () => seen.push('exit'));
    await once(child, 'close');
    unsubscribe('seccomp:violation', onMessage);
    expect(seen).toEqual(['event', 'channel', 'exit']);
  });

  test('is reported, and handled, in the AsyncLocalStorage of the start', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const note = () => void seen.push(storage.getStore());
    const chdir: Handler = (call) => {
      note();
      return call.deny('EPERM');
    };
    const start = () =>
      finish(
        spawn('sh', ['-c', 'mkdir /nowhere/x; cd /'], denying('SCMP_ACT_ERRNO', 'mkdir'), {
          onViolation: note,
          notify: { chdir },
        }),
      );
    await storage.run('first', start);
    await storage.run('second', start);
    expect(seen).toEqual(['first', 'first', 'second', 'second']);
  });

  test('of run, spawnSync and execFile is in their results', async () => {
    const profile = denying('SCMP_ACT_ERRNO', 'mkdir', 'mkdirat');
    const names = (violations: readonly Violation[]) =>
      violations.map(({ decoded }) => decoded.join().match(/"[^"]*"/)?.[0]);
    const expected = ['"/nowhere/x"'];
    const ended = await run('mkdir', ['/nowhere/x'], profile, { onViolation: true }).catch((error) => error);
    expect(names(ended.violations)).toEqual(expected);
    expect(names(spawnSync('mkdir', ['/nowhere/x'], profile, { onViolation: true }).violations)).toEqual(expected);
    const told: Violation[] = [];
    const sandbox = new Sandbox(profile, { onViolation: (violation) => told.push(violation) });
    await new Promise((resolve) => sandbox.execFile('mkdir', ['/nowhere/x'], resolve));
    expect(names(told)).toEqual(expected);
  });

  test('is not observed unless an option says so', async () => {
    const profile = denying('SCMP_ACT_ERRNO', 'mkdir', 'mkdirat');
    const none = { violations: [], unlistedViolations: 0, unseenCalls: [] };
    for (const program of ['mkdir', 'no-such-program']) {
      expect({ ...spawnSync(program, ['/nowhere/x'], profile) }).toMatchObject(none);
      expect(await run(program, ['/nowhere/x'], profile).catch((error) => error)).toMatchObject(none);
    }
    expect({ ...(await run('true', [], profile)) }).toMatchObject(none);
    expect({ ...spawnSync('true', [], 'unconfined') }).toMatchObject(none);
  });

  test('is not observed with onViolation: false, which replaces a default of a Sandbox', async () => {
    const profile = denying('SCMP_ACT_ERRNO', 'mkdir', 'mkdirat');
    const off = { onViolation: false };
    const arguments_ = ['mkdir', ['/nowhere/x']] as const;
    const none = { violations: [], unlistedViolations: 0, unseenCalls: [] };
    expect({ ...spawnSync(...arguments_, profile, off) }).toMatchObject(none);
    expect(await run(...arguments_, profile, off).catch((error) => error)).toMatchObject(none);
    expect(decidedFor(plannedFilters(profile, off)[0] as Filter, 'mkdirat')).toBe('errno');
    const told: Violation[] = [];
    const sandbox = new Sandbox(profile, { onViolation: (violation) => told.push(violation) });
    expect(sandbox.spawnSync(...arguments_, off).violations).toEqual([]);
    const child = sandbox.spawn(...arguments_, off);
    await finish(child);
    expect(child.violations).toEqual([]);
    await new Promise((resolve) => sandbox.execFile(...arguments_, off, resolve));
    expect(told).toEqual([]);
    expect(new Sandbox(profile, off).spawnSync(...arguments_, { onViolation: true }).violations).toHaveLength(1);
  });

  test('of a Sandbox is in a property that is not enumerable, in results and in errors', () => {
    const profile = denying('SCMP_ACT_ERRNO', 'mkdir', 'mkdirat');
    const { execFileSync, spawnSync: ofSandbox } = new Sandbox(profile, { stdio: 'pipe' });
    const failed = (program: string, options: object) => {
      try {
        return execFileSync(program, ['/nowhere/x'], options);
      } catch (error) {
        return error;
      }
    };
    const ofNode = ['status', 'signal', 'output', 'pid', 'stdout', 'stderr'];
    for (const [options, count] of [[{}, 0] as const, [{ onViolation: true }, 1] as const]) {
      const [result, error] = [ofSandbox('mkdir', ['/nowhere/x'], options), failed('mkdir', options)];
      for (const each of [result, error]) {
        expect(Object.keys(each as object)).toEqual(ofNode);
        expect(each).toMatchObject({ violations: { length: count }, unlistedViolations: 0, unseenCalls: [] });
      }
      expect(failed('no-such-program', options)).toMatchObject({
        violations: [],
        unlistedViolations: 0,
        unseenCalls: [],
      });
    }
  });

  test('of a 32-bit ABI has the registers that the kernel reads', async ({ skip }) => {
    if (process.arch !== 'x64') skip('x86 calls need an x86 CPU');
    const profile: ProfileDocument = {
      ...denying('SCMP_ACT_ERRNO', 'mkdir'),
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    };
    const { stdout, told } = await watched(compileC('calls32.c'), [], profile);
    expect(stdout).toBe('-1\n');
    expect(told).toMatchObject([{ abi: 'x86', syscall: 'mkdir', decoded: ['"/nowhere/x"', '0700'] }]);
  });

  test('has its whole path, even if other arguments are small numbers', async () => {
    const script = `import os
try: os.mkdir('/nowhere/directory', 1, dir_fd=os.open('/', os.O_RDONLY))
except OSError: pass`;
    const { told } = await watched('python3', ['-c', script], denying('SCMP_ACT_ERRNO', 'mkdirat'));
    expect(told.map(({ decoded }) => decoded)).toEqual([['3', '"/nowhere/directory"', '01']]);
  });

  test('has a rule that would allow it', async () => {
    const profile = denying('SCMP_ACT_ERRNO', 'mkdir', 'mkdirat');
    const { told } = await watched('mkdir', ['/nowhere/x'], profile);
    const remedies = told.flatMap(({ remedy }) => (remedy?.names === undefined ? [] : [remedy]));
    expect(remedies).toHaveLength(1);
    const allowing: ProfileDocument = { ...profile, syscalls: remedies };
    expect((await watched('mkdir', ['/nowhere/x'], allowing)).told).toEqual([]);
  });
});

describe('what ends a program', () => {
  const sigsys = (how: string, action: string) => watched(compileC('sigsys.c'), [how], denying(action, 'getppid'));
  const alone = (how: string, action: string) => finish(spawn(compileC('sigsys.c'), [how], denying(action, 'getppid')));

  for (const action of ['SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_KILL_THREAD', 'SCMP_ACT_TRAP']) {
    for (const how of ['default', 'ignored', 'blocked', 'caught', 'thread']) {
      test(`by ${action} does so as without supervision, if SIGSYS is ${how}`, async () => {
        const { told, violations, ...ended } = await sigsys(how, action);
        expect(ended).toEqual(await alone(how, action));
        expect([told, violations]).toEqual([[], []]);
      });
    }
  }

  test('is the kernel itself: the supervisor is not notified of such a call', () => {
    const actions = [
      'SCMP_ACT_KILL_PROCESS',
      'SCMP_ACT_KILL_THREAD',
      'SCMP_ACT_TRAP',
      'SCMP_ACT_ERRNO',
      'SCMP_ACT_TRACE',
    ];
    const asked = actions.map((action) => {
      const profile = denying(action, 'getppid');
      const filter = plannedFilters(profile, { onViolation: true, isolate: false })[0];
      return filter && decidedFor(filter, 'getppid');
    });
    expect(asked).toEqual(['kill-process', 'kill-thread', 'trap', 'notify', 'trace']);
  });

  test.each([
    ['SCMP_ACT_KILL_PROCESS', 'default', 'SIGSYS'],
    ['SCMP_ACT_KILL_PROCESS', 'caught', 'SIGSYS'],
    ['SCMP_ACT_KILL_PROCESS', 'thread', 'SIGSYS'],
    ['SCMP_ACT_KILL_PROCESS', 'toggled', 'SIGSYS'],
    ['SCMP_ACT_KILL_THREAD', 'thread', null],
    ['SCMP_ACT_TRAP', 'blocked', 'SIGSYS'],
    ['SCMP_ACT_TRAP', 'caught', null],
  ])('by %s with SIGSYS %s ends with %s', async (action, how, signal) => {
    expect((await sigsys(how, action)).signal).toBe(signal);
  });

  test('by SCMP_ACT_TRAP is caught by a signal handler, which receives what the kernel reports', async () => {
    const { stdout } = await sigsys('caught', 'SCMP_ACT_TRAP');
    expect(stdout).toMatch(/^caught 31: code 1 syscall \d+ errno 0 arch [0-9a-f]+\nreturned \d+\nwent on\n$/);
  });
});

describe('the start of a supervised program', () => {
  const nothing: ProfileDocument = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['execve', 'sendmsg', 'exit_group'], action: 'SCMP_ACT_KILL_PROCESS' }],
  };

  test('succeeds under a profile that denies all calls of the start', async () => {
    const { signal, told } = await watched('true', [], nothing);
    expect(signal).toBe('SIGSYS');
    expect(told).toEqual([]);
  });

  test('fails as it does without a supervisor', async () => {
    const child = spawn('/nowhere/program', [], nothing, { onViolation: true });
    const [error] = await once(child, 'error');
    expect(error).toMatchObject({ code: 'ENOENT', call: 'execve' });
    expect(child.violations).toEqual([]);
  });

  test('is refused if a filter with a listener is attached already', () => {
    const script = `import { spawnSync } from ${JSON.stringify(dist)};
      try { spawnSync('true', [], 'docker-default', { onViolation: true }); } catch (error) { console.log(error.code, error.message); }`;
    const { stdout } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', script],
      denying('SCMP_ACT_ERRNO', 'acct'),
      {
        onViolation: true,
        encoding: 'utf8',
      },
    );
    expect(stdout).toMatch(/^ERR_SECCOMP_ATTACH .*EBUSY.*has a listener, and a process can have only one/);
  });

  test('has an error with a remedy if no descriptor is left for it', () => {
    const script = `import { openSync, closeSync } from 'node:fs'; import { spawnSync } from ${JSON.stringify(dist)};
      const start = () => spawnSync('true', [], 'docker-default', { onViolation: true });
      start();
      const open = [];
      // Repeated, since the supervisor's thread may close the listener of an earlier start between two attempts.
      for (let isFound = false; !isFound; ) {
        try { for (;;) open.push(openSync('/dev/null')); } catch {}
        for (;;) {
          try { if (!start().error) break; } catch (error) { isFound = true; console.log(error.code, error.message); }
          closeSync(open.pop());
        }
      }`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], 'unconfined', {
      rlimits: { nofile: 100 },
      encoding: 'utf8',
    });
    expect(stdout).toMatch(
      /^ERR_SECCOMP_ATTACH .*EMFILE.*close some descriptors, or raise ulimit -n or rlimits\.nofile$/m,
    );
  });

  test('is made within a limit that is below the number of this process’s descriptors', async () => {
    const open = Array.from({ length: 100 }, () => openSync('/dev/null', 'r'));
    try {
      const child = watched('sh', ['-c', 'ulimit -n'], denying('SCMP_ACT_ERRNO', 'acct'), { rlimits: { nofile: 16 } });
      expect((await child).stdout).toBe('16\n');
    } finally {
      for (const fd of open) closeSync(fd);
    }
  });

  test('leaves no descriptor open in the program', async () => {
    const { stdout } = await watched('ls', ['/proc/self/fd'], denying('SCMP_ACT_ERRNO', 'acct'));
    expect(stdout.trim().split('\n')).toEqual(['0', '1', '2', '3']); // The last is ls's own.
  });
});

test('options that are not valid are refused', () => {
  const returns: Handler = (call) => call.return(0);
  const start = (options: object) => () => spawn('true', [], 'docker-default', options);
  expect(start({ onViolation: 'all' })).toThrow('must be of type boolean or function');
  expect(start({ notify: { opnat: returns } })).toThrow('unknown syscall opnat (did you mean open');
  expect(start({ notify: { openat: 1 } })).toThrow('options.notify.openat: must be a function');
  expect(start({ notify: { openat: returns }, notifyTimeout: 0 })).toThrow('must be a number of milliseconds above 0');
  expect(() => spawnSync('true', [], 'docker-default', { notify: {} } as object)).toThrow(
    "options.notify: handlers can't run while this thread waits",
  );
});

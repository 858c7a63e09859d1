/** The last steps of a start, with an addon that returns what kernels may: the request, and errors as Node reports them. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { constants } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as grants from '../../lib/landlock/programs/missing-grants.js';
import { addon, type NativeRequest, NONE, NULL, SOCKET } from '../../lib/native.js';
import * as limits from '../../lib/process-tree/rlimits.js';
import { UNKNOWN_USAGE } from '../../lib/process-tree/usage.js';
import { candidatePaths } from '../../lib/sandbox/child/native-request.js';
import { attachError, attachRemedy } from '../../lib/sandbox/child/start-errors.js';
import { openStdio } from '../../lib/sandbox/child/stdio.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { startHint } from '../../lib/sandbox/path-hints.js';
import * as limitPlans from '../../lib/sandbox/plan/limits.js';
import { planFilters } from '../../lib/sandbox/plan/plan-filters.js';
import { resolveSources } from '../../lib/sandbox/plan/resolve-sources.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';

afterEach(() => void vi.restoreAllMocks());

const { errno } = constants;

/** The request for a program, which is not started. */
function requested(options: SpawnOptions = {}, profile: 'docker-default' | 'unconfined' = 'docker-default') {
  const spawned = vi.spyOn(addon(), 'spawn').mockReset().mockReturnValue({ error: errno.ENOENT, call: 'execve' });
  spawn('program', ['x'], profile, options).on('error', () => {});
  return spawned.mock.calls[0]?.[0] as NativeRequest;
}

describe('the request', () => {
  test('sets no_new_privs and attaches one filter by default, and neither user, group nor directory', () => {
    const request = requested({ env: { PATH: '/a:/b', A: '1', B: undefined } });
    expect(request).toMatchObject({
      candidates: ['/a/program', '/b/program'],
      args: ['program', 'x'],
      env: expect.stringMatching(/^PATH=\/a:\/b\0A=1\0(NODE_V8_COVERAGE=.*\0)?$/),
      detached: false,
      noNewPrivileges: true,
      unconfined: false,
      filterFlags: 0,
      isolation: false,
      stdio: [SOCKET, SOCKET, SOCKET],
      limits: [],
    });
    expect(request.filters).toHaveLength(1);
    for (const name of ['cwd', 'uid', 'gid', 'keptCapabilities', 'supervision', 'mailbox', 'agent'] as const)
      expect(request[name]).toBe(undefined);
  });

  test('has the options that are given', () => {
    const options = { cwd: '/tmp', uid: 5, gid: 6, detached: true, logDenied: true, stdio: 'ignore' } as const;
    expect(requested({ ...options, capabilities: ['CAP_CHOWN'], rlimits: { nofile: 7 } })).toMatchObject({
      ...{ cwd: '/tmp', uid: 5, gid: 6, detached: true, filterFlags: 2, stdio: [NULL, NULL, NULL] },
      ...{ keptCapabilities: 1n, limits: [7, 7n, 7n] },
    });
    expect(requested({ noNewPrivileges: false, isolate: false })).toMatchObject({
      ...{ noNewPrivileges: false, isolation: undefined, domain: undefined },
    });
  });

  test('for unconfined has no filter', () => {
    expect(requested({}, 'unconfined')).toMatchObject({ unconfined: true, filters: [], filterFlags: 0 });
  });

  test.each([
    ['a', { PATH: '/x:/y' }, ['/x/a', '/y/a']],
    ['a', { PATH: '/x::y:' }, ['/x/a', 'a', 'y/a', 'a']],
    ['a', { PATH: '' }, ['a']],
    ['a', {}, ['/bin/a', '/usr/bin/a']],
    ['./a', { PATH: '/x' }, ['./a']],
    ['/a', { PATH: '/x' }, ['/a']],
  ])('looks for %s with %j in %j, as execvp(3)', (file, variables, paths) => {
    expect(candidatePaths(file, variables)).toEqual(paths);
  });
});

describe('a program that is not started', () => {
  const fail = (name: keyof typeof errno, call = 'execve') => {
    vi.spyOn(addon(), 'spawn').mockReset().mockReturnValue({ error: errno[name], call });
    return spawn('program', ['x'], 'docker-default');
  };

  test.each(['EACCES', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOENT'] as const)('for %s emits the error', async (name) => {
    const child = fail(name);
    const errors: unknown[] = [];
    child.on('error', (error) => errors.push(error));
    await turn();
    expect(child.pid).toBe(undefined);
    expect(errors).toMatchObject([
      { code: name, syscall: 'spawn program', path: 'program', spawnargs: ['x'], call: 'execve' },
    ]);
  });

  test.each(['EPERM', 'EINVAL', 'ENOMEM', 'ENOTDIR'] as const)('for %s throws the error', (name) => {
    expect(() => fail(name)).toThrow(expect.objectContaining({ code: name, syscall: 'spawn', call: 'execve' }));
  });

  test('as its filter was not attached throws an error of this package', () => {
    expect(() => fail('EACCES', 'seccomp')).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_ATTACH' }));
  });
});

describe('what kept a program from being started', () => {
  const rlimits = { nofile: 'unlimited' } as const;
  const hintFor = (name: keyof typeof errno, call: string, options: object = { rlimits }) =>
    startHint({ error: errno[name], call }, { file: 'program', args: ['x'], argv: ['program', 'x'], options });

  test('is a limit above that of this process, if setting it fails with EPERM', () => {
    expect(hintFor('EPERM', 'prlimit')).toMatch(
      /^(: options\.rlimits\.nofile: unlimited is above the hard limit of .*)?$/,
    );
    expect(hintFor('EPERM', 'prlimit')).toBe(limits.limitAboveOurs(rlimits));
    const limit = vi.spyOn(limits, 'limitAboveOurs').mockReturnValue(': above');
    expect([hintFor('EPERM', 'prlimit'), hintFor('EINVAL', 'prlimit'), hintFor('EPERM', 'setuid')]).toEqual([
      ': above',
      '',
      '',
    ]);
    expect(limit.mock.calls).toEqual([[rlimits]]);
  });

  test('is an interpreter that paths do not grant, if executing it fails with EACCES', () => {
    const options = { paths: { read: ['/usr'] }, cwd: '/usr', env: { PATH: '/a:/b' } };
    const missing = vi
      .spyOn(grants, 'missingInterpreter')
      .mockReturnValue({ problem: 'it lacks sh', list: 'read', path: '/x' });
    expect(hintFor('EACCES', 'execve', options)).toBe(": it lacks sh: add '/x' to read");
    const [program] = missing.mock.calls[0] ?? expect.fail('not asked');
    expect(program).toMatchObject({ file: 'program', args: ['x'], directory: '/usr' });
    expect(program.candidates('sh')).toEqual(['/a/sh', '/b/sh']);
    vi.stubEnv('PATH', '/c');
    hintFor('EACCES', 'execve', { paths: options.paths });
    expect(missing.mock.lastCall?.[0].candidates('sh')).toEqual(['/c/sh']);
    vi.unstubAllEnvs();
    const others = [
      hintFor('EPERM', 'execve', options),
      hintFor('ENOENT', 'chdir', {}),
      hintFor('EACCES', 'execve', {}),
    ];
    expect([others, missing.mock.calls.length]).toEqual([['', '', ''], 2]);
    missing.mockReturnValue(undefined);
    expect(hintFor('EACCES', 'execve', options)).toBe('');
  });
});

test.each<[keyof typeof errno, string]>([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'is not a directory'],
  ['EACCES', "can't be entered"],
])('%s of a working directory names it', (code, problem) => {
  vi.spyOn(addon(), 'spawnSync').mockReturnValue({ error: errno[code], call: 'chdir' });
  const { error } = spawnSync('program', [], 'docker-default', { cwd: '/no/such dir' });
  expect(error).toMatchObject({
    ...{ code, syscall: 'spawnSync program', path: 'program' },
    message: `spawnSync program ${code}: the working directory "/no/such dir" ${problem}`,
  });
});

test('a child whose streams can’t be made is killed, and all its sockets are closed', () => {
  const end = vi.fn();
  const watch = { kill: () => 0, killGroup: () => 0, ref() {}, unref() {}, end };
  const noSocket = 2 ** 30;
  vi.spyOn(addon(), 'spawn').mockReturnValue({
    pid: 7,
    watch,
    sockets: [noSocket, noSocket + 1, -1],
    domainError: 0,
  });
  const close = vi.spyOn(addon(), 'closeSocket').mockImplementation(() => {});
  expect(() => spawn('program', ['x'], 'docker-default')).toThrow();
  expect(end).toHaveBeenCalledOnce();
  expect(close.mock.calls).toEqual([[noSocket], [noSocket + 1], [-1]]);
});

test('each start and its result are published on Node’s channels', () => {
  const seen: (readonly [string, Readonly<Record<string, unknown>>])[] = [];
  const names = ['child_process', ...['start', 'end', 'error'].map((event) => `tracing:child_process.spawn:${event}`)];
  const listeners = names.map((name) => {
    const listener = (message: unknown) =>
      void seen.push([name.replace('tracing:child_process.spawn:', ''), Object(message)]);
    subscribe(name, listener);
    return () => unsubscribe(name, listener);
  });
  const spawned = vi.spyOn(addon(), 'spawn').mockReset();
  const watch = { kill: () => 0, killGroup: () => 0, ref() {}, unref() {}, end() {} };
  try {
    spawned.mockReturnValueOnce({ pid: 7, watch, sockets: [-1, -1, -1], domainError: 0 });
    const child = spawn('program', ['x'], 'docker-default', { cwd: '/usr' });
    spawned.mockReturnValueOnce({ error: errno.ENOENT, call: 'execve' });
    const missing = spawn('program', ['y'], 'docker-default').on('error', () => {});
    spawned.mockReturnValueOnce({ error: errno.EPERM, call: 'execve' });
    expect(() => spawn('program', ['z'], 'docker-default')).toThrow('EPERM');
    const options = (last: string) => expect.objectContaining({ file: 'program', args: ['program', last] });
    expect(seen).toEqual([
      ['child_process', { process: child }],
      [
        'start',
        { process: child, options: expect.objectContaining({ cwd: '/usr', file: 'program', args: ['program', 'x'] }) },
      ],
      ['end', { process: child }],
      ['child_process', { process: missing }],
      ['start', { process: missing, options: options('y') }],
      ['error', { process: missing, error: expect.objectContaining({ code: 'ENOENT' }) }],
      ['child_process', { process: expect.anything() }],
      ['start', { process: expect.anything(), options: options('z') }],
      ['error', { process: expect.anything(), error: expect.objectContaining({ code: 'EPERM' }) }],
    ]);
  } finally {
    for (const stop of listeners) stop();
  }
});

describe('a child with limits', () => {
  const CGROUP = 33;
  /** A cgroup, in which memory was used up. */
  const limited = () => {
    const leaf = {
      withDescriptor: (begin: (descriptor: number) => unknown) => begin(CGROUP),
      remove: vi.fn(),
      events: () => ({ memoryKills: 1, processRefusals: 0 }),
      cpuTime: () => 5,
      peakMemory: () => 9,
    };
    const plan = { makeLeaf: () => leaf as never, sampled: undefined, enforced: () => ({ enforced: [] }) };
    vi.spyOn(limitPlans, 'limitsFor').mockReturnValue(plan);
    return leaf;
  };

  test('is started in its cgroup, which is removed if it is not started', async () => {
    const spawned = vi.spyOn(addon(), 'spawn').mockReset().mockReturnValue({ error: errno.ENOENT, call: 'execve' });
    const leaf = limited();
    spawn('program', 'docker-default').on('error', () => {});
    expect(spawned.mock.calls[0]?.[0].cgroup).toBe(CGROUP);
    await turn();
    expect(leaf.remove).toHaveBeenCalledOnce();
    spawned.mockReturnValue({ error: errno.EPERM, call: 'execve' });
    const other = limited();
    expect(() => spawn('program', 'docker-default')).toThrow('EPERM');
    expect(other.remove).toHaveBeenCalledOnce();
  });

  test('that is waited for has the limit for which the kernel ended it, and the usage of its cgroup', () => {
    const spawned = vi.spyOn(addon(), 'spawnSync').mockReset();
    const ended = { pid: 7, code: null, signal: 9, output: [null, null, null], domainError: 0, ...UNKNOWN_USAGE };
    for (const [stopped, limit] of [
      [0, 'memory'],
      [errno.EIO, null],
    ] as const) {
      spawned.mockReturnValue({ ...ended, stopped });
      const leaf = limited();
      const usage = expect.objectContaining({ cpuTime: 5, peakMemory: 9 });
      expect(spawnSync('program', 'docker-default')).toMatchObject({ limit, usage });
      expect([spawned.mock.calls.at(-1)?.[0].cgroup, leaf.remove.mock.calls.length]).toEqual([CGROUP, 1]);
    }
    vi.spyOn(limitPlans, 'limitsFor').mockReturnValue(undefined);
    spawnSync('program', 'docker-default');
    expect(spawned.mock.calls.at(-1)?.[0].cgroup).toBe(undefined);
  });
});

describe('an error of a start', () => {
  test.each<[keyof typeof errno, string, string | undefined]>([
    ['EACCES', 'seccomp', 'ERR_SECCOMP_ATTACH'],
    ['EPERM', 'prctl', 'ERR_SECCOMP_ATTACH'],
    ['ENOSYS', 'seccomp', 'ERR_SECCOMP_UNSUPPORTED'],
    ['EINVAL', 'prctl', 'ERR_SECCOMP_UNSUPPORTED'],
    ['EINVAL', 'seccomp', 'ERR_SECCOMP_ATTACH'],
    ['EPERM', 'landlock_restrict_self', 'ERR_SECCOMP_UNSUPPORTED'],
    ['ECHILD', 'guardian: execveat', 'ERR_SECCOMP_ATTACH'],
    ['EBADF', 'sendmsg', 'ERR_SECCOMP_ATTACH'],
    ['ENOENT', 'execve', undefined],
    ['ENOENT', 'chdir', undefined],
    ['EPERM', 'setuid', undefined],
    ['ENOENT', 'connect', undefined],
  ])('%s of %s has the code %s', (name, call, code) => {
    expect(attachError({ error: errno[name], call })?.code).toBe(code);
  });

  test.each<[keyof typeof errno, string, RegExp]>([
    ['ENOENT', 'connect', /the socket does not exist: start the agent/],
    ['ECONNREFUSED', 'connect', /no process listens there/],
    ['EACCES', 'connect', /this user has no permission to connect/],
    ['EAGAIN', 'connect', /connection queue is full/],
    ['EPIPE', 'sendmsg', /the agent closed the connection/],
    ['EMFILE', 'socket', /the agent cannot be reached/],
  ])('%s of %s, for a profile with an agent, names the agent', (name, call, remedy) => {
    expect(
      attachError({ error: errno[name], call }, { agent: { path: '/run/a.sock', metadata: undefined } }),
    ).toMatchObject({
      code: 'ERR_SECCOMP_AGENT',
      message: expect.stringMatching(new RegExp(`^listenerPath /run/a\\.sock: ${call} ${name},.*${remedy.source}`)),
    });
  });

  test.each<[keyof typeof errno, RegExp]>([
    ['EACCES', /noNewPrivileges: false, it needs CAP_SYS_ADMIN/],
    ['EPERM', /an attached filter denies seccomp\(2\): change the profile/],
    ['EBUSY', /a process can have only one/],
    ['EMFILE', /close some descriptors/],
    ['ENOMEM', /too many filters/],
    ['E2BIG', /seccomp doctor/],
  ])('%s of an attached filter has a remedy', (name, remedy) => {
    expect(attachRemedy(errno[name], 'it')).toMatch(remedy);
  });
});

describe('stdio', () => {
  const opened = (stdio: unknown) => openStdio(stdio, 'spawn').descriptors;

  test.each<[unknown, readonly number[]]>([
    [undefined, [SOCKET, SOCKET, SOCKET]],
    ['ignore', [NULL, NULL, NULL]],
    ['inherit', [0, 1, 2]],
    [['ignore'], [NULL, SOCKET, SOCKET]],
    [
      [null, undefined, 2, null, 'ignore', 'inherit', 'pipe'],
      [SOCKET, SOCKET, 2, NONE, NONE, 5, SOCKET],
    ],
    [
      [{ fd: 7 }, 'overlapped', 2 ** 31 - 1],
      [7, SOCKET, 2 ** 31 - 1],
    ],
  ])('%j has the descriptors %j', (stdio, descriptors) => {
    expect(opened(stdio)).toEqual(descriptors);
  });

  test.each<[unknown, string]>([
    [2 ** 31, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [0.5, 'ERR_OUT_OF_RANGE'],
    [{ fd: -1 }, 'ERR_OUT_OF_RANGE'],
    ['pipes', 'ERR_INVALID_SYNC_FORK_INPUT'],
    [true, 'ERR_INVALID_ARG_VALUE'],
    [{}, 'ERR_INVALID_ARG_VALUE'],
  ])('with the entry %j is refused', (entry, code) => {
    expect(() => opened(['ignore', 'ignore', entry])).toThrow(expect.objectContaining({ code }));
  });
});

test('logDenied adds its flag to those of the profile', () => {
  const profile = '{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]}';
  const flagsOf = (logDenied: boolean) => planFilters(resolveSources(profile, {}), { logDenied }, 'child').flags;
  expect([flagsOf(true), flagsOf(false)]).toEqual([['LOG', 'SPEC_ALLOW'], ['SPEC_ALLOW']]);
});

describe('an agent', () => {
  const planned = (listenerPath: string, listenerMetadata?: string) => {
    const syscalls = [{ names: ['uname'], action: 'SCMP_ACT_NOTIFY' }];
    const profile = JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', listenerPath, listenerMetadata, syscalls });
    return planFilters(resolveSources(profile, {}), {}, 'child').agent;
  };

  test('may have a path of 107 bytes, and metadata of 65,536 bytes', () => {
    const path = `/${'é'.repeat(53)}`;
    expect(planned(path, 'x'.repeat(65_536))).toEqual({ path, metadata: 'x'.repeat(65_536) });
    expect(() => planned(`${path}x`)).toThrow(/has more than 107 bytes, the limit of a socket's path/);
    expect(() => planned(path, `${'x'.repeat(65_535)}é`)).toThrow(/^listenerMetadata has more than 65536 bytes/);
  });

  test.each([
    ['agent.sock', /"agent\.sock" is not absolute/],
    ['/a\0b', /has a null byte/],
  ])('at %j is refused', (path, message) => {
    expect(() => planned(path)).toThrow(message);
  });
});

describe('a list of profiles', () => {
  const compat =
    '{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]}';
  const other = '{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]}';

  test('has each flag once', () => {
    expect(resolveSources([other, compat, other], {}).flags).toEqual(['SPEC_ALLOW', 'LOG']);
  });

  test('has up to eight elements', () => {
    expect(resolveSources(Array(8).fill(other), {}).each).toHaveLength(8);
    expect(() => resolveSources(Array(9).fill(other), {})).toThrow('profile: a list of profiles has 1 to 8, not 9');
    expect(() => resolveSources([other, ''], {})).toThrow('"profile[1]" argument is missing');
  });

  test('is resolved once for each set of capabilities and ABIs', () => {
    const { loaded } = resolveSources('docker-default', {});
    const resolved = (options: object) => resolveSources(loaded, options);
    expect(resolved({})).toBe(resolved({}));
    const variants = [{}, { capabilities: ['CAP_BPF'] }, { abis: [] }, { abis: ['x86'] }].map(resolved);
    expect(new Set(variants).size).toBe(4);
  });
});

/** The request that the addon gets for a program: each option, alone and beside others, and what is tried again. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { isolationSupport } from '../../../lib/landlock/domain.js';
import { readPaths } from '../../../lib/landlock/paths/option.js';
import { planPaths } from '../../../lib/landlock/paths/plan.js';
import { pathsSupport } from '../../../lib/landlock/paths/support.js';
import { addon, type NativeRequest } from '../../../lib/native.js';
import { privateDirectoryFor, tmpVariables, toNativeFilters } from '../../../lib/sandbox/child/native-request.js';
import { loadSandbox } from '../../../lib/sandbox/load-sandbox.js';
import { PRIVATE_DIRECTORY } from '../../../lib/sandbox/options/environment.js';
import type { SpawnOptions } from '../../../lib/sandbox/options/types.js';
import type { StartSource } from '../../../lib/sandbox/plan/resolve-sources.js';
import { type RunOptions, run } from '../../../lib/sandbox/run.js';
import { spawn } from '../../../lib/sandbox/spawn.js';
import { describeUnless } from '../../support/describe-unless.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-request-'));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const { EPERM, ENOENT } = constants.errno;
const scopes = isolationSupport().by === 'scopes' ? undefined : 'Landlock has no scopes';
const PROFILE = 'docker-default';

type Failure = { readonly error: number; readonly call: string };

/** The requests for a program, whose starts fail like this, one after the other. */
function requests(options: SpawnOptions, failures: readonly Failure[], profile: StartSource = PROFILE) {
  const spawned = vi.spyOn(addon(), 'spawn').mockReset();
  for (const failure of failures) spawned.mockReturnValueOnce(failure);
  const child = spawn('program', ['x'], profile, options).on('error', () => {});
  return { child, all: spawned.mock.calls.map(([request]) => request) };
}

/** SECCOMP_FILTER_FLAG_NEW_LISTENER of linux/seccomp.h. */
const NEW_LISTENER = 8;

const NOT_FOUND: Failure = { error: ENOENT, call: 'execve' };

/** The request for a program that is not there. */
function requested(options: SpawnOptions = {}, profile: StartSource = PROFILE): NativeRequest {
  const [request] = requests(options, [NOT_FOUND], profile).all;
  return request ?? expect.fail('nothing was requested');
}

describe('the environment', () => {
  test('is that of this process without the option, with its PATH', () => {
    vi.stubEnv('PATH', '/p');
    vi.stubEnv('OF_THIS_PROCESS', 'x');
    const { env, candidates } = requested();
    expect(env).toContain('OF_THIS_PROCESS=x\0');
    expect(candidates).toEqual(['/p/program']);
  });

  test.each([
    ['a name', { 'A\0': 'x' }],
    ['a value', { A: 'x\0y' }],
  ])('has no NUL in %s', (_, env) => {
    expect(() => requested({ env })).toThrow(/options\.env\['A.*'\].*null bytes/);
  });

  test('has NODE_V8_COVERAGE of this process unless the option has that', () => {
    vi.stubEnv('NODE_V8_COVERAGE', '/reports');
    expect(requested({ env: { A: '1' } }).env).toBe('A=1\0NODE_V8_COVERAGE=/reports\0');
    expect(requested({ env: { NODE_V8_COVERAGE: '/mine' } }).env).toBe('NODE_V8_COVERAGE=/mine\0');
    expect(requested({ env: { NODE_V8_COVERAGE: undefined } }).env).toBe('');
    expect(
      requested()
        .env.split('\0')
        .filter((each) => each.startsWith('NODE_V8')),
    ).toEqual(['NODE_V8_COVERAGE=/reports']);
  });

  test('has variables of the channel in place of those of the option', () => {
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const;
    const env = requested({ env: { NODE_CHANNEL_FD: '9', A: '1' }, stdio: [...stdio] }).env.split('\0');
    expect(env).toEqual(expect.arrayContaining(['NODE_CHANNEL_FD=3', 'NODE_CHANNEL_SERIALIZATION_MODE=json', 'A=1']));
    expect(env).not.toContain('NODE_CHANNEL_FD=9');
  });
});

describe('the private directory', () => {
  const tmp = { path: '/tmp/d', variables: { TMPDIR: '/tmp/d' } } as NonNullable<
    ReturnType<typeof privateDirectoryFor>
  >;
  const env = { HOME: PRIVATE_DIRECTORY as never, A: '@tmp' };

  test('is the value of the variables that a sandbox sets to it, and of its own', () => {
    expect({ ...tmpVariables(env, tmp) }).toEqual({ HOME: '/tmp/d', TMPDIR: '/tmp/d' });
    expect({ ...tmpVariables(process.env, tmp) }).toEqual({ TMPDIR: '/tmp/d' });
  });

  test('must be there if a variable names it', () => {
    expect(() => tmpVariables({ ...env, CACHE: PRIVATE_DIRECTORY as never }, undefined)).toThrow(
      /^the sandbox sets HOME and CACHE to the directory @tmp, which options\.paths does not grant/,
    );
    expect({ ...tmpVariables({ A: '@tmp' }, undefined) }).toEqual({});
  });

  test('is made only for paths that have its word, and for the program’s user and group', ({ skip }) => {
    const plan = (write: readonly string[]) => ({ paths: planPaths(readPaths({ write }), true) });
    expect(privateDirectoryFor({}, { paths: undefined })).toBe(undefined);
    expect(privateDirectoryFor({}, plan([directory]))).toBe(undefined);
    skip(process.getuid?.() !== 0, 'needs root');
    for (const [uid, gid] of [
      [5, 6],
      [5, undefined],
      [undefined, 6],
      [null, null],
    ] as const) {
      const made = privateDirectoryFor({ uid, gid } as SpawnOptions, plan(['@tmp'])) ?? expect.fail('none was made');
      expect(statSync(made.path)).toMatchObject({ uid: uid ?? 0, gid: gid ?? 0 });
      made.removeSync();
    }
  });

  test('is in the request, as a variable and in the ruleset, and is removed if the start fails', ({ skip }) => {
    skip(pathsSupport().reason !== null, 'needs Landlock');
    const sandbox = loadSandbox({ paths: { read: ['@system'], write: ['@tmp'] }, env: { HOME: '@tmp' } });
    const request = requested({}, sandbox);
    const [, home = ''] = /^HOME=(.*?)\0/.exec(request.env) ?? [];
    expect(request.env).toContain(`TMPDIR=${home}\0`);
    expect(home).toMatch(/\/seccomp-[a-z2-7]+$/);
  });
});

describe('user and group', () => {
  test.each([
    [{}, [undefined, undefined]],
    [{ uid: null, gid: null }, [undefined, undefined]],
    [{ uid: 0, gid: 7 }, [0, 7]],
    [{ uid: 7 }, [7, undefined]],
  ])('of %j are %j', (options, expected) => {
    const { uid, gid } = requested(options as SpawnOptions);
    expect([uid, gid]).toEqual(expected);
  });
});

test.each([
  [undefined, undefined],
  ['', undefined],
  ['/usr', '/usr'],
  ['relative', 'relative'],
])('the directory of cwd %o is %o', (cwd, expected) => {
  expect(requested({ cwd }).cwd).toBe(expected);
});

describe('an agent', () => {
  const profile = (metadata?: string) =>
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      listenerPath: '/run/agent.sock',
      listenerMetadata: metadata,
      syscalls: [{ names: ['uname'], action: 'SCMP_ACT_NOTIFY' }],
    });
  const stateOf = ({ agent }: NativeRequest) => JSON.parse(agent?.state.join('77') ?? '');

  test('is sent the state of a container, with the process ID twice', () => {
    const request = requested({ cwd: '/usr' }, profile('about "this"'));
    expect(request).toMatchObject({ agent: { path: '/run/agent.sock' }, supervision: undefined, mailbox: undefined });
    expect(stateOf(request)).toEqual({
      pid: 77,
      ociVersion: '1.1.0',
      fds: ['seccompFd'],
      metadata: 'about "this"',
      state: {
        pid: 77,
        ociVersion: '1.1.0',
        id: expect.stringMatching(/^seccomp-[\da-f-]{36}$/),
        status: 'creating',
        bundle: '/usr',
      },
    });
  });

  test('is sent the working directory as an absolute path, and no metadata without any', () => {
    const state = stateOf(requested({}, profile()));
    expect(state).not.toHaveProperty('metadata');
    expect(state.state.bundle).toBe(process.cwd());
    expect(stateOf(requested({ cwd: 'x' }, profile())).state.bundle).toBe(join(process.cwd(), 'x'));
  });

  test('gets a filter with a listener', () => {
    expect(requested({}, profile()).filterFlags & NEW_LISTENER).toBe(NEW_LISTENER);
    expect(requested().filterFlags & NEW_LISTENER).toBe(0);
  });
});

test('a supervised child has a mailbox and a filter with a listener', () => {
  const { supervision, mailbox, filterFlags, agent } = requested({ onViolation: true });
  expect([typeof supervision, typeof mailbox, filterFlags & NEW_LISTENER, agent]).toEqual([
    'object',
    'object',
    NEW_LISTENER,
    undefined,
  ]);
});

test('each filter has its gate as pairs of an instruction and a half', () => {
  const filters = [
    { bytes: new Uint8Array([1]), gate: [] },
    {
      bytes: new Uint8Array([2]),
      gate: [
        { instruction: 8, half: 1 },
        { instruction: 9, half: 0 },
      ],
    },
  ] as never;
  const plan = { filters, flags: ['LOG', 'SPEC_ALLOW'], supervision: undefined, agent: undefined } as const;
  expect(toNativeFilters(plan, false)).toEqual({
    noNewPrivileges: false,
    unconfined: false,
    filters: [
      { bytes: new Uint8Array([1]), gate: [] },
      { bytes: new Uint8Array([2]), gate: [8, 1, 9, 0] },
    ],
    filterFlags: 6,
  });
});

describeUnless(scopes, 'the domain', () => {
  const notRoot = { uid: 65_534, gid: 65_534, capabilities: [] };
  const paths = { read: ['/'] };

  test.each<[string, SpawnOptions, StartSource, object]>([
    ['by default', {}, PROFILE, { isolation: false, domain: [0, 0, 3], domainRequired: false }],
    ['under unconfined', {}, 'unconfined', { isolation: undefined, domainRequired: false }],
    ['with isolate: false', { isolate: false }, PROFILE, { isolation: undefined, domainRequired: false }],
    [
      'with isolate: true',
      { isolate: true, ...notRoot },
      PROFILE,
      { isolation: true, domain: [0, 0, 3], domainRequired: true },
    ],
    ['with abstract sockets', { isolate: { abstractSockets: true } }, PROFILE, { isolation: false, domain: [0, 0, 2] }],
    [
      'with descendants: kill',
      { descendants: 'kill' },
      PROFILE,
      { isolation: false, domainRequired: true, sampled: undefined },
    ],
    [
      'with limits that are sampled',
      { limits: { memory: '1G', processes: 5, cpu: 1.5, exact: false } },
      PROFILE,
      { domainRequired: true, sampled: [2n ** 30n, 5n, 15_000n, 0n] },
    ],
    ['with paths', { paths }, PROFILE, { isolation: false, domainRequired: true }],
    ['with paths and bestEffort', { paths, bestEffort: true }, PROFILE, { isolation: false, domainRequired: false }],
    [
      'with paths, bestEffort and isolate: true',
      { paths, bestEffort: true, isolate: true, ...notRoot },
      PROFILE,
      { isolation: true, domainRequired: true },
    ],
    ['with paths and no isolation', { paths, isolate: false }, PROFILE, { isolation: undefined, domainRequired: true }],
  ])('%s', (_, options, profile, expected) => {
    const request = requested(options, profile);
    expect(request).toMatchObject(expected);
    expect(request.ruleset !== undefined).toBe(options.paths !== undefined);
    const isGuarded = options.descendants !== undefined || options.limits !== undefined;
    expect([request.guarded ?? false, request.guardianFilter !== undefined]).toEqual([isGuarded, isGuarded]);
    expect(request.domain !== undefined).toBe(request.isolation !== undefined && options.paths === undefined);
    expect(request.inProcessGroup).toBe(undefined);
  });
});

describeUnless(scopes, 'a guardian that can’t be started', () => {
  const NO_GUARDIAN: Failure = { error: EPERM, call: 'guardian: execveat' };
  const paths = { read: ['/'] };
  /** By default, so that the child is started without it. */
  const byDefault = (failures: readonly Failure[], options: RunOptions = {}) => {
    const spawned = vi.spyOn(addon(), 'spawn').mockReset();
    for (const failure of failures) spawned.mockReturnValueOnce(failure);
    const result = run('program', ['x'], PROFILE, options).catch((error: unknown) => error);
    return { result, requests: spawned.mock.calls.map(([request]) => request) };
  };

  test.each<[string, Failure, RunOptions, object]>([
    ['guardian', NO_GUARDIAN, {}, { domainRequired: false }],
    ['domain for it', { error: EPERM, call: 'landlock_restrict_self' }, {}, { domainRequired: false }],
    ['guardian for restricted paths', NO_GUARDIAN, { paths }, { domainRequired: true }],
    ['guardian for paths with bestEffort', NO_GUARDIAN, { paths, bestEffort: true }, { domainRequired: false }],
    [
      'guardian for an isolated child',
      NO_GUARDIAN,
      { isolate: true, ...(process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534, capabilities: [] } : {}) },
      { domainRequired: true },
    ],
  ])('has the child started without, once: no %s', async (_, failure, options, expected) => {
    const { result, requests: all } = byDefault([failure, NOT_FOUND], options);
    expect(await result).toMatchObject({ code: 'ENOENT' });
    expect(all).toMatchObject([
      { guarded: true, domainRequired: true },
      { guarded: false, sampled: undefined, ...expected },
    ]);
    expect(all[1]?.guardianFilter).toBe(undefined);
    expect(all).toHaveLength(2);
  });

  test('is an error if it was asked for', () => {
    const { child: _, all } = requests({}, [NOT_FOUND]);
    expect(all).toHaveLength(1);
    expect(() => requests({ descendants: 'kill' }, [NO_GUARDIAN])).toThrow(
      /^options\.descendants: 'kill' can't be honored: the guardian could not be started \(execveat EPERM/,
    );
  });

  test('is not the reason for another failure', async () => {
    const { result, requests: all } = byDefault([NOT_FOUND]);
    expect(await result).toMatchObject({ code: 'ENOENT' });
    expect(all).toHaveLength(1);
  });
});

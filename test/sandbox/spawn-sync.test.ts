/** spawnSync beside node:child_process's: the same calls, the same results. */
import { type SpawnSyncReturns as NodeResult, spawnSync as nodeSpawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { openSync } from 'node:fs';
import { constants } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { addon } from '../../lib/native.js';
import { UNKNOWN_USAGE } from '../../lib/process-tree/usage.js';
import { localAgents } from '../../lib/sandbox/plan/local-agents.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { type SpawnSyncOptions, type SpawnSyncResult, spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { evaluateScript, hasNoNewPrivs, NO_NEW_PRIVS } from '../support/scripts.js';

const sh = (script: string) => ['sh', ['-c', script]] as const;

const CASES: Readonly<Record<string, readonly [string, readonly string[], SpawnSyncOptions?]>> = {
  'output, errors and status': [...sh('echo out; echo err >&2; exit 3')],
  'a string as input': ['cat', [], { input: 'text', encoding: 'utf8' }],
  'bytes as input': ['cat', [], { input: new Uint16Array([0x4141, 0x4242]) }],
  'input in the encoding of the output': ['cat', [], { input: '4142', encoding: 'hex' }],
  'no input, which ends at once': ['cat', []],
  'input of which only a line is read': [...sh('read line'), { input: `line\n${'x'.repeat(1e6)}` }],
  'more than a socket holds, both ways': ['cat', [], { input: 'x'.repeat(3e5), maxBuffer: 1e6 }],
  'a program that is not there': ['no-such-program', ['one']],
  'a directory that is not there': ['true', [], { cwd: '/no/such/directory' }],
  'a program that may not be run': ['/etc/passwd', []],
  'a signal': [...sh('kill -9 $$')],
  'a timeout': ['sleep', ['60'], { timeout: 50 }],
  'a timeout with another signal': ['sleep', ['60'], { timeout: 50, killSignal: 'SIGKILL' }],
  'a program that its timeout’s signal does not end': [
    ...sh('cat <&1; echo still here'), // It reads until spawnSync closes the other end, which it does after the signal.
    { timeout: 50, killSignal: 'SIGURG' },
  ],
  'a grandchild that keeps a pipe open': [
    ...sh('(while kill -0 $$; do :; done 2>&-; echo late) & exit 5'), // It writes when the child has been waited for.
    { encoding: 'utf8' },
  ],
  'more output than is allowed': ['yes', [], { maxBuffer: 100 }],
  'as much as is allowed': ['printf', ['12345'], { maxBuffer: 5 }],
  'no limit by 0, and by Infinity': ['printf', ['12345'], { maxBuffer: 0 }],
  'a limit over both streams': [...sh('printf 123; printf 456 >&2; exec sleep 60'), { maxBuffer: 5 }],
  'more than three descriptors': [
    ...sh('echo three >&3; echo five >&5'),
    { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ignore', 'pipe'] },
  ],
  'a descriptor for stdout': [...sh('echo nothing'), { stdio: ['ignore', openSync('/dev/null', 'w'), 'pipe'] }],
  'nothing at all': ['true', [], { stdio: 'ignore' }],
  'another argv[0]': [...sh('echo $0'), { argv0: 'zero', encoding: 'latin1' }],
  'a shell': ['echo $A $0', [], { shell: true, env: { A: 'b' }, encoding: 'utf8' }],
  'a shell of one’s choice': ['echo $BASH_VERSION | wc -l', [], { shell: '/bin/bash', encoding: 'utf8' }],
  'encoding "buffer"': ['echo', ['a'], { encoding: 'buffer' }],
};

/**
 * What can be compared: numbers of processes differ, and how much of too much was read. Node's result has no violations, limit and usage.
 */
function facts({
  pid,
  error,
  output,
  stdout,
  stderr,
  limit: _limit,
  usage: _usage,
  violations = [],
  unlistedViolations = 0,
  unseenCalls = [],
  ...rest
}: NodeResult<string | Buffer> & Partial<SpawnSyncResult>) {
  const { call: _, ...properties } = { ...error } as { readonly call?: string };
  const short = (data: string | Buffer | null) => data && `${data.constructor.name} of ${data.length}: ${digest(data)}`;
  const all = [stdout ?? null, stderr ?? null, ...(output ?? [output])]; // Node 22 and later: undefined.
  return {
    ...rest,
    violations,
    unlistedViolations,
    unseenCalls,
    started: pid > 0,
    output: all.map((data) => (error?.message.endsWith('ENOBUFS') ? data?.slice(0, 5).toString() : short(data))),
    error: error && { name: error.name, message: error.message.replace(OF_DIRECTORY, ''), ...properties },
  };
}

/** What only this package's message says: docs/reference/child-process.md lists it. */
const OF_DIRECTORY = /: the working directory .* does not exist$/;

function digest(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

describe('spawnSync returns what node:child_process returns', () => {
  test.each(Object.entries(CASES))('%s', (_, [command, args, options]) => {
    const theirs = nodeSpawnSync(command, [...args], options as never);
    expect(facts(spawnSync(command, args, 'docker-default', options))).toEqual(facts(theirs));
  });

  test.each<[string, object]>([
    ['an unknown signal', { killSignal: 'SIGNONE' }],
    ['a negative maxBuffer', { maxBuffer: -1 }],
    ['a maxBuffer that is no number', { maxBuffer: '1' }],
    ['a negative timeout', { timeout: -1 }],
    ['input of another type', { input: 5 }],
    ['an unknown encoding of the input', { input: 'a', encoding: 'nonsense' }],
  ])('and refuses the same values: %s', (_, options) => {
    const refusal = (run: () => unknown) => {
      try {
        return run();
      } catch (error) {
        return error instanceof Error && 'code' in error ? `${error.name} ${error.code}` : String(error);
      }
    };
    const theirs = refusal(() => nodeSpawnSync('true', [], options as never));
    expect(refusal(() => spawnSync('true', [], 'docker-default', options as never))).toBe(theirs);
    expect(theirs).toMatch(/Error ERR_/);
  });
});

test('overlapped pipes, on which Node 20 aborts, are pipes', () => {
  expect(spawnSync('echo', ['a'], 'docker-default', { stdio: 'overlapped', encoding: 'utf8' }).stdout).toBe('a\n');
});

test('the program runs under its profile', () => {
  const { status, stderr } = spawnSync('unshare', ['--user', 'true'], 'docker-default', { encoding: 'utf8' });
  expect(stderr).toMatch(/Operation not permitted/);
  expect(status).toBe(1);
});

test('throws if the kernel refuses the filter, and nothing runs', ({ skip }) => {
  skip(hasNoNewPrivs(), NO_NEW_PRIVS);
  const options = { noNewPrivileges: false, uid: 65534, gid: 65534 };
  expect(() =>
    spawnSync('true', [], 'docker-default', process.getuid?.() === 0 ? options : { noNewPrivileges: false }),
  ).toThrowError(expect.objectContaining({ code: 'ERR_SECCOMP_ATTACH' }));
});

test('a worker that is terminated inside a call ends alone, not with its process', () => {
  const result = evaluateScript(`
    const code = \`
      const { spawnSync } = require('seccomp');
      const env = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => ['V' + i, 'x']));
      require('node:worker_threads').parentPort.postMessage('ready');
      for (;;) {
        spawnSync('/no/such', [], 'docker-default', { env, stdio: 'ignore' });
        require('node:worker_threads').parentPort.postMessage('called');
      }\`;
    for (let i = 0; i < 6; i++) {
      const worker = new Worker(code, { eval: true });
      for (let calls = 0; calls <= 1 + i % 5; calls++) await once(worker, 'message');
      await worker.terminate();
    }
    return 'survived';`);
  expect(result).toBe('survived');
});

test.each<[string, NodeJS.ArrayBufferView]>([
  ['a Buffer', Buffer.from('abcdef').subarray(2, 4)],
  ['a DataView', new DataView(new TextEncoder().encode('abcdef').buffer, 2, 2)],
  ['an array of 16-bit numbers', new Uint16Array(new TextEncoder().encode('abcdef').buffer, 2, 1)],
])('input from within the memory of %s', (_, input) => {
  expect(spawnSync('cat', [], 'docker-default', { input, encoding: 'utf8' }).stdout).toBe('cd');
});

describe('for an addon in place of the kernel, spawnSync', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const { ETIMEDOUT, ENOBUFS, EIO, ENOENT, EPERM } = constants.errno;
  const NO_GUARDIAN = { error: EPERM, call: 'guardian: execveat' };
  const ended = {
    pid: 7,
    code: 0,
    signal: null,
    output: [null, null, null],
    stopped: 0,
    domainError: 0,
    ...UNKNOWN_USAGE,
  };

  type Native = ReturnType<ReturnType<typeof addon>['spawnSync']>;
  /** Calls spawnSync, whose starts end like this, one after the other. */
  function called(options: SpawnSyncOptions, ...results: readonly Partial<Native>[]) {
    const native = vi.spyOn(addon(), 'spawnSync').mockReset();
    for (const result of results.length === 0 ? [{}] : results)
      native.mockReturnValueOnce(('error' in result ? result : { ...ended, ...result }) as Native);
    const result: SpawnSyncResult = spawnSync('program', ['x'], 'docker-default', options);
    return { result, limits: native.mock.calls[0]?.[1], requests: native.mock.calls.map(([request]) => request) };
  }

  test.each<[SpawnSyncOptions, object]>([
    [{}, { timeout: 0, killSignal: 15, forceKillAfter: 5000, maxBuffer: 1024 * 1024, input: undefined }],
    [
      { timeout: 2 ** 40, killSignal: 'SIGINT' },
      { timeout: 2 ** 40, killSignal: 2 },
    ],
    [{ forceKillAfter: false }, { forceKillAfter: Number.POSITIVE_INFINITY }],
    [
      { forceKillAfter: 7, maxBuffer: 0 },
      { forceKillAfter: 7, maxBuffer: 0 },
    ],
    [
      { maxBuffer: null as never, input: '' },
      { maxBuffer: 1024 * 1024, input: undefined },
    ],
    [{ input: '6162', encoding: 'hex' }, { input: Buffer.from('ab') }],
    [{ input: '6162', encoding: 'buffer' }, { input: Buffer.from('6162') }],
    [{ input: '6162', encoding: null }, { input: Buffer.from('6162') }],
    [{ input: new Uint8Array([1, 2, 3]).subarray(1) }, { input: new Uint8Array([2, 3]) }],
  ])('passes the limits of %o on', (options, expected) => {
    expect(called(options).limits).toMatchObject(expected);
  });

  test('has the output of each descriptor in the encoding, and the end', () => {
    const output = [null, Buffer.from('out'), Buffer.from('err'), null, Buffer.from('four')];
    expect(called({ encoding: 'utf8' }, { output, code: 3 }).result).toMatchObject({
      ...{ output: [null, 'out', 'err', null, 'four'], stdout: 'out', stderr: 'err', status: 3, signal: null, pid: 7 },
      ...{ limit: null, violations: [], unlistedViolations: 0, unseenCalls: [] },
    });
    for (const encoding of ['buffer', null, undefined] as const)
      expect(called({ encoding }, { output }).result.output).toEqual(output);
    expect(called({}, { code: null, signal: 9 }).result).toMatchObject({ status: null, signal: 'SIGKILL' });
    expect(called({}, { code: null, signal: 40 }).result).toMatchObject({ status: null, signal: null });
    expect(called({}, {}).result).not.toHaveProperty('error');
  });

  test.each([
    [ETIMEDOUT, 'ETIMEDOUT', 'time'],
    [ENOBUFS, 'ENOBUFS', 'output'],
    [EIO, 'EIO', null],
  ])('of a child that was stopped for errno %i has the error %s and the limit %s', (stopped, code, limit) => {
    expect(called({}, { stopped, code: null, signal: 15 }).result).toMatchObject({
      error: { code, syscall: 'spawnSync program', path: 'program', spawnargs: ['x'], call: 'poll' },
      ...{ limit, signal: 'SIGTERM' },
    });
  });

  test('says what was enforced, given the errno with which the domain could not be entered', () => {
    const isolationOf = (domainError: number) => called({}, { domainError }).result.enforcement?.isolation.by;
    expect([isolationOf(0) === undefined, isolationOf(EPERM)]).toEqual([isolationSupport().by === null, undefined]);
    expect(Object.keys(called({}).result)).not.toContain('enforcement');
  });

  test('of a program that was not started has the error, and nothing else', () => {
    const { result } = called({}, { error: ENOENT, call: 'execve' } as never);
    expect(result).toEqual({
      ...{ status: null, signal: null, output: null, pid: 0, stdout: null, stderr: null, limit: null, usage: null },
      ...{ violations: [], unlistedViolations: 0, unseenCalls: [] },
      error: expect.objectContaining({ code: 'ENOENT', syscall: 'spawnSync program', path: 'program', call: 'execve' }),
    });
    expect(result).not.toHaveProperty('enforcement');
    expect(() => called({}, { error: EPERM, call: 'seccomp' } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SECCOMP_ATTACH' }),
    );
  });

  test('ends the descendants of a child with a timeout, as far as it can, and says why not', ({ skip }) => {
    skip(isolationSupport().by !== 'scopes', 'Landlock has no scopes');
    const guarded = (options: SpawnSyncOptions) => called(options).requests.map((each) => each.guarded ?? false);
    expect([guarded({}), guarded({ timeout: 5 }), guarded({ timeout: 0 })]).toEqual([[false], [true], [false]]);
    expect(guarded({ timeout: 5, descendants: 'leave' })).toEqual([false]);
    expect(called({ timeout: 5 }).result.enforcement?.tree).toEqual({ by: 'guardian' });
    const { result, requests } = called({ timeout: 5 }, NO_GUARDIAN as never, {});
    expect(requests.map((each) => each.guarded)).toEqual([true, false]);
    expect(result.enforcement?.tree).toEqual({ reason: expect.stringContaining('the guardian could not be started') });
    expect(() => called({ descendants: 'kill' }, NO_GUARDIAN as never)).toThrow(
      /^options\.descendants: 'kill' can't be/,
    );
    expect(called({ timeout: 5 }, { treeStatus: -1 }).result.error?.message).toMatch(/guardian/);
    expect(called({ timeout: 5 }, { treeStatus: 0 }).result).not.toHaveProperty('error');
    const { spawnSync: bound } = new Sandbox('docker-default');
    const native = vi.spyOn(addon(), 'spawnSync').mockReset().mockReturnValue(ended);
    bound('program', { timeout: 5 });
    expect(native.mock.calls[0]?.[0].guarded ?? false).toBe(false);
  });

  test('refuses an agent that runs on its thread', () => {
    const agent = { isAt: (path: string) => path === '/run/agent.sock' };
    localAgents.add(agent);
    const profile = JSON.stringify({
      ...{ defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/run/agent.sock' },
      syscalls: [{ names: ['uname'], action: 'SCMP_ACT_NOTIFY' }],
    });
    try {
      expect(() => spawnSync('true', [], profile)).toThrow('its agent runs on this thread');
    } finally {
      localAgents.delete(agent);
    }
  });
});

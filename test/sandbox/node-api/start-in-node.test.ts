/** Programs that Node itself starts: under unconfined, on another system, of which these tests change the name alone. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { execve } from '../../../lib/sandbox/execve.js';
import { harden } from '../../../lib/sandbox/harden.js';
import { planFilters } from '../../../lib/sandbox/plan/plan-filters.js';
import { resolveSources } from '../../../lib/sandbox/plan/resolve-sources.js';
import { refuseUnsupported } from '../../../lib/sandbox/plan/unsupported-options.js';
import { run } from '../../../lib/sandbox/run.js';
import { Sandbox } from '../../../lib/sandbox/sandbox.js';
import { spawn } from '../../../lib/sandbox/spawn.js';
import { spawnSync } from '../../../lib/sandbox/spawn-sync.js';
import { statusOf } from '../../support/processes.js';

const platform = Object.getOwnPropertyDescriptor(process, 'platform') ?? expect.fail('no platform');
beforeEach(() => {
  Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' });
});
afterEach(() => {
  Object.defineProperty(process, 'platform', platform);
  vi.restoreAllMocks();
});

const NO_SECCOMP = 'seccomp is a part of Linux and this is darwin';
const NONE = 'unconfined';
/** What Node says of a program's usage is how long it ran. */
const TIME_ONLY = { wallTime: expect.any(Number), cpuTime: null, maxRss: null, peakMemory: null };
const ECHO = fileURLToPath(new URL('../../data/echo-message.cjs', import.meta.url));

describe('a child', () => {
  test('has the events, the streams and the properties of Node’s, and nothing is enforced on it', async () => {
    const child = spawn('sh', ['-c', 'cat; echo err >&2; exit 3'], NONE, { argv0: 'name' });
    expect([child.pid, child.spawnfile, child.spawnargs]).toEqual([
      ...[expect.any(Number), 'sh', ['name', '-c', 'cat; echo err >&2; exit 3']],
    ]);
    expect(child.enforcement.isolation).toMatchObject({ reason: NO_SECCOMP, closed: [] });
    expect([child.stdio.length, child.stdio[1] === child.stdout, child.connected]).toEqual([3, true, false]);
    const seen: unknown[] = [];
    for (const name of ['spawn', 'exit'] as const) child.on(name, (...values) => seen.push([name, ...values]));
    child.stdin.end('typed');
    const output = Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
    seen.push(['close', ...(await once(child, 'close'))]);
    expect((await output).map(String)).toEqual(['typed', 'err\n']);
    expect(seen).toEqual([['spawn'], ['exit', 3, null], ['close', 3, null]]);
    expect([child.exitCode, child.signalCode, child.hasEnded, child.violations, child.limit, child.usage]).toEqual([
      ...[3, null, true, [], null, TIME_ONLY],
    ]);
  });

  test('that can’t be started emits the error, then close', async () => {
    const child = spawn('/no/such/file', ['x'], NONE);
    const seen: unknown[] = [];
    child.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code, error.syscall));
    const end = await once(child, 'close').catch((error: unknown) => error);
    expect([child.pid, child.hasEnded, child.usage]).toEqual([undefined, true, null]);
    expect([seen, end]).toEqual([['ENOENT', 'spawn /no/such/file'], expect.objectContaining({ code: 'ENOENT' })]);
  });

  test('whose options Node refuses throws Node’s error', () => {
    expect(() => spawn('/etc/passwd/x', NONE)).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
  });

  test('is ended by kill, by its timeout, by an abort, and by SIGKILL later', async () => {
    const sleep = (options: object) => spawn('sleep', ['60'], NONE, { stdio: 'ignore', ...options });
    const killed = sleep({});
    expect([killed.kill('SIGINT'), killed.killed]).toEqual([true, true]);
    expect(await once(killed, 'exit')).toEqual([null, 'SIGINT']);
    expect(killed.kill()).toBe(false);
    const late = sleep({ timeout: 10, killSignal: 'SIGUSR1' });
    expect([await once(late, 'exit'), late.limit]).toEqual([[null, 'SIGUSR1'], 'time']);
    const stubborn = sleep({ timeout: 10, killSignal: 'SIGWINCH', forceKillAfter: 10 });
    expect(await once(stubborn, 'exit')).toEqual([null, 'SIGKILL']);
    const controller = new AbortController();
    const aborted = sleep({ signal: controller.signal });
    const seen: unknown[] = [];
    aborted.on('error', ({ name }) => seen.push(name));
    controller.abort();
    expect([await once(aborted, 'exit'), seen]).toEqual([[null, 'SIGTERM'], ['AbortError']]);
  });

  test('has a channel with ipc, of which there is one', async () => {
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
    const child = spawn(process.execPath, [ECHO], NONE, { stdio: [...stdio] });
    expect(child.connected).toBe(true);
    child.send('hello');
    const ended = once(child, 'close');
    const disconnected = once(child, 'disconnect');
    expect(await once(child, 'message')).toEqual(['hello', undefined]);
    await disconnected;
    expect([await ended, child.connected]).toEqual([[0, null], false]);
    expect(() => spawn('true', NONE, { stdio: [...stdio, 'ipc'] })).toThrow(
      expect.objectContaining({ code: 'ERR_IPC_ONE_PIPE' }),
    );
  });
});

test('starts and ends are published, but not of a program that can’t be started', async () => {
  const seen: unknown[] = [];
  const listen = (message: unknown, name: string | symbol) => void seen.push([name, message]);
  const names = ['seccomp:start', 'seccomp:end'];
  for (const name of names) subscribe(name, listen);
  try {
    const child = spawn('sh', ['-c', 'exit 3'], NONE);
    await once(child, 'exit');
    spawnSync('sh', ['-c', 'exit 3'], NONE);
    await once(spawn('/no/such/file', NONE), 'close').catch(() => {});
    spawnSync('/no/such/file', NONE);
    const program = { pid: expect.any(Number), file: 'sh', args: ['sh', '-c', 'exit 3'] };
    const enforcement = expect.objectContaining({ isolation: expect.objectContaining({ reason: NO_SECCOMP }) });
    const ended = { exitCode: 3, signal: null, limit: null, usage: TIME_ONLY };
    expect(seen).toEqual([
      ...[{ process: child }, {}].flatMap((each) => [
        ['seccomp:start', { ...each, ...program, enforcement }],
        ['seccomp:end', { ...each, ...program, ...ended }],
      ]),
    ]);
  } finally {
    for (const name of names) unsubscribe(name, listen);
  }
});

describe('spawnSync', () => {
  const sync = (...args: readonly unknown[]) =>
    Reflect.apply(spawnSync, undefined, args) as ReturnType<typeof spawnSync>;

  test('has Node’s result, and nothing is enforced', () => {
    const result = sync('sh', ['-c', 'cat; echo err >&2; exit 3'], NONE, { input: 'typed', encoding: 'utf8' });
    expect(result).toEqual({
      ...{ status: 3, signal: null, output: [null, 'typed', 'err\n'], pid: expect.any(Number) },
      ...{ stdout: 'typed', stderr: 'err\n', limit: null, usage: TIME_ONLY },
      ...{ violations: [], unlistedViolations: 0, unseenCalls: [] },
    });
    expect(result.enforcement?.isolation.reason).toBe(NO_SECCOMP);
    expect(Object.keys(result)).not.toContain('enforcement');
    expect(result).not.toHaveProperty('error');
  });

  test.each<[string, readonly unknown[], object]>([
    ['a timeout', ['sleep', ['60'], NONE, { timeout: 10 }], { signal: 'SIGTERM', limit: 'time' }],
    ['too much output', ['yes', [], NONE, { maxBuffer: 5 }], { signal: 'SIGTERM', limit: 'output' }],
    ['too much CPU time', ['sh', ['-c', 'kill -XCPU $$'], NONE], { signal: 'SIGXCPU', limit: 'cpu' }],
    ['too large a file', ['sh', ['-c', 'kill -XFSZ $$'], NONE], { signal: 'SIGXFSZ', limit: 'file-size' }],
    ['a signal', ['sh', ['-c', 'kill -9 $$'], NONE], { signal: 'SIGKILL', limit: null }],
  ])('says which limit ended the program: %s', (_, parameters, expected) => {
    expect(sync(...parameters)).toMatchObject(expected);
  });

  test('of a program that can’t be started has the error, and no enforcement', () => {
    const result = sync('/no/such/file', NONE);
    expect(result).toMatchObject({
      error: { code: 'ENOENT' },
      usage: null,
      output: null,
      stdout: null,
      stderr: null,
      status: null,
    });
    expect(result).not.toHaveProperty('enforcement');
  });

  test('sends one signal: forceKillAfter is refused', () => {
    const message = `options.forceKillAfter can't be honored: ${NO_SECCOMP}, and Node's spawnSync sends one signal; leave it out, or give killSignal: 'SIGKILL'`;
    expect(() => sync('true', NONE, { forceKillAfter: 0 })).toThrow(message);
    expect(sync('true', NONE, { forceKillAfter: false }).status).toBe(0);
  });
});

test('run waits for a program, and refuses a channel', async () => {
  expect(await run('cat', [], NONE, { input: 'hello' })).toMatchObject({ stdout: 'hello', exitCode: 0 });
  await expect(run('sh', ['-c', 'exit 3'], NONE)).rejects.toMatchObject({ exitCode: 3 });
  await expect(run('sleep', ['60'], NONE, { timeout: 10 })).rejects.toMatchObject({ code: 'ETIMEDOUT', limit: 'time' });
  const message = 'options.stdio[1]: "ipc" is not for run: its promise has no channel: use spawn';
  await expect(run('true', NONE, { stdio: ['ignore', 'ipc', 'pipe', 'ipc'] })).rejects.toMatchObject({
    ...{ code: 'ERR_SECCOMP_OPTION', message },
  });
});

describe('other processes that hold the pipes of an aborted program are not waited for', () => {
  test.each<[string, string, object]>([
    ['while it runs', 'exec sleep 60', { exitCode: null, signal: 'SIGTERM' }],
    ['when it has ended', 'exit 3', { exitCode: 3, signal: null }],
  ])('%s', async (when, script, ending) => {
    const controller = new AbortController();
    const abortAtOutput = (message: unknown) => {
      const { process: child } = message as { readonly process: ReturnType<typeof spawn> };
      const seen = [once(child.stdout ?? child, 'data'), when === 'while it runs' || once(child, 'exit')];
      void Promise.all(seen).then(() => controller.abort());
    };
    subscribe('seccomp:start', abortAtOutput);
    try {
      const running = run('sh', ['-c', `sleep 20 & echo $!; ${script}`], NONE, { signal: controller.signal });
      const error: unknown = await running.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', ...ending, timedOut: false });
      const holder = Number(Reflect.get(Object(error), 'stdout'));
      expect(statusOf(holder).get('State')).toMatch(/^[^ZX]/);
      process.kill(holder, 'SIGKILL');
    } finally {
      unsubscribe('seccomp:start', abortAtOutput);
    }
  });
});

test('a program whose run is aborted already is not started', async () => {
  const started = vi.fn();
  subscribe('seccomp:start', started);
  try {
    const running = run('true', NONE, { signal: AbortSignal.abort() });
    await expect(running).rejects.toMatchObject({ name: 'AbortError', exitCode: null, signal: null, usage: null });
    expect(started).not.toHaveBeenCalled();
  } finally {
    unsubscribe('seccomp:start', started);
  }
});

test('a Sandbox has Node’s functions', () => {
  const { execSync, execFileSync, spawnSync: sync } = new Sandbox(NONE, { encoding: 'utf8', timeout: 60_000 });
  expect([execSync('echo a'), execFileSync('echo', ['b']), sync('echo', ['c']).stdout]).toEqual(['a\n', 'b\n', 'c\n']);
});

describe('on another system', () => {
  test.each<[string, unknown, boolean]>([
    ['isolate', true, true],
    ['isolate', {}, true],
    ['isolate', false, false],
    ['rlimits', {}, true],
    ['limits', {}, true],
    ['paths', {}, true],
    ['network', 'none', true],
    ['descendants', 'leave', true],
    ['bestEffort', true, true],
    ['onViolation', false, false],
    ['notify', undefined, false],
    ['profile', 'unconfined', false],
    ['forceKillAfter', 5, false],
    ['allowUnknownOptions', true, false],
    ['cwd', '/', false],
    ['detached', true, false],
  ])('the option %s: %o is refused: %s', (name, value, isRefused) => {
    const message = `options.${name} can't be honored: because; give it only on Linux`;
    const refuse = () => refuseUnsupported({ cwd: '/', [name]: value, uid: 5 }, 'because');
    if (isRefused) expect(refuse).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_UNSUPPORTED', message }));
    else expect(refuse).not.toThrow();
  });

  test('Node starts what is unconfined, and nothing is enforced, but on this process', () => {
    const plan = (options: object, target: 'child' | 'execve' | 'harden' | 'register') =>
      planFilters(resolveSources(NONE, {}), options, target, 'kill');
    for (const target of ['child', 'execve', 'harden', 'register'] as const) {
      expect(plan({}, target)).toMatchObject({ isOfNode: true, tree: undefined, filters: [], supervision: undefined });
      expect(plan({}, target).enforcement(0)).toMatchObject({ isolation: { reason: NO_SECCOMP } });
    }
    for (const target of ['child', 'execve'] as const)
      expect(() => plan({ noNewPrivileges: true }, target)).toThrow(`options.noNewPrivileges can't be honored`);
    expect(() => plan({ noNewPrivileges: true }, 'harden')).not.toThrow();
    expect(harden(NONE)).toMatchObject({ filters: [], threads: 'all' });
  });

  test('execve can’t replace this process', () => {
    expect(() => execve('true', NONE)).toThrow(
      `execve can't replace this process: ${NO_SECCOMP}; start the program by spawnSync with stdio: 'inherit', and exit`,
    );
  });
});

/** What `seccomp run` asks the library to start, and what it says of the program's end. Nothing is started. */
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import * as platform from '../../lib/addon/platform.js';
import { IsolationRefusal } from '../../lib/landlock/domain.js';
import { addon } from '../../lib/native.js';
import { programEnd } from '../../lib/process-tree/program-end.js';
import * as execve from '../../lib/sandbox/execve.js';
import { rememberProgram } from '../../lib/sandbox/path-hints.js';
import * as spawning from '../../lib/sandbox/spawn.js';
import { seccomp } from '../support/command-line.js';

/** What is enforced where isolation is off. */
const NOT_ISOLATED = { isolation: { closed: [], open: [] } };

/** A child that the command starts. It ends as soon as the command waits for it. */
class Child extends EventEmitter {
  readonly pid: number | undefined = 7;
  readonly enforcement: object = NOT_ISOLATED;
  readonly limit: string | null = null;
  readonly violations: readonly object[] = [];
  readonly unlistedViolations = 0;
  readonly unseenCalls = [];
  end = programEnd(null, null);
  readonly kill = vi.fn();
}

type End = readonly [code: number | null, signalNumber: number | null];

/** Lets the next child have properties, and end. `meanwhile` is done before. */
function endChild(end: End, properties: Partial<Child> = {}, meanwhile = (_child: Child) => {}): void {
  vi.spyOn(spawning, 'startProgram').mockImplementation(() => {
    const child = Object.assign(new Child(), properties);
    rememberProgram(child, { file: 'program', args: [], argv: ['program'], options: {} });
    setImmediate(() => {
      meanwhile(child);
      child.end = programEnd(...end);
      child.emit('exit', child.end.code, child.end.signal);
    });
    return child as never;
  });
}

const directory = mkdtempSync(join(tmpdir(), 'seccomp-run-options-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Writes a sandbox file. */
function sandbox(document: object): string {
  const file = join(directory, 'sandbox.json');
  writeFileSync(file, JSON.stringify(document));
  return file;
}

beforeEach(() => {
  vi.spyOn(execve, 'executeProgram').mockReturnValue(undefined as never);
  vi.spyOn(platform, 'unsupportedReason').mockReturnValue(undefined);
  endChild([0, null]);
});
afterEach(() => vi.restoreAllMocks());

/** The call of the library that starts the program: its function, its arguments, and the fate of descendants. */
function started() {
  const [inPlace] = vi.mocked(execve.executeProgram).mock.calls;
  const [asChild] = vi.mocked(spawning.startProgram).mock.calls;
  const given = inPlace?.[0] ?? asChild?.[0];
  const parameters: readonly unknown[] = Array.isArray(given) ? given : expect.fail('nothing was started');
  const options = Object.entries(Object(parameters[3])).filter(([, value]) => value !== undefined);
  return {
    by: inPlace === undefined ? 'spawn' : 'execve',
    command: parameters[0],
    args: parameters[1],
    profile: Object(parameters[2]).source,
    options: Object.fromEntries(options),
    descendants: inPlace === undefined ? asChild?.[1] : inPlace[2],
  };
}

const run = (...args: readonly string[]) => seccomp('run', ...args, '--', 'program', 'a', '-b');

describe('the options', () => {
  test.each<[readonly string[], object]>([
    [[], {}],
    [['--capability', 'CAP_CHOWN', '--capability', 'CAP_KILL'], { capabilities: ['CAP_CHOWN', 'CAP_KILL'] }],
    [['--abi', 'x86', '--abi', 'x32'], { abis: ['x86', 'x32'] }],
    [['--new-privileges'], { noNewPrivileges: false }],
    [['--isolate'], { isolate: true }],
    [['--no-isolate'], { isolate: false }],
    [['--abstract-sockets'], { isolate: { abstractSockets: true } }],
    [['--no-network'], { network: 'none' }],
    [['--log-denied'], { logDenied: true }],
    [['--no-isolate', '--no-network'], { isolate: false, network: 'none' }],
    [['--read', '/usr', '--best-effort'], { paths: expect.anything(), bestEffort: true }],
    [['--write', '/tmp'], { paths: expect.anything() }],
    [['--execute', '/usr'], { paths: expect.anything() }],
  ])('%j are %j of execve', async (flags, options) => {
    expect(await run(...flags)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(started()).toEqual({
      ...{ by: 'execve', command: 'program', args: ['a', '-b'], profile: 'docker-default', options },
      descendants: 'kill',
    });
  });

  test('--env names all variables that the program gets', async () => {
    vi.stubEnv('PASSED', 'on').stubEnv('NOT_PASSED', 'x');
    onTestFinished(() => void vi.unstubAllEnvs());
    await run('--env', 'PASSED', '--env', 'A=b=c', '--env', 'EMPTY=', '--env', 'ABSENT', '--env', '__proto__=x');
    const { env } = started().options;
    const defined = Object.entries(Object(env)).filter(([, value]) => value !== undefined);
    expect(defined.sort()).toEqual(Object.entries({ A: 'b=c', EMPTY: '', PASSED: 'on', ['__proto__']: 'x' }).sort());
    expect(env).toHaveProperty('NODE_V8_COVERAGE', undefined);
  });

  test.each<[readonly string[], object]>([
    [['--timeout', '3'], { timeout: 3000 }],
    [['--memory', '64M'], { limits: expect.anything() }],
    [['--processes', '9', '--best-effort'], { limits: expect.anything(), bestEffort: true }],
    [['--cpu', '1', '--timeout', '2'], { limits: expect.anything(), timeout: 2000 }],
    [['--read', '@tmp'], { paths: expect.anything() }],
    [['--write', '@tmp', '--read', '/usr'], { paths: expect.anything() }],
    [['--explain'], { onViolation: expect.any(Function), reportPaths: false }],
    [
      ['--explain', '--read', '/usr'],
      { onViolation: expect.any(Function), reportPaths: true, paths: expect.anything() },
    ],
    [['--explain', '--timeout', '1'], { onViolation: expect.any(Function), reportPaths: false, timeout: 1000 }],
  ])('%j need a parent', async (flags, options) => {
    expect(await run(...flags)).toMatchObject({ status: 0 });
    expect(started()).toEqual({
      ...{ by: 'spawn', command: 'program', args: ['a', '-b'], profile: 'docker-default' },
      ...{ options: { ...options, stdio: 'inherit' }, descendants: 'kill' },
    });
  });

  test.each<[readonly string[]]>([[[]], [['--timeout', '1']], [['--explain']]])(
    '--keep-descendants beside %j leaves descendants',
    async (flags) => {
      await run(...flags, '--keep-descendants');
      expect(started()).toMatchObject({ descendants: 'leave', options: { descendants: 'leave' } });
    },
  );

  test('read the profile as they say', async () => {
    const profile = '{"defaultAction": "SCMP_ACT_ALLOW", "syscals": []}';
    expect(await run('-p', profile)).toMatchObject({ status: 125, stderr: expect.stringContaining('syscals') });
    expect(await run('-p', profile, '--compat', '--format', 'docker')).toMatchObject({ status: 0 });
    expect(started()).toMatchObject({ profile: 'inline' });
    expect(await run('-p', profile, '--compat', '--format', 'oci')).toMatchObject({ status: 0 });
  });
});

describe('under a sandbox,', () => {
  test.each<[object, readonly string[], string, object]>([
    [{}, [], 'execve', {}],
    [{ network: 'none' }, [], 'execve', { network: 'none' }],
    [{ isolate: false }, ['--isolate'], 'execve', { isolate: true }],
    [{ paths: { read: ['/usr'] } }, [], 'execve', { paths: expect.anything() }],
    [{ paths: { read: ['@tmp'] } }, [], 'spawn', { paths: expect.anything() }],
    [{ paths: { read: ['/usr'] } }, ['--read', '@tmp'], 'spawn', { paths: expect.anything() }],
    [{ timeout: 5 }, [], 'spawn', { timeout: 5 }],
    [{ timeout: 5 }, ['--timeout', '1h'], 'spawn', { timeout: 3_600_000 }],
    [{ limits: { memory: '64M' } }, [], 'spawn', { limits: expect.anything() }],
    [{ network: 'none' }, ['--best-effort'], 'execve', { network: 'none', bestEffort: true }],
    [{ descendants: 'kill' }, ['--keep-descendants'], 'execve', { descendants: 'leave' }],
  ])('%j with %j', async (document, flags, by, options) => {
    expect(await run('-s', sandbox(document), ...flags)).toMatchObject({ status: 0 });
    const { stdio: _, ...given } = started().options;
    expect([started().by, given]).toEqual([by, options]);
  });

  test('paths and limits of both are in force', async () => {
    const file = sandbox({ paths: { read: ['/usr'] }, limits: { memory: '64M', processes: 5 } });
    await run('-s', file, '--write', '/tmp', '--processes', '9');
    const { paths, limits } = started().options;
    expect(Object(paths).all.map(({ path }: { path: string }) => path)).toEqual(['/usr', '/tmp']);
    expect(limits).toMatchObject({ memory: 64n << 20n, processes: 9 });
  });

  test.each<[object, object]>([
    [{}, { A: '1', B: '2' }],
    [{ env: { A: 'file', C: '3' } }, { A: '1', B: '2', C: '3' }],
  ])('variables of %j and of --env are in force, these first', async (document, expected) => {
    await run('-s', sandbox(document), '--env', 'A=1', '--env', 'B=2');
    const defined = Object.entries(Object(started().options['env'])).filter(([, value]) => value !== undefined);
    expect(Object.fromEntries(defined)).toEqual(expected);
  });

  test('--env of an absent variable leaves a value of the file as it is', async () => {
    await run('-s', sandbox({ env: { A: 'file' } }), '--env', 'A');
    expect(started().options['env']).toMatchObject({ A: 'file' });
  });

  test('--sampled concerns limits of the file, if it has some', async () => {
    expect(await run('-s', sandbox({ limits: { memory: '64M' } }), '--sampled')).toMatchObject({ status: 0 });
    expect(started().options['limits']).toMatchObject({ memory: 64n << 20n, exact: 'preferred' });
    const stderr = expect.stringContaining('--sampled has no effect without --memory, --processes or --cpu');
    expect(await run('-s', sandbox({ timeout: 1 }), '--sampled')).toMatchObject({ status: 125, stderr });
  });
});

describe('refuses', () => {
  test.each<[readonly string[], string]>([
    [['--env', 'A=secret', '--env', 'A'], '--env: A is named twice: leave one of them out'],
    [['--env', '=secret'], '--env: must be NAME or NAME=VALUE, and the name is empty'],
    [['--env', '--explain'], '--env needs the name of a variable, and "--explain" follows it'],
    [['--env', 'A,B'], '--env: there is no variable "A,B": names are literal, so give --env once for each'],
    [
      ['-p', 'untrusted'],
      'untrusted is a sandbox, of which a profile is a part: run programs in it with seccomp run -s untrusted',
    ],
    [['-s', 'node'], 'unknown built-in sandbox "node": node is a profile: give it with -p'],
    [['--abstract-sockets', '--isolate'], '--abstract-sockets cannot be combined with --isolate: leave one out'],
    [['--abstract-sockets', '--no-isolate'], '--abstract-sockets cannot be combined with --no-isolate: leave one out'],
    [['--abstract-sockets', '--no-network'], '--abstract-sockets cannot be combined with --no-network: leave one out'],
    [
      ['-s', 'untrusted', '-p', 'node'],
      '--profile cannot be combined with --sandbox, which has a profile: leave one of them out',
    ],
    [
      ['-s', 'untrusted', '--format', 'oci'],
      '--format cannot be combined with --sandbox, which has a profile: leave one of them out',
    ],
    [['--read', '/', '--read', '-x'], '--read needs a path, and "-x" follows it; a file of that name is ./-x'],
    [['--write', '--explain'], '--write needs a path, and "--explain" follows it; a file of that name is ./--explain'],
    [
      ['--execute', '-a', '--execute', '-b'],
      '--execute needs a path, and "-a" follows it; a file of that name is ./-a',
    ],
    [
      ['--timeout', '5 s'],
      '--timeout: must be a time from 1ms to 24d, such as 1.5 (seconds), 500ms, 90s, 5m or 2h, not "5 s"',
    ],
    [
      ['--memory', '9999999999999999999'],
      '--memory: must be a number of bytes, or a text such as "512M", "1.5G" or "64KiB", with the unit K, M, G or T (powers of 1,024), not \'9999999999999999999\'',
    ],
  ])('%j', async (flags, message) => {
    expect(await run(...flags)).toEqual({ status: 125, stdout: '', stderr: `seccomp: ${message}\n` });
    expect([execve.executeProgram, spawning.startProgram].map((each) => vi.mocked(each).mock.calls)).toEqual([[], []]);
  });

  test.each<[readonly string[]]>([[['--isolate', '--no-isolate']], [['--no-isolate', '--isolate']]])(
    '%j',
    async (flags) => {
      const stderr = expect.stringMatching(/^seccomp: --isolate and --no-isolate: leave one of them out\n/);
      expect(await run(...flags)).toEqual({ status: 125, stdout: '', stderr });
    },
  );

  test('nothing for an option about isolation that is given twice', async () => {
    expect(await run('--isolate', '--isolate')).toMatchObject({ status: 0 });
    expect(started().options).toEqual({ isolate: true });
  });

  const asked = { remedy: 'x' };
  test.each<[readonly string[], string, string, string]>([
    [['--isolate'], 'options.isolate', '--isolate', 'leave --isolate out'],
    [['-s', 'FILE'], 'isolate', 'FILE: isolate', 'leave it out'],
    [['-s', 'FILE', '--isolate'], 'isolate', '--isolate', 'leave --isolate out'],
    [['-s', 'FILE'], 'the isolation of this sandbox', 'FILE: isolate', 'give --best-effort'],
  ])('%j where %s is not possible', async (flags, of, named, remedy) => {
    const file = sandbox({});
    vi.mocked(execve.executeProgram).mockImplementation(() => {
      const askedBySandbox = 'isolation, which this sandbox needs,';
      throw new IsolationRefusal('no scopes', { asked: of.startsWith('the ') ? askedBySandbox : of, ...asked });
    });
    const { status, stderr } = await run(...flags.map((flag) => flag.replace('FILE', file)));
    expect([status, stderr.replace(file, 'FILE')]).toEqual([
      125,
      `seccomp: ${named} can't be honored: no scopes: start seccomp as another user, or on a newer kernel, or ${remedy}\n`,
    ]);
    vi.mocked(execve.executeProgram).mockImplementation(() => {
      throw new IsolationRefusal('a filter: change it', { ...asked, asked: of, obstacle: { reason: '', remedy: '' } });
    });
    const other = await run(...flags.map((flag) => flag.replace('FILE', file)));
    expect(other.stderr).toContain(': a filter: change it, or ');
  });
});

describe('where the system has no seccomp,', () => {
  const REASON = 'seccomp is a part of Linux';
  const REMEDY = 'run this command on Linux only; on darwin: seccomp run -p unconfined -- …';
  beforeEach(() => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
    vi.mocked(platform.unsupportedReason).mockReturnValue(REASON);
  });

  test.each([
    ...['--read /', '--write /tmp', '--execute /', '--memory 64M', '--processes 9', '--cpu 1', '--capability CAP_KILL'],
    ...['--isolate', '--abstract-sockets', '--no-network', '--log-denied', '--explain'],
  ])('%s is refused', async (flag) => {
    const [name = '', ...value] = flag.split(' ');
    const stderr = `seccomp: ${name} can't be honored: ${REASON}: ${REMEDY}\n`;
    expect(await run(name, ...value)).toEqual({ status: 125, stdout: '', stderr });
  });

  test('the first of several options is named', async () => {
    const stderr = `seccomp: --read can't be honored: ${REASON}: ${REMEDY}\n`;
    expect(await run('--explain', '--isolate', '--read', '/')).toEqual({ status: 125, stdout: '', stderr });
  });

  test('under another runtime, Node is the remedy', async () => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue('linux');
    const stderr = `seccomp: --read can't be honored: ${REASON}: run seccomp by Node.js\n`;
    expect(await run('--read', '/')).toEqual({ status: 125, stdout: '', stderr });
  });

  test('a sandbox is refused', async () => {
    const stderr = `seccomp: --sandbox can't be honored: ${REASON}: ${REMEDY}\n`;
    expect(await run('-s', 'untrusted')).toEqual({ status: 125, stdout: '', stderr });
  });

  test('a program is a child', async () => {
    expect(await run('-p', 'unconfined', '--no-isolate', '--keep-descendants')).toMatchObject({ status: 0 });
    expect(started()).toMatchObject({ by: 'spawn', options: { isolate: false }, descendants: 'leave' });
  });
});

describe('a child', () => {
  const child = () => run('--timeout', '1h');

  test.each<[string, End, number, string, by?: 'guardian']>([
    ['time', [null, 15], 124, 'it ran longer than it may (--timeout)'],
    ['file-size', [null, 25], 153, 'it wrote too large a file (RLIMIT_FSIZE)'],
    ['cpu', [null, 24], 152, 'it used too much CPU time (RLIMIT_CPU)'],
    ['cpu', [null, 9], 137, 'it used more CPU time than it may (--cpu)', 'guardian'],
    ['memory', [null, 9], 137, 'it needed more memory than it may use (--memory)'],
    ['memory', [null, 9], 137, 'it used more memory than it may (--memory)', 'guardian'],
    ['processes', [3, null], 3, 'it could not start as many processes as it needs (--processes)'],
    ['processes', [null, 9], 137, 'it had more processes and threads than it may (--processes)', 'guardian'],
  ])('that reached its limit of %s is reported: %j, %i, %s', async (limit, end, status, text, by) => {
    endChild(end, { limit, enforcement: { ...NOT_ISOLATED, limits: { by } } });
    expect(await child()).toEqual({ status, stdout: '', stderr: `seccomp: program: ${text}\n` });
  });

  test.each<[readonly [string, string], number, string]>([
    [['ENOENT', 'execve'], 127, 'program: command not found'],
    [['EACCES', 'execve'], 126, 'program: not executable (EACCES)'],
    [['ENOEXEC', 'execve'], 126, 'program: not executable (ENOEXEC)'],
    [['ENOENT', 'chdir'], 125, 'it failed'],
  ])('that fails with %j is reported', async ([code, call], status, text) => {
    endChild([0, null], {}, (each) => each.emit('error', Object.assign(new Error('it failed'), { code, call })));
    expect(await child()).toEqual({ status, stdout: '', stderr: `seccomp: ${text}\n` });
  });

  test.each<[number | undefined, object, string]>([
    [
      7,
      { paths: { reason: 'no Landlock' } },
      'seccomp: the files that COMMAND reaches are not restricted: no Landlock\n',
    ],
    [7, { limits: { reason: 'no cgroup' } }, 'seccomp: not all limits are enforced: no cgroup\n'],
    [7, { paths: { rights: [] }, limits: { enforced: [] } }, ''],
    [undefined, { paths: { reason: 'no Landlock' } }, ''],
    [7, { isolation: { by: 'domain', reason: 'no scopes', closed: ['memory'] } }, ''],
    [
      7,
      { isolation: { reason: 'no Landlock', closed: ['limits'] } },
      'seccomp: COMMAND is not isolated from other processes: no Landlock; with --isolate, it is not started\n',
    ],
    [
      7,
      { isolation: { reason: 'no Landlock', closed: ['limits'] }, tree: { reason: 'no guardian' } },
      'seccomp: COMMAND is not isolated from other processes, and what it starts may outlive it: no Landlock; with --isolate, it is not started\n',
    ],
    [7, { isolation: { reason: 'isolation is off', closed: ['sockets'] } }, ''],
    [
      7,
      { isolation: { by: 'domain', reason: 'no scopes', closed: ['memory'] }, tree: { reason: 'no guardian' } },
      'seccomp: what COMMAND starts may outlive it: no guardian\n',
    ],
    [7, { isolation: { reason: 'isolation is off', closed: [] }, tree: { reason: 'no guardian' } }, ''],
  ])('with the process ID %s and what is enforced %j', async (pid, enforcement, stderr) => {
    endChild([0, null], { pid, enforcement: { ...NOT_ISOLATED, ...enforcement } });
    expect(await child()).toEqual({ status: 0, stdout: '', stderr });
  });

  test.each<NodeJS.Signals>(['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT'])(
    'is sent %s, and this process handles it no longer after the end',
    async (signal) => {
      const before = process.listenerCount(signal);
      let meanwhile = 0;
      let kill = vi.fn();
      endChild([0, null], {}, (each) => {
        meanwhile = process.listenerCount(signal);
        kill = each.kill;
        process.emit(signal, signal);
      });
      await child();
      expect(kill.mock.calls).toEqual([[signal]]);
      expect([meanwhile, process.listenerCount(signal)]).toEqual([before + 1, before]);
    },
  );

  test.each<[string, object | undefined, readonly string[][]]>([
    ['is not sent what the terminal has sent it already', undefined, []],
    ['in a session of its own is sent it', { tree: { by: 'process-group' } }, [['SIGINT'], ['SIGQUIT']]],
  ])('%s', async (_, enforcement = {}, fromTerminal) => {
    vi.spyOn(addon(), 'takeFromKernel').mockReturnValue(true);
    let kill = vi.fn();
    endChild([0, null], { enforcement: { ...NOT_ISOLATED, ...enforcement } }, (each) => {
      kill = each.kill;
      for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const) process.emit(signal, signal);
    });
    await child();
    expect(kill.mock.calls).toEqual([...fromTerminal, ['SIGTERM'], ['SIGHUP']]);
  });

  test('without the addon is not sent what a terminal on stdin may have sent it', async () => {
    vi.mocked(platform.unsupportedReason).mockReturnValue('seccomp is a part of Linux');
    const { isTTY } = process.stdin;
    onTestFinished(() => {
      process.stdin.isTTY = isTTY;
    });
    for (const isTerminal of [true, false]) {
      process.stdin.isTTY = isTerminal;
      let kill = vi.fn();
      endChild([0, null], {}, (each) => {
        kill = each.kill;
        process.emit('SIGINT', 'SIGINT');
      });
      await run('-p', 'unconfined', '--no-isolate', '--keep-descendants');
      expect(kill.mock.calls).toEqual(isTerminal ? [] : [['SIGINT']]);
    }
  });

  test('that a signal ends lets this process end in the same way, unless a limit was the reason', async () => {
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    const once = vi.spyOn(process, 'once');
    const onExit = () => once.mock.calls.filter(([event]) => event === 'beforeExit');
    endChild([null, 15], { limit: 'time' });
    await child();
    endChild([5, null]);
    expect(await child()).toMatchObject({ status: 5 });
    endChild([null, 35]);
    expect(await child()).toMatchObject({ status: 163 });
    expect(onExit()).toEqual([]);
    endChild([null, 31]);
    expect(await child()).toMatchObject({ status: 159 });
    const [[, listener] = []] = onExit();
    expect(kill).not.toHaveBeenCalled();
    listener?.();
    expect(kill.mock.calls).toEqual([[process.pid, 'SIGSYS']]);
  });
});

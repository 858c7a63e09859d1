/** What fork() asks of Node's own fork, which starts nothing here: options, arguments, environment, and how the child is ended. */
import childProcess, { type ChildProcess } from 'node:child_process';
import { EventEmitter, getEventListeners } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isolationSupport } from '../../../lib/landlock/domain.js';
import * as rulesets from '../../../lib/landlock/paths/ruleset.js';
import { pathsSupport } from '../../../lib/landlock/paths/support.js';
import { addon, launcherFile, preloadFile } from '../../../lib/native.js';
import * as starting from '../../../lib/sandbox/child/start-node.js';
import { type ForkOptions, fork } from '../../../lib/sandbox/fork.js';
import * as payload from '../../../lib/sandbox/this-process/fork-payload.js';
import { describeUnless } from '../../support/describe-unless.js';
import { loadWith } from '../../support/spy-on-builtin.js';
import { until } from '../../support/until.mjs';

const forkInNode = vi.fn<typeof childProcess.fork>();
const instance = '../../../lib/sandbox/child/start-node.js?test';
const own: typeof starting = await loadWith(childProcess, 'fork', forkInNode, () => import(instance));

const directory = mkdtempSync(join(tmpdir(), 'seccomp-start-node-'));
const plain = join(directory, 'plain');
writeFileSync(plain, '');
const executable = join(directory, 'executable');
writeFileSync(executable, '');
chmodSync(executable, 0o755);
afterAll(() => rmSync(directory, { recursive: true }));

const ownExecArgv = process.execArgv;
beforeEach(() => {
  process.execArgv = ['--no-warnings'];
  vi.spyOn(starting, 'startNode').mockImplementation(own.startNode);
});
afterEach(() => {
  process.execArgv = ownExecArgv;
  vi.restoreAllMocks();
  vi.useRealTimers();
});

type Given = ForkOptions & { readonly profile?: string };

/** Options of Node's own fork. */
type NodeOptions = Readonly<Record<string, unknown>> & { readonly env?: Readonly<Record<string, string>> };

/** The child that Node's fork returns. */
class Child extends EventEmitter {
  readonly pid: number | undefined;
  readonly sent: unknown[] = [];
  readonly stdio: unknown[];
  readonly spawnargs: unknown[];

  constructor(pid: number | undefined, parameters: readonly unknown[]) {
    super();
    this.pid = pid;
    const [module, args = [], options = {}] = parameters as [string, string[], ForkOptions];
    this.stdio = Array.isArray(options.stdio) ? [...options.stdio] : [];
    this.spawnargs = [options.execPath, ...(options.execArgv ?? []), module, ...args];
  }

  kill(signal: unknown): boolean {
    this.sent.push(signal);
    return true;
  }
}

/** Forks `module.cjs x` or another module, and returns the child and what Node's fork was given. */
function forked({ profile = 'docker-default', ...options }: Given = {}, module = 'module.cjs', pid?: number | null) {
  let child = new Child(undefined, []);
  let given: unknown[] = [];
  forkInNode.mockReset().mockImplementation((...parameters: unknown[]) => {
    given = parameters;
    child = new Child(pid === null ? undefined : (pid ?? 77), parameters);
    return child as unknown as ChildProcess;
  });
  const result = fork(module, ['x'], profile, options);
  const [path, args, nodeOptions] = given as [string, string[], NodeOptions];
  return { child, result, path, args, options: nodeOptions };
}

const PAYLOAD = payload.PAYLOAD_VARIABLE;
const handedOver = ({ env }: NodeOptions) => payload.decodePayload(env?.[PAYLOAD] ?? '');
const NOT_ISOLATED: Given = { isolate: false };

describe('under unconfined, Node’s fork', () => {
  test('gets Node’s options alone, and those that this package has are left out', () => {
    const { path, args, options } = forked({
      ...{ profile: 'unconfined', silent: true, execArgv: ['-x'], env: { A: '1' }, cwd: '/', serialization: 'json' },
      ...{ forceKillAfter: 5, logDenied: false, noNewPrivileges: true },
    });
    expect([path, args]).toEqual(['module.cjs', ['x']]);
    expect({ ...options, env: { ...options.env } }).toEqual({
      ...{ silent: true, execArgv: ['-x'], env: { A: '1' }, cwd: '/', serialization: 'json' },
    });
  });
});

describe('without isolation, Node', () => {
  test('loads the file first that attaches the filters, which are in its environment', () => {
    const { options } = forked({ ...NOT_ISOLATED, env: { A: '1' }, execArgv: ['--inspect=0', '--title', 't'] });
    expect(options['execArgv']).toEqual(['--require', preloadFile(), '--inspect=0', '--title', 't']);
    expect(options.env).toEqual({ A: '1', NODE_OPTIONS: '', [PAYLOAD]: expect.any(String) });
    expect(options['execPath']).toBe(undefined);
    expect(handedOver(options)).toMatchObject({
      ...{ noNewPrivileges: true, withoutIoUring: true, hidesNodeOptions: true, filterFlags: 0 },
      filters: [{ gate: [] }],
    });
  });

  test('keeps NODE_OPTIONS that it is given, and gets the flags of the filters', () => {
    const { options } = forked({ ...NOT_ISOLATED, env: { NODE_OPTIONS: '-r x' }, logDenied: true });
    expect(options.env?.['NODE_OPTIONS']).toBe('-r x');
    expect(handedOver(options)).toMatchObject({ hidesNodeOptions: false, filterFlags: 2 });
  });

  test('sets no_new_privs unless that is turned off, and is not restarted where io_uring is allowed', () => {
    const allowing = '{"defaultAction":"SCMP_ACT_ALLOW"}';
    const { options } = forked({ ...NOT_ISOLATED, noNewPrivileges: false, profile: allowing });
    expect(handedOver(options)).toMatchObject({ noNewPrivileges: false, withoutIoUring: false });
  });

  test('has the environment of this process without the option', () => {
    vi.stubEnv('OF_THIS_PROCESS', 'x');
    expect(forked(NOT_ISOLATED).options.env?.['OF_THIS_PROCESS']).toBe('x');
    vi.unstubAllEnvs();
  });

  test('has this process’s own arguments without the option, but not the text of node -e', () => {
    process.execArgv = ['--no-warnings', '-e', 'text'];
    expect(forked(NOT_ISOLATED).options['execArgv']).toEqual(['--require', preloadFile(), '--no-warnings', '--']);
    expect(forked({ ...NOT_ISOLATED, execArgv: [] }).options['execArgv']).toEqual(['--require', preloadFile()]);
    expect(forked({ ...NOT_ISOLATED, execArgv: [5] as never }).options['execArgv']).toEqual([
      ...['--require', preloadFile(), '5'],
    ]);
  });

  test.each([
    [['--title'], ['--title', '--']],
    [
      ['--title', 't'],
      ['--title', 't'],
    ],
    [
      ['--', '--title'],
      ['--', '--title'],
    ],
    [['-r'], ['-r', '--']],
    [[], []],
  ])('of %j ends its options: %j', (execArgv, expected) => {
    expect(forked({ ...NOT_ISOLATED, execArgv }).options['execArgv']).toEqual([
      '--require',
      preloadFile(),
      ...expected,
    ]);
  });

  test('takes a module whose name begins with - for an option, and ends no options before it', () => {
    expect(forked({ ...NOT_ISOLATED, execArgv: ['-r'] }, '-p').options['execArgv']).toEqual([
      ...['--require', preloadFile(), '-r'],
    ]);
  });

  test('is not started with filters that are longer than a variable may be, of 128 KiB with its name', () => {
    const most = 128 * 1024 - `${PAYLOAD}=\0`.length;
    const encode = vi.spyOn(payload, 'encodePayload').mockReturnValue('x'.repeat(most));
    expect(forked(NOT_ISOLATED).options.env?.[PAYLOAD]).toHaveLength(most);
    encode.mockReturnValue('x'.repeat(most + 1));
    const message = `too long for an environment variable (${most + 1} bytes): use fewer or shorter profiles`;
    expect(() => forked(NOT_ISOLATED)).toThrow(
      expect.objectContaining({ code: 'ERR_SECCOMP_TOO_LARGE', message: expect.stringContaining(message) }),
    );
  });
});

const noScopes = isolationSupport().by === 'scopes' ? undefined : 'Landlock has no scopes';

describeUnless(noScopes, 'an isolated Node', () => {
  const notRoot = { uid: 65_534, gid: 65_534 };
  const allowing = '{"defaultAction":"SCMP_ACT_ALLOW"}';

  // Its domain, the place of a ruleset, then: domain required, isolated, isolated in full, no_new_privs, no io_uring.
  test.each<[string, Given, string]>([
    ['by default', {}, '0,0,3,0,0,1,0,1,1'],
    ['in full', { isolate: true, ...notRoot }, '0,0,3,0,1,1,1,1,1'],
    ['but for abstract sockets', { isolate: { abstractSockets: true } }, '0,0,2,0,0,1,0,1,1'],
    ['with noNewPrivileges: false', { noNewPrivileges: false }, '0,0,3,0,0,1,0,0,1'],
    ['with io_uring', { profile: allowing }, '0,0,3,0,0,1,0,1,0'],
    ['under unconfined', { profile: 'unconfined', isolate: {} }, '0,0,3,0,0,1,0,1,0'],
  ])('%s is started by the launcher', (_, given, words) => {
    const { options } = forked(given);
    const [first, program, ...others] = options['execArgv'] as string[];
    expect([options['execPath'], first, program]).toEqual([launcherFile(), words, process.execPath]);
    expect(others.slice(0, 2)).toEqual(['--require', preloadFile()]);
  });

  test('need not be restarted: the launcher denies io_uring', () => {
    expect(handedOver(forked().options).withoutIoUring).toBe(false);
  });

  test('is shown with its own name and arguments', () => {
    const { result, options } = forked({ execPath: executable, execArgv: ['--no-warnings', '--'] });
    expect((options['execArgv'] as string[])[1]).toBe(executable);
    expect([result.spawnfile, result.spawnargs]).toEqual([
      executable,
      [executable, '--require', preloadFile(), '--no-warnings', '--', 'module.cjs', 'x'],
    ]);
  });

  test.each<[string, Given]>([
    ['does not exist', { execPath: '/nowhere/node' }],
    ['is in no folder of this process’s PATH', { profile: 'unconfined', isolate: {}, execPath: 'surely-no-such-node' }],
    ['is in no folder of PATH', { execPath: 'node', env: { PATH: '/nowhere:/proc' } }],
    ['is a directory', { execPath: directory }],
    ['may not be executed', { execPath: plain }],
    ['leads through a file', { execPath: `${plain}/node` }],
    ['does not exist in the working directory', { execPath: './nothing', cwd: directory }],
  ])('that %s is left to Node’s own fork', (_, given) => {
    expect(forked(given, undefined, null).options['execPath']).toBe(given.execPath);
    const message = 'options.execPath: the program was created while it was being started: try again';
    expect(() => forked(given)).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message }));
    const child = forkInNode.mock.results[0]?.value as Child;
    expect(child.sent).toEqual(['SIGKILL']);
    expect(() => child.emit('error', new Error('killed'))).not.toThrow();
  });

  test.each<[string, ForkOptions]>([
    ['of an absolute path', { execPath: executable }],
    ['of a path in the working directory', { execPath: './executable', cwd: directory }],
    ['of a path in a directory that is a URL', { execPath: './executable', cwd: pathToFileURL(directory) as never }],
    ['in the second folder of PATH', { execPath: 'executable', env: { PATH: `/nowhere:${directory}` } }],
    ['that is empty, for this Node', { execPath: '' }],
  ])('%s is found', (_, given) => {
    expect(forked(given).options['execPath']).toBe(launcherFile());
  });
});

describeUnless(noScopes ?? pathsSupport().reason ?? undefined, 'a Node whose paths are restricted', () => {
  const DESCRIPTOR = 90;
  const paths = { read: ['/usr'] };

  const restricted = (given: Given = {}) => {
    const made = vi
      .spyOn(rulesets, 'rulesetFor')
      .mockReset()
      .mockReturnValue({} as never);
    vi.spyOn(addon(), 'descriptorOf').mockReturnValue(DESCRIPTOR);
    const result = forked({ paths, ...given });
    return { ...result, subject: made.mock.calls[0]?.[0] };
  };

  test.each<[string, Given, readonly unknown[]]>([
    ['the default', {}, ['inherit', 'inherit', 'inherit', 'ipc']],
    ['silent', { silent: true }, ['pipe', 'pipe', 'pipe', 'ipc']],
    ['a keyword', { silent: true, stdio: 'ignore' }, ['ignore', 'ignore', 'ignore', 'ipc']],
    ['a list', { silent: true, stdio: ['ignore', 'ipc', 5] }, ['ignore', 'ipc', 5]],
  ])('gets the ruleset behind its descriptors, which do not show it: %s', (_, given, stdio) => {
    const { options, child } = restricted(given);
    expect(options['stdio']).toEqual([...stdio, DESCRIPTOR]);
    expect((options['execArgv'] as string[])[0]).toBe(`0,0,0,${stdio.length},1,1,0,1,1`);
    expect(child.stdio).toEqual(stdio);
  });

  test('may be started without a domain with bestEffort, unless it is isolated in full', () => {
    const word = (given: Given) => (restricted(given).options['execArgv'] as string[])[0];
    expect(word({ bestEffort: true })).toBe('0,0,0,4,0,1,0,1,1');
    expect(word({ bestEffort: true, isolate: true, uid: 65_534, gid: 65_534 })).toBe('0,0,0,4,1,1,1,1,1');
    expect(word({ isolate: false })).toBe('0,0,0,4,1,0,0,1,1');
  });

  test('has the ruleset for its user, its directory, itself and its module', () => {
    const { subject } = restricted({ uid: 5, cwd: directory, execPath: executable });
    expect(subject).toMatchObject({
      uid: 5,
      directory,
      scoped: 3,
      candidates: undefined,
      isNode: true,
      tmp: undefined,
    });
    expect(subject?.files).toContain(join(directory, 'module.cjs'));
    expect(subject?.needs()).toEqual({ paths: expect.arrayContaining([executable]), isSettled: false });
    const other = restricted().subject;
    expect(other).toMatchObject({ uid: undefined, directory: process.cwd() });
  });

  test('has a private directory for @tmp, which is removed when it has ended', async () => {
    const { options, child, subject } = restricted({ paths: { write: ['@tmp'] }, env: { A: '1', TMPDIR: '/x' } });
    const tmp = String(options.env?.['TMPDIR']);
    expect(options.env).toMatchObject({ A: '1', TMPDIR: expect.stringMatching(/\/seccomp-[a-z2-7]+$/) });
    expect([subject?.tmp, existsSync(tmp)]).toEqual([tmp, true]);
    child.emit('exit');
    await until(() => !existsSync(tmp));
  });

  test('and that is not started leaves no private directory', () => {
    let tmp = '';
    vi.spyOn(rulesets, 'rulesetFor').mockReturnValue({} as never);
    vi.spyOn(addon(), 'descriptorOf').mockReturnValue(DESCRIPTOR);
    forkInNode.mockReset().mockImplementation((_, __, options) => {
      tmp = String(options?.env?.['TMPDIR']);
      throw new RangeError('not started');
    });
    expect(() => fork('module.cjs', 'docker-default', { paths: { write: ['@tmp'] } })).toThrow('not started');
    expect([tmp.includes('seccomp-'), existsSync(tmp)]).toEqual([true, false]);
  });
});

describe('a child of fork', () => {
  const running = (given: Given) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    return forked({ ...NOT_ISOLATED, ...given });
  };

  test('gets SIGKILL forceKillAfter milliseconds after its timeout, for which Node sends killSignal', () => {
    const { child, options } = running({ timeout: 100, killSignal: 'SIGINT', forceKillAfter: 20 });
    expect(options).toMatchObject({ timeout: 100, killSignal: 2 });
    vi.advanceTimersByTime(119);
    expect(child.sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(child.sent).toEqual(['SIGKILL']);
  });

  test('gets it 5 seconds after by default, and never with forceKillAfter: false', () => {
    const { child } = running({ timeout: 1 });
    vi.advanceTimersByTime(5000);
    expect(child.sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(child.sent).toEqual(['SIGKILL']);
    const never = running({ timeout: 1, forceKillAfter: false });
    vi.advanceTimersByTime(1);
    expect([vi.getTimerCount(), never.child.sent]).toEqual([0, []]);
  });

  test('is aborted by a signal of its own, with the reason, and gets SIGKILL later', () => {
    const controller = new AbortController();
    const { child, options } = running({ signal: controller.signal, forceKillAfter: 20 });
    const signal = options['signal'] as AbortSignal;
    expect([signal === controller.signal, signal.aborted, vi.getTimerCount()]).toEqual([false, false, 0]);
    const reason = new Error('enough');
    controller.abort(reason);
    expect([signal.aborted, signal.reason]).toEqual([true, reason]);
    vi.advanceTimersByTime(20);
    expect(child.sent).toEqual(['SIGKILL']);
  });

  test('is aborted at once by a signal that is aborted already', () => {
    const { options } = running({ signal: AbortSignal.abort('before') });
    expect(options['signal']).toMatchObject({ aborted: true, reason: 'before' });
  });

  test('that has ended leaves no timer and no listener', () => {
    const controller = new AbortController();
    const { child } = running({ timeout: 100, signal: controller.signal, forceKillAfter: 20 });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(1);
    child.emit('exit');
    expect([vi.getTimerCount(), getEventListeners(controller.signal, 'abort')]).toEqual([0, []]);
  });

  test('that was not started has no timer', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const controller = new AbortController();
    forked({ profile: 'unconfined', timeout: 100, signal: controller.signal }, undefined, null);
    expect([vi.getTimerCount(), getEventListeners(controller.signal, 'abort')]).toEqual([0, []]);
  });

  test('says what is enforced on it', () => {
    expect(forked({ network: 'none' }).result.enforcement).toMatchObject({ network: { by: 'filter' } });
  });
});

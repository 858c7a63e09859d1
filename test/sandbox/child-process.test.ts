/** The object of a child, for a process in place of the kernel's: signals, timers, and the order of events. */
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, getEventListeners } from 'node:events';
import { constants } from 'node:os';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { PrivateDirectory } from '../../lib/landlock/paths/private-directory.js';
import type { ChildWatch, TreeHandle } from '../../lib/native.js';
import type { MessageChannel } from '../../lib/sandbox/channel/message-channel.js';
import { makeProcess } from '../../lib/sandbox/child/process/child-process.js';
import { type Ending, endingOf } from '../../lib/sandbox/options/ending.js';
import { fakeTimeouts } from '../support/fake-timers.js';

const { EINVAL, EMFILE, ENFILE, ENOENT, ENOSYS, EPERM, ESRCH } = constants.errno;
const [SIGKILL, SIGINT, SIGTERM] = [9, 2, 15];

beforeEach(fakeTimeouts);

const isolation = { closed: [], open: [] } as const;
const PROGRAM = { file: 'program', args: ['x'], argv: ['program', 'x'], options: {} };

/** A child that runs, the signals that it was sent, and its events. `results` are those of kill(2). */
function running(
  ending: Partial<Ending> = {},
  results: readonly number[] = [],
  { tree, channel }: { readonly tree?: TreeHandle; readonly channel?: MessageChannel } = {},
) {
  const child = makeProcess(PROGRAM, { ...endingOf({}), ...ending }, (errno) => ({
    isolation: { ...isolation, reason: String(errno) },
  }));
  const sent: (number | string)[] = [];
  const left = [...results];
  const watch: ChildWatch = {
    kill: (signal) => {
      sent.push(signal);
      return left.shift() ?? 0;
    },
    killGroup: () => 0,
    ref: () => sent.push('ref'),
    unref: () => sent.push('unref'),
    end: () => sent.push('end'),
  };
  if (channel !== undefined) child.connect(channel);
  child.attach({ pid: 77, watch, sockets: [-1, -1, -1], domainError: 5, ...(tree && { tree }) });
  const events: unknown[][] = [];
  for (const name of ['spawn', 'exit', 'close'] as const) child.on(name, (...values) => events.push([name, ...values]));
  child.on('error', ({ name, message }) => events.push(['error', name, message]));
  return { child, sent, events };
}

describe('the end of a child', () => {
  test.each([
    [0, null, 0, null],
    [3, null, 3, null],
    [null, SIGTERM, null, 'SIGTERM'],
    [null, 40, null, null],
  ])('with code %s and signal %s is in its properties and events', async (code, signal, exitCode, signalCode) => {
    const { child, events } = running();
    expect([child.pid, child.exitCode, child.signalCode, child.hasEnded]).toEqual([77, null, null, false]);
    await turn();
    child.exited(code, signal);
    await turn();
    expect([child.exitCode, child.signalCode, child.hasEnded]).toEqual([exitCode, signalCode, true]);
    expect(events).toEqual([['spawn'], ['exit', exitCode, signalCode], ['close', exitCode, signalCode]]);
  });

  test('is not awaited by ref and unref any more', () => {
    const { child, sent } = running();
    child.unref();
    child.ref();
    child.exited(0, null);
    child.unref();
    expect(sent).toEqual(['unref', 'ref']);
  });

  test('has the enforcement for the errno with which isolating it failed', () => {
    expect(running().child.enforcement.isolation.reason).toBe('5');
  });
});

test('a child has its program and arguments, its streams, and no violations if none are collected', () => {
  const { child } = running();
  expect([child.spawnfile, child.spawnargs, child.stdio, child.stdin, child.stdout, child.stderr]).toEqual([
    ...['program', ['program', 'x'], [null, null, null], null, null, null],
  ]);
  expect([child.violations, child.unlistedViolations, child.isWatched, child.limit]).toEqual([[], 0, false, null]);
  expect([child.killed, child.connected]).toEqual([false, false]);
  expect(child.killTree.bind(child)).toThrow(/^killTree: the descendants of child 77 are left: give the option/);
});

test('no other caller makes a child', () => {
  const { child } = running();
  expect(() => Reflect.construct(child.constructor, ['program', [], endingOf({}), () => ({ isolation })])).toThrow(
    expect.objectContaining({ name: 'TypeError', code: 'ERR_ILLEGAL_CONSTRUCTOR' }),
  );
});

describe('a child that Node has started', () => {
  /** The child, for a process of Node's in place of one that runs. */
  function adopted({ pid, connected = false }: { pid?: number; connected?: boolean }) {
    const stdout = new PassThrough();
    const started = Object.assign(new EventEmitter(), { pid, connected, stdio: [null, stdout, null] });
    const child = makeProcess(PROGRAM, endingOf({}), () => ({ isolation }));
    const watch = { kill: () => 0, ref: () => {}, unref: () => {}, end: () => {} };
    child.adopt(started as unknown as ChildProcess, watch);
    const events: unknown[][] = [];
    for (const name of ['spawn', 'exit', 'close'] as const)
      child.on(name, (...values) => events.push([name, ...values]));
    child.on('error', ({ message }) => events.push(['error', message]));
    return { child, started, stdout, events };
  }

  test('has its streams, its end and its errors', async () => {
    const { child, started, stdout, events } = adopted({ pid: 7 });
    expect([child.pid, child.stdio, child.stdout, child.hasEnded]).toEqual([7, [null, stdout, null], stdout, false]);
    await turn();
    started.emit('error', new Error('kill EPERM'));
    started.emit('exit', null, 'SIGINT');
    expect(events).toEqual([['spawn'], ['error', 'kill EPERM'], ['exit', null, 'SIGINT']]);
    stdout.destroy();
    await turn();
    expect(events.at(-1)).toEqual(['close', null, 'SIGINT']);
  });

  test('closes when it has ended, although nobody reads its output', async () => {
    const { started, stdout, events } = adopted({ pid: 7 });
    stdout.end('unread');
    await turn();
    expect(events).toEqual([['spawn']]);
    started.emit('exit', 0, null);
    await turn();
    await turn();
    expect(events.slice(1)).toEqual([
      ['exit', 0, null],
      ['close', 0, null],
    ]);
  });

  test('leaves its errors to its channel, if it has one', () => {
    const { started } = adopted({ pid: 7, connected: true });
    expect(started.listenerCount('error')).toBe(0);
  });

  test('or has failed to start emits the error once, and close', async () => {
    const { child, started, events } = adopted({});
    expect([child.pid, child.hasEnded]).toEqual([undefined, true]);
    started.emit('error', Object.assign(new Error('spawn ENOENT'), { errno: -ENOENT, code: 'ENOENT' }));
    await turn();
    expect(events).toEqual([
      ['error', 'spawn ENOENT'],
      ['close', -ENOENT, null],
    ]);
  });
});

describe('kill', () => {
  test('sends SIGTERM, a signal by name or number, or 0', () => {
    const { child, sent } = running();
    expect(child.killed).toBe(false);
    expect([child.kill(), child.kill('SIGINT'), child.kill(SIGKILL), child.kill(0)]).toEqual([true, true, true, true]);
    expect([sent, child.killed]).toEqual([[SIGTERM, SIGINT, SIGKILL, 0], true]);
  });

  test('returns false for a child that has ended', () => {
    const { child, sent, events } = running({}, [ESRCH]);
    expect(child.kill()).toBe(false);
    child.exited(0, null);
    expect([child.kill(), sent, child.killed]).toEqual([false, [SIGTERM], false]);
    expect(events.some(([name]) => name === 'error')).toBe(false);
  });

  test.each([EINVAL, ENOSYS])('throws errno %i', (errno) => {
    const { child, events } = running({}, [errno]);
    expect(() => child.kill()).toThrow(expect.objectContaining({ errno: -errno, syscall: 'kill' }));
    expect([events, child.killed]).toEqual([[], false]);
  });

  test('emits EPERM', () => {
    const { child, events } = running({}, [EPERM]);
    expect([child.kill(), child.killed]).toEqual([false, false]);
    expect(events).toEqual([['error', 'Error', 'kill EPERM']]);
  });
});

describe('terminate', () => {
  test('sends SIGKILL once if the child still runs, forceKillAfter later', () => {
    const { child, sent } = running({ killSignal: SIGINT, forceKillAfter: 100 });
    child.terminate();
    vi.advanceTimersByTime(60);
    child.terminate(SIGTERM);
    vi.advanceTimersByTime(39);
    expect(sent).toEqual([SIGINT, SIGTERM]);
    vi.advanceTimersByTime(1);
    expect(sent).toEqual([SIGINT, SIGTERM, SIGKILL]);
    vi.runAllTimers();
    expect(sent).toHaveLength(3);
  });

  test('leaves no timer when the child has ended, and starts none if no signal was sent', () => {
    const { child, sent } = running({ timeout: 1000 });
    child.scheduleEnd();
    expect(child.terminate()).toBe(true);
    expect(vi.getTimerCount()).toBe(2);
    child.exited(0, null);
    expect(vi.getTimerCount()).toBe(0);
    expect([child.terminate(), vi.getTimerCount(), sent]).toEqual([false, 0, [SIGTERM]]);
  });

  test('never sends SIGKILL with forceKillAfter false', () => {
    const { child } = running({ forceKillAfter: Number.POSITIVE_INFINITY });
    child.terminate();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the timeout and the AbortSignal', () => {
  test('end the child', () => {
    const { child, sent, events } = running({ timeout: 50 });
    child.scheduleEnd();
    vi.advanceTimersByTime(49);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect([sent, events]).toEqual([[SIGTERM], []]);
    const controller = new AbortController();
    const other = running({ signal: controller.signal });
    other.child.scheduleEnd();
    controller.abort();
    expect(other.sent).toEqual([SIGTERM]);
    expect(other.events).toEqual([['error', 'AbortError', 'The operation was aborted']]);
  });

  test('that is aborted before the start ends the child after the start', async () => {
    const { child, sent, events } = running({ signal: AbortSignal.abort() });
    child.scheduleEnd();
    expect(sent).toEqual([]);
    await turn();
    expect([sent, events.map(([name]) => name)]).toEqual([[SIGTERM], ['spawn', 'error']]);
  });

  test('emit nothing for a child that has ended, and are forgotten', () => {
    const controller = new AbortController();
    const { child, sent, events } = running({ signal: controller.signal, timeout: 50 });
    child.scheduleEnd();
    child.exited(0, null);
    expect([getEventListeners(controller.signal, 'abort'), vi.getTimerCount()]).toEqual([[], 0]);
    controller.abort();
    child.scheduleEnd();
    expect([sent, events.filter(([name]) => name === 'error'), vi.getTimerCount()]).toEqual([[], [], 0]);
  });

  test('emit nothing if the child has ended, which this process does not know yet', () => {
    const controller = new AbortController();
    const { child, events } = running({ signal: controller.signal }, [ESRCH]);
    child.scheduleEnd();
    controller.abort();
    expect(events).toEqual([]);
  });

  test('of another implementation that throws ends the child at once', () => {
    const signal = Object.assign(new EventEmitter(), {
      aborted: false,
      addEventListener() {
        throw new Error('no listeners');
      },
    });
    const { child, sent } = running({ signal: signal as never });
    expect(() => child.scheduleEnd()).toThrow();
    expect(sent).toEqual([SIGKILL]);
  });
});

describe('disposing', () => {
  test('sends SIGTERM, unless a signal was sent already', () => {
    const { child, sent } = running();
    child[Symbol.dispose]();
    child[Symbol.dispose]();
    expect(sent).toEqual([SIGTERM]);
  });

  test('waits for the exit', async () => {
    const { child, sent } = running({ killSignal: SIGINT });
    let isDone = false;
    const done = child[Symbol.asyncDispose]().then(() => {
      isDone = true;
    });
    await turn();
    expect([sent, isDone]).toEqual([[SIGINT], false]);
    child.exited(null, SIGINT);
    await done;
    await child[Symbol.asyncDispose]();
    expect(sent).toEqual([SIGINT]);
  });

  test('rejects if no signal can be sent; later failures are events again', async () => {
    const { child, events } = running({}, [EPERM, EPERM]);
    await expect(child[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'EPERM' });
    expect(events.filter(([name]) => name === 'error')).toEqual([]);
    child.kill();
    expect(events.filter(([name]) => name === 'error')).toEqual([['error', 'Error', 'kill EPERM']]);
  });
});

describe('the private directory', () => {
  /** A directory whose removal ends when `finish` is called. */
  function directory() {
    const removals: (() => void)[] = [];
    let setRemoved = () => {};
    const removed = new Promise<void>((resolve) => {
      setRemoved = resolve;
    });
    const made: PrivateDirectory = {
      path: '/tmp/x',
      variables: { TMPDIR: '/tmp/x' },
      removed,
      remove: (done) => void removals.push(done),
      removeSync: () => {},
    };
    const finish = () => {
      setRemoved();
      removals[0]?.();
    };
    return { made, removals, finish };
  }

  test('is removed when the child has ended, before exit; close waits for that', async () => {
    const { child, events } = running();
    const { made, removals, finish } = directory();
    child.removeAtEnd(made);
    child.on('exit', () => events.push([`removals: ${removals.length}`]));
    await turn();
    expect(removals).toHaveLength(0);
    child.exited(0, null);
    await turn();
    expect(events).toEqual([['spawn'], ['exit', 0, null], ['removals: 1']]);
    finish();
    expect(events.at(-1)).toEqual(['close', 0, null]);
    expect(removals).toHaveLength(1);
  });

  test('is removed once, though the guardian ends while exit waits for messages; asyncDispose waits for exit', async () => {
    const sent: string[] = [];
    let report = () => {};
    let endChannel = () => {};
    const channel: MessageChannel = {
      connect: (_, onEnd) => {
        endChannel = onEnd;
      },
      open: (sockets) => sockets,
      hasReceived: true,
      childEnded: (then) => {
        report = then;
      },
      close: () => {},
    };
    const tree = { signal: () => 0, childEnded: () => sent.push('childEnded'), ref: () => {}, unref: () => {} };
    const { child, events } = running({ timeout: 10 }, [], { tree, channel });
    const { made, removals, finish } = directory();
    child.removeAtEnd(made);
    child.scheduleEnd();
    await turn();
    child.exited(0, null);
    child.guardianEnded(0);
    vi.advanceTimersByTime(10);
    const disposed = child[Symbol.asyncDispose]().then(() => events.push(['disposed']));
    await turn();
    expect([events, removals.length, child.hasEnded, child.limit, sent]).toEqual([
      [['spawn']],
      0,
      false,
      null,
      ['childEnded'],
    ]);
    report();
    endChannel();
    finish();
    await disposed;
    expect(events.slice(1)).toEqual([['exit', 0, null], ['close', 0, null], ['disposed']]);
    expect([removals.length, child.limit]).toEqual([1, null]);
  });

  test('is waited for by asyncDispose, in whose time it may have begun to be removed', async () => {
    const { child, events } = running();
    const { made, finish } = directory();
    child.removeAtEnd(made);
    await turn();
    const dispose = () => child[Symbol.asyncDispose]().then(() => events.push(['disposed']));
    const before = dispose();
    child.exited(0, null);
    await turn();
    const after = dispose();
    await turn();
    expect(events).toEqual([['spawn'], ['exit', 0, null]]);
    finish();
    await Promise.all([before, after]);
    expect(events.slice(2)).toEqual([['close', 0, null], ['disposed'], ['disposed']]);
  });

  test('is removed if the child could not be started', async () => {
    const child = makeProcess(PROGRAM, endingOf({}), () => ({ isolation }));
    const events: unknown[] = [];
    child.on('error', ({ message }) => events.push(message)).on('close', () => events.push('close'));
    const { made, removals, finish } = directory();
    child.removeAtEnd(made);
    child.fail(Object.assign(new Error('spawn ENOENT'), { errno: -ENOENT, code: 'ENOENT' }), [false]);
    await turn();
    expect([removals.length, events]).toEqual([1, ['spawn ENOENT']]);
    finish();
    expect(events).toEqual(['spawn ENOENT', 'close']);
  });
});

describe('a child that is not started', () => {
  const failed = async (errno: number, code: string) => {
    const child = makeProcess(PROGRAM, endingOf({}), () => ({ isolation }));
    const events: unknown[] = [];
    child.on('error', ({ code }: NodeJS.ErrnoException) => events.push(code));
    child.on('close', (exitCode) => events.push(exitCode));
    child.fail(Object.assign(new Error(code), { errno: -errno, code }), [true, true, false]);
    const [stdin, stdout, stderr] = [child.stdin, child.stdout, child.stderr];
    expect([events, child.hasEnded]).toEqual([[], true]);
    await turn();
    return { events, streams: [stdin, stdout, stderr].map((stream) => stream?.constructor.name) };
  };

  test('emits the error, then close', async () => {
    expect(await failed(ENOENT, 'ENOENT')).toEqual({
      events: ['ENOENT', -ENOENT],
      streams: ['Socket', 'Socket', undefined],
    });
  });

  test.each([
    [EMFILE, 'EMFILE'],
    [ENFILE, 'ENFILE'],
  ])('for lack of descriptors has no streams, as in Node: errno %i', async (errno, code) => {
    expect(await failed(errno, code)).toEqual({ events: [code, -errno], streams: [undefined, undefined, undefined] });
  });
});

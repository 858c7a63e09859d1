/** Every call of a program, its threads and its children is counted and allowed: what record() makes profiles of. */

import type { ChildProcess } from 'node:child_process';
import { EventEmitter, getEventListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { programEnd } from '../../lib/process-tree/program-end.js';
import { observe as observeChild } from '../../lib/record/observe.js';
import { normalizeArguments } from '../../lib/sandbox/arguments.js';
import { start } from '../../lib/sandbox/child/start.js';
import { openStdio } from '../../lib/sandbox/child/stdio.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { planObservation } from '../../lib/sandbox/plan/plan-filters.js';
import { compileC } from '../support/compile-c.js';
import { fakeTimeouts } from '../support/fake-timers.js';
import { Fifo } from '../support/fifo.js';

/** The steps of record(), without the profile that it makes. */
async function observe(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
  onStart: (child: ChildProcess) => void = () => {},
) {
  const call = normalizeArguments<SpawnOptions>('record', { command, args, profile: undefined, options });
  const child = start(call, planObservation(call.options, false), openStdio(call.options.stdio, 'record'));
  onStart(child);
  return observeChild(child, call.options);
}

test('returns every kind of call of all processes, with the thread that made it first', async () => {
  const { calls, end, others } = await observe('sh', ['-c', 'cat /nowhere/file & wait; exit 3'], {
    stdio: 'ignore',
  });
  expect([end.code, others]).toEqual([3, 0]);
  const names = calls.map(({ syscall }) => syscall);
  expect(names).toEqual(expect.arrayContaining(['execve', 'openat', 'wait4', 'exit_group']));
  const executables = new Set(calls.map(({ executable }) => executable?.split('/').at(-1)));
  expect(executables.size).toBeGreaterThan(1);
  expect(calls.every(({ pid, count }) => Number(pid) > 0 && count > 0)).toBe(true);
});

const UNSEEN = { noRoom: 7, unreadable: 8, notFound: 9 };

test('counts the calls of all threads', async () => {
  const { calls } = await observe(compileC('notifying.c'), ['1'], { stdio: 'ignore' });
  // The program exits at the first result, which is not the one that it expects.
  expect(calls.find(({ syscall }) => syscall === 'sched_get_priority_max')?.count).toBeGreaterThan(0);
});

test('waits for descendants that outlive the program, and counts their calls', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-observe-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  using go = new Fifo(join(directory, 'go'));
  const script = `(read x < ${go.path}; exec uname) </dev/null & exit 0`;
  const { calls, end } = await observe('sh', ['-c', script], { stdio: 'ignore' }, (child) =>
    child.once('exit', () => setImmediate(() => go.go())),
  );
  expect(end.code).toBe(0);
  expect(calls.find(({ syscall }) => syscall === 'uname')?.executable).toMatch(/uname$/);
});

test('rejects with the error of a program that can’t be started', async () => {
  await expect(observe('/nowhere/program', [])).rejects.toMatchObject({ code: 'ENOENT', call: 'execve' });
});

test('rejects with the first of several errors', async () => {
  const failAgain = (child: ChildProcess) =>
    queueMicrotask(() => child.once('error', () => child.emit('error', new Error('second'))));
  await expect(observe('/nowhere/program', [], {}, failAgain)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('tells kinds of calls from those with files, which are not decoded, and ends the child once', async () => {
  const kindOf = (number: number, files: readonly object[] = []) => ({
    ...{
      arch: 0xc000_003e,
      number,
      answer: 0,
      pid: 7,
      tid: 8,
      executable: Buffer.from('/bin/a'),
      instruction: Buffer.of(),
      captured: [],
    },
    ...{ args: [0n, 0n, 0n, 0n, 0n, 0n], files, flags: 0 },
  });
  const kinds = [kindOf(0), kindOf(2, [{}]), kindOf(1)];
  const counts = { kinds: [2, 3, 4, 5], others: 6, unseen: UNSEEN };
  const terminate = vi.fn();
  const child = Object.assign(new EventEmitter(), {
    ...{ pid: 7, end: programEnd(3, null), stdio: [null], terminate },
    listener: { ended: Promise.resolve(), counts, kindAt: (index: number) => kinds[index] },
  });
  const observing = observeChild(child as never, {});
  child.emit('exit', 3, null);
  const { calls, files, ...others } = await observing;
  expect(calls).toMatchObject([
    { syscall: 'read', count: 2, pid: 7, executable: '/bin/a' },
    { syscall: 'write', count: 4, pid: 7, executable: '/bin/a' },
  ]);
  expect([calls.length, files]).toEqual([2, [{ kind: kinds[1], count: 3 }]]);
  expect(others).toEqual({ others: 6, unseen: UNSEEN, end: child.end });
  expect(terminate.mock.calls).toEqual([[]]);
});

test.each([7, undefined])('waits for no timeout or abort after the end of a child with the pid %s', async (pid) => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const { signal } = new AbortController();
  const child = Object.assign(new EventEmitter(), { pid, end: programEnd(0, null), terminate: () => true });
  const observing = observeChild(child as never, { timeout: 1_000_000, signal }).catch((error: unknown) => error);
  expect([timers(), getEventListeners(signal, 'abort').length]).toEqual([before + 1, 1]);
  if (pid === undefined) child.emit('error', new Error('none'));
  else
    Object.assign(child, {
      listener: { ended: Promise.resolve(), counts: { kinds: [], others: 0, unseen: UNSEEN } },
    }).emit('exit', 0, null);
  const observed = await observing;
  if (pid === undefined) expect(observed).toEqual(new Error('none'));
  else expect(observed).toEqual({ calls: [], files: [], others: 0, unseen: UNSEEN, end: child.end });
  expect([timers(), getEventListeners(signal, 'abort').length]).toEqual([before, 0]);
});

describe('pipes that no one else uses', () => {
  test('to the program are ended, those from it are read, and their errors are ignored', async () => {
    const sockets = [0, 1, 2, 3].map(() => {
      const socket = new Socket();
      return Object.assign(socket, { end: vi.fn(), resume: vi.fn() });
    });
    const listener = { ended: Promise.resolve(), counts: { kinds: [], others: 0, unseen: UNSEEN } };
    const child = { pid: 7, terminate: () => true, stdio: sockets, listener };
    const emitter = Object.assign(new EventEmitter(), child);
    const observing = observeChild(emitter as never, {});
    for (const socket of sockets) socket.emit('error', new Error('EPIPE'));
    emitter.emit('exit', 0, null);
    await observing;
    const calls = sockets.map(({ end, resume }) => [end.mock.calls.length, resume.mock.calls.length]);
    expect([calls[0]?.[0], ...calls.slice(1)]).toEqual([1, [0, 1], [0, 1], [1, 1]]);
  });

  test('are read to their end, and the output is dropped', async () => {
    const { end, calls } = await observe('head', ['-c', '1000000', '/dev/zero']);
    expect(end.code).toBe(0);
    expect(calls.map(({ syscall }) => syscall)).toContain('write');
  });

  test('are empty for a program that reads them', async () => {
    expect(await observe('cat', [])).toMatchObject({ end: { code: 0 } });
    const stdio = ['pipe', 'pipe', 'pipe', 'pipe'] as const;
    expect(await observe('sh', ['-c', 'cat <&3 && echo >&3 && cat'], { stdio })).toMatchObject({ end: { code: 0 } });
  });
});

describe('descendants that live longer are not waited for', () => {
  // Runs in a process group of its own. The leader is the first to make a call.
  const observeGroup = async (script: string, options: SpawnOptions, onStart?: (child: ChildProcess) => void) => {
    const observed = await observe('sh', ['-c', script], { detached: true, ...options }, onStart);
    for (const { pid } of observed.calls.slice(0, 1)) if (pid !== null) process.kill(-pid, 'SIGKILL');
    return observed;
  };

  const timeout = 1000;

  test.each(['ignore', 'pipe'] as const)('after a timeout while the program runs, with stdio "%s"', async (first) => {
    fakeTimeouts();
    const stdio = [first, first, first, 'pipe'] as const;
    const observing = observeGroup('sleep 100 & echo >&3; exec sleep 100', { timeout, stdio }, (child) =>
      child.stdio.at(3)?.once('data', () => vi.advanceTimersByTime(timeout)),
    );
    expect(await observing).toMatchObject({ end: { signal: 'SIGTERM' } });
  });

  test('after a timeout when the program has ended', async () => {
    fakeTimeouts();
    const observing = observeGroup('sleep 100 & exit 5', { timeout }, (child) =>
      child.once('exit', () => setImmediate(() => vi.advanceTimersByTime(timeout))),
    );
    expect(await observing).toMatchObject({ end: { code: 5, signalNumber: null } });
  });

  test('and continue to run', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-observe-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    using started = new Fifo(join(directory, 'started'));
    using go = new Fifo(join(directory, 'go'));
    using done = new Fifo(join(directory, 'done'));
    const script = `(echo > ${started.path}; read x < ${go.path}; echo "done" > ${done.path}) & exec sleep 100`;
    const controller = new AbortController();
    const observing = observe('sh', ['-c', script], { signal: controller.signal });
    await started.line();
    controller.abort();
    await observing;
    go.go();
    expect(await done.line()).toBe('done');
  });

  test('after an abort while the program runs', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe'] as const;
    const observing = observeGroup('sleep 100 & echo >&3; exec sleep 100', { signal, stdio }, (child) =>
      child.stdio.at(3)?.once('data', () => controller.abort()),
    );
    expect(await observing).toMatchObject({ end: { signal: 'SIGTERM' } });
  });

  test('after an abort when the program has ended', async () => {
    const controller = new AbortController();
    const observing = observeGroup('sleep 100 & exit 5', { signal: controller.signal }, (child) =>
      child.once('exit', () => controller.abort()),
    );
    expect(await observing).toMatchObject({ end: { code: 5, signalNumber: null } });
  });
});

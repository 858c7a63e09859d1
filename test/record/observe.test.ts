/** Every call of a program, its threads and its children is counted and allowed: what record() makes profiles of. */

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { observe as observeChild } from '../../lib/record/observe.js';
import { normalizeArguments } from '../../lib/sandbox/arguments.js';
import { start } from '../../lib/sandbox/child/start.js';
import { openStdio } from '../../lib/sandbox/child/stdio.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { planObservation } from '../../lib/sandbox/plan/plan-filters.js';
import { compileC } from '../support/compile-c.js';

/** The steps of record(), without the profile that it makes. */
async function observe(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
  onStart: (child: ChildProcess) => void = () => {},
) {
  const call = normalizeArguments<SpawnOptions>('record', { command, args, profile: undefined, options });
  const child = start(call, planObservation(call.options), openStdio(call.options.stdio, 'record'));
  onStart(child);
  return observeChild(child, call.options);
}

test('returns every kind of call of all processes, with the thread that made it first', async () => {
  const { calls, exitCode, others } = await observe('sh', ['-c', 'cat /nowhere/file & wait; exit 3'], {
    stdio: 'ignore',
  });
  expect([exitCode, others]).toEqual([3, 0]);
  const names = calls.map(({ syscall }) => syscall);
  expect(names).toEqual(expect.arrayContaining(['execve', 'openat', 'wait4', 'exit_group']));
  const executables = new Set(calls.map(({ executable }) => executable.split('/').at(-1)));
  expect(executables.size).toBeGreaterThan(1);
  expect(calls.every(({ pid, count }) => pid > 0 && count > 0)).toBe(true);
});

test('counts the calls of all threads', async () => {
  const { calls } = await observe(compileC('notifying.c'), ['1'], { stdio: 'ignore' });
  // The program exits at the first result, which is not the one that it expects.
  expect(calls.find(({ syscall }) => syscall === 'sched_get_priority_max')?.count).toBeGreaterThan(0);
});

test('rejects with the error of a program that can’t be started', async () => {
  await expect(observe('/nowhere/program', [])).rejects.toMatchObject({ code: 'ENOENT', call: 'execve' });
});

describe('pipes that no one else uses', () => {
  test('are read to their end, and the output is dropped', async () => {
    const { exitCode, calls } = await observe('head', ['-c', '1000000', '/dev/zero']);
    expect(exitCode).toBe(0);
    expect(calls.map(({ syscall }) => syscall)).toContain('write');
  });

  test('are empty for a program that reads them', async () => {
    expect(await observe('cat', [])).toMatchObject({ exitCode: 0 });
    const stdio = ['pipe', 'pipe', 'pipe', 'pipe'] as const;
    expect(await observe('sh', ['-c', 'cat <&3 && echo >&3 && cat'], { stdio })).toMatchObject({ exitCode: 0 });
  });
});

describe('descendants that live longer are not waited for', () => {
  // Runs in a process group of its own. The leader is the first to make a call.
  const observeGroup = async (script: string, options: SpawnOptions, onStart?: (child: ChildProcess) => void) => {
    const observed = await observe('sh', ['-c', script], { detached: true, ...options }, onStart);
    for (const { pid } of observed.calls.slice(0, 1)) process.kill(-pid, 'SIGKILL');
    return observed;
  };

  test.each(['ignore', 'pipe'] as const)('after a timeout, with stdio "%s"', async (stdio) => {
    const { signal } = await observeGroup('sleep 100 & exec sleep 100', { timeout: 100, stdio });
    expect(signal).toBe('SIGTERM');
  });

  test('after a timeout that follows the end of the program', async () => {
    const ends = [];
    // The timeout is the subject: the program has more and more time to end before it.
    for (const timeout of [200, 2000, 20_000]) {
      const { exitCode } = await observeGroup('sleep 100 & exit 5', { timeout });
      ends.push(exitCode);
      if (exitCode !== null) break;
    }
    expect(ends.at(-1)).toBe(5);
  });

  test('and continue to run', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-observe-'));
    const [started, go, done] = ['started', 'go', 'done'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const script = `(: > ${started}; until test -e ${go}; do sleep 0.01; done; echo x > ${done}) & exec sleep 100`;
    const controller = new AbortController();
    const observing = observe('sh', ['-c', script], { signal: controller.signal });
    await vi.waitFor(() => rmSync(started), { timeout: 4000 });
    controller.abort();
    await observing;
    writeFileSync(go, '');
    await vi.waitFor(() => expect(readFileSync(done, 'utf8')).toBe('x\n'), { timeout: 4000 });
    rmSync(directory, { recursive: true });
  });

  test('after an abort while the program runs', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe'] as const;
    const observing = observeGroup('sleep 100 & echo >&3; exec sleep 100', { signal, stdio }, (child) =>
      child.stdio.at(3)?.once('data', () => controller.abort()),
    );
    expect(await observing).toMatchObject({ signal: 'SIGTERM' });
  });

  test('after an abort when the program has ended', async () => {
    const controller = new AbortController();
    const observing = observeGroup('sleep 100 & exit 5', { signal: controller.signal }, (child) =>
      child.once('exit', () => controller.abort()),
    );
    expect(await observing).toMatchObject({ exitCode: 5, signal: null });
  });
});

/** What record is made of: every call of a program, its threads and its children, seen and let through. */
import { expect, test } from 'vitest';
import { observe } from '../../lib/sandbox/observe.js';
import { compileC } from '../support/compile-c.js';

test('tells every kind of call of all processes, with who made it first', async () => {
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
  const { calls } = await observe(compileC('asks.c'), ['1'], { stdio: 'ignore' });
  // The first answer is not what the program asks for, so it ends.
  expect(calls.find(({ syscall }) => syscall === 'sched_get_priority_max')?.count).toBeGreaterThan(0);
});

test('rejects with why a program can not be started', async () => {
  await expect(observe('/nowhere/program', [])).rejects.toMatchObject({ code: 'ENOENT', call: 'execve' });
});

/** A callback of the user, whatever it does, keeps no other call and no other child from its answer, report or end. */
import { spawn as nodeSpawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { Listener } from '../../lib/notify/listener.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { dist } from '../support/built.js';
import { compileC } from '../support/compile-c.js';
import { finish } from '../support/processes.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
afterAll(() => rmSync(directory, { recursive: true }));

const profile: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['sched_get_priority_min', 'mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
};

/** Runs a module that sets `result`. Returns it, and the messages of uncaught exceptions. */
async function report(code: string) {
  const script = `
    import { spawnSync as nodeSpawnSync } from 'node:child_process';
    import { subscribe } from 'node:diagnostics_channel';
    import { once } from 'node:events';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { run, spawn, spawnSync } from ${JSON.stringify(dist)};
    const uncaught = [];
    process.on('uncaughtException', ({ message }) => uncaught.push(message));
    process.on('unhandledRejection', ({ message }) => uncaught.push(message + ', rejected'));
    const profile = ${JSON.stringify(profile)};
    const fail = (message) => { throw new Error(message); };
    ${code}
    process.on('exit', () => console.log(JSON.stringify({ result, uncaught: uncaught.sort() })));`;
  const { stdout, stderr } = await finish(nodeSpawn(process.execPath, ['--input-type=module', '--eval', script]));
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/**
 * Code that starts ten children, which make 1,000 notified and 1,000 denied calls, and collects their ends and reports.
 */
const tenChildren = (onViolation: string, listeners: string) => `
  const late = [];
  const children = Array.from({ length: 10 }, (_, i) => {
    const onViolation = ${onViolation};
    const child = spawn(${JSON.stringify(compileC('notifying.c'))}, ['50'], profile, {
      stdio: 'ignore', onViolation,
      notify: { sched_get_priority_max: async (call) => (await sleep(Number(call.args[0]) % 3), call.return(call.args[0] ^ 0x5a5an)) },
    });
    child.on('handlerError', ({ message }) => late.push(message));
    ${listeners}
    return child;
  });
  const ends = await Promise.all(children.map((child) => new Promise((resolve) => child.prependListener('exit', (...end) => resolve(end)))));
  const result = { ends, late, counts: children.map(({ violations }) => violations.map(({ count }) => count)) };`;

const ALL_ANSWERED = { ends: Array(10).fill([0, null]), late: [], counts: Array(10).fill([100]) };

describe('all 1,000 calls of ten children are answered in time, and all are reported', () => {
  test('where every callback throws', async () => {
    const listeners = `
      child.on('spawn', () => fail('spawn')).on('violation', () => fail('violation')).on('exit', () => fail('exit'));
      child.on('close', () => fail('close'));`;
    const code = `subscribe('seccomp:violation', () => fail('channel'));${tenChildren("() => fail('callback')", listeners)}`;
    const messages = ['callback', 'channel', 'close', 'exit', 'spawn', 'violation'];
    expect(await report(code)).toEqual({
      result: ALL_ANSWERED,
      uncaught: messages.flatMap((message) => Array(10).fill(message)),
    });
  });

  test.each([
    ['rejects', "async () => fail('later')", '', Array(10).fill('later, rejected')],
    ['throws later', "() => setImmediate(fail, 'later')", '', Array(10).fill('later')],
    ['waits for a program that it starts', "() => nodeSpawnSync('sleep', ['0.05'])", '', []],
    ['supervises a program that it starts', "() => spawnSync('true', [], profile, { onViolation: true })", '', []],
    ['starts a program', "() => spawn('true', [], profile, { onViolation: true })", '', []],
    ['removes listeners', '() => {}', "child.on('violation', () => child.removeAllListeners('violation'));", []],
    [
      'kills a child',
      '() => {}',
      "if (i === 0) spawn('sleep', ['60'], profile, { onViolation: true }).on('spawn', function () { this.kill(); });",
      [],
    ],
  ])('where a callback %s', async (_, onViolation, listeners, uncaught) => {
    expect(await report(tenChildren(onViolation, listeners))).toEqual({ result: ALL_ANSWERED, uncaught });
  });

  test('beside a child whose handlers and their listeners throw', async () => {
    const failing = `
      for (const uname of [() => fail('sync'), async () => fail('async'), () => 5, () => new Promise(() => {})]) {
        const other = spawn('uname', [], profile, { stdio: 'ignore', notify: { uname }, notifyTimeout: 1 });
        other.on('handlerError', () => fail('handlerError'));
      }`;
    const { result, uncaught } = await report(`${failing}${tenChildren('() => {}', '')}`);
    expect({ result, uncaught }).toEqual({ result: ALL_ANSWERED, uncaught: Array(4).fill('handlerError') });
  });
});

test('an answer is accepted if another callback blocked the thread beyond the timeout', async () => {
  const path = join(directory, 'made');
  const errors: unknown[] = [];
  const script = 'import os; print(os.sched_get_priority_max(1))';
  const child = spawn('python3', ['-c', script], profile, {
    notifyTimeout: 20,
    notify: {
      sched_get_priority_max: (call) => {
        const made = mkdir(path);
        setImmediate(() => {
          while (!existsSync(path));
          for (const end = Date.now() + 60; Date.now() < end; );
        });
        return made.then(() => call.return(4242));
      },
    },
  });
  child.on('handlerError', (error) => errors.push(error));
  expect([(await finish(child)).stdout, errors]).toEqual(['4242\n', []]);
});

test('the timeout of a handler works under fake timers', async () => {
  vi.useFakeTimers();
  try {
    const child = spawn('uname', [], profile, { notify: { uname: () => new Promise(() => {}) }, notifyTimeout: 1 });
    const errors: string[] = [];
    child.on('handlerError', ({ message }) => errors.push(message));
    await finish(child);
    expect(errors).toEqual(['uname: no answer in 1 ms']);
  } finally {
    vi.useRealTimers();
  }
});

test('an exception of onViolation is uncaught after spawnSync has returned its result', async () => {
  const code = `
    subscribe('seccomp:violation', () => fail('channel'));
    const script = 'mkdir /nowhere/a; mkdir /nowhere/b; echo done';
    const { stdout, violations } = spawnSync('sh', ['-c', script], profile, { onViolation: () => fail('mine'), encoding: 'utf8' });
    const result = { stdout, count: violations.length, uncaught: uncaught.length };`;
  expect(await report(code)).toEqual({
    result: { stdout: 'done\n', count: 2, uncaught: 0 },
    uncaught: ['channel', 'channel', 'mine', 'mine'],
  });
});

test('an exception of onViolation does not change the result of run', async () => {
  const code = `
    const { stdout, violations } = await run('sh', ['-c', 'mkdir /nowhere/a; echo done'], profile, { onViolation: () => fail('mine') });
    const result = { stdout, count: violations.length };`;
  expect(await report(code)).toEqual({ result: { stdout: 'done\n', count: 1 }, uncaught: ['mine'] });
});

describe('functions passed to afterKinds', async () => {
  const native = await import('../../lib/native.js');
  const kinds = (...known: number[]) =>
    vi.spyOn(native.addon(), 'counts').mockImplementation(() => [0, ...Array(known.shift()).fill(1)]);

  test('are called in the order in which they were passed', async () => {
    const order: string[] = [];
    const onKind = () => listener.afterKinds(() => void order.push('second'));
    const listener = new Listener({ id: -1, handle: {} as never }, { onKind, onNotification: undefined });
    const counts = kinds(1, 1, 1);
    listener.afterKinds(() => void order.push('first'));
    await new Promise<void>((resolve) => listener.afterKinds(resolve));
    counts.mockRestore();
    expect(order).toEqual(['first', 'second']);
  });

  test('do not wait for later kinds', async () => {
    const order: string[] = [];
    const onKind = (index: number) => {
      order.push(`kind ${index}`);
      if (index === 0) listener.addKind(1);
    };
    const listener = new Listener({ id: -2, handle: {} as never }, { onKind, onNotification: undefined });
    const counts = kinds(1, 2);
    listener.afterKinds(() => void order.push('exit'));
    await vi.waitFor(() => expect(order).toHaveLength(3));
    counts.mockRestore();
    expect(order).toEqual(['kind 0', 'exit', 'kind 1']);
  });
});

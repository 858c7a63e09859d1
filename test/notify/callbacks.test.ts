/** A callback of the user, whatever it does, keeps no other call and no other child from its answer, report or end. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn as nodeSpawn } from 'node:child_process';
import { once as onceEvent } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import { thisHost } from '../../lib/host.js';
import { Listener } from '../../lib/notify/listener.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { once } from '../../lib/util/memo.js';
import { dist } from '../support/built.js';
import { compileC } from '../support/compile-c.js';
import { fakeTimeouts } from '../support/fake-timers.js';
import { callTo, toArgument } from '../support/probe.js';
import { finish } from '../support/processes.js';
import { everything } from '../support/profiles.js';

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
    import { setImmediate as turn } from 'node:timers/promises';
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
      notify: {
        sched_get_priority_max: async (call) => {
          for (let turns = call.args[0] % 3n; turns > 0n; turns--) await turn();
          return call.return(call.args[0] ^ 0x5a5an);
        },
      },
    });
    child.on('handlerError', ({ message }) => late.push(message));
    ${listeners}
    return child;
  });
  const each = (event) => Promise.all(children.map((child) => new Promise((resolve) => child.prependListener(event, (...end) => resolve(end)))));
  const closed = each('close');
  const ends = await each('exit');
  await closed;
  const all = { ends, late, counts: children.map(({ violations }) => violations.map(({ count }) => count)) };`;

const ALL_ANSWERED = { ends: Array(10).fill([0, null]), late: [], counts: Array(10).fill([100]) };

/** What the callback does, its code, code of listeners, and the uncaught messages of all ten children. */
const CALLBACKS: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['rejects', "async () => fail('later')", '', ['later, rejected']],
  ['throws later', "() => setImmediate(fail, 'later')", '', ['later']],
  ['waits for a program that it starts', "() => nodeSpawnSync('true')", '', []],
  ['supervises a program that it starts', "() => spawnSync('true', [], profile, { onViolation: true })", '', []],
  ['starts a program', "() => spawn('true', [], profile, { onViolation: true })", '', []],
  ['removes listeners', '() => {}', "child.on('violation', () => child.removeAllListeners('violation'));", []],
  [
    'kills a child',
    '() => {}',
    "if (i === 0) spawn('sleep', ['60'], profile, { onViolation: true }).on('spawn', function () { this.kill(); });",
    [],
  ],
  [
    'throws, and so does every other',
    "() => fail('callback')",
    `child.on('spawn', () => fail('spawn')).on('violation', () => fail('violation')).on('exit', () => fail('exit'));
     child.on('close', () => fail('close')); if (i === 0) subscribe('seccomp:violation', () => fail('channel'));`,
    ['callback', 'channel', 'close', 'exit', 'spawn', 'violation'],
  ],
];

/** The index of the last. */
const EVERY = CALLBACKS.length - 1;

describe('all 1,000 calls of ten children are answered in time, and all are reported', () => {
  /** By callback, one after the other in one process: the result, and the uncaught messages. */
  const reports = once(() =>
    report(`
      const result = [];
      ${CALLBACKS.map(
        ([, onViolation, listeners]) => `{
        ${tenChildren(onViolation, listeners)}
        await turn(); // The last messages are those of a listener of 'close'.
        result.push([all, uncaught.splice(0).sort()]);
      }`,
      ).join('\n')}`),
  );

  async function expectAnswered(i: number): Promise<void> {
    const { result, uncaught } = await reports();
    expect(uncaught).toEqual([]);
    const messages = CALLBACKS[i]?.[3].flatMap((message) => Array(10).fill(message));
    expect(result[i]).toEqual([ALL_ANSWERED, messages]);
  }

  test('where every callback throws', async () => {
    await expectAnswered(EVERY);
  });

  test.each(CALLBACKS.slice(0, EVERY).map(([what], i) => [what, i] as const))('where a callback %s', async (_, i) => {
    await expectAnswered(i);
  });

  // One of the handlers never answers, so its timeout is certain; the others fail before any timer.
  test('beside a child whose handlers and their listeners throw', async () => {
    const failing = `
      for (const uname of [() => fail('sync'), async () => fail('async'), () => 5, () => new Promise(() => {})]) {
        const other = spawn('uname', [], profile, { stdio: 'ignore', notify: { uname }, notifyTimeout: 1 });
        other.on('handlerError', () => fail('handlerError'));
      }`;
    const { result, uncaught } = await report(`${failing}${tenChildren('() => {}', '')} const result = all;`);
    expect({ result, uncaught }).toEqual({ result: ALL_ANSWERED, uncaught: Array(4).fill('handlerError') });
  });
});

describe('if another callback blocks the thread beyond the timeout, an answer', () => {
  /** The output of a child whose handler's timeout has passed when the event loop polls for `answers`. */
  async function afterBlocking(answers: 'polled' | 'never') {
    fakeTimeouts();
    const { port1, port2 } = new MessageChannel();
    const errors: string[] = [];
    const child = spawn(
      compileC('probe.c'),
      [toArgument(callTo(thisHost().abi, 'sched_get_priority_max', 1))],
      everything,
      {
        notifyTimeout: 20,
        notify: {
          sched_get_priority_max: async (call) => {
            const answer = onceEvent(port2, 'message');
            setImmediate(() => {
              if (answers === 'polled') port1.postMessage('');
              vi.advanceTimersByTime(20);
            });
            await answer;
            return call.return(4242);
          },
        },
      },
    );
    child.on('handlerError', ({ message }: Error) => errors.push(message));
    const { stdout } = await finish(child);
    port1.close();
    return { stdout, errors };
  }

  test('that has arrived meanwhile is accepted', async () => {
    expect(await afterBlocking('polled')).toEqual({ stdout: 'ok 4242\n', errors: [] });
  });

  test('that has not arrived is not waited for', async () => {
    const errors = ['sched_get_priority_max: no answer in 20 ms: ETIMEDOUT'];
    expect(await afterBlocking('never')).toEqual({ stdout: 'errno 1\n', errors });
  });
});

// The handler never answers, so the timeout is certain.
test('the timeout of a handler works under fake timers', async () => {
  vi.useFakeTimers();
  try {
    const child = spawn('uname', [], profile, { notify: { uname: () => new Promise(() => {}) }, notifyTimeout: 1 });
    const errors: string[] = [];
    child.on('handlerError', ({ message }) => errors.push(message));
    await finish(child);
    expect(errors).toEqual(['uname: no answer in 1 ms: ETIMEDOUT']);
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
    vi.spyOn(native.addon(), 'counts').mockImplementation(() => [0, 0, 0, 0, ...Array(known.shift()).fill(1)]);

  /** `whole` resolves to the items that were added once there are `length` of them. */
  function listOf<Item>(length: number) {
    const items: Item[] = [];
    let onWhole: (items: readonly Item[]) => void = () => {};
    const whole = new Promise<readonly Item[]>((resolve) => {
      onWhole = resolve;
    });
    const add = (item: Item) => {
      if (items.push(item) === length) onWhole(items);
    };
    return { add, whole };
  }

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
    const { add, whole } = listOf<string>(3);
    const onKind = (index: number) => {
      add(`kind ${index}`);
      if (index === 0) listener.addKind(1);
    };
    const listener = new Listener({ id: -2, handle: {} as never }, { onKind, onNotification: undefined });
    const counts = kinds(1, 2);
    listener.afterKinds(() => add('exit'));
    expect(await whole).toEqual(['kind 0', 'exit', 'kind 1']);
    counts.mockRestore();
  });

  test('wait for kinds that are reported late, in any order', async () => {
    const { add, whole } = listOf<string>(4);
    const onKind = (index: number) => {
      add(`kind ${index}`);
      listener.addKind(0);
    };
    const listener = new Listener({ id: -3, handle: {} as never }, { onKind, onNotification: undefined });
    const counts = kinds(3);
    listener.afterKinds(() => add('exit'));
    expect(await whole).toEqual(['kind 0', 'kind 1', 'kind 2', 'exit']);
    counts.mockRestore();
  });

  test('are called in the AsyncLocalStorage in which they were passed', async () => {
    const storage = new AsyncLocalStorage<string>();
    const { add, whole } = listOf<string | undefined>(2);
    const note = () => add(storage.getStore());
    const onKind = (index: number) => {
      if (index === 0) storage.run('second', () => listener.afterKinds(note));
    };
    const listener = new Listener({ id: -4, handle: {} as never }, { onKind, onNotification: undefined });
    const counts = kinds(2, 2);
    storage.run('first', () => listener.afterKinds(note));
    expect(await whole).toEqual(['first', 'second']);
    counts.mockRestore();
  });
});

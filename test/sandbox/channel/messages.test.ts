/** Messages between this process and a child with `'ipc'` in `stdio`. test/compat/ipc.mjs compares the channel with Node's. */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { record } from '../../../lib/record/record.js';
import type { SandboxedProcess } from '../../../lib/sandbox/child/process/child-process.js';
import { run } from '../../../lib/sandbox/run.js';
import { spawn } from '../../../lib/sandbox/spawn.js';
import { spawnSync } from '../../../lib/sandbox/spawn-sync.js';
import { launchers } from '../../support/processes.js';
import { isFiltered, packageRoot } from '../../support/scripts.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.mjs';

const STDIO = ['ignore', 'inherit', 'inherit', 'ipc'] as const;

const node = (script: string, options: object = {}): SandboxedProcess =>
  spawn(process.execPath, ['-e', script], 'docker-default', { stdio: STDIO, ...options });

/** Waits for an event, also after the event `error`. */
const event = (child: SandboxedProcess, name: string) =>
  new Promise<void>((resolve) => child.once(name, () => resolve()));

/** A child that writes these bytes to its channel, and lives on. */
const writing = (expression: string, options: object = {}) =>
  node(
    `const bytes = Buffer.from(${expression});
    for (let at = 0; at < bytes.length; )
      try { at += require('node:fs').writeSync(3, bytes, at) } catch (error) { if (error.code !== 'EAGAIN') process.exit(error.code === 'EPIPE' ? 32 : 1) }
    setInterval(() => {}, 1000)`,
    options,
  );

/** Takes at least as many milliseconds. */
const hold = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test('a child with a channel is supervised as any other', async ({ skip }) => {
  skip(isFiltered(), 'this process has a filter already, which may deny the call without a report');
  const child = node("require('node:child_process').spawnSync('unshare', ['-U', 'true']); process.send('done')", {
    onViolation: true,
  });
  expect(await once(child, 'message')).toEqual(['done', undefined]);
  await once(child, 'close');
  expect(child.violations).toContainEqual(expect.objectContaining({ syscall: 'unshare', deniedBy: 'profile' }));
});

describe.each(['json', 'advanced'] as const)('%s', (serialization) => {
  test('many messages go both ways, each once, in order', async () => {
    const count = 20_000;
    const child = node(
      `let next = 0;
       process.on('message', ({ i }) => {
         if (i !== next++) throw new Error('out of order');
         if (next === ${count}) process.send({ got: next });
       });
       for (let i = 0; i < ${count}; i++) process.send({ i, text: 'x'.repeat(i % 100) });`,
      { serialization },
    );
    const got: unknown[] = [];
    child.on('message', (message: object) => {
      if (!('got' in message)) return void got.push(message);
      expect(message).toEqual({ got: count });
      child.disconnect();
    });
    for (let i = 0; i < count; i++) child.send({ i, text: 'é' });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(got).toHaveLength(count);
    expect(got.every((message, i) => isDeepStrictEqual(message, { i, text: 'x'.repeat(i % 100) }))).toBe(true);
  });

  test('a long message arrives as it was sent', async () => {
    const child = node(
      "process.on('message', (message) => process.send(message)); process.on('disconnect', process.exit)",
      {
        serialization,
      },
    );
    const message = {
      text: 'é"\\'.repeat(1_000_000),
      list: Array.from({ length: 50_000 }, (_, i) => ({ i, list: [i] })),
    };
    child.send(message);
    expect((await once(child, 'message'))[0]).toEqual(message);
    child.disconnect();
    await once(child, 'close');
  });

  test('what was sent last, before a child ends or disconnects, arrives', async () => {
    for (const end of ['process.disconnect()', 'process.exit()']) {
      const child = node(`for (let i = 0; i < 499; i++) process.send(i); process.send(499, () => ${end})`, {
        serialization,
      });
      const got: unknown[] = [];
      child.on('message', (message) => got.push(message));
      await once(child, 'exit');
      expect(got).toEqual(Array.from({ length: 500 }, (_, i) => i));
    }
  });

  test('what a child has sent is emitted, however long a listener takes', async () => {
    const child = node("for (let i = 0; i < 60; i++) process.send('x'.repeat(10_000))", { serialization });
    let count = 0;
    child.on('message', () => {
      hold(50); // So in all longer than a channel waits for its end.
      count++;
    });
    await once(child, 'close');
    expect(count).toBe(60);
  });
});

test('exit does not wait for all messages if a listener takes long', async () => {
  const child = node(
    `const messages = '0\\n'.repeat(2 ** 15);
     for (;;) try { require('node:fs').writeSync(3, messages) } catch (error) { if (error.code !== 'EAGAIN') throw error }`,
  );
  let hasExited = false;
  let hasMoreCome = false;
  child.once('message', () => child.kill('SIGKILL'));
  child.once('exit', () => {
    hasExited = true;
  });
  child.on('message', () => {
    hold(0.1); // More than 20 s for what the sockets hold.
    if (!hasExited) return;
    hasMoreCome = true;
    if (child.connected) child.disconnect();
  });
  await once(child, 'close');
  expect(hasMoreCome).toBe(true);
});

// Node does not document the form of these objects. Its children read and write what this package does.
test('advanced: host objects, errors, views', async () => {
  const message = `({ bytes: Buffer.from('abc'), floats: new Float64Array([0.5]), view: new DataView(new ArrayBuffer(3)),
    map: new Map([[1n, new Set(['a'])]]), date: new Date(0), error: new RangeError('x').message, left: undefined, host: new URLSearchParams() })`;
  const made = () => ({
    ...{
      bytes: new Uint8Array(Buffer.from('abc')),
      floats: new Float64Array([0.5]),
      view: new DataView(new ArrayBuffer(3)),
    },
    ...{ map: new Map([[1n, new Set(['a'])]]), date: new Date(0), error: 'x', left: undefined, host: {} },
  });
  const child = node(
    `process.on('message', (message) => {
       process.send({ sent: ${message}, isSame: require('node:util').isDeepStrictEqual(message, { ...${message}, bytes: new Uint8Array(Buffer.from('abc')), host: {} }) });
     })`,
    { serialization: 'advanced' },
  );
  child.send({ ...made(), host: new URLSearchParams() } as never);
  const [answer] = await once(child, 'message');
  child.disconnect();
  expect(answer).toEqual({ sent: { ...made(), bytes: Buffer.from('abc') }, isSame: true });
});

test.each([
  ['of any kind', 'exit'],
  ['beside one for messages between Nodes', 'internalMessage'],
])('messages wait for a listener, and for one that is added again: %s', async (_, other) => {
  const child = node('for (let i = 0; i < 3; i++) process.send(i); process.disconnect()');
  child.on(other, () => {});
  await once(child, 'exit');
  const got: unknown[] = [];
  child.once('message', (message) => got.push(message));
  await until(() => got.length === 1);
  child.on('message', (message) => got.push(message));
  await until(() => got.length === 3);
  expect(got).toEqual([0, 1, 2]);
});

test('the channel ends with its child, though another process holds it', async () => {
  const child = node(
    "const { pid } = require('node:child_process').spawn('sleep', ['300'], { stdio: ['ignore', 'ignore', 'ignore', 3], detached: true }); process.send(pid); process.exit()",
    { descendants: 'leave' },
  );
  const events: unknown[] = [];
  for (const name of ['disconnect', 'exit']) child.on(name, () => events.push(name));
  child.on('message', (message) => events.push(message));
  await once(child, 'close');
  const [pid] = events;
  expect(events).toEqual([expect.any(Number), 'disconnect', 'exit']);
  expect(process.kill(pid as number, 'SIGKILL')).toBe(true); // It runs until now.
});

test('an exception of a listener is an uncaught exception, and later messages arrive', async () => {
  const child = node("process.send('first'); process.send('second'); process.disconnect()");
  const thrown = vi.fn();
  process.once('uncaughtException', thrown);
  const got: unknown[] = [];
  child.on('message', (message) => {
    got.push(message);
    if (message === 'first') throw new Error('of a listener');
  });
  await once(child, 'close');
  process.off('uncaughtException', thrown);
  expect([got, thrown.mock.calls.length]).toEqual([['first', 'second'], 1]);
});

test('messages that the child does not read are refused above 64 MiB', async () => {
  const child = node('setInterval(() => {}, 1000); process.channel.unref(); process.kill(process.pid, "SIGSTOP")');
  const text = 'x'.repeat(8 * 1024 * 1024);
  const results: unknown[] = [];
  for (let i = 0; i < 9; i++) results.push(new Promise((resolve) => child.send(text, resolve)));
  const refused = await results.at(-1);
  expect(refused).toMatchObject({ code: 'ERR_SECCOMP_CHANNEL', message: expect.stringContaining('64 MiB') });
  child.kill('SIGKILL');
  await once(child, 'close');
});

describe('handles', () => {
  test('are refused without the option, which the error names', async () => {
    const child = node("process.on('message', process.disconnect)");
    expect(() => child.send('a', process.stdin as never)).toThrowError(
      expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringContaining('handles: true') }),
    );
    child.send('end');
    await once(child, 'close');
  });

  test('of a child do not arrive, as an error says, and its later messages do', async () => {
    const child = node(
      `const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
         process.send('with a server', server);
         process.send('later', () => { server.close(); process.disconnect() });
       })`,
      { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] }, // Node warns.
    );
    const errors: unknown[] = [];
    const got: unknown[] = [];
    child.on('error', (error) => errors.push(error));
    child.on('message', (message) => got.push(message));
    await event(child, 'close');
    expect(got).toEqual(['later']);
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('handles: true') })]);
  });

  test('are passed on by a launcher, which runs as long as the child', async () => {
    await until(() => launchers().length === 0); // Those of other tests.
    const child = node("process.on('message', process.disconnect)", { handles: true });
    expect(launchers()).toHaveLength(1);
    child.send('end');
    await once(child, 'close');
    expect(launchers()).toEqual([]);
  });

  test('let node:cluster have its workers in a Sandbox', () => {
    const file = join(temporaryFolder('seccomp-cluster-'), 'cluster.cjs');
    writeFileSync(
      file,
      `const childProcess = require('node:child_process');
       const { Sandbox } = require(${JSON.stringify(packageRoot)});
       Object.assign(childProcess, new Sandbox('docker-default', { handles: true, allowUnknownOptions: true }));
       const cluster = require('node:cluster');
       const http = require('node:http');
       if (cluster.isPrimary) {
         cluster.fork();
         cluster.on('listening', (_, { port }) => http.get({ port }, async (answer) => {
           console.log(String(await answer.toArray()));
           cluster.disconnect();
         }));
       } else {
         const filters = () => require('node:fs').readFileSync('/proc/self/status', 'utf8').match(/Seccomp:\\s*(\\d)/)[1];
         http.createServer((_, answer) => answer.end('seccomp ' + filters())).listen(0);
       }`,
    );
    const { stdout, stderr } = nodeSpawnSync(process.execPath, [file], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: 'seccomp 2\n', stderr: '' });
  });

  test.each([
    ['a folder that is not there', () => node('', { cwd: '/no/such/folder', handles: true })],
    ['a descriptor that is not valid', () => spawn('true', 'unconfined', { stdio: [...STDIO, 1.5], handles: true })],
  ])('leave no launcher behind where the start fails: %s', async (_, start) => {
    try {
      const child = start();
      child.on('error', () => {});
      await new Promise((resolve) => child.once('close', resolve));
      expect(child.connected).toBe(false);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
    await until(() => launchers().length === 0);
  });
});

describe('what is no message ends the channel, and nothing else', () => {
  test.each<[string, string, string]>([
    ['a line that is no JSON', "'hello\\n'", 'a line that is not JSON'],
    ['half a message', `'{"a":'.repeat(4e6)`, 'more than 16 MiB'],
    ['no end of a line', "Buffer.alloc(17 * 1024 * 1024, 'x')", 'more than 16 MiB'],
    ['too much in one another', "'['.repeat(1e6) + ']'.repeat(1e6) + '\\n'", 'too much in one another'],
    ['an answer to nothing', `'{"cmd":"NODE_HANDLE_ACK"}\\n'`, 'answered a handle'],
  ])('%s', async (_, bytes, what) => {
    const child = writing(bytes);
    const events: unknown[] = [];
    child.on('error', (error: NodeJS.ErrnoException) => events.push(error.code, error.message));
    child.on('message', (message) => events.push(message));
    await event(child, 'disconnect');
    expect(events).toEqual(['ERR_SECCOMP_CHANNEL', expect.stringContaining(what)]);
    expect([child.connected, child.channel]).toEqual([false, null]);
    child.kill('SIGKILL');
    await event(child, 'close');
  });

  test('without a listener it is a warning', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const child = writing("'hello\\n'");
    child.on('message', () => {});
    await event(child, 'disconnect');
    expect(warn).toHaveBeenCalledWith(expect.objectContaining({ code: 'ERR_SECCOMP_CHANNEL' }));
    warn.mockRestore();
    child.kill('SIGKILL');
    await event(child, 'close');
  });
});

test('functions whose callers could not use a channel refuse it', async () => {
  const stdio = [...STDIO];
  const refused = (by: string) =>
    expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringContaining(`"ipc" is not for ${by}`) });
  await expect(run('true', 'unconfined', { stdio })).rejects.toEqual(refused('run'));
  await expect(record('true', [], { stdio })).rejects.toEqual(refused('record'));
  expect(() => spawnSync('true', 'unconfined', { stdio })).toThrowError(
    expect.objectContaining({ code: 'ERR_IPC_SYNC_FORK' }),
  );
});

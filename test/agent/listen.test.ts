/** An agent's socket: the messages of runtimes and of others, and the socket's file. */
import { spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { type ListenOptions, listen } from '../../lib/agent/agent.js';
import type { OciContainer } from '../../lib/notify/container.js';
import type { Handler, Handlers } from '../../lib/notify/handlers.js';
import type { NotifiedCall } from '../../lib/notify/notified-call.js';
import { once as lazily } from '../../lib/util/memo.js';
import { dist } from '../support/built.js';
import { descriptors, finish } from '../support/processes.js';
import { until } from '../support/until.mjs';

const runtime = fileURLToPath(new URL('../support/runtime.py', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
afterAll(() => rmSync(directory, { recursive: true }));

let sockets = 0;
const newPath = () => join(directory, `${sockets++}.sock`);

/** The process that sends messages, each by a child of its own. */
const runtimes = lazily(() => {
  const { stdin, stdout } = nodeSpawn('python3', [runtime], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { stdin, outputs: createInterface(stdout)[Symbol.asyncIterator]() };
});
afterAll(() => void runtimes().stdin.end());

/** Connects to an agent, and sends it the message of a runtime or a malformed one. Returns what that prints. */
async function send({ path }: { readonly path: string }, what: string): Promise<string> {
  const { stdin, outputs } = runtimes();
  stdin.write(`${JSON.stringify([path, what])}\n`);
  return JSON.parse((await outputs.next()).value);
}

/** The result of a call that `handlers` answer, and the events of the agent. */
async function answered(handlers: Handlers<OciContainer>, options: ListenOptions = {}) {
  const agent = listen(newPath(), handlers, options);
  const events: string[] = [];
  agent.on('handlerError', (error) => events.push(`handlerError ${error instanceof Error ? error.message : error}`));
  agent.on('unanswered', ({ syscall }) => events.push(`unanswered ${syscall}`));
  const output = await send(agent, 'whole');
  await agent.close();
  return { answer: output.trim(), events };
}

describe('a runtime’s message', () => {
  test.each(['whole', 'kept open', 'in pieces, with other descriptors'])(
    'is served when it is sent %s, until the container ends',
    async (how) => {
      const calls: NotifiedCall[] = [];
      const agent = listen(newPath(), {
        sched_get_priority_max: (call) => {
          calls.push(call);
          return call.return(4242);
        },
      });
      const began = once(agent, 'container');
      const ended = once(agent, 'end');
      expect(await send(agent, how)).toBe('4242 0\n');
      const [container] = await began;
      expect(container).toMatchObject({
        id: 'one',
        status: 'running',
        bundle: '/b',
        annotations: { a: 'b' },
        ...(how === 'whole' && { metadata: 'of it' }),
        sender: { pid: container.pid, uid: process.getuid?.(), gid: process.getgid?.() },
      });
      expect(calls.map((call) => [call.syscall, call.container === container, call.tid])).toEqual([
        ['sched_get_priority_max', true, container.pid],
      ]);
      expect(await ended).toEqual([container]);
      expect(agent.containers).toEqual([]);
      await agent.close();
    },
  );

  test('has its calls answered by a handler, or denied if the handler fails', async () => {
    const answers: readonly [string, readonly string[], Handler<OciContainer>, ListenOptions?][] = [
      ['99 0', [], (call) => call.continue()],
      ['-1 25', [], async (call) => call.deny('ENOTTY')],
      [
        '-1 1',
        ['handlerError out of order'],
        () => {
          throw new Error('out of order');
        },
      ],
      [
        '-1 1',
        ['handlerError sched_get_priority_max: no answer in 20 ms: ETIMEDOUT'],
        () => new Promise(() => {}), // The timeout is certain.
        { notifyTimeout: 20 },
      ],
    ];
    for (const [answer, events, handler, options] of answers)
      expect(await answered({ sched_get_priority_max: handler }, options)).toEqual({ answer, events });
  });

  test('has a call without a handler: the call fails with ENOSYS, and unanswered is emitted', async () => {
    expect(await answered({ uname: (call) => call.return(0) })).toEqual({
      answer: '-1 38',
      events: ['unanswered sched_get_priority_max'],
    });
  });
});

describe('a malformed message', () => {
  const cases: readonly [string, RegExp][] = [
    ['no JSON', /the message: not JSON/],
    ['half of it', /the message: not JSON/],
    ['no object', /the message: not JSON|the message: not an object/],
    ['no state', /state: not an object/],
    ['no id', /state\.id: not a string/],
    ['a pid that is none', /pid: not a process ID/],
    ['metadata that is no text', /metadata: not a string/],
    ['annotations that are no texts', /state\.annotations\.a: not a string/],
    ['no descriptor', /fds: the message has 0 descriptors/],
    ['no name of it', /fds: seccompFd is missing/],
    ['a name too many', /fds: the message has 1 descriptors, and seccompFd is the one at 1/],
    ['a file for a listener', /seccompFd is not a seccomp listener/],
    ['many descriptors', /descriptors of the message were lost/],
    ['too much', /a message of more than 262144 bytes/],
  ];

  test('is refused, emitted and closed, and a later container is served', async () => {
    const agent = listen(newPath(), { sched_get_priority_max: (call) => call.return(7) });
    const serve = async () => {
      const ended = once(agent, 'end');
      const output = await send(agent, 'whole');
      await ended;
      return output;
    };
    expect(await serve()).toBe('7 0\n');
    const before = descriptors().length;
    for (const [what, message] of cases) {
      const refused = once(agent, 'refused');
      await send(agent, what);
      const [error, sender] = await refused;
      expect([what, error.message, sender.uid]).toEqual([what, expect.stringMatching(message), process.getuid?.()]);
    }
    expect(await serve()).toBe('7 0\n');
    await until(() => descriptors().length <= before); // What peers send is closed on a thread.
    await agent.close();
  });

  test('is not emitted if it is empty, as from a peer that tests whether an agent listens', async () => {
    const agent = listen(newPath(), { sched_get_priority_max: (call) => call.return(7) });
    const refused: unknown[] = [];
    agent.on('refused', (error) => refused.push(error));
    await send(agent, 'nothing');
    expect(await send(agent, 'whole')).toBe('7 0\n'); // This connection was accepted after the other.
    expect(refused).toEqual([]);
    await agent.close();
  });

  test('waits in the queue while this process has no descriptors left, and refused is emitted', async ({ skip }) => {
    // UBSan tests memory by a pipe, and reports damaged memory if it can't make one.
    if (readFileSync('/proc/self/maps', 'utf8').includes('libasan')) skip('UBSan needs descriptors itself');
    const path = newPath();
    const node = [process.execPath, fileURLToPath(new URL('full.mjs', import.meta.url)), path];
    const full = nodeSpawn('sh', ['-c', 'ulimit -n 64; exec "$@"', 'sh', ...node]);
    const ended = finish(full);
    await once(full.stdout, 'data');
    const output = await send({ path }, 'whole');
    expect(await ended).toEqual({
      code: 0,
      signal: null,
      stdout: 'full\naccept EMFILE: connections wait in the queue\n',
      stderr: '',
    });
    expect(output).toBe('7 0\n');
  });

  test('does not block others while it is incomplete', async () => {
    const agent = listen(newPath(), { sched_get_priority_max: (call) => call.return(7) });
    const idle = Array.from({ length: 20 }, () => connect(agent.path));
    await Promise.all(idle.map((each) => new Promise((resolve) => each.write('{', resolve))));
    expect(await send(agent, 'whole')).toBe('7 0\n');
    await agent.close();
    for (const each of idle) each.destroy();
  });
});

describe('the socket', () => {
  const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);

  test('is accessible to this user only, whatever the umask, and is removed by close', async () => {
    const umask = process.umask(0);
    const agent = listen(newPath(), {});
    process.umask(umask);
    expect(mode(agent.path)).toBe('600');
    await agent.close();
    await agent.close();
    expect(existsSync(agent.path)).toBe(false);
  });

  test('replaces the file of a socket at which nobody listens any more', async () => {
    const path = newPath();
    const server = createServer().listen(`${path}.first`);
    await once(server, 'listening');
    linkSync(`${path}.first`, path);
    await promisify(server.close.bind(server))(); // Removes the other file.
    const agent = listen(path, { sched_get_priority_max: (call) => call.return(7) });
    expect(await send(agent, 'whole')).toBe('7 0\n');
    await agent.close();
  });

  test('does not replace the socket of an agent that listens, a file or a link', async () => {
    const agent = listen(newPath(), { sched_get_priority_max: (call) => call.return(7) });
    expect(() => listen(agent.path, {})).toThrow('another agent listens there');
    expect(await send(agent, 'whole')).toBe('7 0\n');
    const file = join(directory, 'file');
    writeFileSync(file, '');
    symlinkSync(agent.path, join(directory, 'link'));
    for (const path of [file, join(directory, 'link')]) {
      expect(() => listen(path, {})).toThrow('is not a socket');
      expect(existsSync(path)).toBe(true);
    }
    await agent.close();
  });

  test('of another agent that replaced it is not removed', async () => {
    const agent = listen(newPath(), {});
    rmSync(agent.path);
    const other = listen(agent.path, {});
    await agent.close();
    expect(existsSync(agent.path)).toBe(true);
    await other.close();
  });

  test('whose file is gone is closed all the same', async () => {
    const agent = listen(newPath(), {});
    rmSync(agent.path);
    await agent.close();
    expect(existsSync(agent.path)).toBe(false);
  });

  test('that can’t be bound is an error with the reason', async () => {
    expect(() => listen(join(directory, 'none', 'a.sock'), {})).toThrow(/bind ENOENT: the directory does not exist/);
    expect(() => listen(join(directory, 'x'.repeat(108)), {})).toThrow(/at most 107 bytes/);
    expect(() => listen('a\0', {})).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    expect(() => listen(1 as never, {})).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    expect(() => listen(newPath(), undefined as never)).toThrow(/handlers/);
    expect(() => listen('', {})).toThrow("path: must be the path of the socket's file");
    expect(() => listen(newPath(), { openaat: (call) => call.return(0) })).toThrow(
      'handlers: unknown syscall openaat (did you mean openat?)',
    );
    expect(() => listen(newPath(), { open: 7 } as never)).toThrow('handlers.open: must be a function');
    expect(() => listen(newPath(), {}, { timeout: 7 } as never)).toThrow('options.timeout: unknown option');
    expect(() => listen(newPath(), {}, { notifyTimeout: 0 })).toThrow('options.notifyTimeout');
    expect(() => listen(newPath(), {}, 7 as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
  });

  test('keeps its process alive until it is closed, unless it can’t be bound or unref was called', async () => {
    const path = newPath();
    const begin = (rest: string) => {
      const code = `import { listen } from ${JSON.stringify(dist)};
        const agent = listen(${JSON.stringify(path)}, { sched_get_priority_max: (call) => call.return(7) });
        console.log('listens'); ${rest}`;
      return nodeSpawn(process.execPath, ['--input-type=module', '-e', code]);
    };
    const others = `await agent.close(); listen(${JSON.stringify(newPath())}, {}).unref();
      try { listen(${JSON.stringify(directory)}, {}); } catch ({ code }) { console.log(code); }`;
    const stdout = 'listens\nERR_SECCOMP_AGENT\n';
    expect(await finish(begin(others))).toMatchObject({ code: 0, stdout, stderr: '' });
    const agent = begin("agent.on('end', () => agent.close());");
    const ended = finish(agent);
    await once(agent.stdout, 'data');
    expect(await send({ path }, 'whole')).toBe('7 0\n');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('of a worker is closed with the worker, and another agent can listen there', async () => {
    const path = newPath();
    const code = `import { listen } from ${JSON.stringify(dist)}; import { parentPort } from 'node:worker_threads';
      listen(${JSON.stringify(path)}, {}); parentPort.postMessage('');`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
    await once(worker, 'message');
    expect(() => listen(path, {})).toThrow('another agent listens there');
    await worker.terminate();
    const agent = listen(path, { sched_get_priority_max: (call) => call.return(7) });
    expect(await send(agent, 'whole')).toBe('7 0\n');
    await agent.close();
  });
});

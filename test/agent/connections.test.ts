/** The connections of an agent, on a socket in place of the kernel's: those that wait, fail, or are late. */
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Agent, listen } from '../../lib/agent/agent.js';
import { addon, type LocalSocket, type NativeCredentials, type Received } from '../../lib/native.js';
import type { PeerCredentials } from '../../lib/notify/container.js';
import { fakeTimeouts } from '../support/fake-timers.js';

const { EACCES, EADDRINUSE, EAGAIN, EBADF, ECONNABORTED, ECONNREFUSED, ECONNRESET, EINTR } = constants.errno;
const { EMFILE, ENAMETOOLONG, ENOENT, ENOMEM, EROFS, ETIMEDOUT } = constants.errno;
const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(fakeTimeouts);
afterEach(() => void vi.restoreAllMocks());

const SENDER: NativeCredentials = { pid: 7, uid: 8, gid: 9 };

/** A socket whose calls return what a test has queued; EAGAIN if nothing is queued. */
class FakeSocket implements LocalSocket {
  readonly accepted: (LocalSocket | number)[] = [];
  readonly received: (Partial<Received> | number)[] = [];
  readonly awaited: number[] = [];
  credentials: NativeCredentials | number = SENDER;
  isClosed = false;
  #onReadable: (() => void) | undefined;

  get isAwaited(): boolean {
    return this.#onReadable !== undefined;
  }

  /** The socket becomes readable. */
  read(): void {
    const onReadable = this.#onReadable;
    this.#onReadable = undefined;
    onReadable?.();
  }

  await(onReadable: () => void): number {
    if (this.isClosed) return -EBADF;
    const error = this.awaited.shift() ?? 0;
    if (error === 0) this.#onReadable = onReadable;
    return error;
  }

  accept = (): LocalSocket | number => (this.isClosed ? -EBADF : (this.accepted.shift() ?? -EAGAIN));

  receive(): Received | number {
    const received = this.received.shift() ?? -EAGAIN;
    return typeof received === 'number'
      ? received
      : { bytes: Buffer.alloc(0), descriptors: 0, lost: false, ...received };
  }

  sender = () => this.credentials;

  serve = () => -EBADF;

  close(): void {
    this.isClosed = true;
    this.#onReadable = undefined;
  }
}

let agents = 0;

/** An agent on a fake socket, and the messages of its event `refused`. */
function agentOnFake(): { agent: Agent; socket: FakeSocket; refused: string[] } {
  const socket = new FakeSocket();
  const path = join(directory, String(agents++));
  writeFileSync(path, ''); // Stands for the file that bind(2) makes.
  vi.spyOn(addon(), 'bindSocket').mockReturnValueOnce(socket);
  const agent = listen(path, {});
  const refused: string[] = [];
  agent.on('refused', ({ message }, sender) => refused.push(`${sender?.pid ?? 'nobody'}: ${message}`));
  return { agent, socket, refused };
}

/** A process connects. */
function connect(socket: FakeSocket): FakeSocket {
  const connection = new FakeSocket();
  socket.accepted.push(connection);
  socket.read();
  return connection;
}

/** Bytes arrive on a connection; without bytes, its end. */
function send(connection: FakeSocket, text = ''): void {
  connection.received.push({ bytes: Buffer.from(text) });
  connection.read();
}

test('64 connections may be incomplete: the next one takes the place of the one that is silent longest', async () => {
  const { agent, socket, refused } = agentOnFake();
  const connections = Array.from({ length: 64 }, () => connect(socket));
  expect([refused, connections.some(({ isClosed }) => isClosed)]).toEqual([[], false]);
  connections.push(connect(socket));
  expect(refused).toEqual(['7: no complete message yet, and too many other connections']);
  send(connections[1] as FakeSocket);
  connections.push(connect(socket));
  expect(refused).toHaveLength(1);
  expect(connections.map(({ isClosed }) => isClosed)).toEqual(connections.map((_, i) => i < 2));
  await agent.close();
  expect(connections.every(({ isClosed }) => isClosed)).toBe(true);
});

test('a connection that sends no whole message within 10 seconds is refused and closed', async () => {
  const { agent, socket, refused } = agentOnFake();
  const [late, complete] = [connect(socket), connect(socket)];
  send(late, '{');
  send(complete);
  vi.advanceTimersByTime(9_999);
  expect([late.isClosed, complete.isClosed, refused]).toEqual([false, true, []]);
  vi.advanceTimersByTime(1);
  expect([late.isClosed, refused]).toEqual([true, ['7: no complete message in 10000 ms']]);
  vi.advanceTimersByTime(20_000);
  expect(refused).toHaveLength(1);
  await agent.close();
});

test('a message that came in time is received although this process was too busy to look before', async () => {
  const { agent, socket, refused } = agentOnFake();
  const connection = connect(socket);
  connection.received.push({ bytes: Buffer.from('{}') });
  vi.advanceTimersByTime(10_000);
  expect(refused).toEqual([expect.not.stringContaining('no complete message')]);
  await agent.close();
});

test.each([
  ['accept', EMFILE, 'accept EMFILE'],
  ['poll', ENOMEM, 'uv_poll_init ENOMEM'],
] as const)('after %s has failed, connections wait for 100 ms', async (call, errno, message) => {
  const { agent, socket, refused } = agentOnFake();
  if (call === 'accept') socket.accepted.push(-errno);
  else {
    socket.awaited.push(-errno);
    socket.accepted.push(-EAGAIN);
  }
  socket.read();
  expect(refused).toEqual([`nobody: ${message}: connections wait in the queue`]);
  vi.advanceTimersByTime(99);
  expect(socket.isAwaited).toBe(false);
  vi.advanceTimersByTime(1);
  expect(socket.isAwaited).toBe(true);
  send(connect(socket), 'x');
  expect(refused).toHaveLength(1);
  await agent.close();
});

test.each([
  ['EAGAIN', EAGAIN],
  ['EINTR', EINTR],
  ['ECONNABORTED', ECONNABORTED],
])('%s of accept is no failure: the next connection is awaited at once', async (_, errno) => {
  const { agent, socket, refused } = agentOnFake();
  socket.accepted.push(-errno);
  socket.read();
  expect([socket.isAwaited, refused]).toEqual([true, []]);
  await agent.close();
});

test('an agent that is closed accepts no connection any more', async () => {
  const { agent, socket, refused } = agentOnFake();
  agent.once('refused', () => agent.close());
  const connection = connect(socket);
  socket.accepted.push(-EMFILE);
  socket.read();
  vi.runAllTimers();
  const after = new FakeSocket();
  socket.accepted.push(after);
  socket.read();
  send(connection, 'x');
  send(connection);
  expect(refused).toEqual(['nobody: accept EMFILE: connections wait in the queue']);
  expect([socket.isClosed, socket.isAwaited, connection.isClosed, after.isAwaited]).toEqual([true, false, true, false]);
  await agent.close();
});

test('a message may come in pieces, at signals, and is refused if receiving fails', async () => {
  const { agent, socket, refused } = agentOnFake();
  const connection = connect(socket);
  connection.received.push(-EAGAIN, -EINTR);
  connection.read();
  connection.read();
  expect([connection.isAwaited, refused]).toEqual([true, []]);
  connection.received.push(-ECONNRESET);
  connection.read();
  expect(refused).toEqual(['7: recvmsg ECONNRESET']);
  const unpolled = new FakeSocket();
  unpolled.awaited.push(-ENOMEM);
  socket.accepted.push(unpolled);
  socket.read();
  expect(refused.slice(1)).toEqual(['7: uv_poll_init ENOMEM']);
  expect([connection.isClosed, unpolled.isClosed]).toEqual([true, true]);
  await agent.close();
});

test('receiving that takes too long is tried again every 20 ms, as the kernel reports the message only once', async () => {
  const { agent, socket, refused } = agentOnFake();
  const [delayed, stuck, gone] = [connect(socket), connect(socket), connect(socket)];
  for (const each of [delayed, stuck, gone]) {
    each.received.push(-ETIMEDOUT, -ETIMEDOUT);
    each.read();
  }
  gone.received.push({ bytes: Buffer.from('x') });
  vi.advanceTimersByTime(20);
  expect([delayed.isAwaited, delayed.received.length, refused]).toEqual([false, 0, []]);
  delayed.received.push({ bytes: Buffer.from('{}') });
  stuck.receive = () => -ETIMEDOUT;
  agent.once('refused', () => agent.close());
  vi.advanceTimersByTime(20);
  expect(refused).toEqual(['7: state: not an object']);
  vi.advanceTimersByTime(20_000);
  expect([refused.length, gone.isClosed, stuck.isClosed]).toEqual([1, true, true]);
});

test('a peer that delays receiving for 10 seconds is refused', async () => {
  const { agent, socket, refused } = agentOnFake();
  const connection = connect(socket);
  connection.receive = () => -ETIMEDOUT;
  connection.read();
  vi.advanceTimersByTime(20_000);
  expect([refused, connection.isClosed]).toEqual([['7: no complete message in 10000 ms'], true]);
  await agent.close();
});

test('a message may have 262,144 bytes', async () => {
  const { agent, socket, refused } = agentOnFake();
  const connection = connect(socket);
  for (let i = 0; i < 4; i++) send(connection, 'x'.repeat(65_536));
  expect(refused).toEqual([]);
  send(connection, 'x');
  expect(refused).toEqual(['7: a message of more than 262144 bytes']);
  await agent.close();
});

test('the IDs of a sender that the kernel does not report are null', async () => {
  const { agent, socket } = agentOnFake();
  const senders: (PeerCredentials | undefined)[] = [];
  agent.on('refused', (_, sender) => senders.push(sender));
  const connection = new FakeSocket();
  connection.credentials = -EBADF;
  socket.accepted.push(connection);
  socket.read();
  send(connection, '{}');
  expect(senders).toEqual([{ pid: null, uid: null, gid: null }]);
  await agent.close();
});

test('a refused connection without a listener for the event is a warning', async () => {
  const { agent, socket } = agentOnFake();
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  agent.removeAllListeners('refused');
  send(connect(socket), '{}');
  socket.accepted.push(-EMFILE);
  socket.read();
  expect(warn.mock.calls).toEqual([
    [`${agent.path}: a connection from process 7 was refused: state: not an object`, 'SeccompWarning'],
    [`${agent.path}: a connection was refused: accept EMFILE: connections wait in the queue`, 'SeccompWarning'],
  ]);
  await agent.close();
});

describe('a socket that can’t be bound', () => {
  test.each([
    [ENOENT, 'ENOENT: the directory does not exist: create it first, accessible to this user only'],
    [EACCES, 'EACCES: this user has no write permission in the directory'],
    [ENAMETOOLONG, "ENAMETOOLONG: a socket's path has at most 107 bytes"],
    [EROFS, 'EROFS'],
  ])('for the reason %i is an error with its remedy', (errno, reason) => {
    vi.spyOn(addon(), 'bindSocket').mockReturnValueOnce(-errno);
    const path = join(directory, 'unbound');
    const error = { code: 'ERR_SECCOMP_AGENT', message: `listen ${path}: bind ${reason}` };
    expect(() => listen(path, {})).toThrow(expect.objectContaining(error));
  });

  test('as another file was there, which is gone, is bound again', async () => {
    const path = join(directory, 'vanished');
    const bind = vi.spyOn(addon(), 'bindSocket').mockReturnValueOnce(-EADDRINUSE);
    const agent = listen(path, {});
    expect([bind.mock.calls, existsSync(path)]).toEqual([[[path], [path]], true]);
    await agent.close();
  });

  test('as another agent takes the place of an ended one, is an error, and that agent’s file stays', async () => {
    const [path, later] = ['ended', 'later'].map((name) => join(directory, name)) as [string, string];
    const servers = [path, later].map((each) => createServer().listen(each));
    vi.spyOn(addon(), 'reach').mockImplementationOnce(() => {
      renameSync(later, path);
      return ECONNREFUSED;
    });
    const message = `listen ${path}: bind EADDRINUSE: another agent has just begun to listen there: close it, or`;
    expect(() => listen(path, {})).toThrow(message);
    expect(existsSync(path)).toBe(true);
    for (const server of servers) server.close();
  });
});

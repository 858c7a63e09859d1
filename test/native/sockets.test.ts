/** The addon's own sockets, and what it finds out about descriptors. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addon } from '../../lib/native.js';

const { EAGAIN, EBADF, ECONNREFUSED, ENOENT, ENOTSOCK, ENOTTY, EADDRINUSE } = constants.errno;
const directory = mkdtempSync(join(tmpdir(), 'seccomp-sockets-'));
chmodSync(directory, 0o755);
afterAll(() => rmSync(directory, { recursive: true }));

const supervision = addon().supervision({
  answers: Uint8Array.of(6, 0, 0, 0, 0, 0, 0xff, 0x7f),
  countsAll: false,
  passesAll: false,
  distinguishing: new Uint32Array(),
  captures: new Uint32Array(),
  paths: new Uint32Array(),
});
const opened = addon().openMailbox(() => {});
if (typeof opened === 'number') throw new Error(`openMailbox: ${opened}`);
const mailbox = opened;

/** Listens at a path, or throws. */
function listen(name: string) {
  const path = join(directory, name);
  const socket = addon().bindSocket(path);
  if (typeof socket === 'number') throw new Error(`bindSocket: ${socket}`);
  return { path, socket };
}

/** Connects as another user, sends a text with a descriptor of /dev/null, and returns the process's ID. */
function send(path: string, user: number, group: number): number {
  chmodSync(path, 0o666);
  const { stdout, stderr } = spawnSync('python3', [join(import.meta.dirname, 'send.py'), path, `${user}`, `${group}`], {
    encoding: 'utf8',
  });
  if (stderr !== '') throw new Error(stderr);
  return Number(stdout);
}

describe('a socket', () => {
  test('reports who has connected, and what was sent', ({ skip }) => {
    skip(process.getuid?.() !== 0, 'needs root');
    const { path, socket } = listen('sender');
    expect(socket.accept()).toBe(-EAGAIN);
    const pid = send(path, 1001, 1002);
    const connection = socket.accept();
    if (typeof connection === 'number') throw new Error(`accept: ${connection}`);
    expect(connection.sender()).toEqual({ pid, uid: 1001, gid: 1002 });
    expect(connection.receive()).toEqual({ bytes: Buffer.from('text'), descriptors: 1, lost: false });
    expect(connection.receive()).toEqual({ bytes: Buffer.alloc(0), descriptors: 1, lost: false });
    connection.close();
    expect(connection.receive()).toBe(-EBADF);
    socket.close();
  });

  test('serves nothing but the listeners that it has received', ({ skip }) => {
    skip(process.getuid?.() !== 0, 'needs root');
    const { path, socket } = listen('serve');
    send(path, 0, 0);
    const connection = socket.accept();
    if (typeof connection === 'number') throw new Error(`accept: ${connection}`);
    connection.receive();
    for (const [index, supervised, box] of [
      [-1, supervision, mailbox],
      [1, supervision, mailbox],
      [0, mailbox, mailbox],
      [0, supervision, supervision],
    ])
      expect(() => Reflect.apply(connection.serve, connection, [index, supervised, box])).toThrowError(TypeError);
    expect(connection.serve(0, supervision, mailbox)).toBe(-ENOTTY);
    connection.close();
    socket.close();
  });

  test('calls back when it is readable, once for each await', async () => {
    const { path, socket } = listen('await');
    const readable = new Promise<void>((resolve) => {
      expect(socket.await(resolve)).toBe(0);
    });
    expect(() => socket.await(() => {})).toThrowError(/^await\(\) was called before/);
    expect(addon().reach(path)).toBe(0);
    const keepAlive = setInterval(() => {}, 1000);
    await readable;
    clearInterval(keepAlive);
    expect(typeof socket.accept()).toBe('object');
    expect(socket.await(() => {})).toBe(0);
    socket.close();
    expect(socket.await(() => {})).toBe(-EBADF);
  });

  test('is reached only while it listens, and its path is in use', () => {
    const { path, socket } = listen('reach');
    expect(addon().reach(path)).toBe(0);
    expect(addon().bindSocket(path)).toBe(-EADDRINUSE);
    socket.close();
    expect(addon().reach(path)).toBe(ECONNREFUSED);
    expect(addon().reach(join(directory, 'none'))).toBe(ENOENT);
  });
});

test('a descriptor is known to listen, or not, and its reading can be ended', async () => {
  const server = createServer();
  const connected = new Promise<Socket>((resolve) => {
    server.on('connection', resolve).listen(join(directory, 'server'));
  });
  expect(addon().reach(join(directory, 'server'))).toBe(0);
  const connection = await connected;
  const descriptorOf = (of: Server | Socket): number => Reflect.get(Reflect.get(of, '_handle'), 'fd');
  const file = openSync('/dev/null', 'r');
  const { isListening, endReading } = addon();
  expect([descriptorOf(server), descriptorOf(connection), file, 2 ** 31 - 1].map((fd) => isListening(fd))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  const open = connect(join(directory, 'server'));
  await once(open, 'connect');
  expect([descriptorOf(open), file, 2 ** 31 - 1].map((fd) => endReading(fd))).toEqual([0, ENOTSOCK, EBADF]);
  open.destroy();
  connection.destroy();
  server.close();
  closeSync(file);
});

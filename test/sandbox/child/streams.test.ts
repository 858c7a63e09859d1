/** This process's ends of a child's descriptors: which streams they are, and what is read of them at the end. */
import { PassThrough, Writable } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { addon } from '../../../lib/native.js';
import { drain, endReading, pipesFrom, socketStreams, unconnectedStreams } from '../../../lib/sandbox/child/streams.js';

afterEach(() => {
  vi.restoreAllMocks();
});

test('descriptors that are no sockets have no streams', () => {
  expect(socketStreams([-1, -1])).toEqual([null, null]);
  expect(unconnectedStreams([false, false, false])).toEqual([null, null, null]);
});

test('if a stream can’t be made, the sockets are closed that have none', () => {
  const close = vi.spyOn(addon(), 'closeSocket').mockImplementation(() => {});
  const noSocket = 2 ** 30;
  expect(() => socketStreams([-1, noSocket, noSocket + 1])).toThrow();
  expect(close.mock.calls).toEqual([[noSocket], [noSocket + 1]]);
});

test('a child that was not started has streams that are not connected: stdin to be written, the others to be read', () => {
  const streams = unconnectedStreams([true, true, false, true]);
  expect(streams.map((stream) => stream && [stream.readable, stream.writable, stream.destroyed])).toEqual([
    ...[[false, true, false], [true, true, false], null, [true, true, false]],
  ]);
  for (const stream of streams) stream?.destroy();
});

test('pipes are all streams but stdin, with their descriptors, if this process has these', () => {
  const [stdin, stdout, other] = [new PassThrough(), new PassThrough(), new PassThrough()];
  expect(pipesFrom([5, 6, -1, 7], [stdin, stdout, null, other])).toEqual([
    { descriptor: 6, stream: stdout },
    { descriptor: 7, stream: other },
  ]);
  expect(pipesFrom([], [stdin, stdout, undefined])).toEqual([{ descriptor: -1, stream: stdout }]);
});

test('pipes are shut down by their descriptors, unless these are closed; Node’s are destroyed when they are read', async () => {
  const end = vi.spyOn(addon(), 'endReading').mockReturnValue(0);
  const [stream, ofNode, unread] = [new PassThrough(), new PassThrough(), new PassThrough()];
  unread.write('x');
  endReading([
    { descriptor: 0, stream },
    { descriptor: 7, stream },
    { descriptor: -1, stream: ofNode },
    { descriptor: -1, stream: unread },
    { descriptor: 8, stream: new PassThrough().destroy() },
  ]);
  expect([end.mock.calls, ofNode.destroyed]).toEqual([[[0], [7]], false]);
  await new Promise(setImmediate);
  expect([stream, ofNode, unread].map(({ destroyed }) => destroyed)).toEqual([false, true, false]);
});

test('streams are read to their end, if they can be read', () => {
  const [open, ended] = [new PassThrough(), new PassThrough().destroy()];
  const resumed = [open, ended].map((stream) => vi.spyOn(stream, 'resume'));
  drain([null, undefined, new Writable(), open, ended]);
  expect(resumed.map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
});

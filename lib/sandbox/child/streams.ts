/** The streams of a child's stdio: this process's ends of socket pairs. */
import { Socket } from 'node:net';
import { Readable, type Writable } from 'node:stream';
import { addon, type NativeChild } from '../../native.js';
import { own } from '../../util/own-data.js';
import { setImmediate } from '../../util/timers.js';

/** This process's end of a child's descriptor. */
export type ChildStream = Readable | Writable;

/** A stream that a child writes to, and the descriptor that it is read from. */
export interface ChildPipe {
  /** −1 if Node has started the child. */
  readonly descriptor: number;
  readonly stream: ChildStream;
}

/**
 * Makes streams of this process's ends; null where there is no socket. If one can't be made, all sockets are closed.
 */
export function socketStreams(sockets: NativeChild['sockets']): readonly (Socket | null)[] {
  const made: (Socket | null)[] = [];
  try {
    for (const [i, fd] of sockets.entries())
      made.push(fd < 0 ? null : new Socket(own({ fd, handle: undefined, readable: i > 0, writable: true })));
    return made;
  } catch (error) {
    for (const fd of sockets.slice(made.length)) addon().closeSocket(fd);
    for (const stream of made) stream?.destroy();
    throw error;
  }
}

/** Returns the streams of a child that could not be started: they are not connected. {@link endUnconnected} ends them. */
export function unconnectedStreams(descriptors: readonly boolean[]): readonly (Socket | null)[] {
  return descriptors.map((isPiped, i) =>
    isPiped ? new Socket(own({ fd: undefined, handle: undefined, readable: i > 0 })) : null,
  );
}

/** Ends the output of a child that could not be started, so that its readers come to an end. */
export function endUnconnected(pipes: readonly ChildPipe[]): void {
  for (const { stream } of pipes) {
    stream.once('end', () => stream.destroy()); // A socket that is not connected is not closed by its end.
    if (stream instanceof Readable) stream.push(null);
  }
}

/** Returns the pipes among a child's streams: every stream but stdin. */
export function pipesFrom(
  sockets: NativeChild['sockets'],
  streams: readonly (ChildStream | null | undefined)[],
): readonly ChildPipe[] {
  return streams.flatMap((stream, i) => (!stream || i === 0 ? [] : [{ descriptor: sockets.at(i) ?? -1, stream }]));
}

/** Shuts pipes down for reading. The descriptor of a destroyed stream is closed, and may be another file's by now. */
export function endReading(pipes: readonly ChildPipe[]): void {
  for (const { descriptor, stream } of pipes) {
    if (descriptor < 0) setImmediate(destroyIfRead, stream);
    else if (!stream.destroyed) addon().endReading(descriptor);
  }
}

/**
 * Destroys a stream of Node's, which can't be shut down. What the child has written has been read by the event loop's next
 * turn; as long as nobody takes that, the stream is left.
 */
function destroyIfRead(stream: ChildStream): void {
  if (!(stream instanceof Readable) || stream.readableLength === 0) stream.destroy();
}

/** Reads streams without readers to their end, so that they close. */
export function drain(streams: readonly unknown[]): void {
  for (const stream of streams) if (stream instanceof Readable && stream.readable) stream.resume();
}

/** A channel that takes no descriptors: Node's format of messages on a pair of sockets of this package's own. */
import { Socket } from 'node:net';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { SeccompError } from '../../errors.js';
import { addon, CHANNEL } from '../../native.js';
import { publicFunction } from '../../util/caller.js';
import { guarded } from '../../util/guarded.js';
import { nodeError } from '../../util/node-error.js';
import { invalidType } from '../../util/option-errors.js';
import { define, own } from '../../util/own-data.js';
import { closedError, handleError, lostHandleError } from './channel-errors.js';
import { UNFINISHED } from './json-steps.js';
import type { ChannelOwner, ChildPipe, MessageChannel } from './message-channel.js';
import { INCOMPLETE, messageReader, NotAMessage, type Serialization } from './message-reader.js';
import { reportError } from './report-error.js';
import { serialize } from './serialized-messages.js';

/** Maximum bytes of the messages that wait to be written, and of those that wait for a listener. */
export const MOST_WAITING = 64 * 1024 * 1024;

/** Bytes that a message counts at least while it waits. */
const LEAST_SIZE = 512;

/** Bytes that wait to be written, from which on `send` returns false, as in Node. */
const BUSY = 128 * 1024;

/** Milliseconds for which messages are read and emitted before other events have their turn. */
const TURN = 5;

/** Milliseconds to wait for the end of a channel after its child was ended: others may hold it, and the relay may be stuck. */
const LONGEST_END = 1000;

/** Maximum bytes that are read at once. */
const READ_SIZE = 64 * 1024;

// Kept, since a program may replace them in its tests.
const { nextTick } = process;
const now = performance.now.bind(performance);

type SendCallback = (error: Error | null) => void;

export class OwnChannel implements MessageChannel {
  /** The addon makes the child's end. */
  readonly descriptor: number = CHANNEL;
  /** The variables by which a Node finds the channel. */
  readonly variables: Readonly<Record<string, string>>;
  readonly #place: number;
  readonly #serialization: Serialization;
  readonly #arrived;
  #child: ChannelOwner | undefined;
  #onEnd: (() => void) | undefined;
  #input: Socket | undefined;
  #output: Socket | undefined;
  #pipe: ChildPipe | undefined;
  /** The property `channel` of the child. */
  #control: Readonly<Record<'ref' | 'unref', () => void>> | null = null;
  #isConnected = false;
  /** Whether nothing more can arrive. */
  #isAtEnd = false;
  /** Whether messages are read, or are to be read in the next turn. */
  #isReading = false;
  /** Whether this side has disconnected, or the child has sent something else than messages. */
  #isOver = false;
  #childHasEnded = false;
  #hasRefused = false;
  #lastTurn: NodeJS.Timeout | undefined;
  hasReceived = false;
  /** Messages that arrived while there was only a listener for those between Nodes. */
  #waiting: unknown[] = [];
  /** Bytes of the messages that are not written yet, each at least LEAST_SIZE. */
  #unwritten = 0;

  /** @param place - The number of the child's descriptor. */
  constructor(place: number, serialization: Serialization = 'json') {
    this.#place = place;
    this.#serialization = serialization;
    this.#arrived = messageReader(serialization);
    this.variables = own({ NODE_CHANNEL_FD: String(place), NODE_CHANNEL_SERIALIZATION_MODE: serialization });
  }

  connect(child: ChannelOwner, onEnd: () => void): void {
    this.#child = child;
    this.#onEnd = onEnd;
    this.#isConnected = true;
    this.#control = own({ ref: () => void this.#input?.ref(), unref: () => void this.#input?.unref() });
    define(child, {
      send: publicFunction((...parameters: readonly unknown[]) => this.#send(parameters)),
      disconnect: publicFunction(() => this.#disconnect()),
    });
    Object.defineProperties(
      child,
      own({
        connected: own({ get: () => this.#isConnected, enumerable: true, configurable: true }),
        channel: own({ get: () => this.#control, enumerable: true, configurable: true }),
        _channel: own({ get: () => this.#control, configurable: true }), // Deprecated, and gone in Node 26.
      }),
    );
    child.on('newListener', () => nextTick(() => this.#read()));
  }

  open(sockets: readonly number[]): readonly number[] {
    const [reading = -1, writing = -1] = [sockets[this.#place], sockets.at(-1)];
    const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
    const onread = own({
      buffer,
      callback: (size: number) => {
        this.hasReceived = true;
        this.#arrived.add(buffer.subarray(0, size));
        this.#read();
        return true;
      },
    });
    // Two streams, since an error when one writes must not end what the other still reads.
    try {
      this.#input = new Socket(own({ fd: reading, readable: true, writable: false, onread }));
      this.#output = new Socket(own({ fd: writing, readable: false, writable: true }));
    } catch (error) {
      if (this.#input === undefined) addon().closeSocket(reading);
      for (const descriptor of sockets) if (descriptor !== reading) addon().closeSocket(descriptor);
      throw error;
    }
    this.#input.on('error', () => this.#inputEnds());
    this.#input.on('end', () => this.#inputEnds());
    this.#output.on('error', () => {}); // The callback of `send` gets it.
    this.#pipe = { descriptor: reading, stream: this.#input };
    return sockets.slice(0, -1).with(this.#place, -1);
  }

  get pipe(): ChildPipe | undefined {
    return this.#pipe;
  }

  childEnded(): void {
    this.#childHasEnded = true;
    if (this.#input === undefined || this.#isFull) this.#inputEnds();
    if (this.#onEnd === undefined) this.#output?.destroy(); // Nobody is left to read it.
  }

  endSoon(): void {
    if (this.#onEnd === undefined) return;
    this.#lastTurn ??= setTimeout(() => this.#inputEnds(), LONGEST_END);
  }

  close(): void {
    this.#input?.destroy();
    this.#output?.destroy();
  }

  #inputEnds(): void {
    this.#isAtEnd = true;
    this.#read();
  }

  /** Reads messages and emits them, and goes on later if that takes long. */
  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    const start = now();
    const state = this.#readUntil(() => now() - start > TURN);
    if (state === UNFINISHED) {
      this.#input?.pause();
      setImmediate(() => {
        this.#isReading = false;
        this.#read();
      });
      return;
    }
    this.#isReading = false;
    if (this.#isAtEnd) this.#finish();
    else if (!this.#isFull) this.#input?.resume();
    else if (this.#childHasEnded) this.#inputEnds();
    else this.#input?.pause();
  }

  /** Whether so much waits for a listener that no more is read. */
  get #isFull(): boolean {
    return this.#arrived.size > MOST_WAITING || this.#waiting.length > MOST_WAITING / LEAST_SIZE;
  }

  #readUntil(isLate: () => boolean): typeof INCOMPLETE | typeof UNFINISHED {
    do {
      if (this.#isOver) return INCOMPLETE;
      this.#emitWaiting();
      const isHeard = this.#listens('message');
      // As in Node, messages wait for the first listener.
      if (!isHeard && (!this.#listens('internalMessage') || this.#isFull)) return INCOMPLETE;
      const message = this.#next(isLate);
      if (message === INCOMPLETE || message === UNFINISHED) return message;
      if (isInternal(message)) this.#takeInternal(message);
      else if (isHeard) this.#emit('message', message, undefined);
      else this.#waiting.push(message);
    } while (!isLate());
    return UNFINISHED;
  }

  #emitWaiting(): void {
    let count = 0;
    // A listener may be there for one message only.
    for (; count < this.#waiting.length && this.#listens('message'); count++)
      this.#emit('message', this.#waiting[count], undefined);
    if (count > 0) this.#waiting = this.#waiting.slice(count);
  }

  #next(isLate: () => boolean): unknown {
    try {
      return this.#arrived.next(isLate);
    } catch (error) {
      if (!(error instanceof NotAMessage)) throw error;
      this.#fail(`sent ${error.message}`);
      return INCOMPLETE;
    }
  }

  #listens(event: string): boolean {
    return (this.#child?.listenerCount(event) ?? 0) > 0;
  }

  #emit(event: string, ...parameters: readonly unknown[]): void {
    guarded(() => this.#child?.emit(event, ...parameters));
  }

  /** Messages between Nodes themselves. */
  #takeInternal(message: InternalMessage): void {
    const { cmd } = message;
    if (cmd === 'NODE_HANDLE') this.#refuseHandle();
    else if (cmd === 'NODE_HANDLE_ACK' || cmd === 'NODE_HANDLE_NACK')
      this.#fail('answered a handle that it was not sent');
    else this.#emit('internalMessage', message, undefined);
  }

  /** A Node sends no more messages until it has an answer. It sends the handle four times. */
  #refuseHandle(): void {
    if (this.#unwritten > BUSY) {
      this.#fail('sent handles, and does not read the answers');
      return;
    }
    this.#write({ cmd: 'NODE_HANDLE_NACK' }, () => {});
    if (this.#hasRefused) return;
    this.#hasRefused = true;
    this.#report(lostHandleError());
  }

  #report(error: Error): void {
    if (this.#child !== undefined) reportError(this.#child, error);
  }

  /** Ends the channel of a child that sends something else than messages. */
  #fail(what: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isConnected = false;
    this.#control = null;
    this.#isAtEnd = true;
    this.#output?.destroy();
    this.#report(new SeccompError('ERR_SECCOMP_CHANNEL', `the channel is closed: the child ${what}`));
    this.#read();
  }

  #send([message, ...others]: readonly unknown[]): boolean {
    const callback = others.find((each) => typeof each === 'function') as SendCallback | undefined;
    const [handle, options] = others.filter((each) => each !== callback);
    if (options !== undefined && (typeof options !== 'object' || options === null))
      throw invalidType('options', 'of type object', options);
    if (!this.#isConnected) return this.#failToSend(callback, closedError());
    if (message === undefined)
      throw nodeError(TypeError, 'ERR_MISSING_ARGS', 'The "message" argument must be specified');
    if (!SENDABLE.has(typeof message))
      throw invalidType('message', 'one of type string, object, number, or boolean', message);
    if (handle !== undefined && handle !== null) throw handleError(Object(handle));
    return this.#write(message, callback);
  }

  #write(message: unknown, callback: SendCallback | undefined): boolean {
    const output = this.#output;
    const bytes = this.#serialization === 'json' ? lineOf(message) : serialize(message);
    if (output === undefined) {
      if (callback !== undefined) nextTick(callback, closedError()); // The child was not started, which is reported.
      return false;
    }
    if (output.destroyed) return this.#failToSend(callback, output.errored ?? closedError());
    const size = Math.max(bytes.length, LEAST_SIZE);
    if (this.#unwritten + size > MOST_WAITING) {
      const text =
        'send: more than 64 MiB of messages would wait, which the child does not read: wait for the callback of send';
      return this.#failToSend(callback, new SeccompError('ERR_SECCOMP_CHANNEL', text));
    }
    this.#unwritten += size;
    output.write(bytes, (error) => {
      this.#unwritten -= size;
      if (callback !== undefined) guarded(() => callback(error ?? null));
    });
    return output.writableLength < BUSY;
  }

  /** It may be the child that has closed the channel, or that does not read, which must not end this process. */
  #failToSend(callback: SendCallback | undefined, error: Error): false {
    nextTick(() => {
      if (callback === undefined) this.#report(error);
      else callback(error);
    });
    return false;
  }

  #disconnect(): void {
    if (!this.#isConnected) {
      this.#report(nodeError(Error, 'ERR_IPC_DISCONNECTED', 'IPC channel is already disconnected'));
      return;
    }
    this.#isOver = true;
    this.#isConnected = false;
    this.#control = null;
    nextTick(() => this.#finish());
  }

  #finish(): void {
    const onEnd = this.#onEnd;
    if (onEnd === undefined) return;
    this.#onEnd = undefined;
    clearTimeout(this.#lastTurn);
    this.#isConnected = false;
    this.#control = null;
    this.#input?.destroy();
    // Messages that wait are still written.
    const output = this.#output;
    if (this.#childHasEnded) output?.destroy();
    else output?.end(() => output.destroy());
    this.#emit('disconnect');
    onEnd();
  }
}

function lineOf(message: unknown): string {
  const text: string | undefined = JSON.stringify(message);
  if (text === undefined) throw invalidType('message', 'a value that JSON has', message);
  return `${text}\n`;
}

interface InternalMessage {
  readonly cmd: string;
}

const PREFIX = 'NODE_';

function isInternal(message: unknown): message is InternalMessage {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, 'cmd')) return false;
  const cmd: unknown = Reflect.get(message, 'cmd');
  return typeof cmd === 'string' && cmd.length > PREFIX.length && cmd.startsWith(PREFIX);
}

const SENDABLE: ReadonlySet<string> = new Set(['string', 'object', 'number', 'boolean']);

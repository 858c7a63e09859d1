/** A channel that takes no descriptors: Node's format of messages on a pair of sockets of this package's own. */
import { Socket } from 'node:net';
import { SeccompError } from '../../errors.js';
import { addon, CHANNEL } from '../../native.js';
import { publicFunction } from '../../util/caller.js';
import { guarded } from '../../util/guarded.js';
import { nodeError } from '../../util/node-error.js';
import { invalidType } from '../../util/option-errors.js';
import { own } from '../../util/own-data.js';
import { clearTimeout, setImmediate, setTimeout } from '../../util/timers.js';
import { ChannelControl } from './channel-control.js';
import { closedError, handleError, lostHandleError } from './channel-errors.js';
import { UNFINISHED } from './json-steps.js';
import { type ChannelOwner, giveChannel, type MessageChannel } from './message-channel.js';
import { INCOMPLETE, MessageReader, NotAMessage, type Serialization } from './message-reader.js';
import { LEAST_SIZE, MessageWriter, MOST_WAITING, type SendCallback } from './message-writer.js';
import { reportError } from './report-error.js';

/** Milliseconds for which messages are read and emitted before other events have their turn. */
const TURN = 5;

/** Milliseconds after which the channel of a child that has ended is at its end, if nothing arrives then. */
const LONGEST_END = 1000;

/** Milliseconds for which the end of a child waits for its messages, whose listeners may take as long as they want. */
const LONGEST_EXIT = 2000;

/** Maximum bytes that are read at once. */
const READ_SIZE = 64 * 1024;

// Kept, since a program may replace them in its tests.
const { nextTick } = process;
const now = performance.now.bind(performance);

export class OwnChannel implements MessageChannel {
  /** The addon makes the child's end. */
  readonly descriptor: number = CHANNEL;
  /** The variables by which a Node finds the channel. */
  readonly variables: Readonly<Record<string, string>>;
  readonly #place: number;
  readonly #arrived;
  readonly #writer;
  #child: ChannelOwner | undefined;
  #onEnd: (() => void) | undefined;
  /** Reports the end of the child. */
  #onExit: (() => void) | undefined;
  #input: Socket | undefined;
  /** The descriptor of the input. */
  #reading = -1;
  /** The property `channel` of the child; null if it is not connected. */
  #control: ChannelControl | null = null;
  /** Whether nothing more can arrive. */
  #isAtEnd = false;
  /** When messages were first read in this turn of the event loop. */
  #turn: number | undefined;
  /** Whether messages are read, or are to be read in the next turn. */
  #isReading = false;
  /** Whether this side has disconnected, or the child has sent something else than messages. */
  #isOver = false;
  #hasDisconnected = false;
  #childHasEnded = false;
  #hasRefused = false;
  #endTimer: NodeJS.Timeout | undefined;
  #exitTimer: NodeJS.Timeout | undefined;
  hasReceived = false;
  /** Messages that arrived while there was only a listener for those between Nodes. */
  #waiting: unknown[] = [];

  /** @param place - The number of the child's descriptor. */
  constructor(place: number, serialization: Serialization = 'json') {
    this.#place = place;
    this.#arrived = new MessageReader(serialization);
    this.#writer = new MessageWriter(serialization, (error) => this.#report(error));
    this.variables = own({ NODE_CHANNEL_FD: String(place), NODE_CHANNEL_SERIALIZATION_MODE: serialization });
  }

  connect(child: ChannelOwner, onEnd: () => void): void {
    this.#child = child;
    this.#onEnd = onEnd;
    this.#control = new ChannelControl(() => this.#input);
    const send = publicFunction((...parameters: readonly unknown[]) => this.#send(parameters));
    const disconnect = publicFunction(() => this.#disconnect());
    const channel = () => this.#control;
    giveChannel(child, { send, disconnect }, () => this.#control !== null, channel);
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
      this.#writer.open(writing);
    } catch (error) {
      if (this.#input === undefined) addon().closeSocket(reading);
      for (const descriptor of sockets) if (descriptor !== reading) addon().closeSocket(descriptor);
      throw error;
    }
    this.#input.on('error', () => this.#inputEnds());
    this.#input.on('end', () => this.#inputEnds());
    this.#reading = reading;
    return sockets.slice(0, -1).with(this.#place, -1);
  }

  childEnded(then: () => void): void {
    this.#childHasEnded = true;
    if (this.#onEnd === undefined) {
      this.#writer.destroy(); // Nobody is left to read it.
      then();
      return;
    }
    this.#onExit = then;
    this.#exitTimer = setTimeout(() => this.#reportExit(), LONGEST_EXIT);
    if (this.#input === undefined || (this.#isFull && !this.#listens('message'))) {
      this.#inputEnds();
    } else if (!this.#input.destroyed) {
      addon().endReading(this.#reading); // Nothing more is read of others that hold it.
      this.#waitForEnd(this.#input);
    }
  }

  /** The thread that passes the bytes on may never get to their end: see native/child/relay.h. */
  #waitForEnd(input: Socket): void {
    this.#endTimer = setTimeout(() => {
      const { bytesRead } = input;
      const isPaused = this.#isReading;
      // Bytes may have arrived while this thread was busy: they are read first.
      setImmediate(() => {
        if (this.#onEnd === undefined) return;
        if (isPaused || this.#isReading || input.bytesRead > bytesRead) this.#waitForEnd(input);
        else this.#inputEnds();
      });
    }, LONGEST_END);
  }

  #reportExit(): void {
    clearTimeout(this.#exitTimer);
    const report = this.#onExit;
    this.#onExit = undefined;
    report?.();
  }

  close(): void {
    this.#input?.destroy();
    this.#writer.destroy();
  }

  #inputEnds(): void {
    this.#isAtEnd = true;
    this.#read();
  }

  /** Reads messages and emits them, and goes on later if that takes long. */
  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#turn ??= this.#beginTurn();
    const start = this.#turn;
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

  /** libuv may read many times before other events have their turn. */
  #beginTurn(): number {
    setImmediate(() => {
      this.#turn = undefined;
    });
    return now();
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
    if (this.#writer.isBusy) {
      this.#fail('sent handles, and does not read the answers');
      return;
    }
    this.#writer.send({ cmd: 'NODE_HANDLE_NACK' }, () => {});
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
    this.#control = null;
    this.#isAtEnd = true;
    this.#writer.destroy();
    this.#report(new SeccompError('ERR_SECCOMP_CHANNEL', `the channel is closed: the child ${what}`));
    this.#read();
  }

  #send([message, ...others]: readonly unknown[]): boolean {
    const callback = others.find((each) => typeof each === 'function') as SendCallback | undefined;
    const [handle, options] = others.filter((each) => each !== callback);
    if (options !== undefined && (typeof options !== 'object' || options === null))
      throw invalidType('options', 'of type object', options);
    if (this.#control === null) return this.#writer.fail(callback, closedError());
    if (message === undefined)
      throw nodeError(TypeError, 'ERR_MISSING_ARGS', 'The "message" argument must be specified');
    if (!SENDABLE.has(typeof message))
      throw invalidType('message', 'one of type string, object, number, or boolean', message);
    if (handle !== undefined && handle !== null) throw handleError(Object(handle));
    return this.#writer.send(message, callback);
  }

  #disconnect(): void {
    if (this.#control === null) {
      const error = nodeError(Error, 'ERR_IPC_DISCONNECTED', 'IPC channel is already disconnected');
      if (this.#hasDisconnected)
        this.#child?.emit('error', error); // As in Node, it throws if nobody listens.
      else this.#report(error);
      return;
    }
    this.#hasDisconnected = true;
    this.#isOver = true;
    this.#control = null;
    nextTick(() => this.#finish());
  }

  #finish(): void {
    const onEnd = this.#onEnd;
    if (onEnd === undefined) return;
    this.#onEnd = undefined;
    clearTimeout(this.#endTimer);
    this.#control = null;
    this.#input?.destroy();
    // Messages that wait are still written.
    if (this.#childHasEnded) this.#writer.destroy();
    else this.#writer.end();
    this.#emit('disconnect');
    this.#reportExit();
    onEnd();
  }
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

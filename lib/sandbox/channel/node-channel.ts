/** Node's own channel, over which handles can be sent too. A child can end this process by what it sends over it. */
import type { ChildProcess, Serializable } from 'node:child_process';
import { fromCaller, publicFunction } from '../../util/caller.js';
import { guarded } from '../../util/guarded.js';
import { own } from '../../util/own-data.js';
import { handOver } from './handover.js';
import { type ChannelOwner, giveChannel, type MessageChannel } from './message-channel.js';

/** The channel that Node has made for the launcher. */
export class NodeChannel implements MessageChannel {
  /** The child's end. */
  readonly descriptor: number;
  /** The variables by which a Node finds the channel. */
  readonly variables: Readonly<Record<string, string>>;
  readonly #launcher: ChildProcess;
  readonly #release: () => void;

  /** @param place - The number of the child's descriptor. */
  constructor(place: number, serialization: 'json' | 'advanced' | undefined) {
    const { descriptor, environment, launcher, release } = handOver('ipc', place, serialization);
    this.descriptor = descriptor;
    const variables = environment.filter((each) => each.startsWith('NODE_CHANNEL_'));
    this.variables = own(Object.fromEntries(variables.map((each) => splitAt(each, each.indexOf('=')))));
    this.#launcher = launcher;
    this.#release = release;
  }

  connect(child: ChannelOwner, onEnd: () => void): void {
    this.#launcher.once('message', () => {
      this.hasReceived = true;
    });
    forward(this.#launcher, child, onEnd);
  }

  hasReceived = false;

  open(sockets: readonly number[]): readonly number[] {
    return sockets;
  }

  /** Lets the launcher end with the child: Node then forgets the sockets that were sent. */
  childEnded(then: () => void): void {
    this.#launcher.ref();
    this.#release();
    then();
  }

  close(): void {
    this.#release();
    if (this.#launcher.connected) this.#launcher.disconnect();
  }
}

/** The channel of a process that Node itself has started. */
export function forwardedChannel(started: ChildProcess): MessageChannel {
  return {
    connect: (child, onEnd) => forward(started, child, onEnd),
    open: (sockets) => sockets,
    hasReceived: true,
    childEnded: (then) => then(),
    close: () => {},
  };
}

/** Gives the channel of a process that Node has started to another object. See MessageChannel.connect. */
function forward(source: ChildProcess, child: ChannelOwner, onEnd: () => void): void {
  const send = calling((...parameters: Parameters<ChildProcess['send']>) => source.send(...parameters));
  const disconnect = calling(() => source.disconnect());
  const channel = () => source.channel;
  giveChannel(child, { send, disconnect }, () => source.connected, channel);
  source.on('error', (error) => child.emit('error', error));
  // That of node:cluster.
  source.on('internalMessage', (message, handle) => child.emit('internalMessage', message, handle));
  let awaited = 2;
  const ended = () => {
    if (--awaited === 0) onEnd();
  };
  source.once('disconnect', () => {
    guarded(() => child.emit('disconnect'));
    ended();
  });
  source.once('exit', ended);
  forwardMessages(source, child);
}

/** As in Node, messages wait for the first listener. */
function forwardMessages(source: ChildProcess, child: ChannelOwner): void {
  let waiting: (readonly [Serializable, unknown])[] = [];
  source.on('message', (message, handle) => {
    if (waiting.length === 0 && child.listenerCount('message') > 0) child.emit('message', message, handle);
    else waiting.push([message, handle]);
  });
  const deliver = () => {
    if (child.listenerCount('message') === 0) return;
    const messages = waiting;
    waiting = [];
    for (const parameters of messages) guarded(() => child.emit('message', ...parameters));
  };
  child.on('newListener', () => process.nextTick(deliver));
}

function splitAt(text: string, index: number): readonly [string, string] {
  return [text.slice(0, index), text.slice(index + 1)];
}

/** Makes a function of Node's public. The stack of an error that it throws begins at the caller. */
function calling<Parameters extends readonly unknown[], Result>(call: (...parameters: Parameters) => Result) {
  return publicFunction((...parameters: Parameters) => {
    try {
      return call(...parameters);
    } catch (error) {
      throw error instanceof Error ? fromCaller(error) : error;
    }
  });
}

/** A channel for messages between this process and a child, as Node has it. */
import type { EventEmitter } from 'node:events';
import { define, own } from '../../util/own-data.js';

/** The object of a child that has a channel. */
export type ChannelOwner = Pick<EventEmitter, 'emit' | 'listenerCount' | 'on'>;

export interface MessageChannel {
  /**
   * Makes a child the owner of the channel: it gets the properties and events that Node documents. `onEnd` is called
   * once, after `disconnect` and the child's end.
   */
  connect(child: ChannelOwner, onEnd: () => void): void;
  /** Takes this process's ends of the channel from those of a running child, and returns the others. */
  open(sockets: readonly number[]): readonly number[];
  /** Whether a message has arrived. */
  readonly hasReceived: boolean;
  /**
   * To be called once, when the child has ended. `then` reports that, if possible after all messages that it has sent to a
   * listener are emitted.
   */
  childEnded(then: () => void): void;
  /** Closes the channel of a child that was not started. */
  close(): void;
}

/** Gives a child the methods and properties of a channel. */
export function giveChannel(
  child: ChannelOwner,
  methods: { readonly send: unknown; readonly disconnect: unknown },
  isConnected: () => boolean,
  channel: () => unknown,
): void {
  define(child, methods);
  const property = (enumerable: boolean, get: () => unknown) => own({ get, enumerable, configurable: true });
  Object.defineProperty(child, 'connected', property(true, isConnected));
  Object.defineProperty(child, 'channel', property(true, channel));
  Object.defineProperty(child, '_channel', property(false, channel)); // Deprecated, and gone in Node 26.
}

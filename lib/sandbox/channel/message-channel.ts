/** A channel for messages between this process and a child, as Node has it. */
import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** A stream that a child writes to, and the descriptor that it is read from. */
export interface ChildPipe {
  /** −1 if Node has started the child. */
  readonly descriptor: number;
  readonly stream: Readable | Writable;
}

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
  /** The stream from which messages are read. */
  readonly pipe: ChildPipe | undefined;
  /** Whether a message has arrived. */
  readonly hasReceived: boolean;
  childEnded(): void;
  /** To be called after that, if the child or its tree was ended by this process. */
  endSoon(): void;
  /** Closes the channel of a child that was not started. */
  close(): void;
}

/** Sends messages to a child. */
import { Socket } from 'node:net';
import { SeccompError } from '../../errors.js';
import { guarded } from '../../util/guarded.js';
import { invalidType } from '../../util/option-errors.js';
import { own } from '../../util/own-data.js';
import { closedError } from './channel-errors.js';
import type { Serialization } from './message-reader.js';
import { serialize } from './serialized-messages.js';

/** Maximum bytes of the messages that wait to be written, and of those that wait for a listener. */
export const MOST_WAITING = 64 * 1024 * 1024;

/** Bytes that a message counts at least while it waits. */
export const LEAST_SIZE = 512;

/** Bytes that wait to be written, from which on `send` returns false, as in Node. */
const BUSY = 128 * 1024;

// Kept, since a program may replace it in its tests.
const { nextTick } = process;

export type SendCallback = (error: Error | null) => void;

export class MessageWriter {
  readonly #serialization: Serialization;
  readonly #report: (error: Error) => void;
  /** Undefined if the child was not started. */
  #output: Socket | undefined;
  /** Bytes of the messages that are not written yet, each at least LEAST_SIZE. */
  #unwritten = 0;

  /** @param report - Gets the error of a message that is sent without a callback. */
  constructor(serialization: Serialization, report: (error: Error) => void) {
    this.#serialization = serialization;
    this.#report = report;
  }

  /** @param descriptor - This process's end of the channel, of which the writer becomes the owner. */
  open(descriptor: number): void {
    this.#output = new Socket(own({ fd: descriptor, readable: false, writable: true }));
    this.#output.on('error', () => {}); // The callback of `send` gets it.
  }

  /** Whether the child leaves many messages unread. */
  get isBusy(): boolean {
    return this.#unwritten > BUSY;
  }

  /** Returns false if so much waits that the next message should too. */
  send(message: unknown, callback: SendCallback | undefined): boolean {
    const output = this.#output;
    const bytes = this.#serialization === 'json' ? lineOf(message) : serialize(message);
    if (output === undefined) {
      if (callback !== undefined) nextTick(callback, closedError()); // The child was not started, which is reported.
      return false;
    }
    if (output.destroyed) return this.fail(callback, output.errored ?? closedError());
    const size = Math.max(bytes.length, LEAST_SIZE);
    if (this.#unwritten + size > MOST_WAITING) {
      const text =
        'send: more than 64 MiB of messages would wait, which the child does not read: wait for the callback of send';
      return this.fail(callback, new SeccompError('ERR_SECCOMP_CHANNEL', text));
    }
    this.#unwritten += size;
    output.write(bytes, (error) => {
      this.#unwritten -= size;
      if (callback !== undefined) guarded(() => callback(error ?? null));
    });
    return output.writableLength < BUSY;
  }

  /** It may be the child that has closed the channel, or that does not read, which must not end this process. */
  fail(callback: SendCallback | undefined, error: Error): false {
    nextTick(() => {
      if (callback === undefined) this.#report(error);
      else callback(error);
    });
    return false;
  }

  /** Closes the channel when the messages that wait are written. */
  end(): void {
    const output = this.#output;
    output?.end(() => output.destroy());
  }

  destroy(): void {
    this.#output?.destroy();
  }
}

function lineOf(message: unknown): string {
  const text: string | undefined = JSON.stringify(message);
  if (text === undefined) throw invalidType('message', 'a value that JSON has', message);
  return `${text}\n`;
}

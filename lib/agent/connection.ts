/** A connection to an agent, until its message is there or will not be. */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { LocalSocket, Sender } from '../native.js';
import { type AgentMessage, isWhole, readState } from './container-state.js';

/** A runtime sends all at once, and a socket's buffer has 208 KiB. */
const MOST_BYTES = 262_144;
/** Milliseconds. */
const MOST_TIME = 10_000;

export class AgentConnection {
  readonly sender: Sender;
  readonly #connection: LocalSocket;
  readonly #done: (outcome: AgentMessage | Error | null) => void;
  readonly #timer: NodeJS.Timeout;
  #bytes = Buffer.alloc(0);

  /**
   * `done` is called once, unless the incoming is given up before; with null if nothing came, as from one who only looks
   * whether somebody is there. The connection stays the caller's.
   */
  constructor(connection: LocalSocket, done: (outcome: AgentMessage | Error | null) => void) {
    const sender = connection.sender();
    this.sender = typeof sender === 'number' ? { pid: 0, uid: 65_534, gid: 65_534 } : sender;
    this.#connection = connection;
    this.#done = done;
    this.#timer = setTimeout(() => this.#go(new Error(`no whole message in ${MOST_TIME} ms`)), MOST_TIME).unref();
  }

  giveUp(): void {
    clearTimeout(this.#timer);
    this.#connection.close();
  }

  start(): void {
    const error = this.#connection.await(() => this.#go(this.#receive()));
    if (error !== 0) this.#go(new Error(`uv_poll_init ${getSystemErrorName(error)}`));
  }

  #go(outcome: AgentMessage | Error | null | undefined): void {
    if (outcome === undefined) {
      this.start();
      return;
    }
    clearTimeout(this.#timer);
    this.#done(outcome);
  }

  /** Undefined: there is more to come. */
  #receive(): AgentMessage | Error | null | undefined {
    const received = this.#connection.receive();
    if (received === -constants.errno.EAGAIN || received === -constants.errno.EINTR) return undefined;
    if (typeof received === 'number') return new Error(`recvmsg ${getSystemErrorName(received)}`);
    const { bytes, descriptors, lost } = received;
    if (lost) return new Error('descriptors that came with it are lost: too many, or none is left here');
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (this.#bytes.length > MOST_BYTES) return new Error(`a message of more than ${MOST_BYTES} bytes`);
    if (this.#bytes.length === 0) return null;
    const text = this.#bytes.toString();
    return bytes.length === 0 || isWhole(text) ? this.#read(text, descriptors) : undefined;
  }

  #read(text: string, descriptors: number): AgentMessage | Error {
    try {
      return readState(text, descriptors, this.sender);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

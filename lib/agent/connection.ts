/** A connection to an agent: it receives one message. */
import { constants } from 'node:os';
import type { LocalSocket } from '../native.js';
import type { PeerCredentials } from '../notify/container.js';
import { systemErrorName } from '../util/system-error.js';
import { clearTimeout, setTimeout } from '../util/timers.js';
import { type AgentMessage, isCompleteJson, readMessage } from './container-state.js';
import { knownCredentials, UNKNOWN } from './credentials.js';

const { EAGAIN, EINTR, ETIMEDOUT } = constants.errno;

/** Maximum bytes of a message. A runtime sends it at once, into a buffer that has 208 KiB by default (socket(7)). */
const MAX_BYTES = 262_144;
/** Milliseconds until a message must be complete. */
const TIMEOUT = 10_000;
/** Milliseconds from one attempt to receive to the next, if the first takes too long: the peer, or a lack of processors, delays it. */
const PAUSE = 20;

/** A message, or an Error if it is malformed or late, or null if the peer closed the connection without a message. */
type ReceivedMessage = AgentMessage | Error | null;

export class AgentConnection {
  /** The process that connected. */
  readonly sender: PeerCredentials;
  readonly #socket: LocalSocket;
  readonly #done: (outcome: ReceivedMessage) => void;
  readonly #timer: NodeJS.Timeout;
  #isLate = false;
  #pause: NodeJS.Timeout | undefined;
  #bytes = Buffer.alloc(0);

  /**
   * Calls `done` once, unless `giveUp` is called first. The outcome is null for a peer that only tests whether an agent
   * listens. The caller closes `socket` after `done`.
   */
  constructor(socket: LocalSocket, done: (outcome: ReceivedMessage) => void) {
    const sender = socket.sender();
    this.sender = typeof sender === 'number' ? UNKNOWN : knownCredentials(sender);
    this.#socket = socket;
    this.#done = done;
    // A message that came in time is received even if this process was too busy to look before.
    this.#timer = setTimeout(() => {
      this.#finish(this.#receive() ?? new Error(`no complete message in ${TIMEOUT} ms`));
    }, TIMEOUT).unref();
  }

  /** Waits for the message, or for more of it. */
  start(): void {
    const error = this.#socket.await(() => this.#proceed());
    if (error !== 0) this.#finish(new Error(`uv_poll_init ${systemErrorName(error)}`));
  }

  /** Ends the wait for the message, as too many other connections wait. */
  displace(): void {
    this.#finish(new Error('no complete message yet, and too many other connections'));
  }

  /** Closes the socket. `done` is not called any more. */
  giveUp(): void {
    this.#stop();
    this.#socket.close();
  }

  #proceed(): void {
    const outcome = this.#receive();
    if (outcome !== undefined) this.#finish(outcome);
    else if (this.#isLate) this.#pause = setTimeout(() => this.#proceed(), PAUSE).unref();
    else this.start();
  }

  #finish(outcome: ReceivedMessage): void {
    this.#stop();
    this.#done(outcome);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#pause);
  }

  /** Receives bytes. Returns undefined if the message is not complete. */
  #receive(): ReceivedMessage | undefined {
    const received = this.#socket.receive();
    this.#isLate = received === -ETIMEDOUT;
    if (this.#isLate || received === -EAGAIN || received === -EINTR) return undefined;
    if (typeof received === 'number') return new Error(`recvmsg ${systemErrorName(received)}`);
    const { bytes, descriptors, lost } = received;
    if (lost)
      return new Error('descriptors of the message were lost: it has too many, or this process has reached its limit');
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (this.#bytes.length > MAX_BYTES) return new Error(`a message of more than ${MAX_BYTES} bytes`);
    if (this.#bytes.length === 0) return null;
    const text = this.#bytes.toString();
    const isEnd = bytes.length === 0;
    return isEnd || isCompleteJson(text) ? this.#read(text, descriptors) : undefined;
  }

  #read(text: string, descriptors: number): AgentMessage | Error {
    try {
      return readMessage(text, descriptors, this.sender);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

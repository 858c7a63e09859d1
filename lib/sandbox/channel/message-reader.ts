/**
 * Messages as they look on a channel, in Node's own formats. `json`: a line of JSON each. `advanced`: what node:v8
 * serializes, after its length.
 */
import { ArrivedBytes } from './arrived-bytes.js';
import { JsonReader, TooMuch, UNFINISHED } from './json-steps.js';
import { deserialize, LENGTH_BYTES } from './serialized-messages.js';

/** The option `serialization`. */
export type Serialization = 'json' | 'advanced';

/** Maximum bytes of a message. */
export const LONGEST_MESSAGE = 16 * 1024 * 1024;

const NEWLINE = 10;

/** Thrown for bytes that are not a message. */
export class NotAMessage extends Error {}

/** The bytes of the next message have not all arrived. */
export const INCOMPLETE = Symbol('incomplete');

/** Reads messages. */
export class MessageReader {
  readonly #isJson: boolean;
  readonly #arrived = new ArrivedBytes();
  /** Number of the first bytes that have no newline among them. */
  #searched = 0;
  /** The line of JSON that is being read. */
  #json: JsonReader | undefined;

  constructor(serialization: Serialization) {
    this.#isJson = serialization === 'json';
  }

  add(bytes: Uint8Array): void {
    this.#arrived.add(bytes);
  }

  /** Number of bytes that were not read yet. */
  get size(): number {
    return this.#arrived.size;
  }

  /**
   * Reads the next message. Returns INCOMPLETE if it has not arrived, and UNFINISHED if it is late before it is read.
   *
   * @throws {NotAMessage} if what has arrived is none.
   */
  next(isLate: () => boolean): unknown {
    return this.#isJson ? this.#nextOfJson(isLate) : this.#nextSerialized();
  }

  #nextOfJson(isLate: () => boolean): unknown {
    try {
      this.#json ??= this.#nextLine();
      if (this.#json === undefined) return INCOMPLETE;
      const message = this.#json.read(isLate);
      if (message !== UNFINISHED) this.#json = undefined;
      return message;
    } catch (cause) {
      if (cause instanceof TooMuch) throw new NotAMessage(cause.message);
      if (!(cause instanceof SyntaxError)) throw cause;
      throw new NotAMessage('a line that is not JSON');
    }
  }

  #nextLine(): JsonReader | undefined {
    const length = this.#arrived.indexOf(NEWLINE, this.#searched);
    this.#searched = length < 0 ? this.size : 0;
    if ((length < 0 ? this.size : length) > LONGEST_MESSAGE) throw tooLong();
    if (length < 0) return undefined;
    return new JsonReader(this.#arrived.take(length + 1).toString('utf8', 0, length));
  }

  #nextSerialized(): unknown {
    if (this.size < LENGTH_BYTES) return INCOMPLETE;
    const length = this.#arrived.peek(LENGTH_BYTES).readUInt32BE();
    if (length > LONGEST_MESSAGE) throw tooLong();
    if (this.size < LENGTH_BYTES + length) return INCOMPLETE;
    // A copy of its own: views in the message refer to it.
    const bytes = Buffer.allocUnsafeSlow(length);
    this.#arrived.take(LENGTH_BYTES + length).copy(bytes, 0, LENGTH_BYTES);
    try {
      return deserialize(bytes);
    } catch {
      throw new NotAMessage("bytes that node:v8 can't read");
    }
  }
}

const tooLong = () => new NotAMessage(`a message of more than ${LONGEST_MESSAGE / 1024 ** 2} MiB`);

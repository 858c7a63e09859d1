/** The property `channel` of a child, as Node has it. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

/**
 * Lets a channel keep this process running, or not. `refCounted` and `unrefCounted` are not documented; execa uses them. They
 * count, and change nothing once `ref` or `unref` has been called.
 */
export class ChannelControl extends EventEmitter {
  readonly #input: () => Pick<Socket, 'ref' | 'unref'> | undefined;
  #count = 0;
  #isDecided = false;

  /** @param input - Returns the stream of the channel; undefined if the child was not started. */
  constructor(input: () => Pick<Socket, 'ref' | 'unref'> | undefined) {
    super();
    this.#input = input;
  }

  ref(): void {
    this.#isDecided = true;
    this.#input()?.ref();
  }

  unref(): void {
    this.#isDecided = true;
    this.#input()?.unref();
  }

  refCounted(): void {
    this.#count++;
    if (this.#count === 1 && !this.#isDecided) this.#input()?.ref();
  }

  unrefCounted(): void {
    this.#count--;
    if (this.#count === 0 && !this.#isDecided) this.#input()?.unref();
  }
}

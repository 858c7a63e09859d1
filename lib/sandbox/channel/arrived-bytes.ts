/** Bytes that have arrived on a channel and were not read yet. */
export class ArrivedBytes {
  #memory = EMPTY;
  #start = 0;
  #end = 0;

  get size(): number {
    return this.#end - this.#start;
  }

  /** Adds a copy of some bytes. */
  add(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#memory.length) this.#makeRoom(bytes.length);
    this.#memory.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #makeRoom(more: number): void {
    const needed = this.size + more;
    // At least doubled when it grows, so that each byte is moved a few times only.
    const isEnough = needed <= this.#memory.length / 2;
    const memory = isEnough ? this.#memory : Buffer.allocUnsafeSlow(Math.max(2 * needed, SMALL));
    this.#memory.copy(memory, 0, this.#start, this.#end);
    [this.#memory, this.#start, this.#end] = [memory, 0, this.size];
  }

  /** The place of a byte, which is not among the first `from` ones; −1 if it is not there. */
  indexOf(byte: number, from: number): number {
    return this.peek(this.size).indexOf(byte, from);
  }

  /** The first bytes, of which there are as many. They are there until more are added. */
  peek(count: number): Buffer {
    return this.#memory.subarray(this.#start, this.#start + count);
  }

  /** As peek, and removes them. */
  take(count: number): Buffer {
    const bytes = this.peek(count);
    this.#start += count;
    if (this.size > 0) return bytes;
    this.#start = 0;
    this.#end = 0;
    if (this.#memory.length > LARGE) this.#memory = EMPTY;
    return bytes;
  }
}

const EMPTY = Buffer.alloc(0);
const SMALL = 4096;
/** Memory of this size is not kept for the next message. */
const LARGE = 1024 * 1024;

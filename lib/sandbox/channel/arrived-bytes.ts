/** Bytes that have arrived on a channel and were not read yet. */
export class ArrivedBytes {
  #chunks: Buffer[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** Copies what was added last, of which the memory is used again. */
  keep(): void {
    const last = this.#chunks.pop();
    if (last !== undefined) this.#chunks.push(Buffer.from(last));
  }

  /** The place of a byte, which is not among the first `from` ones; −1 if it is not there. */
  indexOf(byte: number, from: number): number {
    let start = 0;
    for (const chunk of this.#chunks) {
      const end = start + chunk.length;
      const found = end > from ? chunk.indexOf(byte, Math.max(0, from - start)) : -1;
      if (found >= 0) return start + found;
      start = end;
    }
    return -1;
  }

  /** Returns the first bytes, and removes them unless they are only to be looked at. There are at least as many. */
  take(count: number, looks = false): Buffer {
    let [first = EMPTY] = this.#chunks;
    if (first.length < count) {
      first = Buffer.concat(this.#chunks);
      this.#chunks = [first];
    }
    if (looks) return first.subarray(0, count);
    if (first.length === count) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
    this.#size -= count;
    return first.subarray(0, count);
  }
}

const EMPTY = Buffer.alloc(0);

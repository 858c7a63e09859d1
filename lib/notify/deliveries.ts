/** Delivers new kinds of calls in slices, one in each turn of the event loop, so that a flood of them does not block the loop. */

/** The source of items that are delivered in order. */
export interface Sender {
  /** Delivers the next item. Returns false if there are no more. */
  deliverNext(): boolean;
}

/** Milliseconds of one slice. The item that is being delivered when they are over is the last one of the slice. */
const SLICE = 5;

// Those of the platform, not what a test puts in their place later: `exit` waits for deliveries.
const { setImmediate, performance } = globalThis;

/** A queue of senders. */
export class Deliveries {
  readonly #senders = new Set<Sender>();
  /** Whether a slice was delivered in this turn of the event loop. */
  #hadSlice = false;

  /** Adds a sender at the end of the queue, unless it is in the queue. */
  add(sender: Sender): void {
    this.#senders.add(sender);
  }

  /** Delivers one slice, unless one was delivered in this turn of the event loop. Later turns deliver the rest. */
  deliver(): void {
    if (this.#hadSlice || this.#senders.size === 0) return;
    this.#hadSlice = true;
    // Scheduled first, so that the next turn goes on if a callback throws.
    setImmediate(() => {
      this.#hadSlice = false;
      this.deliver();
    });
    const end = performance.now() + SLICE;
    for (const sender of this.#senders) {
      while (sender.deliverNext()) if (performance.now() >= end) return;
      this.#senders.delete(sender);
    }
  }
}

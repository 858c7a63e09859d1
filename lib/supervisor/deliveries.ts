/** Shares the event loop: what a flood of calls tells is delivered in slices, one a turn of the loop. */

/** Something that has items to deliver. */
export interface Sender {
  /** Delivers the next item; false: there is none. */
  deliverNext(): boolean;
}

/** Milliseconds that go to deliveries in one turn of the event loop; what is being delivered then is finished. */
const SLICE = 5;

/** Delivers what its senders have, one sender after the other. */
export class Deliveries {
  readonly #senders = new Set<Sender>();
  /** Whether this turn of the event loop has had its slice. */
  #hadSlice = false;

  /** Puts a sender last, unless it waits already. */
  add(sender: Sender): void {
    this.#senders.add(sender);
  }

  /** Delivers for the length of a slice, unless this turn of the event loop has had it; the rest is left to later turns. */
  deliver(): void {
    if (this.#hadSlice || this.#senders.size === 0) return;
    this.#hadSlice = true;
    // Before anything is delivered: an exception of a callback leaves the others for the next turn.
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

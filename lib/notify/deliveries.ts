/** Delivers kinds of calls and calls in slices, one a turn of the event loop, so that a flood of them does not block it. */

/** A source of items, which are delivered in order. */
export interface DeliverySource {
  /** Delivers the next item, if there is one. Returns false if there are no more. */
  deliverNext(): boolean;
}

/** Milliseconds of one slice. A slice ends with the item during which this time runs out. */
const SLICE = 5;

// The platform's own, even if a test replaces the global ones later: the event `exit` waits for deliveries.
const { setImmediate, performance } = globalThis;

/** A queue of sources. */
export class Deliveries {
  readonly #sources = new Set<DeliverySource>();
  /** Whether a slice is being delivered, or the next turn of the event loop delivers one. */
  #isBusy = false;

  /** Adds a source at the end of the queue, unless it is in the queue. */
  add(source: DeliverySource): void {
    this.#sources.add(source);
  }

  /** Delivers one slice, an item of each source in turn. Later turns of the event loop deliver the rest. */
  deliver(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const end = performance.now() + SLICE;
    try {
      for (const source of this.#sources) {
        this.#sources.delete(source);
        this.#sources.add(source); // At the end of the queue.
        if (!source.deliverNext()) this.#sources.delete(source);
        if (performance.now() >= end) return;
      }
    } finally {
      if (this.#sources.size > 0) setImmediate(() => this.#deliverRest());
      else this.#isBusy = false;
    }
  }

  #deliverRest(): void {
    this.#isBusy = false;
    this.deliver();
  }
}

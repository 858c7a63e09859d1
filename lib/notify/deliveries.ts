/** Delivers new kinds of calls in slices, one a turn of the event loop, so that a flood of them does not block it. */
import { setImmediate } from '../util/timers.js';

/** A source of items, which are delivered in order. */
export interface DeliverySource {
  /** Delivers the next item. Returns false if there are no more. */
  deliverNext(): boolean;
}

/** Milliseconds of one slice. A slice ends with the item during which this time runs out. */
const SLICE = 5;

// The platform's own, even if a test replaces the global ones later: the event `exit` waits for deliveries.
const { performance } = globalThis;

/** A queue of sources. */
export class Deliveries {
  readonly #sources = new Set<DeliverySource>();
  /** Whether a slice was delivered in this turn of the event loop. */
  #hadSlice = false;

  /** Adds a source at the end of the queue, unless it is in the queue. */
  add(source: DeliverySource): void {
    this.#sources.add(source);
  }

  /** Delivers one slice, unless one was delivered in this turn of the event loop. Later turns deliver the rest. */
  deliver(): void {
    if (this.#hadSlice || this.#sources.size === 0) return;
    this.#hadSlice = true;
    // Scheduled first, so that the next turn continues if a callback throws.
    setImmediate(() => {
      this.#hadSlice = false;
      this.deliver();
    });
    const end = performance.now() + SLICE;
    for (const source of this.#sources) {
      while (source.deliverNext()) if (performance.now() >= end) return;
      this.#sources.delete(source);
    }
  }
}

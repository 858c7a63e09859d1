/** Waits for a state of the kernel or of another process that no event announces. */
import { setImmediate } from 'node:timers/promises';

/**
 * Resolves once `condition` returns true. Calls it once in each turn of the event loop: the end of a thread of the
 * addon, or of a descriptor that such a thread closes, can only be seen in /proc, where nothing can be awaited. Waits as
 * long as the test may run. Prefer an event or a pipe wherever there is one.
 *
 * @param {() => boolean} condition
 */
export async function until(condition) {
  while (!condition()) await setImmediate();
}

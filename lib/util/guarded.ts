/** Calls the user's callbacks. Their exceptions must not interrupt the work for other children and calls. */

// Read once, since a test may replace it later.
const { nextTick } = process;

/** Calls a function. An exception is thrown again at the next tick, where it is an uncaught exception. */
export function guarded(step: () => unknown): void {
  try {
    step();
  } catch (error) {
    nextTick(() => {
      throw error;
    });
  }
}

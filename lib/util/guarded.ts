/** Functions of the caller's, called where the work of others must go on whatever they throw. */

// That of the platform, not what a test puts in its place later.
const { nextTick } = process;

/** Calls a function. What it throws becomes an uncaught exception, when the work at hand is done. */
export function guarded(step: () => unknown): void {
  try {
    step();
  } catch (error) {
    nextTick(() => {
      throw error;
    });
  }
}

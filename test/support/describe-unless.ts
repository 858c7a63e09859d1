import { describe, test } from 'vitest';

/**
 * Describes a group of tests that this machine may be unable to run. If there is an obstacle, nothing of the group runs; a
 * single skipped test reports the obstacle as the reason.
 */
export function describeUnless(obstacle: string | undefined, title: string, body: () => void): void {
  describe(title, () => {
    if (obstacle === undefined) body();
    else test('is tested', ({ skip }) => skip(obstacle));
  });
}

/** Fake timers for lib/, which does not use the global ones. */
import { onTestFinished, vi } from 'vitest';
import * as timers from '../../lib/util/timers.js';

/** Lets timeouts elapse only by vi.advanceTimersByTime, until the test has finished. */
export function fakeTimeouts(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const spies = (['setTimeout', 'clearTimeout'] as const).map((name) =>
    vi.spyOn(timers, name).mockImplementation(((...parameters: [never]) => globalThis[name](...parameters)) as never),
  );
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
    vi.useRealTimers();
  });
}

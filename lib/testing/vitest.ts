/** `seccomp/testing/vitest`: gives Vitest's `expect` the matchers, and their types. For `setupFiles`. */
import { expect } from 'vitest';
import { matchers, type SeccompMatchers } from './index.js';

declare module 'vitest' {
  // Its type parameters must be Vitest's own, default and all.
  // biome-ignore lint/suspicious/noExplicitAny: as said
  interface Matchers<T = any> extends SeccompMatchers<T> {}
}

expect.extend(matchers);

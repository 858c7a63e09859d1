/** `seccomp/testing/vitest`: adds the matchers and their types to Vitest's `expect`. To be named in `setupFiles`. */
import { expect } from 'vitest';
import { matchers, type SeccompMatchers } from './index.js';

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: only the same type parameters and defaults extend an interface
  interface Matchers<T = any> extends SeccompMatchers<void> {}
}

expect.extend(matchers);

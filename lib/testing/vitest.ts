/** `seccomp/testing/vitest`: gives Vitest's `expect` the matchers, and their types. For `setupFiles`. */
import { expect } from 'vitest';
import { matchers, type SeccompMatchers } from './index.js';

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: an interface can only be added to with Vitest's own type parameters and defaults
  interface Matchers<T = any> extends SeccompMatchers<T> {}
}

expect.extend(matchers);

/**
 * `seccomp/testing/jest`: adds the matchers and their types to Jest's `expect`. To be named in `setupFilesAfterEnv`.
 */
import { expect } from '@jest/globals';
import { matchers, type SeccompMatchers } from './index.js';

declare module 'expect' {
  interface Matchers<R> extends SeccompMatchers<R> {}
}

// The matchers of @types/jest, for tests that use the global `expect`.
declare global {
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: only the same type parameters and defaults extend an interface
    interface Matchers<R, T = {}> extends SeccompMatchers<R> {}
  }
}

expect.extend(matchers);

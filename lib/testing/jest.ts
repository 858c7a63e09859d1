/** `seccomp/testing/jest`: gives Jest's `expect` the matchers, and their types. For `setupFilesAfterEnv`. */
import { expect } from '@jest/globals';
import { matchers, type SeccompMatchers } from './index.js';

declare module 'expect' {
  interface Matchers<R> extends SeccompMatchers<R> {}
}

expect.extend(matchers);

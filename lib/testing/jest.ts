/**
 * `seccomp/testing/jest`: adds the matchers and their types to Jest's `expect`. To be named in `setupFilesAfterEnv`.
 */
import { expect } from '@jest/globals';
import { matchers, type SeccompMatchers } from './index.js';

declare module 'expect' {
  interface Matchers<R> extends SeccompMatchers<R> {}
}

expect.extend(matchers);

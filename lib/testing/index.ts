/** The public exports of `seccomp/testing`: assertions about profiles, for test suites. */
export { assertAllowed, assertDenied, assertNeedsNoMore, assertRunsUnder, type DenialOptions } from './assertions.js';
export type { NumberedCall, ProbeAnswer, ProbeCall } from './calls.js';
export { matchers, type SeccompMatchers } from './matchers.js';
export { neededSyscalls } from './needed-syscalls.js';
export { probe } from './probe.js';

/** `seccomp/testing`: what users' own test suites ask of profiles. */
export { assertAllowed, assertDenied, assertNeedsNoMore, assertRunsUnder, type DenialOptions } from './assertions.js';
export type { NumberedCall, ProbeAnswer, ProbeCall } from './calls.js';
export { matchers, type SeccompMatchers } from './matchers.js';
export { neededSyscalls } from './needed-syscalls.js';
export { probe } from './probe.js';

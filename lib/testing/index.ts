/** `seccomp/testing`: what users' own test suites ask of profiles. */
export { assertAllowed, assertDenied, assertNeedsNoMore, assertRunsUnder, type DenialOptions } from './assertions.js';
export type { NumberedCall, ProbeCall } from './calls.js';
export { matchers, type SeccompMatchers } from './matchers.js';
export { neededSyscalls } from './needed-syscalls.js';
export { type ProbeAnswer, probe } from './probe.js';

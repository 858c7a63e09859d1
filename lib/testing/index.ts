/** The public exports of `seccomp/testing`: assertions about profiles, for test suites. */
export {
  assertAllowed,
  assertDenied,
  assertMakesNoDeniedCalls,
  assertNeedsNoMore,
  assertRunsUnder,
  type DenialOptions,
} from './assertions.js';
export type { NumberedCall, ProbeAnswer, ProbeCall } from './calls.js';
export { matchers, type SeccompMatchers } from './matchers.js';
export { type NeedsOptions, neededSyscalls } from './needed-syscalls.js';
export { type ProbeOptions, probe } from './probe.js';

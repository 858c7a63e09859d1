/** The public face: everything that users of the package may import. */
export { ProfileError, type ProfileIssue, SeccompError, type SeccompErrorCode } from './errors.ts';
export { Filter } from './filter/filter.ts';
export { evaluate } from './policy/evaluate.ts';
export type { Action, Call, Condition, Decision, Policy } from './policy/policy.ts';
export type { ProfileDocument, RuleDocument } from './profile/document.ts';
export { loadProfile, type ProfileSource } from './profile/load.ts';
export { Profile, parseProfile } from './profile/profile.ts';
export { type Host, resolve } from './profile/resolve.ts';
export { SandboxedProcess } from './sandbox/child.ts';
export { execve } from './sandbox/execve.ts';
export type { ProgramOptions, SpawnOptions } from './sandbox/options.ts';
export { compile, type FilterSource } from './sandbox/prepare.ts';
export { spawn } from './sandbox/spawn.ts';
export type { AbiName } from './syscalls/abi.ts';

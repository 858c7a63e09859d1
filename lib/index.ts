/** The public face: everything that users of the package may import. */
export { ProfileError, type ProfileIssue, SeccompError, type SeccompErrorCode } from './errors.js';
export { decompile } from './filter/decompile.js';
export { disassemble } from './filter/disassemble.js';
export { Filter } from './filter/filter.js';
export { type Counterexample, type Proof, prove } from './filter/prove.js';
export { type Comparison, compare, type Difference, intersect, union } from './policy/algebra.js';
export { evaluate } from './policy/evaluate.js';
export type { Action, Call, Condition, Decision, Policy } from './policy/policy.js';
export type { ProfileDocument, RuleDocument } from './profile/document.js';
export { loadProfile, type ProfileSource } from './profile/load.js';
export { Profile, parseProfile } from './profile/profile.js';
export { type Host, resolve } from './profile/resolve.js';
export { SandboxedProcess } from './sandbox/child.js';
export { execve } from './sandbox/execve.js';
export type { ProgramOptions, SpawnOptions } from './sandbox/options.js';
export { compile, type FilterSource } from './sandbox/prepare.js';
export { spawn } from './sandbox/spawn.js';
export type { AbiName } from './syscalls/abi.js';

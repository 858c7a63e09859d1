/** The public face: everything that users of the package may import. */
export {
  ProfileError,
  type ProfileIssue,
  RunError,
  type RunResult,
  SeccompError,
  type SeccompErrorCode,
} from './errors.js';
export { decompile } from './filter/decompile.js';
export { disassemble } from './filter/disassemble.js';
export { Filter } from './filter/filter.js';
export { type Counterexample, type Proof, prove } from './filter/prove.js';
export type { Enforcement, IsolationEnforcement, OpenReach, Reach } from './landlock/enforcement.js';
export type { Isolate, IsolateOptions } from './landlock/isolation.js';
export type { Comparison, Difference } from './policy/algebra.js';
export type { Action, Call, Condition, Decision, Policy } from './policy/policy.js';
export { compare, evaluate, intersect, union } from './policy/public.js';
export { type ArgumentTest, type ArgumentTests, arg, type Value } from './profile/argument.js';
export type { AllowlistOptions, DenyOptions, Facts, Subject } from './profile/build.js';
export type { ProfileDocument, RuleDocument } from './profile/document.js';
export type { Change, Explanation, Question, RuleReference } from './profile/explain.js';
export { extend } from './profile/extend.js';
export { type CheckOptions, checkProfile, loadProfile, type ProfileSource } from './profile/load.js';
export type { MeaningOptions, ProfileFormat, ProfileMode, ProfileOptions } from './profile/options.js';
export { Profile, parseProfile } from './profile/profile.js';
export { type Host, resolve } from './profile/resolve.js';
export { stringify } from './profile/stringify.js';
export { SandboxedProcess } from './sandbox/child.js';
export { execve } from './sandbox/execve.js';
export { explain } from './sandbox/explain.js';
export { type ForkedProcess, type ForkOptions, fork } from './sandbox/fork.js';
export { type Hardened, type HardenOptions, harden } from './sandbox/harden.js';
export type { ProgramOptions, SpawnOptions, SupervisorOptions } from './sandbox/options.js';
export { compile, type FilterSource } from './sandbox/prepare.js';
export { type RecordedKind, type Recording, type RecordOptions, record } from './sandbox/record.js';
export { type RunOptions, run } from './sandbox/run.js';
export { Sandbox, type SandboxDefaults } from './sandbox/sandbox.js';
export { spawn } from './sandbox/spawn.js';
export { type SpawnSyncOptions, type SpawnSyncResult, spawnSync } from './sandbox/spawn-sync.js';
export type { SocketAddress } from './supervisor/address.js';
export type { Agent, AgentEvents } from './supervisor/agent.js';
export type { Answer, Given, Handler, Handlers, NotifiedCall } from './supervisor/answer.js';
export type { Container } from './supervisor/container.js';
export { type ListenOptions, listen } from './supervisor/listen.js';
export type { OnViolation, Remedy, RemedyArgument, Violation } from './supervisor/violation.js';
export type { AbiName } from './syscalls/abi.js';
export { type ConstantName, constants, type ErrnoName } from './syscalls/constants.js';
export type { SyscallName } from './syscalls/generated/names.js';
export { type GroupName, type SyscallGroup, syscallGroup } from './syscalls/groups.js';

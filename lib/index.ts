/** The public face: everything that users of the package may import. */

export type { Agent, AgentEvents } from './agent/agent.js';
export type { Container } from './agent/container-state.js';
export { type ListenOptions, listen } from './agent/listen.js';
export type { SocketAddress } from './decode/socket-address.js';
export {
  ProfileError,
  type ProfileIssue,
  RunError,
  type RunResult,
  SeccompError,
  type SeccompErrorCode,
} from './errors.js';
export { disassemble } from './filter/bpf/disassemble.js';
export { Filter } from './filter/filter.js';
export { decompile } from './filter/verify/decompile.js';
export { type Counterexample, type Proof, prove } from './filter/verify/prove.js';
export type { Isolate, IsolateOptions } from './landlock/domain.js';
export type { Answer, Given, Handler, Handlers, NotifiedCall } from './notify/handlers.js';
export type { OnViolation, Remedy, RemedyArgument, Violation } from './notify/violation.js';
export type { Comparison, Difference } from './policy/algebra.js';
export type { Action, Call, Condition, Decision, Policy } from './policy/policy.js';
export { compare, evaluate, intersect, union } from './policy/public.js';
export { type ArgumentTest, type ArgumentTests, arg, type Value } from './profile/builder/argument.js';
export type { AllowlistOptions, DenyOptions, Facts, Subject } from './profile/builder/builder.js';
export { stringify } from './profile/document/stringify.js';
export type { ProfileDocument, RuleDocument } from './profile/document/types.js';
export type { Change, Explanation, Question, RuleReference } from './profile/explain.js';
export { extend } from './profile/extend.js';
export type { MeaningOptions, ProfileFormat, ProfileMode, ProfileOptions } from './profile/options.js';
export { Profile, parseProfile } from './profile/profile.js';
export { type Host, resolve } from './profile/resolve/resolve.js';
export { type CheckOptions, checkProfile, loadProfile, type ProfileSource } from './profile/source.js';
export { type RecordedKind, type Recording, type RecordOptions, record } from './record/record.js';
export { SandboxedProcess } from './sandbox/child/child-process.js';
export type { Enforcement, IsolationEnforcement, OpenReach, Reach } from './sandbox/child/enforcement.js';
export { execve } from './sandbox/execve.js';
export { explain } from './sandbox/explain-here.js';
export { type ForkedProcess, type ForkOptions, fork } from './sandbox/fork.js';
export { type Hardened, type HardenOptions, harden } from './sandbox/harden.js';
export type { ProgramOptions, SpawnOptions, SupervisorOptions } from './sandbox/options/options.js';
export { compile, type FilterSource } from './sandbox/plan/plan-filters.js';
export { type RunOptions, run } from './sandbox/run.js';
export { Sandbox, type SandboxDefaults } from './sandbox/sandbox.js';
export { spawn } from './sandbox/spawn.js';
export { type SpawnSyncOptions, type SpawnSyncResult, spawnSync } from './sandbox/spawn-sync.js';
export type { AbiName } from './syscalls/abi.js';
export { type ConstantName, constants, type ErrnoName } from './syscalls/constants.js';
export type { SyscallName } from './syscalls/generated/names.js';
export { type GroupName, type SyscallGroup, syscallGroup } from './syscalls/groups.js';

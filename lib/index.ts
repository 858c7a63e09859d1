/** The public API. Node loads it through entry.ts. */

export { type Agent, type AgentEvents, type ListenOptions, listen } from './agent/agent.js';
export { checkProfile } from './analysis/check.js';
export { intersect, union } from './analysis/combine.js';
export { compare, type DifferenceCase, type PolicyComparison, type PolicyDifference } from './analysis/compare.js';
export { evaluate } from './analysis/evaluate.js';
export { explain } from './analysis/explain.js';
export { resolve, thisHost } from './analysis/resolve.js';
export type { CallerSocket, SocketAddress } from './decode/sockaddr.js';
export { ProfileError, type ProfileIssue, SandboxFileError, SeccompError, type SeccompErrorCode } from './errors.js';
export { disassemble } from './filter/bpf/disassemble.js';
export { Filter } from './filter/filter.js';
export { decompile } from './filter/verify/decompile.js';
export type { Counterexample, Proof } from './filter/verify/proof.js';
export { prove } from './filter/verify/prove.js';
export { isSupported } from './host.js';
export type { PathsRemedy } from './landlock/denials/path-remedy.js';
export type { Isolate, IsolateOptions } from './landlock/domain.js';
export type {
  DeniedBeside,
  Enforcement,
  IsolationEnforcement,
  LimitsEnforcement,
  NetworkEnforcement,
  OpenReach,
  PathReach,
  PathsEnforcement,
  Reach,
  TreeEnforcement,
} from './landlock/enforcement.js';
export type { PathEntry, PathGrant, Paths } from './landlock/paths/option.js';
export type { PathWord } from './landlock/paths/words.js';
export type { FileDescriptorLike, NotifyResponse, ReturnFdOptions } from './notify/answer.js';
export type { CallContainer, OciContainer, PeerCredentials } from './notify/container.js';
export type { Handler, Handlers } from './notify/handlers.js';
export type { NotifiedCall } from './notify/notified-call.js';
export type { OnViolation, Remedy, RemedyArgument, Violation } from './notify/violations/violation.js';
export type { Action, Condition, Decision, Policy, PolicyCall } from './policy/policy.js';
export type { ByteSize, ByteSizeText } from './process-tree/byte-size.js';
export { type DelegatedCgroup, type DelegateOptions, delegateCgroup } from './process-tree/delegate-cgroup.js';
export type { LimitReason } from './process-tree/limit-reason.js';
export type { Limits } from './process-tree/limits.js';
export type { LimitValue, ResourceLimits, ResourceName } from './process-tree/rlimits.js';
export type { Descendants } from './process-tree/tree.js';
export type { Usage } from './process-tree/usage.js';
export { type ArgumentTest, type ArgumentTests, type ArgumentValue, arg } from './profile/builder/argument.js';
export type { AllowlistOptions, DenyOptions, SyscallSelector } from './profile/builder/builder.js';
export type { HostConditions } from './profile/builder/parameters.js';
export type { MeaningOptions, ProfileFormat, ProfileMode, ProfileOptions } from './profile/document/options.js';
export type { ProfileDocument, ProfileInput, RuleDocument } from './profile/document/types.js';
export type { ExplainQuery } from './profile/explain-query.js';
export type { ExplainChange, Explanation, RuleReference } from './profile/explainer.js';
export { Profile, stringify } from './profile/profile.js';
export type { Host } from './profile/resolve/resolve.js';
export {
  type CheckOptions,
  extend,
  loadProfile,
  type ProfileSource,
  parseProfile,
} from './profile/source.js';
export type { RecordedGrant, RecordedPaths } from './record/paths/grants.js';
export type { RecordedFile } from './record/paths/synthesize-paths.js';
export { type RecordedKind, type Recording, type RecordOptions, record } from './record/record.js';
export type { EndMessage, PublishedProgram, StartMessage } from './sandbox/child/diagnostics.js';
export { SandboxedProcess } from './sandbox/child/process/child-process.js';
export { RunError, type RunResult } from './sandbox/child/result.js';
export type {
  EncodingOption,
  OutputBytes,
  OutputIn,
  ProcessWithStdio,
  StdioOption,
} from './sandbox/child/types-by-option.js';
export { compile } from './sandbox/compile.js';
export { execve } from './sandbox/execve.js';
export { LoadedSandbox, type SandboxContents } from './sandbox/file/loaded-sandbox.js';
export { type ForkedProcess, type ForkOptions, fork } from './sandbox/fork.js';
export { type Hardened, type HardenOptions, harden } from './sandbox/harden.js';
export { loadSandbox, type SandboxInput } from './sandbox/load-sandbox.js';
export type { SandboxDefaults } from './sandbox/node-api/methods.js';
export type {
  SandboxExec,
  SandboxExecFile,
  SandboxExecFileSync,
  SandboxExecSync,
  SandboxFork,
  SandboxSpawn,
  SandboxSpawnSync,
} from './sandbox/node-api/signatures.js';
export type { ProgramOptions, SpawnOptions, Stdio, StdioEntry, SupervisorOptions } from './sandbox/options/types.js';
export type {
  FilterSource,
  ProfileOption,
  SingleSource,
  SourceWithoutArgs,
  StartSource,
} from './sandbox/plan/resolve-sources.js';
export { type RunOptions, run } from './sandbox/run.js';
export { Sandbox } from './sandbox/sandbox.js';
export { spawn } from './sandbox/spawn.js';
export { type SpawnSyncOptions, type SpawnSyncResult, spawnSync } from './sandbox/spawn-sync.js';
export type { AbiName } from './syscalls/abi.js';
export { type ConstantName, constants, type ErrnoName } from './syscalls/constants.js';
export type { SyscallName } from './syscalls/generated/names.js';
export { type GroupName, type SyscallGroup, syscallGroup } from './syscalls/groups.js';

/**
 * The types of a Sandbox's functions. Each has the overloads of @types/node, and before them its own: they take this
 * package's options as well, and return its child and results, which are subtypes of Node's.
 */
import type * as Node from 'node:child_process';
import type { SandboxedProcess } from '../child/process/child-process.js';
import type { EncodingOption, OutputBytes, OutputIn, ProcessWithStdio, StdioOption } from '../child/types-by-option.js';
import type { ForkedProcess, ForkOptions } from '../fork.js';
import type { SpawnOptions, Stdio } from '../options/types.js';
import type { SpawnSyncOptions, SpawnSyncResult } from '../spawn-sync.js';

/** Options of Node's that may have values here that Node does not accept. */
type ExtendedOption = 'env';
/** The options of `spawn` that Node does not have, or accepts fewer values for. */
type OwnOptions = Omit<SpawnOptions, Exclude<keyof Node.SpawnOptions, ExtendedOption>>;
/** The options of `spawnSync` that Node does not have, or accepts fewer values for. */
type OwnSyncOptions = Omit<SpawnSyncOptions, Exclude<keyof Node.SpawnSyncOptions, ExtendedOption>>;

type ExecOptions = Omit<Node.ExecOptions, 'encoding' | ExtendedOption> & OwnOptions;
type ExecFileOptions = Omit<Node.ExecFileOptions, 'encoding' | ExtendedOption> & OwnOptions;
type ExecSyncOptions = Omit<Node.ExecSyncOptions, ExtendedOption> & OwnSyncOptions;
type ExecFileSyncOptions = Omit<Node.ExecFileSyncOptions, ExtendedOption> & OwnSyncOptions;

type Arguments = readonly string[] | null | undefined;
/** Node's functions with a callback accept any string as an encoding. */
type AnyEncoding = BufferEncoding | 'buffer' | (string & {}) | null | undefined;
type SyncEncoding = BufferEncoding | 'buffer' | null | undefined;

type Callback<Failure, Output> = ((error: Failure | null, stdout: Output, stderr: Output) => void) | null | undefined;

/** What the promisified functions return: a promise of the output, with the child. */
type OutputPromise<Output> = Promise<{ stdout: Output; stderr: Output }> & { child: SandboxedProcess };

/** Calls of `spawn` with these parameters before the options. */
interface SpawnCalls<Before extends readonly unknown[]> {
  <const Given extends Stdio | undefined>(
    ...parameters: [...Before, options: SpawnOptions & StdioOption<Given>]
  ): ProcessWithStdio<Given>;
  <const Given extends Stdio | undefined = undefined>(
    ...parameters: [...Before, options?: SpawnOptions & Partial<StdioOption<Given>>]
  ): ProcessWithStdio<Given | undefined>;
}

/** Calls of `spawnSync` with these parameters before the options. */
interface SpawnSyncCalls<Before extends readonly unknown[]> {
  <Given extends SyncEncoding>(
    ...parameters: [...Before, options: SpawnSyncOptions & EncodingOption<Given>]
  ): SpawnSyncResult<OutputIn<Given, OutputBytes>>;
  <Given extends SyncEncoding = undefined>(
    ...parameters: [...Before, options?: SpawnSyncOptions & Partial<EncodingOption<Given>>]
  ): SpawnSyncResult<OutputIn<Given | undefined, OutputBytes>>;
}

/** Calls of `execSync` and `execFileSync` with these parameters before the options. */
interface OutputCalls<Before extends readonly unknown[], Options> {
  <Given extends SyncEncoding>(
    ...parameters: [...Before, options: Options & EncodingOption<Given>]
  ): OutputIn<Given, OutputBytes>;
  <Given extends SyncEncoding = undefined>(
    ...parameters: [...Before, options?: Options & Partial<EncodingOption<Given>>]
  ): OutputIn<Given | undefined, OutputBytes>;
}

/** Calls of `exec` and `execFile` with these parameters before the options. */
interface CallbackCalls<Before extends readonly unknown[], Options, Failure> {
  (...parameters: [...Before, callback?: Callback<Failure, string>]): SandboxedProcess;
  <Given extends AnyEncoding>(
    ...parameters: [
      ...Before,
      options: Options & EncodingOption<Given>,
      callback?: Callback<Failure, OutputIn<Given, string>>,
    ]
  ): SandboxedProcess;
  <Given extends AnyEncoding = undefined>(
    ...parameters: [
      ...Before,
      options: (Options & Partial<EncodingOption<Given>>) | null | undefined,
      callback?: Callback<Failure, OutputIn<Given | undefined, string>>,
    ]
  ): SandboxedProcess;
}

/** Calls of what `util.promisify` makes of `exec` and `execFile`, with these parameters before the options. */
interface PromiseCalls<Before extends readonly unknown[], Options> {
  <Given extends AnyEncoding>(
    ...parameters: [...Before, options: Options & EncodingOption<Given>]
  ): OutputPromise<OutputIn<Given, string>>;
  <Given extends AnyEncoding = undefined>(
    ...parameters: [...Before, options?: (Options & Partial<EncodingOption<Given>>) | null]
  ): OutputPromise<OutputIn<Given | undefined, string>>;
}

type Command = [command: string];
type CommandArgs = [command: string, args: Arguments];
type Program = [file: string];
type ProgramArgs = [file: string, args: Arguments];

/** `spawn` of a Sandbox. */
export interface SandboxSpawn extends SpawnCalls<Command>, SpawnCalls<CommandArgs>, NodeSpawn {}

/** `spawnSync` of a Sandbox. */
export interface SandboxSpawnSync extends SpawnSyncCalls<Command>, SpawnSyncCalls<CommandArgs>, NodeSpawnSync {}

/** `exec` of a Sandbox. */
export interface SandboxExec extends CallbackCalls<Command, ExecOptions, Node.ExecException>, NodeExec {
  /** What `util.promisify` makes of it. */
  readonly __promisify__: PromiseCalls<Command, ExecOptions> & NodeExec['__promisify__'];
}

/** `execFile` of a Sandbox. */
export interface SandboxExecFile
  extends CallbackCalls<Program, ExecFileOptions, Node.ExecFileException>,
    CallbackCalls<ProgramArgs, ExecFileOptions, Node.ExecFileException>,
    NodeExecFile {
  /** What `util.promisify` makes of it. */
  readonly __promisify__: PromiseCalls<Program, ExecFileOptions> &
    PromiseCalls<ProgramArgs, ExecFileOptions> &
    NodeExecFile['__promisify__'];
}

/** `execSync` of a Sandbox. */
export interface SandboxExecSync extends OutputCalls<Command, ExecSyncOptions>, NodeExecSync {}

/** `execFileSync` of a Sandbox. */
export interface SandboxExecFileSync
  extends OutputCalls<Program, ExecFileSyncOptions>,
    OutputCalls<ProgramArgs, ExecFileSyncOptions>,
    NodeExecFileSync {}

/** `fork` of a Sandbox. */
export interface SandboxFork extends NodeFork {
  (modulePath: string | URL, options?: ForkOptions): ForkedProcess;
  (modulePath: string | URL, args?: Arguments, options?: ForkOptions): ForkedProcess;
}

type NodeSpawn = typeof Node.spawn;
type NodeSpawnSync = typeof Node.spawnSync;
type NodeExec = typeof Node.exec;
type NodeExecFile = typeof Node.execFile;
type NodeExecSync = typeof Node.execSync;
type NodeExecFileSync = typeof Node.execFileSync;
type NodeFork = typeof Node.fork;

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

/** `spawn` of a Sandbox. */
export interface SandboxSpawn extends NodeSpawn {
  <const Given extends Stdio | undefined>(
    command: string,
    options: SpawnOptions & StdioOption<Given>,
  ): ProcessWithStdio<Given>;
  <const Given extends Stdio | undefined = undefined>(
    command: string,
    options?: SpawnOptions & Partial<StdioOption<Given>>,
  ): ProcessWithStdio<Given | undefined>;
  <const Given extends Stdio | undefined>(
    command: string,
    args: Arguments,
    options: SpawnOptions & StdioOption<Given>,
  ): ProcessWithStdio<Given>;
  <const Given extends Stdio | undefined = undefined>(
    command: string,
    args?: Arguments,
    options?: SpawnOptions & Partial<StdioOption<Given>>,
  ): ProcessWithStdio<Given | undefined>;
}

/** `spawnSync` of a Sandbox. */
export interface SandboxSpawnSync extends NodeSpawnSync {
  <Given extends SyncEncoding>(
    command: string,
    options: SpawnSyncOptions & EncodingOption<Given>,
  ): SpawnSyncResult<OutputIn<Given, OutputBytes>>;
  <Given extends SyncEncoding = undefined>(
    command: string,
    options?: SpawnSyncOptions & Partial<EncodingOption<Given>>,
  ): SpawnSyncResult<OutputIn<Given | undefined, OutputBytes>>;
  <Given extends SyncEncoding>(
    command: string,
    args: Arguments,
    options: SpawnSyncOptions & EncodingOption<Given>,
  ): SpawnSyncResult<OutputIn<Given, OutputBytes>>;
  <Given extends SyncEncoding = undefined>(
    command: string,
    args?: Arguments,
    options?: SpawnSyncOptions & Partial<EncodingOption<Given>>,
  ): SpawnSyncResult<OutputIn<Given | undefined, OutputBytes>>;
}

/** `exec` of a Sandbox. */
export interface SandboxExec extends NodeExec {
  (command: string, callback?: Callback<Node.ExecException, string>): SandboxedProcess;
  <Given extends AnyEncoding>(
    command: string,
    options: ExecOptions & EncodingOption<Given>,
    callback?: Callback<Node.ExecException, OutputIn<Given, string>>,
  ): SandboxedProcess;
  <Given extends AnyEncoding = undefined>(
    command: string,
    options: (ExecOptions & Partial<EncodingOption<Given>>) | null | undefined,
    callback?: Callback<Node.ExecException, OutputIn<Given | undefined, string>>,
  ): SandboxedProcess;
  /** What `util.promisify` makes of it. */
  readonly __promisify__: PromisifiedExec & NodeExec['__promisify__'];
}

interface PromisifiedExec {
  <Given extends AnyEncoding>(
    command: string,
    options: ExecOptions & EncodingOption<Given>,
  ): OutputPromise<OutputIn<Given, string>>;
  <Given extends AnyEncoding = undefined>(
    command: string,
    options?: (ExecOptions & Partial<EncodingOption<Given>>) | null,
  ): OutputPromise<OutputIn<Given | undefined, string>>;
}

/** `execFile` of a Sandbox. */
export interface SandboxExecFile extends NodeExecFile {
  (file: string, callback?: Callback<Node.ExecFileException, string>): SandboxedProcess;
  (file: string, args: Arguments, callback?: Callback<Node.ExecFileException, string>): SandboxedProcess;
  <Given extends AnyEncoding>(
    file: string,
    options: ExecFileOptions & EncodingOption<Given>,
    callback?: Callback<Node.ExecFileException, OutputIn<Given, string>>,
  ): SandboxedProcess;
  <Given extends AnyEncoding = undefined>(
    file: string,
    options: ExecFileOptions & Partial<EncodingOption<Given>>,
    callback?: Callback<Node.ExecFileException, OutputIn<Given | undefined, string>>,
  ): SandboxedProcess;
  <Given extends AnyEncoding>(
    file: string,
    args: Arguments,
    options: ExecFileOptions & EncodingOption<Given>,
    callback?: Callback<Node.ExecFileException, OutputIn<Given, string>>,
  ): SandboxedProcess;
  <Given extends AnyEncoding = undefined>(
    file: string,
    args: Arguments,
    options: (ExecFileOptions & Partial<EncodingOption<Given>>) | null | undefined,
    callback?: Callback<Node.ExecFileException, OutputIn<Given | undefined, string>>,
  ): SandboxedProcess;
  /** What `util.promisify` makes of it. */
  readonly __promisify__: PromisifiedExecFile & NodeExecFile['__promisify__'];
}

interface PromisifiedExecFile {
  <Given extends AnyEncoding>(
    file: string,
    options: ExecFileOptions & EncodingOption<Given>,
  ): OutputPromise<OutputIn<Given, string>>;
  <Given extends AnyEncoding = undefined>(
    file: string,
    options?: ExecFileOptions & Partial<EncodingOption<Given>>,
  ): OutputPromise<OutputIn<Given | undefined, string>>;
  <Given extends AnyEncoding>(
    file: string,
    args: Arguments,
    options: ExecFileOptions & EncodingOption<Given>,
  ): OutputPromise<OutputIn<Given, string>>;
  <Given extends AnyEncoding = undefined>(
    file: string,
    args: Arguments,
    options?: (ExecFileOptions & Partial<EncodingOption<Given>>) | null,
  ): OutputPromise<OutputIn<Given | undefined, string>>;
}

/** `execSync` of a Sandbox. */
export interface SandboxExecSync extends NodeExecSync {
  <Given extends SyncEncoding>(
    command: string,
    options: ExecSyncOptions & EncodingOption<Given>,
  ): OutputIn<Given, OutputBytes>;
  <Given extends SyncEncoding = undefined>(
    command: string,
    options?: ExecSyncOptions & Partial<EncodingOption<Given>>,
  ): OutputIn<Given | undefined, OutputBytes>;
}

/** `execFileSync` of a Sandbox. */
export interface SandboxExecFileSync extends NodeExecFileSync {
  <Given extends SyncEncoding>(
    file: string,
    options: ExecFileSyncOptions & EncodingOption<Given>,
  ): OutputIn<Given, OutputBytes>;
  <Given extends SyncEncoding = undefined>(
    file: string,
    options?: ExecFileSyncOptions & Partial<EncodingOption<Given>>,
  ): OutputIn<Given | undefined, OutputBytes>;
  <Given extends SyncEncoding>(
    file: string,
    args: Arguments,
    options: ExecFileSyncOptions & EncodingOption<Given>,
  ): OutputIn<Given, OutputBytes>;
  <Given extends SyncEncoding = undefined>(
    file: string,
    args?: Arguments,
    options?: ExecFileSyncOptions & Partial<EncodingOption<Given>>,
  ): OutputIn<Given | undefined, OutputBytes>;
}

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

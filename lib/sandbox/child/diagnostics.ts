/** What this package publishes on channels of node:diagnostics_channel. Nothing is made while nobody listens. */
import type { ChildProcess } from 'node:child_process';
import { channel, hasSubscribers } from 'node:diagnostics_channel';
import type { Enforcement } from '../../landlock/enforcement.js';
import type { LimitReason } from '../../process-tree/limit-reason.js';
import type { Usage } from '../../process-tree/usage.js';
import { own } from '../../util/own-data.js';

/** A program, as the messages of `seccomp:start` and `seccomp:end` name it. */
export interface PublishedProgram {
  /** The child. Absent for spawnSync and its like, which publish all when the program has ended. */
  readonly process?: ChildProcess;
  /** Its process ID. */
  readonly pid: number;
  /** The program's file, as Node's `spawnfile`. */
  readonly file: string;
  /** Its arguments, as Node's `spawnargs`: the first is the program's name. */
  readonly args: readonly string[];
}

/** The message of `seccomp:start`: a program was started. */
export interface StartMessage extends PublishedProgram {
  /** The parts of the sandbox that the kernel enforces, and how. */
  readonly enforcement: Enforcement;
}

/** The message of `seccomp:end`: it has ended. */
export interface EndMessage extends PublishedProgram {
  /** The exit code; null if a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it; null if it exited. */
  readonly signal: NodeJS.Signals | null;
  /** The limit that ended it; null for none. */
  readonly limit: LimitReason | null;
  /** The time and memory that it used; null if this is unknown. */
  readonly usage: Usage | null;
}

interface Messages {
  'seccomp:start': StartMessage;
  'seccomp:end': EndMessage;
  // Node's own: see child_process in the documentation of node:diagnostics_channel.
  child_process: object;
  'tracing:child_process.spawn:start': object;
  'tracing:child_process.spawn:end': object;
  'tracing:child_process.spawn:error': object;
}

export function publish<Name extends keyof Messages>(name: Name, message: () => Messages[Name]): void {
  // Does not make the channel: that would throw if Object.prototype had a read-only `name`.
  if (hasSubscribers(name)) channel(name).publish(message());
}

/** The object of a child. */
type Child = ChildProcess & Pick<StartMessage, 'enforcement'> & Pick<EndMessage, 'limit' | 'usage'>;

/** Publishes that a child has ended. */
export function publishEnd(child: Child): void {
  publish('seccomp:end', () => {
    const { exitCode, signalCode, limit, usage } = child;
    return { ...programOf(child), exitCode, signal: signalCode, limit, usage };
  });
}

/** Publishes that a child was started. */
export function publishStart(child: Child): void {
  publish('seccomp:start', () => ({ ...programOf(child), enforcement: child.enforcement }));
}

/**
 * Publishes the start and the end of a program that has ended already, and completes its result.
 *
 * @param makeResult - Called between the two.
 */
export function publishResult<Result extends SyncEnd>(
  { file, argv }: { readonly file: string; readonly argv: readonly string[] },
  pid: number,
  enforcement: () => Enforcement,
  makeResult: () => Result,
): Result {
  const program = { pid, file, args: argv };
  publish('seccomp:start', () => ({ ...program, enforcement: enforcement() }));
  const result = makeResult();
  // A getter, as most callers never read it.
  Object.defineProperty(result, 'enforcement', own({ get: enforcement, configurable: true }));
  const { status: exitCode, signal, limit, usage } = result;
  publish('seccomp:end', () => ({ ...program, exitCode, signal, limit, usage }));
  return result;
}

type SyncEnd = Omit<EndMessage, keyof PublishedProgram | 'exitCode'> & { readonly status: number | null };

const programOf = (child: Child): PublishedProgram => ({
  ...{ process: child, pid: Number(child.pid), file: child.spawnfile, args: [...child.spawnargs] },
});

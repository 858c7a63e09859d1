/**
 * The running child: a node:child_process ChildProcess whose process was started by this package's addon, not by Node.
 */
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { FindPathDenial } from '../../../landlock/denials/path-denial.js';
import type { Enforcement } from '../../../landlock/enforcement.js';
import type { PrivateDirectory } from '../../../landlock/paths/private-directory.js';
import type { ExitWatch, NativeChild, NativeListener, NativeUsage } from '../../../native.js';
import type { Listener } from '../../../notify/listener.js';
import type { Violation } from '../../../notify/violations/violation.js';
import type { ViolationLog } from '../../../notify/violations/violation-log.js';
import type { Leaf } from '../../../process-tree/leaf.js';
import type { LimitReason } from '../../../process-tree/limit-reason.js';
import { type ProgramEnd, programEnd } from '../../../process-tree/program-end.js';
import type { Tree } from '../../../process-tree/tree.js';
import { UNKNOWN_USAGE, type Usage } from '../../../process-tree/usage.js';
import { publicMethods } from '../../../util/caller.js';
import { guarded } from '../../../util/guarded.js';
import { nodeError } from '../../../util/node-error.js';
import { define, own, propertyOf } from '../../../util/own-data.js';
import type { MessageChannel } from '../../channel/message-channel.js';
import type { Ending } from '../../options/ending.js';
import { signalNumber } from '../../options/signals.js';
import { rememberProgram, type StartedProgram } from '../../path-hints.js';
import type { FilterPlan } from '../../plan/plan-filters.js';
import type { SupervisionPlan } from '../../plan/supervised.js';
import { withoutGuardian } from '../../plan/tree.js';
import { publishEnd } from '../diagnostics.js';
import { subscribe } from '../events.js';
import {
  type ChildPipe,
  type ChildStream,
  drain,
  endUnconnected,
  pipesFrom,
  socketStreams,
  unconnectedStreams,
} from '../streams.js';
import { endOnAbort } from './abort.js';
import { ProcessBase } from './process-base.js';
import { Termination } from './termination.js';

let isMakingProcess = false;

/** Makes the object of a child. The constructor refuses all other callers. */
export function makeProcess(...parameters: ConstructorParameters<typeof SandboxedProcess>): SandboxedProcess {
  isMakingProcess = true;
  return new SandboxedProcess(...parameters);
}

/**
 * A child under a profile, as `spawn` returns it. Its events, streams, methods and properties are those of Node's
 * ChildProcess. It also emits `violation`, with a Violation, for each new kind of denied call if `onViolation` is
 * given and not false, and `handlerError`, with an error and a NotifiedCall, if a `notify` handler fails.
 *
 * The type parameters are the types of its three standard streams, which follow from the option `stdio`.
 *
 * @example
 * import { once } from 'node:events';
 * import { spawn } from 'seccomp';
 *
 * const child = spawn('unshare', ['--user', 'true'], 'docker-default', { onViolation: true });
 * child.on('violation', ({ syscall }) => console.log(`${syscall} was denied`));
 * const [exitCode] = await once(child, 'close');
 * console.log(exitCode, child.violations.length); // 1 1
 */
export class SandboxedProcess<
  Stdin extends Writable | null = Writable | null,
  Stdout extends Readable | null = Readable | null,
  Stderr extends Readable | null = Readable | null,
> extends ProcessBase {
  // Node declares these read-only, and sets them itself.
  declare pid?: number;
  override exitCode: number | null = null;
  override signalCode: NodeJS.Signals | null = null;
  override spawnfile: string;
  override spawnargs: string[];
  declare stdin: Stdin;
  declare stdout: Stdout;
  declare stderr: Stderr;
  declare readonly stdio: [Stdin, Stdout, Stderr, ChildProcess['stdio'][3], ChildProcess['stdio'][4]];
  override killed = false;
  /**
   * Resolves when neither the child nor any of its descendants is left. Rejects if that is not certain: the guardian was
   * killed, or the kernel does not end a process within 10 seconds. Absent unless the tree has a guardian: see the option
   * `descendants`.
   */
  declare readonly treeEnded?: Promise<void>;
  override connected = false;

  /** @internal The listener of the child's filter, if the filter has one. */
  listener: Listener | undefined;
  #log: ViolationLog | undefined;
  /** Number of events that `close` still waits for: the exit, the end of each stream and of the channel, the removal. */
  #open = 1;
  #directory: PrivateDirectory | undefined;
  #channel: MessageChannel | undefined;
  readonly #termination: Termination;
  readonly #signal: AbortSignal | undefined;
  readonly #enforced: FilterPlan['enforcement'];
  /** The errno with which isolating the child failed, or 0. */
  #domainError = 0;
  /** @internal Why there is no guardian although one was planned. */
  unguarded: string | undefined;

  /** @internal Use spawn(). */
  constructor(program: StartedProgram, ending: Ending, enforced: FilterPlan['enforcement']) {
    const isOurs = isMakingProcess;
    isMakingProcess = false;
    if (!isOurs)
      throw nodeError(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor: children are made by spawn()');
    super();
    this.#enforced = enforced;
    this.#signal = ending.signal;
    this.#termination = new Termination(this, ending, (error) => this.emit('error', error));
    this.spawnfile = program.file;
    this.spawnargs = [...program.argv];
    rememberProgram(this, program);
  }

  /** @internal Becomes the object of a running child. If that fails, the child's sockets are closed. */
  attach(child: NativeChild): void {
    const { pid, watch, sockets, domainError, tree, isGroup = false } = own(child);
    if (tree !== undefined) {
      this.#open++;
      define(this, { treeEnded: this.#termination.guardedBy(tree, { isGroup, watch }) });
    }
    const others = this.#channel?.open(sockets) ?? sockets;
    const streams = socketStreams(others);
    this.#domainError = domainError;
    this.#setStreams(streams);
    this.#started(pid, watch, pipesFrom(others, streams));
  }

  /** @internal Becomes the object of a child that Node has started, or has failed to start. */
  adopt(child: ChildProcess, watch: ExitWatch): void {
    const streams = child.stdio ?? [];
    this.#setStreams(streams);
    if (child.pid === undefined) child.once('error', (error) => this.fail(error));
    else this.#started(child.pid, watch, pipesFrom([], streams));
    if (child.pid !== undefined && !child.connected) child.on('error', (error) => this.emit('error', error));
    child.once('exit', (code, signal) => this.exited(code, signal === null ? null : signalNumber(signal)));
  }

  #started(pid: number, watch: ExitWatch, pipes: readonly ChildPipe[]): void {
    define(this, { pid });
    this.#termination.watch = watch;
    this.#termination.pipes = pipes;
    this.#awaitClose(pipes);
    process.nextTick(() => this.emit('spawn'));
  }

  /** Lets `close` wait for these streams. */
  #awaitClose(pipes: readonly ChildPipe[]): void {
    for (const { stream } of pipes) {
      this.#open++;
      stream.on('close', () => this.#closed());
    }
  }

  /** @internal Gets a channel for messages: the methods `send` and `disconnect`, and their events. */
  connect(channel: MessageChannel): void {
    this.#open++;
    this.#channel = channel;
    channel.connect(this, () => this.#closed());
  }

  /** @internal Whether a message has arrived on the channel. */
  get hasReceived(): boolean {
    return this.#channel?.hasReceived === true;
  }

  /** @internal Lets `close` wait until the returned function is called. */
  delayClose(): () => void {
    this.#open++;
    return () => this.#closed();
  }

  /** @internal Removes a directory when the child has ended, or could not be started. `close` waits for that. */
  removeAtEnd(directory: PrivateDirectory): void {
    this.#open++;
    this.#directory = directory;
  }

  /** @internal Reads what has happened in the cgroup of the child when it has ended, or what its guardian says then. */
  watchLimits(leaf: Leaf | undefined, isWeighed: boolean): void {
    Object.assign(this.#termination, { leaf, isWeighed });
  }

  /** @internal Handles the notifications of the child's filter. */
  supervise(listener: NativeListener, supervision: SupervisionPlan, findPathDenial?: FindPathDenial): void {
    const subscription = subscribe(this, listener, supervision, findPathDenial);
    this.listener = subscription.listener;
    this.#log = subscription.log;
  }

  /** @internal Reports that the child could not be started, as Node does: by the event `error`, then `close`. */
  fail(error: NodeJS.ErrnoException, descriptors?: readonly boolean[]): void {
    const hasStreams = descriptors !== undefined && error.code !== 'EMFILE' && error.code !== 'ENFILE';
    const streams = hasStreams ? unconnectedStreams(descriptors) : [];
    if (hasStreams) this.#setStreams(streams);
    const pipes = pipesFrom([], streams);
    this.#awaitClose(pipes);
    process.nextTick(() => {
      this.exitCode = error.errno ?? -1;
      this.stdin?.destroy();
      this.#cleanUp();
      // Without a listener, emit() throws the error, and Node prints the place of this call.
      if (this.listenerCount('error') === 0) this.emit('error', error);
      guarded(() => this.emit('error', error));
      this.#channel?.childEnded(() => {});
      endUnconnected(pipes);
      this.#finish();
    });
  }

  /** What was denied so far, by kinds of calls. Empty without `onViolation` and without a subscriber of `seccomp:violation`. */
  get violations(): readonly Violation[] {
    return this.#log?.read().violations ?? [];
  }

  /** Number of denied calls of further kinds, which `violations` has no room for. */
  get unlistedViolations(): number {
    return this.#log?.read().unlistedViolations ?? 0;
  }

  /**
   * Why calls may have been denied that `violations` does not list, one sentence each: files that could not be looked for, a
   * filter of the program's own. Empty if no reason is known, and if violations are not collected.
   */
  get unseenCalls(): readonly string[] {
    return this.#log?.read().unseenCalls ?? [];
  }

  /** @internal Whether the child's violations are collected. */
  get isWatched(): boolean {
    return this.#log !== undefined;
  }

  /** What is enforced on the child, and what is not. */
  get enforcement(): Enforcement {
    return this.#enforced(this.#domainError, this.unguarded);
  }

  /**
   * The limit that ended the child: `time` (`timeout`), `output` (`maxBuffer`), `file-size` (`rlimits`), `cpu` (either), `memory` or
   * `processes` (`limits`). Null if none did, and as long as it runs.
   */
  get limit(): LimitReason | null {
    return this.#termination.limit;
  }

  /** What the child has used. Null as long as it runs, and if it was not started. */
  get usage(): Usage | null {
    return this.#termination.usage ?? null;
  }

  /** @internal The tree of the child; undefined if its descendants are left. */
  get tree(): Tree | undefined {
    return this.#termination.tree;
  }

  /** @internal How the child has ended, also by a signal without a name. All are null while it runs. */
  get end(): ProgramEnd {
    return this.#termination.end;
  }

  /** @internal Whether the child has ended or was not started. Other processes may still hold its pipes. */
  get hasEnded(): boolean {
    return this.#termination.hasEnded;
  }

  /** @internal Called once, when the child has ended: one of the two arguments is null. */
  exited(code: number | null, signal: number | null, used: NativeUsage = UNKNOWN_USAGE): void {
    const end = programEnd(code, signal);
    // Messages and violations are emitted before `exit`, whose listeners can rely on them.
    const kinds = (then: () => void) => (this.listener === undefined ? then() : this.listener.afterKinds(then));
    this.#termination.exited(
      end,
      (then) => (this.#channel === undefined ? kinds(then) : this.#channel.childEnded(() => kinds(then))),
      () => this.#reportEnd(end, used),
    );
  }

  #reportEnd(end: ProgramEnd, used: NativeUsage): void {
    this.signalCode = end.signal;
    this.exitCode = end.code;
    this.stdin?.destroy();
    this.#termination.settle(end, used);
    if (!this.tree?.isGuarded) this.#cleanUp(); // Before `exit`, whose listeners may end this process.
    publishEnd(this);
    guarded(() => this.emit('exit', this.exitCode, this.signalCode));
    this.#finish();
  }

  /** @internal Called once, when the guardian of the child's tree has ended: its exit code, or null if it was killed. */
  guardianEnded(status: number | null): void {
    const failure = this.tree?.guardianEnded(status, this.pid);
    if (this.hasEnded) {
      this.#cleanUp();
    } else {
      this.#termination.watch?.kill(constants.signals.SIGKILL); // Nobody else can enter its domain.
      if (failure !== undefined && this.#termination.dependsOnGuardian) guarded(() => this.emit('error', failure));
      this.#termination.guardianEnded();
    }
    this.#closed();
  }

  #cleanUp(): void {
    this.#termination.leaf?.remove();
    this.#directory?.remove(() => this.#closed());
  }

  /**
   * Sends a signal to the child and all its descendants at once, wherever they have moved to: another session, another
   * process group, another parent. After a SIGTERM, or the signal of the option `killSignal`, SIGKILL follows if the child
   * has not ended `forceKillAfter` milliseconds later.
   *
   * @param signal - The signal's name or number; 0 sends none. Default SIGTERM.
   * @returns Whether the tree still existed.
   * @throws {SeccompError} ERR_SECCOMP_OPTION if the tree has no guardian.
   * @example
   * import { spawn } from 'seccomp';
   *
   * const child = spawn('sh', ['-c', 'setsid sleep 60 & wait'], 'docker-default', { descendants: 'kill' });
   * child.killTree();
   * await child.treeEnded; // Neither sh nor sleep runs any more.
   */
  killTree(signal: NodeJS.Signals | number = 'SIGTERM'): boolean {
    const { tree } = this;
    if (propertyOf(this, 'pid') === undefined) return false; // It was not started.
    if (tree === undefined) throw withoutGuardian(this.enforcement, this.pid);
    return this.#termination.killTree(tree, signal === 0 ? 0 : signalNumber(signal));
  }

  override kill(signal: NodeJS.Signals | number = 'SIGTERM'): boolean {
    return this.#termination.kill(signal === 0 ? 0 : signalNumber(signal));
  }

  override ref(): void {
    this.#termination.watch?.ref();
    this.tree?.ref();
  }

  override unref(): void {
    this.#termination.watch?.unref();
    this.tree?.unref();
  }

  override [Symbol.dispose](): void {
    if (this.killed) return;
    if (this.tree === undefined) this.kill();
    else this.killTree();
  }

  /**
   * Ends the child, with `descendants: 'kill'` its whole tree, and waits for that end, and until its directory `@tmp` is
   * removed, but not for other processes that hold its pipes. Rejects with the system's error if the child may not be sent
   * a signal, since it runs as another user: it is not ended then.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const termination = this.#termination;
    const before = termination.killFailed;
    const end = new Promise<void>((resolve, reject) => {
      if (this.hasEnded) resolve();
      else this.once('exit', () => resolve());
      termination.killFailed = reject;
    });
    this.terminate();
    await end.finally(() => {
      termination.killFailed = before;
    });
    await termination.tree?.ended;
    await this.#directory?.removed;
  }

  /** @internal Starts the timeout and listens to the AbortSignal: either of them ends the child. */
  scheduleEnd(): void {
    if (this.hasEnded) return; // The child was not started.
    this.#termination.startTimeout();
    if (this.#signal !== undefined) endOnAbort(this, this.#signal);
  }

  /** @internal As Termination.terminate. */
  terminate(signal?: number, limit?: LimitReason): boolean {
    return this.#termination.terminate(signal, limit);
  }

  #setStreams(streams: readonly (ChildStream | null | undefined)[]): void {
    const [stdin = null, stdout = null, stderr = null] = streams;
    define(this, { stdin, stdout, stderr, stdio: [...streams] });
  }

  /** Lets the streams be read to their end, so that `close` can be emitted. */
  #finish(): void {
    process.nextTick(() => drain(this.stdio ?? []));
    this.#closed();
  }

  #closed(): void {
    this.#open--;
    if (this.#open === 0) this.emit('close', this.exitCode, this.signalCode);
  }
}

publicMethods(SandboxedProcess.prototype, 'kill', 'killTree');

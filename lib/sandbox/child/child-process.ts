/** A running program: node:child_process's ChildProcess, on a child that was not started by Node. */
import type { ChildProcess } from 'node:child_process';
import { addAbortListener, EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Enforcement } from '../../landlock/enforcement.js';
import { addon, type ExitWatch, type NativeChild, type NativeListener } from '../../native.js';
import type { Listener } from '../../notify/listener.js';
import type { Violation } from '../../notify/violation.js';
import type { ViolationLog } from '../../notify/violation-log.js';
import { publicMethods } from '../../util/caller.js';
import { guarded } from '../../util/guarded.js';
import { childProcess, net, os } from '../../util/lazy-node.js';
import { define, own } from '../../util/own-data.js';
import { signalName, signalNumber } from '../options/signals.js';
import { type ChildEventHandlers, subscribe } from './events.js';
import { systemError } from './start-errors.js';

type Stdio = ChildProcess['stdio'];

/**
 * ChildProcess without its constructor: that makes a handle which only an end seen by Node itself would free. What it
 * would set besides is set by SandboxedProcess. It becomes a ChildProcess with the first child.
 */
class Emitter extends EventEmitter {
  constructor() {
    Object.setPrototypeOf(Emitter.prototype, childProcess().ChildProcess.prototype);
    super();
  }
}
const Base = Emitter as unknown as typeof ChildProcess;

/** When a child is ended by us, and how: checked. */
export interface Ending {
  /** Milliseconds; 0: never. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly killSignal: number;
  /** Milliseconds from `killSignal` to SIGKILL; Infinity: never. */
  readonly forceKillAfter: number;
}

/** A child under a profile. Its events, streams, methods and properties are those of ChildProcess. */
export class SandboxedProcess extends Base {
  // Node declares these read-only and sets them itself.
  declare pid?: number;
  override exitCode: number | null = null;
  override signalCode: NodeJS.Signals | null = null;
  override spawnfile: string;
  override spawnargs: string[];
  declare stdin: Writable | null;
  declare stdout: Readable | null;
  declare stderr: Readable | null;
  declare stdio: Stdio;
  override killed = false;
  override connected = false;

  #watch: ExitWatch | undefined;
  /** @internal Of its filter, if that has one. */
  listener: Listener | undefined;
  #log: ViolationLog | undefined;
  /** What `close` waits for: the exit, and the end of each stream from the child. */
  #open = 1;
  /** Its descriptors that are sockets, and our ends. */
  #pipes: readonly { readonly descriptor: number; readonly stream: Socket }[] = [];
  readonly #ending: Ending;
  readonly #enforced: (isolationError: number) => Enforcement;
  #isolationError = 0;
  /** Whether we set out to end it. */
  #terminated = false;
  #forceKill: NodeJS.Timeout | undefined;
  /** Hears of a signal that could not be sent. */
  #refused: (error: unknown) => void = (error) => this.emit('error', error);

  /** @internal Use spawn(). */
  constructor(
    command: string,
    args: readonly string[],
    ending: Ending,
    enforced: (isolationError: number) => Enforcement,
  ) {
    super();
    this.#enforced = enforced;
    this.#ending = ending;
    this.spawnfile = command;
    this.spawnargs = [...args];
  }

  /** @internal Takes over a child that runs. If that fails, its sockets are closed. */
  attach({ pid, watch, sockets, isolationError }: NativeChild): void {
    const streams = socketStreams(sockets);
    define(this, { pid });
    this.#isolationError = isolationError;
    this.#watch = watch;
    this.#pipes = streams.flatMap((stream, i) =>
      stream === null || i === 0 ? [] : [{ descriptor: sockets[i] ?? -1, stream }],
    );
    for (const { stream } of this.#pipes) {
      this.#open++;
      stream.on('close', () => this.#closed());
    }
    this.#setStreams(streams);
    process.nextTick(() => this.emit('spawn'));
  }

  /** @internal Hears what its filter tells. */
  supervise(listener: NativeListener, hearing: ChildEventHandlers): void {
    const heard = subscribe(this, listener, hearing);
    this.listener = heard.listener;
    this.#log = heard.log;
  }

  /**
   * The calls that its profile did not let through, by now: one of each kind, with their number. Empty unless onViolation
   * was given, or somebody listened on the channel, when it was started.
   */
  get violations(): readonly Violation[] {
    return this.#log?.read().violations ?? [];
  }

  /** @internal Whether the calls that its profile denies are looked for. */
  get isWatched(): boolean {
    return this.#log !== undefined;
  }

  /** What is enforced on it, and what is not. */
  get enforcement(): Enforcement {
    return this.#enforced(this.#isolationError);
  }

  /** How many calls were denied beyond the kinds that `violations` lists. */
  get unlistedViolations(): number {
    return this.#log?.unlisted ?? 0;
  }

  /** @internal Reports a child that could not be started, as Node does: `error`, then `close`. */
  fail(error: NodeJS.ErrnoException, descriptors: readonly boolean[]): void {
    const { Socket } = net();
    if (error.code !== 'EMFILE' && error.code !== 'ENFILE')
      this.#setStreams(
        descriptors.map((piped, i) =>
          piped ? new Socket(own({ fd: undefined, handle: undefined, readable: i > 0 })) : null,
        ),
      );
    process.nextTick(() => {
      this.exitCode = error.errno ?? -1;
      this.stdin?.destroy();
      // If nobody listens, that is what Node says where it throws.
      if (this.listenerCount('error') === 0) this.emit('error', error);
      guarded(() => this.emit('error', error));
      this.#finish();
    });
  }

  /** @internal Called once when the child has ended; exactly one of the two is not null. */
  exited(code: number | null, signal: number | null): void {
    this.#watch = undefined;
    clearTimeout(this.#forceKill);
    // The listeners of the event `exit` find all that the child was denied.
    if (this.listener === undefined) this.#ended(code, signal);
    else this.listener.afterKinds(() => this.#ended(code, signal));
  }

  #ended(code: number | null, signal: number | null): void {
    if (signal !== null) this.signalCode = signalName(signal);
    else this.exitCode = code;
    this.stdin?.destroy();
    if (this.#terminated) this.#endPipes();
    guarded(() => this.emit('exit', this.exitCode, this.signalCode));
    this.#finish();
  }

  override kill(signal: NodeJS.Signals | number = 'SIGTERM'): boolean {
    const number = signal === 0 ? 0 : signalNumber(signal);
    const { ESRCH, EINVAL, ENOSYS } = os().constants.errno;
    const error = this.#watch?.kill(number) ?? ESRCH;
    if (error === 0) {
      this.killed = true;
      return true;
    }
    if (error === ESRCH) return false;
    const failure = systemError(error, 'kill');
    if (error === EINVAL || error === ENOSYS) throw failure;
    this.#refused(failure);
    return false;
  }

  override ref(): void {
    this.#watch?.ref();
  }

  override unref(): void {
    this.#watch?.unref();
  }

  override [Symbol.dispose](): void {
    if (!this.killed) this.kill();
  }

  /**
   * Ends the child and waits until it is gone, and for nobody who still holds its pipes. Rejects with the system's error if
   * no signal may be sent to it, as it has become another user; the child then goes on.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const before = this.#refused;
    const end = new Promise<void>((resolve, reject) => {
      if (this.hasEnded) resolve();
      else this.once('exit', () => resolve());
      this.#refused = reject;
    });
    this.terminate();
    await end.finally(() => {
      this.#refused = before;
    });
  }

  /** @internal Ends the child after its timeout, and when its AbortSignal is aborted. */
  limit(): void {
    if (this.hasEnded) return; // It was not started.
    const { timeout } = this.#ending;
    if (timeout > 0) {
      const timer = setTimeout(() => this.terminate(), timeout);
      this.once('exit', () => clearTimeout(timer));
    }
    try {
      this.#heed(this.#ending.signal);
    } catch (error) {
      this.#stop('SIGKILL');
      throw error;
    }
  }

  /** A signal of another make may throw. */
  #heed(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const abort = () => {
      if (this.terminate()) this.emit('error', abortError(signal));
    };
    if (signal.aborted) {
      process.nextTick(abort);
      return;
    }
    const listener = addAbortListener(signal, abort);
    this.once('exit', () => listener[Symbol.dispose]());
  }

  /** @internal Whether it has ended, or was not started. Others may still hold its pipes. */
  get hasEnded(): boolean {
    return this.#watch === undefined;
  }

  /**
   * @internal Sends `signal`, and SIGKILL if the child still runs after `forceKillAfter`. Once it has ended, nothing
   * more is read from its pipes than what was written by then, whoever holds them. Gives false if no signal was sent.
   */
  terminate(signal: number = this.#ending.killSignal): boolean {
    const { forceKillAfter } = this.#ending;
    this.#terminated = true;
    if (this.hasEnded) this.#endPipes();
    if (!this.#stop(signal)) return false;
    if (forceKillAfter !== Number.POSITIVE_INFINITY)
      this.#forceKill ??= setTimeout(() => this.#stop('SIGKILL'), forceKillAfter);
    return true;
  }

  /** Of a stream that was destroyed the descriptor is not ours any more. */
  #endPipes(): void {
    for (const { descriptor, stream } of this.#pipes) if (!stream.destroyed) addon().endReading(descriptor);
  }

  #stop(signal: NodeJS.Signals | number): boolean {
    try {
      return this.kill(signal);
    } catch (error) {
      this.#refused(error);
      return false;
    }
  }

  #setStreams(streams: readonly (Socket | null)[]): void {
    const [stdin = null, stdout = null, stderr = null] = streams;
    define(this, { stdin, stdout, stderr, stdio: [...streams] });
  }

  /** Lets what is still in the streams flow to its end, so that `close` can come. */
  #finish(): void {
    process.nextTick(() => {
      for (const stream of this.stdio ?? []) if (stream instanceof net().Socket && stream.readable) stream.resume();
    });
    this.#closed();
  }

  #closed(): void {
    this.#open--;
    if (this.#open === 0) this.emit('close', this.exitCode, this.signalCode);
  }
}

publicMethods(SandboxedProcess.prototype, 'kill');

/** Our ends of a child's sockets, as streams; null for no socket. If one can't be made, all are closed. */
function socketStreams(sockets: NativeChild['sockets']): readonly (Socket | null)[] {
  const { Socket } = net();
  const made: (Socket | null)[] = [];
  try {
    for (const [i, fd] of sockets.entries())
      made.push(fd < 0 ? null : new Socket(own({ fd, handle: undefined, readable: i > 0, writable: true })));
    return made;
  } catch (error) {
    for (const fd of sockets.slice(made.length)) addon().takeBack(fd);
    for (const stream of made) stream?.destroy();
    throw error;
  }
}

/** The error of Node for what was aborted. */
export function abortError({ reason }: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: reason });
  return define(error, { code: 'ABORT_ERR', name: 'AbortError' });
}

/** Calls `abort` when a signal of the caller's is aborted. If that throws, the child ends. */
export function listenTo(
  signal: AbortSignal | undefined,
  child: SandboxedProcess,
  abort: () => void,
): Disposable | undefined {
  try {
    return signal && addAbortListener(signal, abort);
  } catch (error) {
    child.terminate(signalNumber('SIGKILL'));
    throw error;
  }
}

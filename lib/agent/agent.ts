/** listen(): an agent, which takes the listeners that runtimes send to its socket, and answers their calls. */

import { EventEmitter } from 'node:events';
import { lstatSync, type Stats, unlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { SeccompError } from '../errors.js';
import { addon, type LocalSocket } from '../native.js';
import type { OciContainer, PeerCredentials } from '../notify/container.js';
import {
  checkTimeout,
  dispatch,
  emitHandlerError,
  type HandlerMap,
  type Handlers,
  NOT_IMPLEMENTED,
  readHandlers,
} from '../notify/handlers.js';
import { Listener, openMailbox } from '../notify/listener.js';
import { NotifiedCall, sendAnswer } from '../notify/notified-call.js';
import { readOptions } from '../sandbox/options/table.js';
import { localAgents } from '../sandbox/plan/local-agents.js';
import { forwarding } from '../sandbox/plan/native-config.js';
import { printableLine, shownName } from '../util/foreign-text.js';
import { guarded } from '../util/guarded.js';
import { loadNotificationChunks } from '../util/load-chunks.js';
import { argumentError } from '../util/node-error.js';
import { systemErrorName } from '../util/system-error.js';
import { setTimeout } from '../util/timers.js';
import { AgentConnection } from './connection.js';
import type { AgentMessage } from './container-state.js';

/** Options of `listen`. */
export interface ListenOptions {
  /** Milliseconds that a handler may take before its call is denied. More than 0, less than 2³¹. Default 10,000. */
  readonly notifyTimeout?: number | undefined;
}

/**
 * Makes an agent that listens on a Unix socket at `path`. Where a profile has this path as its `listenerPath`, a
 * runtime (runc, crun, or `spawn` of this package) sends the listener of the filter to the socket, and the agent
 * answers the calls with SCMP_ACT_NOTIFY until the container ends. A call without a handler fails with ENOSYS. The
 * socket is accessible to this process's user only.
 *
 * @param path - The socket's file: at most 107 bytes as an absolute path. A file that an ended process left is
 * replaced.
 * @param handlers - Handlers by the name of a syscall.
 * @param options - Options; see the table below.
 * @returns An agent that listens.
 * @throws {SeccompError} ERR_SECCOMP_AGENT if the socket can't be bound: another agent listens there, the directory
 * does not exist, …; ERR_SECCOMP_OPTION for an unknown option.
 * @throws {TypeError | RangeError} for an argument or an option that is not valid.
 * @example
 * import { listen, spawn } from 'seccomp';
 *
 * const agent = listen('agent.sock', { uname: (call) => call.deny('EACCES') });
 * const child = spawn(
 *   'uname',
 *   {
 *     defaultAction: 'SCMP_ACT_ALLOW',
 *     listenerPath: agent.path,
 *     syscalls: [{ names: ['uname'], action: 'SCMP_ACT_NOTIFY' }],
 *   },
 *   { stdio: 'ignore' },
 * );
 * child.on('exit', (code) => {
 *   console.log(code); // 1
 *   agent.close();
 * });
 */
export function listen(path: string, handlers: Handlers<OciContainer>, options: ListenOptions = {}): Agent {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw argumentError(typeof path === 'string' ? 'value' : 'type', PATH_EXPECTED);
  const read = readHandlers<OciContainer>(handlers ?? null, 'handlers');
  const { notifyTimeout } = readOptions<ListenOptions>('listen', options);
  loadNotificationChunks();
  return new Agent(resolve(path), read, checkTimeout(notifyTimeout));
}

const PATH_EXPECTED = "path: must be the path of the socket's file, without NUL";

const { EADDRINUSE, EAGAIN, ECONNABORTED, ECONNREFUSED, EINTR, ENOTTY } = constants.errno;

/** The events of an agent, with their arguments. */
export interface AgentEvents {
  /** The agent answers the calls of a container from now on. */
  container: [container: OciContainer];
  /** All processes of a container have ended. */
  end: [container: OciContainer];
  /** A handler threw, took too long, or returned no valid answer, so the call was denied. */
  handlerError: [error: unknown, call: NotifiedCall<OciContainer>];
  /** There is no handler for a call, which failed with ENOSYS. */
  unanswered: [call: NotifiedCall<OciContainer>];
  /**
   * A connection sent no listener, and was closed; or connections can't be accepted at the moment, as this process has
   * no descriptors left. `sender` is the process that connected. Absent if there is none.
   */
  refused: [error: Error, sender?: PeerCredentials];
}

/** Maximum connections that have not sent their whole message. The next one takes the place of the one that is silent longest. */
const MAX_CONNECTING = 64;
/** Milliseconds until connections are accepted again after a failure. */
const ACCEPT_PAUSE = 100;

/**
 * An agent that `listen` made. Keeps the process alive while it listens or has containers, unless `unref` was called.
 * Its events are those of AgentEvents: `container`, `end`, `handlerError`, `unanswered` and `refused`.
 *
 * @example
 * import { listen } from 'seccomp';
 *
 * const agent = listen('agent.sock', { mount: (call) => call.deny('EPERM') });
 * agent.on('container', ({ id, pid }) => console.log(`answers the calls of ${id}, process ${pid}`));
 * agent.on('handlerError', (error, { syscall }) => console.error(syscall, error));
 * console.log(agent.containers.length); // 0
 * await agent.close();
 */
export class Agent extends EventEmitter<AgentEvents> {
  /** The absolute path of the socket's file: a profile's `listenerPath`. */
  readonly path: string;
  readonly #handlers: HandlerMap<OciContainer>;
  readonly #timeout: number;
  readonly #socket: LocalSocket;
  readonly #file: Stats;
  readonly #connecting = new Set<AgentConnection>();
  readonly #containers = new Set<OciContainer>();
  readonly #supervision = forwarding();
  /** Keeps this process alive: the socket and the listeners do not. */
  readonly #alive: NodeJS.Timeout;
  #isOpen = true;
  /** Whether this agent waits for the next connection. */
  #isAwaiting = false;
  #end: () => void = () => {};
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  /** @internal Use listen(). */
  constructor(path: string, handlers: HandlerMap<OciContainer>, timeout: number) {
    super();
    this.path = path;
    this.#handlers = handlers;
    this.#timeout = timeout;
    this.#socket = bind(path);
    this.#file = lstatSync(path);
    this.#alive = setInterval(() => {}, 2 ** 30);
    localAgents.add(this);
    this.#await();
  }

  /** @internal Whether the file at `path` is this agent's socket. */
  isAt(path: string): boolean {
    return isSameFile(path, this.#file);
  }

  /** The containers whose calls the agent answers. */
  get containers(): readonly OciContainer[] {
    return [...this.#containers];
  }

  /**
   * Accepts no more containers, and removes the socket's file. Calls of the current containers are still answered.
   *
   * @returns A promise that resolves when the last container has ended.
   */
  close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#socket.close();
      for (const connection of this.#connecting) connection.giveUp();
      this.#connecting.clear();
      localAgents.delete(this);
      if (this.isAt(this.path)) unlinkSync(this.path);
      this.#settle();
    }
    return this.#ended;
  }

  /** Closes the agent at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Keeps the process alive while the agent listens or has containers, which is the default. */
  ref(): this {
    this.#alive.ref();
    return this;
  }

  /** Lets the process exit even if the agent listens or has containers. */
  unref(): this {
    this.#alive.unref();
    return this;
  }

  #await(): void {
    if (!this.#isOpen || this.#isAwaiting) return;
    const error = this.#socket.await(() => {
      this.#isAwaiting = false;
      this.#accept();
    });
    this.#isAwaiting = error === 0;
    if (error !== 0) this.#pause(error, 'uv_poll_init');
  }

  #accept(): void {
    const socket = this.#socket.accept();
    if (typeof socket !== 'number') this.#receive(socket);
    else if (socket !== -EAGAIN && socket !== -EINTR && socket !== -ECONNABORTED) {
      this.#pause(socket, 'accept');
      return;
    }
    this.#await();
  }

  #pause(error: number, call: string): void {
    setTimeout(() => this.#await(), ACCEPT_PAUSE).unref();
    this.#refuse(new Error(`${call} ${systemErrorName(error)}: connections wait in the queue`));
  }

  #receive(socket: LocalSocket): void {
    const connection = new AgentConnection(socket, (outcome) => {
      this.#connecting.delete(connection);
      const failure = outcome instanceof Error || outcome === null ? outcome : this.#serve(socket, outcome);
      socket.close();
      if (failure !== null) this.#refuse(failure, connection.sender);
    });
    const [silent] = this.#connecting;
    if (this.#connecting.size >= MAX_CONNECTING) silent?.displace();
    this.#connecting.add(connection);
    connection.start();
  }

  /** Serves the listener that a message has sent. Returns an error if that is not possible. */
  #serve(socket: LocalSocket, { container, listenerIndex }: AgentMessage): Error | null {
    const served = socket.serve(listenerIndex, this.#supervision, openMailbox());
    if (served === -ENOTTY) return new Error('fds: the descriptor seccompFd is not a seccomp listener');
    if (typeof served === 'number') return new Error(`its listener can't be served: ${systemErrorName(served)}`);
    const listener = new Listener(served, {
      onKind: undefined,
      onNotification: (notification, handle) => this.#answer(new NotifiedCall(notification, handle, container)),
    });
    this.#containers.add(container);
    listener.ended.then(() => {
      this.#containers.delete(container);
      this.#settle();
      guarded(() => this.emit('end', container));
    });
    process.nextTick(() => this.emit('container', container));
    return null;
  }

  #answer(call: NotifiedCall<OciContainer>): void {
    const handler = this.#handlers.get(call.syscall);
    if (handler !== undefined) {
      dispatch(call, handler, this.#timeout, (error) => emitHandlerError(this, error, call));
      return;
    }
    sendAnswer(call, NOT_IMPLEMENTED);
    this.emit('unanswered', call);
  }

  /** Without a sender, listeners get one argument, not undefined. */
  #refuse(error: Error, ...senders: readonly [sender?: PeerCredentials]): void {
    if (this.emit('refused', error, ...senders)) return;
    const [sender] = senders;
    const from = sender === undefined ? '' : ` from process ${sender.pid ?? 'unknown'}`;
    process.emitWarning(
      printableLine(`${shownName(this.path)}: a connection${from} was refused: ${error.message}`),
      'SeccompWarning',
    );
  }

  /** Ends the agent if it is closed and has no containers. */
  #settle(): void {
    if (this.#isOpen || this.#containers.size > 0) return;
    clearInterval(this.#alive);
    this.#end();
  }
}

/** Binds a socket to `path`. Replaces a socket's file whose process has ended, and no other file. */
function bind(path: string): LocalSocket {
  const first = addon().bindSocket(path);
  if (first !== -EADDRINUSE) return bound(first, path);
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing !== undefined && !existing.isSocket())
    throw listenError(path, 'the file there is not a socket: listen at another path');
  if (existing !== undefined && addon().reach(path) !== ECONNREFUSED)
    throw listenError(path, 'another agent listens there: close it, or listen at another path');
  if (existing !== undefined && isSameFile(path, existing)) unlinkSync(path);
  return bound(addon().bindSocket(path), path);
}

function bound(socket: LocalSocket | number, path: string): LocalSocket {
  if (typeof socket !== 'number') return socket;
  const code = systemErrorName(socket);
  throw listenError(path, `bind ${code}${REMEDIES.get(code) ?? ''}`);
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['ENOENT', ': the directory does not exist: create it first, accessible to this user only'],
  ['EACCES', ': this user has no write permission in the directory'],
  ['ENAMETOOLONG', ": a socket's path has at most 107 bytes"],
  ['EADDRINUSE', ': another agent has just begun to listen there: close it, or listen at another path'],
]);

function listenError(path: string, reason: string): SeccompError {
  return new SeccompError('ERR_SECCOMP_AGENT', `listen ${shownName(path)}: ${reason}`);
}

function isSameFile(path: string, { dev, ino }: Stats): boolean {
  const existing = lstatSync(path, { throwIfNoEntry: false });
  return existing?.dev === dev && existing.ino === ino;
}

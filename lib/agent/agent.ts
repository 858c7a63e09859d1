/** An agent: takes the listeners that runtimes send to its socket, and answers their calls. */
import { EventEmitter } from 'node:events';
import { lstatSync, type Stats, unlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { SeccompError } from '../errors.js';
import { addon, type LocalSocket, type Sender } from '../native.js';
import type { Container } from '../notify/container.js';
import { warnHandlerFailed } from '../notify/handler-warning.js';
import { ask, type HandlerMap, NotifiedCall, notImplemented } from '../notify/handlers.js';
import { Listener, openInbox } from '../notify/listener.js';
import { addLocalAgent, removeLocalAgent } from '../sandbox/plan/local-agents.js';
import { asking } from '../sandbox/plan/native-config.js';
import { guarded } from '../util/guarded.js';
import { AgentConnection } from './connection.js';
import type { AgentMessage } from './container-state.js';

const { EADDRINUSE, EAGAIN, ECONNABORTED, ECONNREFUSED, EINTR } = constants.errno;

export interface AgentEvents {
  /** A container's calls are answered from now on. */
  container: [container: Container];
  /** All that had its filter are gone. */
  end: [container: Container];
  /** A handler threw, took too long or answered what can't be: the call was denied. */
  handlerError: [error: unknown, call: NotifiedCall<Container>];
  /** No handler has the name of this call, which failed with ENOSYS. */
  unanswered: [call: NotifiedCall<Container>];
  /** What came was not a container's listener, and was closed; or nothing could be taken, for want of descriptors. */
  refused: [error: Error, sender: Sender | undefined];
}

/** Connections that have not sent all yet; others wait in the kernel. */
const MAX_CONNECTING = 64;
/** Milliseconds until a connection is taken again, when descriptors or memory were short. */
const PAUSE = 100;

export class Agent extends EventEmitter<AgentEvents> {
  /** The file of the socket, as an absolute path. */
  readonly path: string;
  readonly #handlers: HandlerMap<Container>;
  readonly #timeout: number;
  readonly #socket: LocalSocket;
  readonly #file: Stats;
  readonly #connecting = new Set<AgentConnection>();
  readonly #containers = new Set<Container>();
  readonly #supervision = asking();
  /** Neither the socket nor the listeners keep this process alive. */
  readonly #alive = setInterval(() => {}, 2 ** 30);
  #isOpen = true;
  #isAwaiting = false;
  #end: () => void = () => {};
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  /** @internal Use listen(). */
  constructor(path: string, handlers: HandlerMap<Container>, timeout: number) {
    super();
    this.path = path;
    this.#handlers = handlers;
    this.#timeout = timeout;
    this.#socket = bind(path);
    this.#file = lstatSync(path);
    addLocalAgent(this);
    this.#await();
  }

  /** @internal Whether its socket is the one at `path`. */
  isAt(path: string): boolean {
    return isSame(path, this.#file);
  }

  /** Those whose calls are answered. */
  get containers(): readonly Container[] {
    return [...this.#containers];
  }

  /** Takes no more containers and removes the socket's file. Settles when the last of those that there are has ended. */
  close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#socket.close();
      for (const incoming of this.#connecting) incoming.giveUp();
      this.#connecting.clear();
      removeLocalAgent(this);
      if (this.isAt(this.path)) unlinkSync(this.path);
      this.#settle();
    }
    return this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Whether it keeps this process alive, as long as it listens or has containers: at first it does. */
  ref(): this {
    this.#alive.ref();
    return this;
  }

  unref(): this {
    this.#alive.unref();
    return this;
  }

  #await(): void {
    if (!this.#isOpen || this.#isAwaiting || this.#connecting.size >= MAX_CONNECTING) return;
    const error = this.#socket.await(() => {
      this.#isAwaiting = false;
      this.#accept();
    });
    this.#isAwaiting = error === 0;
    if (error !== 0) this.#pause(error, 'uv_poll_init');
  }

  #accept(): void {
    const connection = this.#socket.accept();
    if (typeof connection !== 'number') this.#welcome(connection);
    else if (connection !== -EAGAIN && connection !== -EINTR && connection !== -ECONNABORTED) {
      this.#pause(connection, 'accept');
      return;
    }
    this.#await();
  }

  #pause(error: number, call: string): void {
    setTimeout(() => this.#await(), PAUSE).unref();
    this.#refuse(new Error(`${call} ${getSystemErrorName(error)}: who connects has to wait`), undefined);
  }

  #welcome(connection: LocalSocket): void {
    const incoming = new AgentConnection(connection, (outcome) => {
      this.#connecting.delete(incoming);
      const failure = outcome instanceof Error || outcome === null ? outcome : this.#serve(connection, outcome);
      connection.close();
      this.#await();
      if (failure !== null) this.#refuse(failure, incoming.sender);
    });
    this.#connecting.add(incoming);
    incoming.start();
  }

  #serve(connection: LocalSocket, { container, listener }: AgentMessage): Error | null {
    const served = connection.serve(listener, this.#supervision, openInbox());
    if (served === -constants.errno.ENOTTY) return new Error('fds: what came as seccompFd is no listener of seccomp');
    if (typeof served === 'number') return new Error(`its listener can't be served: ${getSystemErrorName(served)}`);
    const heard = new Listener(served, {
      kind: undefined,
      call: (waiting, handle) => this.#answer(new NotifiedCall(waiting, handle, container)),
    });
    this.#containers.add(container);
    heard.ended.then(() => {
      this.#containers.delete(container);
      this.#settle();
      guarded(() => this.emit('end', container));
    });
    process.nextTick(() => this.emit('container', container));
    return null;
  }

  #answer(call: NotifiedCall<Container>): void {
    const handler = this.#handlers.get(call.syscall);
    if (handler !== undefined) {
      ask(call, handler, this.#timeout, (error) => this.#handlerFailed(error, call));
      return;
    }
    call.answer(notImplemented());
    this.emit('unanswered', call);
  }

  #handlerFailed(error: unknown, call: NotifiedCall<Container>): void {
    if (!this.emit('handlerError', error, call)) warnHandlerFailed(error, call);
  }

  #refuse(error: Error, sender: Sender | undefined): void {
    if (this.emit('refused', error, sender)) return;
    const from = sender === undefined ? '' : ` from process ${sender.pid}`;
    process.emitWarning(`${this.path}: a connection${from} was refused: ${error.message}`, 'SeccompWarning');
  }

  #settle(): void {
    if (this.#isOpen || this.#containers.size > 0) return;
    clearInterval(this.#alive);
    this.#end();
  }
}

/** A socket whose process is gone leaves its file: that one is replaced, and nothing else is. */
function bind(path: string): LocalSocket {
  const first = addon().bindSocket(path);
  if (first !== -EADDRINUSE) return bound(first, path);
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isSocket())
    throw agentError(path, 'this is a file that is no socket: leave it, and listen elsewhere');
  if (there !== undefined && addon().reach(path) !== ECONNREFUSED)
    throw agentError(path, 'an agent listens there: end it, or listen elsewhere');
  if (there !== undefined && isSame(path, there)) unlinkSync(path);
  return bound(addon().bindSocket(path), path);
}

function bound(socket: LocalSocket | number, path: string): LocalSocket {
  if (typeof socket !== 'number') return socket;
  const code = getSystemErrorName(socket);
  throw agentError(path, `bind ${code}${REMEDIES.get(code) ?? ''}`);
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['ENOENT', ': its directory is not there: make it first, for this user alone'],
  ['EACCES', ': this user may not write in its directory'],
  ['ENAMETOOLONG', ": a socket's path has at most 107 bytes"],
  ['EADDRINUSE', ': another agent began to listen there just now'],
]);

const agentError = (path: string, why: string) => new SeccompError('ERR_SECCOMP_AGENT', `listen ${path}: ${why}`);

function isSame(path: string, { dev, ino }: Stats): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false });
  return there?.dev === dev && there.ino === ino;
}

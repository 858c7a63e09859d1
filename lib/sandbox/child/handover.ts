/**
 * What Node gives to none but its own children: the descriptor of a socket, and a channel for messages. The launcher,
 * started as such a child, hands them over, and the program gets them.
 */
import { type ChildProcess, type Serializable, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { SeccompError } from '../../errors.js';
import { addon, launcherFile } from '../../native.js';
import { fromCaller, publicFunction } from '../../util/caller.js';
import { guarded } from '../../util/guarded.js';
import { define, indices, own } from '../../util/own-data.js';
import { systemErrorName } from '../../util/system-error.js';

/** As it is before a program replaces it by the function of a Sandbox. */
const spawnInNode = spawn;

interface HandedOver {
  /** The addon owns it until its `giveBack`. */
  readonly descriptor: number;
  /** The launcher's environment: what Node adds to an empty one. */
  readonly environment: readonly string[];
  /** The launcher, which runs until `release`. */
  readonly launcher: ChildProcess;
  readonly release: () => void;
}

/**
 * Has the launcher hand a descriptor over, and waits for it.
 *
 * @param entry - The entry of Node's option `stdio` for this descriptor.
 * @param place - Its number in the launcher.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if the launcher can't be started, or this process may have no more
 * descriptors; what node:child_process's spawn throws.
 */
function handOver(entry: Socket | 'ipc', place: number, serialization?: 'json' | 'advanced'): HandedOver {
  const socket = addon().openHandover();
  if (socket < 0) throw notHandedOver(socket, place);
  const before = indices(place).map(() => 'ignore' as const);
  const options = own({ env: own({}), stdio: [...before, entry, socket, 'pipe' as const], serialization });
  const launcher = startLauncher(place, options);
  const received = addon().receive();
  const held = launcher.stdio[place + 2];
  if (held instanceof Socket) held.unref();
  const release = () => void held?.destroy();
  if (typeof received !== 'number')
    return { descriptor: received.descriptor, environment: received.text.split('\0'), launcher, release };
  release();
  if (launcher.connected) launcher.disconnect();
  throw notHandedOver(received, place);
}

function startLauncher(place: number, options: Parameters<typeof spawn>[2]): ChildProcess {
  try {
    const launcher = spawnInNode(launcherFile(), [String(place)], options);
    launcher.on('error', () => {}); // It has no process ID then, and hands nothing over.
    launcher.unref();
    return launcher;
  } catch (error) {
    addon().receive(); // Closes the socket.
    throw error instanceof Error ? fromCaller(error) : error;
  }
}

function notHandedOver(errno: number, place: number): SeccompError {
  const message = `options.stdio[${place}]: can't be passed on to the program (${systemErrorName(errno)})`;
  const remedy = 'seccomp-launch, which does that, must be executable, and this process may have too many descriptors';
  return new SeccompError('ERR_SECCOMP_UNSUPPORTED', `${message}: ${remedy}`);
}

/** Duplicates a socket's descriptor. As in Node's own children, this process stops reading from it. */
export function duplicateOf(socket: Socket, place: number): number {
  const { descriptor, release } = handOver(socket, place);
  release();
  return descriptor;
}

/** What a channel needs of the child that it belongs to. */
type Owner = Pick<ChildProcess, 'emit' | 'listenerCount' | 'on'>;

/** A channel for messages to and from a child. */
export interface MessageChannel {
  /**
   * Makes a child the owner of the channel: it gets the properties and events that Node documents. `onEnd` is called
   * once, after `disconnect` and the child's end.
   */
  connect(child: Owner, onEnd: () => void): void;
  childEnded(): void;
}

/** A channel for messages: Node's own, which it made for the launcher. */
export class Channel implements MessageChannel {
  /** The child's end. */
  readonly descriptor: number;
  /** The variables by which a Node finds the channel. */
  readonly variables: Readonly<Record<string, string>>;
  readonly #launcher: ChildProcess;
  readonly #release: () => void;

  /** @param place - The number of the child's descriptor. */
  constructor(place: number, serialization: 'json' | 'advanced' | undefined) {
    const { descriptor, environment, launcher, release } = handOver('ipc', place, serialization);
    this.descriptor = descriptor;
    const variables = environment.filter((each) => each.startsWith('NODE_CHANNEL_'));
    this.variables = own(Object.fromEntries(variables.map((each) => splitAt(each, each.indexOf('=')))));
    this.#launcher = launcher;
    this.#release = release;
  }

  connect(child: Owner, onEnd: () => void): void {
    forwardChannel(this.#launcher, child, onEnd);
  }

  /** Lets the launcher end with the child: Node then forgets the sockets that were sent. */
  childEnded(): void {
    this.#launcher.ref();
    this.#release();
  }

  /** Closes the channel of a child that was not started. */
  close(): void {
    this.#release();
    if (this.#launcher.connected) this.#launcher.disconnect();
  }
}

/** Gives the channel of a process that Node has started to another object. See MessageChannel.connect. */
export function forwardChannel(source: ChildProcess, child: Owner, onEnd: () => void): void {
  define(child, {
    send: calling((...parameters: Parameters<ChildProcess['send']>) => source.send(...parameters)),
    disconnect: calling(() => source.disconnect()),
  });
  Object.defineProperties(
    child,
    own({
      connected: own({ get: () => source.connected, enumerable: true, configurable: true }),
      channel: own({ get: () => source.channel, enumerable: true, configurable: true }),
    }),
  );
  source.on('error', (error) => child.emit('error', error));
  let awaited = 2;
  const ended = () => {
    awaited--;
    if (awaited === 0) onEnd();
  };
  source.once('disconnect', () => {
    guarded(() => child.emit('disconnect'));
    ended();
  });
  source.once('exit', ended);
  forwardMessages(source, child);
}

/** As in Node, messages wait for the first listener. */
function forwardMessages(source: ChildProcess, child: Owner): void {
  let waiting: (readonly [Serializable, unknown])[] = [];
  source.on('message', (message, handle) => {
    if (child.listenerCount('message') > 0) child.emit('message', message, handle);
    else waiting.push([message, handle]);
  });
  const deliver = () => {
    if (child.listenerCount('message') === 0) return;
    const messages = waiting;
    waiting = [];
    for (const parameters of messages) child.emit('message', ...parameters);
  };
  child.on('newListener', () => process.nextTick(deliver));
}

function splitAt(text: string, index: number): readonly [string, string] {
  return [text.slice(0, index), text.slice(index + 1)];
}

/** Makes a function of Node's public. The stack of an error that it throws begins at the caller. */
function calling<Parameters extends readonly unknown[], Result>(call: (...parameters: Parameters) => Result) {
  return publicFunction((...parameters: Parameters) => {
    try {
      return call(...parameters);
    } catch (error) {
      throw error instanceof Error ? fromCaller(error) : error;
    }
  });
}

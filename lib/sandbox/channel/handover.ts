/**
 * Node passes the descriptor of a socket, and its own channel for messages, only to children that it starts itself. The
 * launcher is such a child, and hands them over to the program.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { SeccompError } from '../../errors.js';
import { addon, launcherFile } from '../../native.js';
import { fromCaller } from '../../util/caller.js';
import { indices, own } from '../../util/own-data.js';
import { systemErrorName } from '../../util/system-error.js';

/** As it is before a program replaces it by the function of a Sandbox. */
const spawnInNode = spawn;

/**
 * Has the launcher hand a descriptor over, and waits for it. The addon owns the descriptor until its `giveBack`. The
 * launcher runs until `release`; its environment is what Node adds to an empty one.
 *
 * @param entry - The entry of Node's option `stdio` for this descriptor.
 * @param place - Its number in the launcher.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if the launcher can't be started, or this process may have no more
 * descriptors; what node:child_process's spawn throws.
 */
export function handOver(entry: Socket | 'ipc', place: number, serialization?: 'json' | 'advanced') {
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

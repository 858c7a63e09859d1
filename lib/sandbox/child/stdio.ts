/** openStdio: the fourth step of a start. It finds or makes what the child's descriptors are connected to. */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { Stream } from 'node:stream';
import { inspect } from 'node:util';
import { SeccompError } from '../../errors.js';
import { addon, NONE, NULL, SOCKET } from '../../native.js';
import { nodeError } from '../../util/node-error.js';
import { invalidValue, outOfRange } from '../../util/option-errors.js';
import { propertyOf } from '../../util/own-data.js';
import { systemErrorName } from '../../util/system-error.js';

/** What a child's descriptors are connected to. */
export interface OpenedStdio {
  /** For each of the child's descriptors one of this process, or NONE, NULL or SOCKET of native.ts. At least three. */
  readonly descriptors: readonly number[];
  /** Closes the duplicates that were made for the child. To be called once the child has them. */
  release(): void;
}

/**
 * Opens a child's descriptors.
 *
 * @param option - The option `stdio` after its check: a keyword, a list, or undefined for pipes.
 * @throws TypeError, RangeError as Node for an entry of the list that is not valid; SeccompError ERR_SECCOMP_OPTION for
 * `ipc`, ERR_SECCOMP_UNSUPPORTED for a socket whose descriptor can't be duplicated.
 */
export function openStdio(option: unknown): OpenedStdio {
  const entries: unknown[] = Array.isArray(option) ? [...option] : [option, option, option];
  while (entries.length < 3) entries.push(undefined);
  const hasSocket = entries.some((entry) => typeof entry === 'object' && entry instanceof Socket);
  const release = () => {
    if (hasSocket) addon().giveBack();
  };
  try {
    return { descriptors: entries.map(descriptorOf), release };
  } catch (error) {
    release();
    throw error;
  }
}

function descriptorOf(entry: unknown, i: number): number {
  const value = entry ?? (i < 3 ? 'pipe' : 'ignore');
  if (value === 'ignore') return i < 3 ? NULL : NONE;
  if (value === 'pipe' || value === 'overlapped') return SOCKET;
  if (value === 'inherit') return i;
  if (value === 'ipc') {
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      `options.stdio[${i}]: "ipc" needs a Node program at the other end: start it with fork; for other programs, use "pipe"`,
    );
  }
  const descriptor = typeof value === 'object' ? (propertyOf(value, 'fd') ?? value) : value;
  if (typeof descriptor === 'number') {
    if (Number.isInteger(descriptor) && descriptor >= 0 && descriptor < 2 ** 31) return descriptor;
    throw outOfRange(`stdio[${i}]`, 'a descriptor', descriptor);
  }
  if (value instanceof Socket) return duplicateOf(value, i);
  if (value instanceof Stream)
    throw invalidValue(`stdio[${i}]`, value.constructor.name, 'has no descriptor yet: wait for its open event');
  if (typeof value !== 'string' && !ArrayBuffer.isView(value)) throw invalidValue(`stdio[${i}]`, value, 'is invalid');
  const message = `stdio[${i}]: must be pipe, overlapped, ignore, inherit, a Stream or a descriptor, not ${inspect(value)}`;
  throw nodeError(TypeError, 'ERR_INVALID_SYNC_FORK_INPUT', message);
}

/**
 * Duplicates a socket's descriptor. Node does not expose the descriptor, but passes it to its own children. So this
 * function starts a child of Node's with the socket, has the addon duplicate the child's descriptor by pidfd_getfd(2),
 * and kills the child before it runs. As a side effect, Node stops reading from the socket.
 */
function duplicateOf(socket: Socket, i: number): number {
  const holder = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    env: {},
    stdio: ['pipe', 'ignore', 'ignore', socket],
  });
  holder.on('error', () => {}); // It then has no process ID, which is handled below.
  const descriptor = holder.pid === undefined ? -1 : addon().borrow(holder.pid, 3);
  holder.kill('SIGKILL');
  holder.unref();
  if (descriptor >= 0) return descriptor;
  const message =
    `options.stdio[${i}]: the socket's descriptor can't be duplicated here (pidfd_getfd: ${systemErrorName(descriptor)}): ` +
    'use "pipe", and pipe the stream into the child';
  throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
}

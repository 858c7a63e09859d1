/** What a child's descriptors are connected to. */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { Stream } from 'node:stream';
import { getSystemErrorName, inspect } from 'node:util';
import { SeccompError } from '../../errors.js';
import { addon, NONE, NULL, SOCKET } from '../../native.js';
import { fromCaller } from '../../util/caller.js';
import { copyList, define, propertyOf } from '../../util/own-data.js';
import { invalidValue, outOfRange, refusal, type SpawnOptions } from '../options/options.js';

/**
 * Reads the option `stdio`, and calls `use` with what the addon takes: at least the three standard descriptors. What was
 * borrowed for the child only is given back afterwards.
 */
export function withStdio<Result>(
  option: SpawnOptions['stdio'],
  use: (descriptors: readonly number[]) => Result,
): Result {
  const given = stdioEntries(option);
  try {
    return use(given.map(descriptorOf));
  } finally {
    if (given.some((entry) => entry instanceof Socket)) addon().giveBack();
  }
}

/** What the option says of each descriptor. @throws TypeError for what says nothing of any. */
export function stdioEntries(option: unknown): readonly unknown[] {
  if (option === undefined || option === null || option === '') return ['pipe', 'pipe', 'pipe'];
  if (typeof option === 'string') {
    if (!['pipe', 'overlapped', 'ignore', 'inherit'].includes(option))
      throw invalidValue('stdio', option, 'is invalid');
    return [option, option, option];
  }
  if (!Array.isArray(option)) throw invalidValue('stdio', option, 'is invalid');
  const given = copyList(option, MOST_DESCRIPTORS, refusal('options.stdio'));
  while (given.length < 3) given.push(undefined);
  return given;
}

/** As many as the addon takes. */
const MOST_DESCRIPTORS = 1024;

function descriptorOf(entry: unknown, i: number): number {
  const value = entry ?? (i < 3 ? 'pipe' : 'ignore');
  if (value === 'ignore') return i < 3 ? NULL : NONE;
  if (value === 'pipe' || value === 'overlapped') return SOCKET;
  if (value === 'inherit') return i;
  if (value === 'ipc') {
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      `options.stdio[${i}]: "ipc" needs a Node program on the other side: start that by fork; for any other use "pipe"`,
    );
  }
  const descriptor = typeof value === 'object' ? (propertyOf(value, 'fd') ?? value) : value;
  if (typeof descriptor === 'number') {
    if (Number.isInteger(descriptor) && descriptor >= 0 && descriptor < 2 ** 31) return descriptor;
    throw outOfRange(`stdio[${i}]`, 'a descriptor', descriptor);
  }
  if (value instanceof Socket) return borrow(value, i);
  if (value instanceof Stream)
    throw invalidValue(`stdio[${i}]`, value.constructor.name, 'has no descriptor yet: wait for its open event');
  if (typeof value !== 'string' && !ArrayBuffer.isView(value)) throw invalidValue(`stdio[${i}]`, value, 'is invalid');
  const message = `stdio[${i}]: must be pipe, overlapped, ignore, inherit, a Stream or a descriptor, not ${inspect(value)}`;
  throw define(fromCaller(new TypeError(message)), { code: 'ERR_INVALID_SYNC_FORK_INPUT' });
}

/**
 * A duplicate of a socket's descriptor. Node keeps it to itself, but hands it on to its own children: one is started
 * with it, asked for it, and ended before it runs. That also makes Node stop reading from the socket.
 */
function borrow(socket: Socket, i: number): number {
  const holder = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    env: {},
    stdio: ['pipe', 'ignore', 'ignore', socket],
  });
  holder.on('error', () => {}); // Its number is missing then, which says it.
  const descriptor = holder.pid === undefined ? -1 : addon().borrow(holder.pid, 3);
  holder.kill('SIGKILL');
  holder.unref();
  if (descriptor >= 0) return descriptor;
  const message =
    `options.stdio[${i}]: the socket's descriptor can't be duplicated here (pidfd_getfd: ${getSystemErrorName(descriptor)}); ` +
    'give "pipe", and pipe the stream into the child';
  throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
}

/** openStdio: the fourth step of a start. It finds or makes what the child's descriptors are connected to. */
import { Socket } from 'node:net';
import { Stream } from 'node:stream';
import { inspect } from 'node:util';
import { SeccompError } from '../../errors.js';
import { addon, NONE, NULL, SOCKET } from '../../native.js';
import { nodeError } from '../../util/node-error.js';
import { invalidValue, outOfRange } from '../../util/option-errors.js';
import { emptyFields, propertyOf } from '../../util/own-data.js';
import { duplicateOf } from '../channel/handover.js';
import type { MessageChannel } from '../channel/message-channel.js';
import { NodeChannel } from '../channel/node-channel.js';
import { OwnChannel } from '../channel/own-channel.js';
import type { ProgramFunction } from '../options/table.js';
import type { SpawnOptions } from '../options/types.js';

/** What a child's descriptors are connected to. */
export interface OpenedStdio {
  /** For each of the child's descriptors one of this process, or NONE, NULL, SOCKET or CHANNEL of native.ts. At least three. */
  readonly descriptors: readonly number[];
  /** Set if one of them is a channel for messages. */
  readonly channel: OpenedChannel | undefined;
  /** Closes the descriptors that were received for the child. To be called once the child has them. */
  release(): void;
}

/** A channel, the child's end of it as in OpenedStdio, and the variables by which a Node finds that. */
export type OpenedChannel = MessageChannel & Pick<OwnChannel, 'descriptor' | 'variables'>;

/**
 * Opens a child's descriptors.
 *
 * @param option - The option `stdio` after its check: a keyword, a list, or undefined for pipes.
 * @param by - The function that starts the child.
 * @param forChannel - Options of a channel.
 * @throws TypeError, RangeError, Error as Node for an entry of the list that is not valid; SeccompError
 * ERR_SECCOMP_OPTION for a channel that the caller could not use, ERR_SECCOMP_UNSUPPORTED for a socket or a channel that
 * can't be passed on.
 */
export function openStdio(
  option: unknown,
  by: ProgramFunction,
  forChannel: Pick<SpawnOptions, 'serialization' | 'handles'> = emptyFields(),
): OpenedStdio {
  const entries: unknown[] = Array.isArray(option) ? [...option] : [option, option, option];
  while (entries.length < 3) entries.push(undefined);
  const place = entries.indexOf('ipc');
  if (place >= 0) refuseChannel(entries, place, by);
  const { serialization, handles = false } = forChannel;
  const isHandedOver =
    (place >= 0 && handles) || entries.some((entry) => typeof entry === 'object' && entry instanceof Socket);
  const release = () => {
    if (isHandedOver) addon().giveBack();
  };
  try {
    const descriptors = entries.map(descriptorOf);
    const channel = place < 0 ? undefined : new (handles ? NodeChannel : OwnChannel)(place, serialization);
    if (channel !== undefined) descriptors[place] = channel.descriptor;
    return { descriptors, channel, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Why a function's caller could not use a channel. */
const WITHOUT_CHANNEL: ReadonlyMap<ProgramFunction, string> = new Map([
  ['run', 'its promise has no channel: use spawn'],
  ['record', 'its promise has no channel: use "ignore", or spawn'],
]);

/** @throws SeccompError, Error if the function's caller could not use the channel. */
export function refuseChannel(entries: readonly unknown[], place: number, by: ProgramFunction): void {
  const reason = WITHOUT_CHANNEL.get(by);
  if (reason !== undefined)
    throw new SeccompError('ERR_SECCOMP_OPTION', `options.stdio[${place}]: "ipc" is not for ${by}: ${reason}`);
  if (by === 'spawnSync') throw nodeError(Error, 'ERR_IPC_SYNC_FORK', 'IPC cannot be used with synchronous forks');
  if (entries.lastIndexOf('ipc') !== place)
    throw nodeError(Error, 'ERR_IPC_ONE_PIPE', 'Child process can have only one IPC pipe');
}

function descriptorOf(entry: unknown, i: number): number {
  const value = entry ?? (i < 3 ? 'pipe' : 'ignore');
  if (value === 'ignore') return i < 3 ? NULL : NONE;
  if (value === 'pipe' || value === 'overlapped') return SOCKET;
  if (value === 'inherit') return i;
  if (value === 'ipc') return NONE; // openStdio opens the channel last.
  const descriptor = typeof value === 'object' ? (propertyOf(value, 'fd') ?? value) : value;
  if (typeof descriptor === 'number') {
    if (Number.isInteger(descriptor) && descriptor >= 0 && descriptor < 2 ** 31) return descriptor;
    throw outOfRange(`stdio[${i}]`, 'a descriptor', descriptor);
  }
  if (value instanceof Socket) return duplicateOf(value, i);
  if (value instanceof Stream)
    throw invalidValue(`stdio[${i}]`, value.constructor.name, 'has no descriptor yet: wait for its open event');
  if (typeof value !== 'string' && !ArrayBuffer.isView(value)) throw invalidValue(`stdio[${i}]`, value, 'is invalid');
  const message = `stdio[${i}]: must be pipe, overlapped, ignore, inherit, ipc, a Stream or a descriptor, not ${inspect(value)}`;
  throw nodeError(TypeError, 'ERR_INVALID_SYNC_FORK_INPUT', message);
}

/** Errors of a channel. */
import { EventEmitter } from 'node:events';
import { SeccompError } from '../../errors.js';
import { nodeError } from '../../util/node-error.js';
import { propertyOf } from '../../util/own-data.js';

/** Node's error for a message on a closed channel. */
export const closedError = (): Error => nodeError(Error, 'ERR_IPC_CHANNEL_CLOSED', 'Channel closed');

/** The error for a handle that is to be sent. */
export function handleError(handle: object): Error {
  // Servers, sockets of any kind, and Node's own objects behind these.
  if (handle instanceof EventEmitter || typeof propertyOf(handle, 'close') === 'function')
    return withoutHandles('send: this channel carries no handles');
  return nodeError(TypeError, 'ERR_INVALID_HANDLE_TYPE', 'This handle type cannot be sent');
}

/** The error for a handle that the child has sent. */
export const lostHandleError = (): Error => withoutHandles('the child has sent a handle, which does not arrive');

function withoutHandles(problem: string): SeccompError {
  const why = 'by what it sends with one, a child could end this process';
  const remedy = 'To pass servers and sockets, start the child with handles: true';
  return new SeccompError('ERR_SECCOMP_OPTION', `${problem}: ${why}. ${remedy}`);
}

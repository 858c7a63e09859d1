/** listen(): an agent for OCI runtimes, and for spawn: it answers the calls of containers whose profile names its socket. */
import { resolve } from 'node:path';
import { SeccompError } from '../errors.js';
import type { Container } from '../notify/container.js';
import { checkTimeout, type Handlers, readHandlers } from '../notify/handlers.js';
import { optionFields } from '../profile/document/options.js';
import { Agent } from './agent.js';

export interface ListenOptions {
  /** Milliseconds that a handler may take until its call is denied. Default 10,000. */
  readonly notifyTimeout?: number | undefined;
}

/**
 * Listens at `path`, for this user alone, for what a runtime sends where a profile has this path as its listenerPath, and
 * answers such containers' SCMP_ACT_NOTIFY calls by `handlers`, to the end of the containers. A call without a handler
 * fails with ENOSYS.
 * @throws SeccompError ERR_SECCOMP_OPTION, ERR_SECCOMP_AGENT if it can't be had: another agent listens there, the directory
 * is not there, …
 */
export function listen(path: string, handlers: Handlers<Container>, options: ListenOptions = {}): Agent {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new SeccompError('ERR_SECCOMP_OPTION', 'path: the file of the socket, as a text without NUL');
  const read = readHandlers<Container>(handlers ?? null, 'handlers');
  const { notifyTimeout, ...others } = optionFields(options);
  for (const key of Object.keys(others))
    throw new SeccompError('ERR_SECCOMP_OPTION', `options.${key}: unknown option: there is notifyTimeout`);
  return new Agent(resolve(path), read, checkTimeout(notifyTimeout));
}

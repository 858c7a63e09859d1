/** A profile's listenerPath: it names an agent, which receives the filter's listener and answers its notifications. */

import { isAbsolute } from 'node:path';
import { SeccompError } from '../../errors.js';
import { quoted, shownName } from '../../util/foreign-text.js';
import type { SupervisorOptions } from '../options/types.js';
import { hasNotify } from './notifications.js';
import type { ResolvedSources } from './resolve-sources.js';

/** An agent: a process that answers notifications in place of this one. */
export interface AgentAddress {
  /** The path of its Unix socket. */
  readonly path: string;
  /** The profile's listenerMetadata, which the agent is sent. */
  readonly metadata: string | undefined;
}

/** Maximum bytes of a socket's path: sun_path of linux/un.h, without its NUL. */
const LONGEST_PATH = 107;
/**
 * Maximum bytes of the metadata. A message must fit into the socket's buffer, which has 208 KiB by default (socket(7)).
 */
const MOST_METADATA = 65_536;

/**
 * The agent that profiles name. Undefined if they name none, and if the policy has no SCMP_ACT_NOTIFY: runtimes ignore
 * listenerPath then.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION for several agents, for a path or metadata that is not valid, and for an
 * agent together with handlers in this process.
 */
export function agentOf(
  sources: ResolvedSources,
  { notify, onViolation }: Pick<SupervisorOptions, 'notify' | 'onViolation'>,
): AgentAddress | undefined {
  const agent = namedAgent(sources.profiles);
  if (agent === undefined) return undefined;
  const { policy } = sources;
  if (policy === undefined || !hasNotify(policy)) return undefined;
  if (notify !== undefined || onViolation)
    throw listenerPathError(
      'names an agent, and a filter has only one listener: leave out listenerPath, or onViolation and notify',
    );
  refuseImpossible(agent);
  return agent;
}

function namedAgent(profiles: ResolvedSources['profiles']): AgentAddress | undefined {
  const [agent, ...others] = profiles.flatMap(({ document: { listenerPath, listenerMetadata } }) =>
    listenerPath ? [{ path: listenerPath, metadata: listenerMetadata }] : [],
  );
  const other = others.find(({ path, metadata }) => path !== agent?.path || metadata !== agent.metadata);
  if (other === undefined) return agent;
  const message = `listenerPath: a filter has only one agent, but these profiles have different agents (${shownName(agent?.path ?? '')}, ${shownName(other.path)}) or different listenerMetadata: use the same in all of them`;
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

/** @throws {SeccompError} ERR_SECCOMP_OPTION for an agent that can't be reached whatever the machine. */
export function refuseImpossible({ path, metadata = '' }: AgentAddress): void {
  if (!isAbsolute(path)) throw listenerPathError(`${quoted(path)} is not absolute: use an absolute path`);
  if (path.includes('\0')) throw listenerPathError('has a null byte, which a path cannot contain');
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw listenerPathError(
      `${shownName(path)} has more than ${LONGEST_PATH} bytes, the limit of a socket's path: let the agent listen at a shorter path`,
    );
  if (Buffer.byteLength(metadata) > MOST_METADATA)
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      `listenerMetadata has more than ${MOST_METADATA} bytes: put the data in a file`,
    );
}

const listenerPathError = (why: string) => new SeccompError('ERR_SECCOMP_OPTION', `listenerPath ${why}`);

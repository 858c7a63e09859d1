/** The agents that listen on this thread. A function that blocks the thread can't use them. */
import { SeccompError } from '../../errors.js';
import { shownName } from '../../util/foreign-text.js';

/** The part of an agent that the functions that start programs use. */
interface LocalAgent {
  /** Whether its socket is the file at `path`. */
  isAt(path: string): boolean;
}

export const localAgents = new Set<LocalAgent>();

/**
 * Refuses an agent that listens on this thread, for a function that blocks the thread until the child ends.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION
 */
export function refuseLocalAgent(path: string): void {
  if (![...localAgents].some((agent) => agent.isAt(path))) return;
  const message = `listenerPath ${shownName(path)}: its agent runs on this thread, and this function blocks the thread: use spawn, or run the agent in another process`;
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

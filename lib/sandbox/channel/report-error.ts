/** Errors of which a child may be the cause. */
import type { EventEmitter } from 'node:events';
import { guarded } from '../../util/guarded.js';

/**
 * Emits an error, or a warning if nobody listens: the exception would end this process, which a child must not be able to
 * bring about.
 */
export function reportError(child: Pick<EventEmitter, 'emit' | 'listenerCount'>, error: Error): void {
  if (child.listenerCount('error') > 0) guarded(() => child.emit('error', error));
  else process.emitWarning(error);
}

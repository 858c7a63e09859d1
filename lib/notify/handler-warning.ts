/** The warning for a handler's failure that nobody listens for. */
import type { NotifiedCall } from './handlers.js';

/** Emits a process warning, of the type `SeccompWarning`: a handler failed, and its call was denied. */
export function warnHandlerFailed(error: unknown, { syscall }: Pick<NotifiedCall, 'syscall'>): void {
  const reason = error instanceof Error ? error.message : String(error);
  process.emitWarning(`the handler of ${syscall} failed, and the call was denied: ${reason}`, 'SeccompWarning');
}

/** Actions as the command prints them. */
import type { Action } from '../../index.js';
import { errnoName } from '../../syscalls/errno.js';

/** `allow`, `EPERM` for an errno, `trace 3` for a message to a tracer. */
export function actionInWords(action: Action): string {
  if (action.kind === 'errno') return errnoName(action.errno);
  return action.kind === 'trace' ? `trace ${action.message}` : action.kind;
}

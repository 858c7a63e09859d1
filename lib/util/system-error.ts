/** Errors of the system, with the names that errno(3) gives them. */
import { getSystemErrorMap, getSystemErrorName } from 'node:util';
import { fromCaller } from './caller.js';
import { shownName } from './foreign-text.js';
import { define } from './own-data.js';

/** The name of an errno: `ENOENT` for 2. Node's results, which are negative, have the same names. */
export function systemErrorName(errno: number): string {
  return getSystemErrorName(-Math.abs(errno));
}

/**
 * The error that Node makes for a failed system call.
 *
 * @param errno - Positive.
 * @param file - The name of a program that the call is about.
 * @param hint - What follows in the message.
 */
export function systemError(errno: number, call: string, file?: string, hint = ''): NodeJS.ErrnoException {
  const code = systemErrorName(errno);
  const [shown, raw] = file === undefined ? ['', ''] : [` ${shownName(file)}`, ` ${file}`];
  return define(fromCaller(new Error(`${call}${shown} ${code}${hint}`)), { errno: -errno, code, syscall: call + raw });
}

/** The code of a system error, such as `EACCES`. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : `${error}`;

/** The reason of a system error, such as `ENOSPC: no space left on device`, without the path, which Node's message has as it is. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const reason = 'errno' in error && getSystemErrorMap().get(Number(error.errno));
  return reason ? reason.join(': ') : error.message;
}

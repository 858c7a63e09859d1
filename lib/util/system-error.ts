/** Errors of the system, with the names that errno(3) gives them. */
import { getSystemErrorName } from 'node:util';
import { fromCaller } from './caller.js';
import { define } from './own-data.js';

/** The name of an errno: `ENOENT` for 2. Node's results, which are negative, have the same names. */
export function systemErrorName(errno: number): string {
  return getSystemErrorName(-Math.abs(errno));
}

/**
 * The error that Node makes for a failed system call.
 *
 * @param errno - Positive.
 * @param hint - What follows in the message.
 */
export function systemError(errno: number, syscall: string, hint = ''): NodeJS.ErrnoException {
  const code = systemErrorName(errno);
  return define(fromCaller(new Error(`${syscall} ${code}${hint}`)), { errno: -errno, code, syscall });
}

/** A system error whose message is `what` and the errno's name: `openat: argument 1: EFAULT`. `errno` is positive. */
export function namedSystemError(errno: number, what: string): NodeJS.ErrnoException {
  const code = systemErrorName(errno);
  return define(new Error(`${what}: ${code}`), { errno: -errno, code });
}

/** Programs that can't be started. */
import { shownName } from '../util/foreign-text.js';
import { exitNotStarted } from './exit-status.js';
import { printMessage } from './output/print.js';

/** Reports that the system did not execute `command`, with exit status 126 or 127. Throws any other error again. */
export function reportStartFailure(command: string, error: unknown): void {
  if (!isStartFailure(error)) throw error;
  const isFound = error.code !== 'ENOENT';
  printMessage(`${shownName(command)}: ${isFound ? `not executable (${error.code})` : 'command not found'}`);
  exitNotStarted(isFound);
}

/**
 * Whether the program was not executed. Errors of execve() and spawn() name the system call in their property `call`.
 * Those of Node's spawn() do not, so their codes are those by which only execve(2) fails.
 */
function isStartFailure(error: unknown): error is NodeJS.ErrnoException {
  if (!(error instanceof Error)) return false;
  if ('call' in error) return error.call === 'execve';
  const { syscall = '', code = '' }: NodeJS.ErrnoException = error;
  return syscall.startsWith('spawn ') && ['ENOENT', 'EACCES', 'ENOEXEC'].includes(code);
}

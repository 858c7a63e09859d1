/** Programs that can't be started. */
import { exitNotStarted } from './exit-status.js';
import { printMessage } from './output/print.js';

/** Reports that the system did not execute `command`, with exit status 126 or 127. Throws any other error again. */
export function reportStartFailure(command: string, error: unknown): void {
  if (!isStartFailure(error)) throw error;
  const isFound = error.code !== 'ENOENT';
  printMessage(`${command}: ${isFound ? `not executable (${error.code})` : 'command not found'}`);
  exitNotStarted(isFound);
}

/** Whether execve(2) failed: the errors of execve() and spawn() name the system call in their property `call`. */
function isStartFailure(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'call' in error && error.call === 'execve';
}

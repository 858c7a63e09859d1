/** Programs that can't be started. */
import { shellWord } from '../addon/shell-word.js';
import type { ProgramOptions } from '../index.js';
import { builtinNames, SANDBOX_NAMES } from '../profile/source-names.js';
import { shownName } from '../util/foreign-text.js';
import { exitNotStarted } from './exit-status.js';
import { printMessage } from './output/print.js';

/**
 * Reports that the system did not execute `command`, with exit status 126 or 127. Throws any other error again.
 *
 * @param env - The environment that it would have got; undefined for that of this process.
 */
export function reportStartFailure(
  command: string,
  args: readonly string[],
  error: unknown,
  env?: ProgramOptions['env'],
): void {
  if (!isStartFailure(error)) throw error;
  const isFound = error.code !== 'ENOENT';
  printMessage(
    `${shownName(command)}: ${isFound ? `not executable (${error.code})` : `command not found${notFoundHint(command, args, env)}`}`,
  );
  exitNotStarted(isFound);
}

/** Characters of a shell's command line that the name of a program rarely has. */
const SHELL_LINE = /[\s|&;<>()$`*?]/;

/** Why a command was probably not found, and what to do. Empty if there is no such reason. */
function notFoundHint(command: string, args: readonly string[], env: ProgramOptions['env']): string {
  if (args.length === 0 && SHELL_LINE.test(command))
    return `: for a shell's command line, write sh -c ${shellWord(command)}`;
  if (command.includes('/')) return '';
  if (env !== undefined && new Map(Object.entries(env)).get('PATH') === undefined)
    return ' in /bin and /usr/bin, as it gets no PATH: give --env PATH';
  if (SANDBOX_NAMES.includes(command)) return `: for the built-in sandbox, write seccomp run -s ${shownName(command)}`;
  return builtinNames().includes(command)
    ? `: for the built-in profile, write seccomp run -p ${shownName(command)}`
    : '';
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

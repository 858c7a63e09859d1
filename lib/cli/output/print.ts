/**
 * Prints results to stdout and messages to stderr. Errors of these streams are handled here: Node would print a stack
 * trace.
 */
import { SeccompError } from '../../index.js';
import { printableJson, printableLine, printableLines } from '../../util/foreign-text.js';
import { reasonOf } from '../../util/system-error.js';
import { exitFailed } from '../exit-status.js';
import { messageOf } from '../options/profile-options.js';

/** Prints a result, whose foreign text is printable already. If it can't be written, reports that, and the exit status is 125. */
export function print(text: string): void {
  write(process.stdout, text, (error) => {
    if (error.code === 'EPIPE') return; // The reader has ended early, as head(1) does.
    exitFailed();
    printMessage(`stdout: the result can't be written (${reasonOf(error)}): make room for it, or name another file`);
  });
}

/** Prints a result as JSON. */
export function printJson(value: unknown): void {
  print(`${printableJson(value, 2)}\n`);
}

/** Prints a message to stderr, after the name of the command. A line feed in a line is written as `\n`. */
export function printMessage(...lines: readonly string[]): void {
  printError(`seccomp: ${lines.map(printableLine).join('\n')}\n`);
}

/** Prints a message to stderr that only a person needs: if stderr is a terminal. */
export function printNote(text: string): void {
  if (process.stderr.isTTY) printMessage(text);
}

/**
 * Prints text to stderr. If it can't be written, it is lost: a running program is not ended because of that.
 */
export function printError(text: string): void {
  write(process.stderr, printableLines(text), () => {});
}

/** Reports a failure of the command itself. The exit status is 125. */
export function reportFailure(error: unknown): void {
  const text = messageOf(error);
  // The messages of this package have no line feeds but those between problems of a document.
  printMessage(...(error instanceof SeccompError ? text.split('\n') : [text]));
  exitFailed();
}

const guardedStreams = new Set<NodeJS.WriteStream>();

/**
 * Writes to a stream, which Node creates at its first use. Creating one may make a pipe non-blocking, also for a
 * program that inherits it.
 */
function write(stream: NodeJS.WriteStream, text: string, failed: (error: NodeJS.ErrnoException) => void): void {
  if (!guardedStreams.has(stream)) stream.on('error', failed);
  guardedStreams.add(stream);
  stream.write(text);
}

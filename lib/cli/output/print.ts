/** What the commands print. Errors of the streams are handled here: Node would print its stack and exit with 1. */

import { messageOf } from '../profile-options.js';
import { reasonOf } from './output-file.js';

/** A failure that is the command's own, as for env(1), nohup(1) and docker run. */
export const OURS = 125;

/** Prints a result. If it can't be written, the exit status is 125. */
export function print(text: string): void {
  write(process.stdout, text, (error) => {
    if (error.code === 'EPIPE') return; // Its reader has seen enough, as head(1) has.
    process.exitCode = OURS;
    tell(`stdout: the result can't be written (${reasonOf(error)}): make room for it, or name another file`);
  });
}

/** Prints a message. */
export function tell(text: string): void {
  printError(`seccomp: ${text}\n`);
}

/** Prints to stderr. If that can't be written, there is nowhere to say so: a program that runs is not left for it. */
export function printError(text: string): void {
  write(process.stderr, text, () => {});
}

/** Tells of a failure that is the command's own. */
export function fail(error: unknown): void {
  tell(messageOf(error));
  process.exitCode = OURS;
}

const written = new Set<NodeJS.WriteStream>();

/** Streams are made when they are first used: to make one may make a pipe non-blocking for the program that is started. */
function write(stream: NodeJS.WriteStream, text: string, failed: (error: NodeJS.ErrnoException) => void): void {
  if (!written.has(stream)) stream.on('error', failed);
  written.add(stream);
  stream.write(text);
}

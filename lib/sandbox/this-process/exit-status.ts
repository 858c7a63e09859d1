/** The exit status of a process that does not run its program. */
import { writeSync } from 'node:fs';
import { SeccompError } from '../../errors.js';
import { printableLine } from '../../util/foreign-text.js';

/**
 * The exit status if this package fails and the program is not run: the same as for failures of env(1), nohup(1) and
 * docker run.
 */
export const NOT_RUN = 125;

/**
 * Runs a step that has to succeed before the program's first line. If it fails, writes why to stderr and exits with
 * 125.
 *
 * @param log - Called with the same line before that. Must not throw.
 */
export function runOrExit(name: string, step: () => void, log: (line: string) => void = () => {}): void {
  try {
    step();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // The problems of a document are in lines of their own.
    const text = error instanceof SeccompError ? message : printableLine(message);
    const line = `${name}: ${text}; the program was not run\n`;
    log(line);
    try {
      writeSync(2, line);
    } finally {
      process.exit.call(process, NOT_RUN);
    }
    throw error; // If somebody has replaced process.exit, Node ends by this exception instead.
  }
}

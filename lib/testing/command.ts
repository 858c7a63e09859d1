/** Commands of a test suite: `[file, ...arguments]`. */
import { inspect } from 'node:util';
import { refuseIn } from '../errors.js';
import { MOST_ARGUMENTS } from '../sandbox/arguments.js';
import { copyList } from '../util/own-data.js';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** The file and the arguments with spaces between them, for messages. */
  readonly text: string;
}

/**
 * Copies a command that a caller gave.
 * @throws {TypeError} if it is not an array of strings, or empty.
 */
export function readCommandLine(command: unknown): Command {
  const refuse = refuseIn('command');
  if (!Array.isArray(command))
    return refuse([], `must be an array, [file, ...arguments], not ${inspect(command)}`, 'type');
  const elements = copyList(command, MOST_ARGUMENTS, refuse);
  const texts = elements.map((element, i) =>
    typeof element === 'string' ? element : refuse([i], `must be a string, not ${inspect(element)}`, 'type'),
  );
  const [file, ...args] = texts;
  if (file === undefined) return refuse([], 'is empty: give [file, ...arguments]');
  return { file, args, text: texts.join(' ') };
}

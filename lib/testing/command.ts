/** Commands as test suites write them: `[file, ...arguments]`. */
import { inspect } from 'node:util';
import { SeccompError } from '../errors.js';
import { MOST_ARGUMENTS } from '../sandbox/options/options.js';
import { copyList, type Path } from '../util/own-data.js';

/** A command that was read. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** As people write it. */
  readonly text: string;
}

/**
 * Reads a command once.
 * @throws SeccompError ERR_SECCOMP_OPTION for what is no list of strings, or an empty one.
 */
export function readCommand(command: unknown): Command {
  if (!Array.isArray(command)) return refuse([], `must be an array, [file, ...arguments], not ${inspect(command)}`);
  const words = copyList(command, MOST_ARGUMENTS, refuse);
  const texts = words.map((word, i) =>
    typeof word === 'string' ? word : refuse([i], `must be a string, not ${inspect(word)}`),
  );
  const [file, ...args] = texts;
  if (file === undefined) return refuse([], 'is empty: give [file, ...arguments]');
  return { file, args, text: texts.join(' ') };
}

function refuse(path: Path, problem: string): never {
  throw new SeccompError('ERR_SECCOMP_OPTION', `command${path.map((key) => `[${key}]`).join('')}: ${problem}`);
}

/** Whether something holds, and the words for both cases. */
export interface Verdict {
  readonly holds: boolean;
  readonly message: string;
}

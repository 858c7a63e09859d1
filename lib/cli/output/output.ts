/** Where `record` writes its result: a file, stdout, a pipe or a device. */
import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { shownName } from '../../util/foreign-text.js';
import { OutputFile, unwritable, writeOrRescue } from './output-file.js';
import { print } from './print.js';

/** The name that stands for stdout. */
export const STDOUT = '-';

/** The same in /dev and /proc. A regular file that stdout leads to, opened by such a name, would be overwritten from its beginning. */
const STDOUT_FILES: readonly string[] = ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'];

/** Returns the name of an output: `-` for stdout by any of its names. */
export const outputName = (name: string): string => (STDOUT_FILES.includes(name) ? STDOUT : name);

/** Where a result is written. */
export interface Output {
  /** Whether the result is added to what is there. */
  readonly exists: boolean;
  /** Writes the result. `rescue` is given the text if it can be written nowhere. */
  write(text: string, rescue: (text: string) => void): void;
  /** Removes what was made for a result that is not written. */
  discard(): void;
}

/**
 * Opens an output, before the program runs.
 *
 * @param adds - Whether the result is added to what is there.
 * @throws Error if it can't be written, or can't be added to.
 */
export function openOutput(name: string, adds: boolean): Output {
  const isPipe = name !== STDOUT && isPipeOrDevice(name);
  if (name !== STDOUT && !isPipe) return new OutputFile(name, adds);
  if (adds) throw new Error(`--merge adds to a file, and ${outputText(name)} keeps nothing: name a file`);
  if (!isPipe) return { exists: false, write: print, discard };
  try {
    accessSync(name, constants.W_OK);
  } catch (error) {
    throw unwritable(name, error);
  }
  const write = (text: string, rescue: (text: string) => void) =>
    writeOrRescue(name, text, rescue, () => writeFileSync(name, text));
  return { exists: false, write, discard };
}

/** The name of an output in messages. */
export const outputText = (name: string): string => (name === STDOUT ? 'stdout' : shownName(name));

function discard(): void {}

function isPipeOrDevice(path: string): boolean {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found !== undefined && (found.isFIFO() || found.isCharacterDevice());
  } catch {
    return false; // OutputFile reports what can't be examined.
  }
}

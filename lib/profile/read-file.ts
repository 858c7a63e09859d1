/** Reads files up to a size limit. A read never waits for data. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { SeccompError } from '../errors.js';
import { shownName } from '../util/foreign-text.js';
import { reasonOf } from '../util/system-error.js';

/** Limit on the size of a file, in bytes: about a hundred times the size of the largest profiles. */
export const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Returns the text of a regular file. A file of another kind is not opened: opening a FIFO waits for its writer, and
 * opening a device may have side effects.
 *
 * @param source - The name of the file in error messages.
 * @param content - The expected content, for error messages: "a … is read from a regular file".
 * @throws {SeccompError} ERR_SECCOMP_FILE if the file is not a regular one, is empty, is larger than MOST_BYTES, or
 * cannot be read.
 */
export function readRegularFile(file: string | URL, source: string, content = 'profile'): string {
  try {
    refuse(statSync(file), source, content);
    // Since statSync, another file may have taken its place. O_NONBLOCK: opening a FIFO, or reading a file of the
    // kernel, must not block. O_NOCTTY: a terminal must not become the controlling terminal of this process. libuv adds
    // O_CLOEXEC.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const stats = fstatSync(descriptor);
      refuse(stats, source, content);
      return readToEnd(descriptor, stats.size, source, content);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof SeccompError) throw error;
    const message = `${shownName(source)}: the ${content} can't be read (${reasonOf(error)})`;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const remedy = /^E[MN]FILE$/.test(code)
      ? 'close files, or raise their limit (ulimit -n)'
      : 'give the path of a file that exists and is readable';
    throw new SeccompError('ERR_SECCOMP_FILE', `${message}: ${remedy}`, { cause: error });
  }
}

/** Returns the error for a file that is too large. */
export function tooManyBytes(source: string, content = 'profile'): SeccompError {
  const limit = `${MOST_BYTES / 1024 ** 2} MiB (${MOST_BYTES} bytes)`;
  return new SeccompError(
    'ERR_SECCOMP_FILE',
    `${shownName(source)}: more than ${limit}: a ${content} may have no more`,
  );
}

/** Returns the kind of a file, for messages; undefined for a regular file. */
export function kindInWords(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a pipe (FIFO)';
  if (stats.isSocket()) return 'a socket';
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return 'a device';
  return 'not a regular file';
}

/** Refuses a file that is not regular, is empty, or is too large. */
function refuse(stats: Stats, source: string, content: string): void {
  const kind = kindInWords(stats);
  if (kind !== undefined) {
    const remedy = stats.isFIFO() ? '; or read it, and give its text instead of its path' : '';
    const message = `${shownName(source)}: this is ${kind}, but a ${content} must be a regular file`;
    throw new SeccompError('ERR_SECCOMP_FILE', `${message}: give the path of a regular file${remedy}`);
  }
  if (stats.size > MOST_BYTES) throw tooManyBytes(source, content);
  if (stats.size > 0) return;
  // Reading /proc/kmsg would remove messages from the kernel's log.
  const message = `${shownName(source)}: this file is empty, or has no size, like files in /proc`;
  throw new SeccompError('ERR_SECCOMP_FILE', `${message}: give the path of a file that holds a ${content}`);
}

/**
 * Reads to the end of the file. Its size was `expected`, and may have grown since.
 * @throws {SeccompError} ERR_SECCOMP_FILE if it is more than MOST_BYTES.
 */
function readToEnd(descriptor: number, expected: number, source: string, content: string): string {
  let bytes = Buffer.allocUnsafe(expected + 1);
  let size = 0;
  for (;;) {
    const count = readSync(descriptor, bytes, size, bytes.length - size, null);
    if (count === 0) return bytes.toString('utf8', 0, size);
    size += count;
    if (size > MOST_BYTES) throw tooManyBytes(source, content);
    if (size === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * size, MOST_BYTES + 1));
  }
}

/** Reads files of bounded size, without ever waiting for their contents. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { SeccompError } from '../errors.js';

/** Bytes that a file may have: some hundred times what the largest profiles have. */
export const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Returns the text of a regular file. A file of another kind is not opened: to open a FIFO is to wait for its writer, and a
 * device may do anything.
 *
 * @param source - What errors call the file.
 * @param content - What errors say that it should hold.
 * @throws SeccompError ERR_SECCOMP_FILE if the file is not a regular one, is empty, has more than MOST_BYTES bytes, or can't be
 * read.
 */
export function readRegularFile(file: string | URL, source: string, content = 'profile'): string {
  try {
    refuse(statSync(file), source, content);
    // For the case that another file has taken its place: O_NONBLOCK, so that a FIFO does not wait, nor a file of the kernel's,
    // and O_NOCTTY, so that a terminal does not become this process's own. libuv adds O_CLOEXEC.
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
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${source}: the ${content} can't be read (${reason}): give the path of a file that exists and is readable`;
    throw new SeccompError('ERR_SECCOMP_FILE', message, { cause: error });
  }
}

/** The error for more bytes than are read. */
export function tooManyBytes(source: string, content = 'profile'): SeccompError {
  const limit = `${MOST_BYTES / 1024 ** 2} MiB (${MOST_BYTES} bytes)`;
  return new SeccompError('ERR_SECCOMP_FILE', `${source}: more than ${limit}: a ${content} may have no more`);
}

/** In words what a file is that is not a regular one; undefined for a regular file. */
export function kindInWords(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a pipe (FIFO)';
  if (stats.isSocket()) return 'a socket';
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return 'a device';
  return 'not a regular file';
}

/** Refuses what is not a regular file of a size that can be read. */
function refuse(stats: Stats, source: string, content: string): void {
  const kind = kindInWords(stats);
  if (kind !== undefined) {
    const remedy = stats.isFIFO() ? '; or read it, and give its text instead of its path' : '';
    const message = `${source}: this is ${kind}, and a ${content} is read from a regular file: give the path of one${remedy}`;
    throw new SeccompError('ERR_SECCOMP_FILE', message);
  }
  if (stats.size > MOST_BYTES) throw tooManyBytes(source, content);
  if (stats.size > 0) return;
  // To read /proc/kmsg would remove what it holds from the kernel's log.
  const message = `${source}: this file is empty, or has no size, as those in /proc: give the path of a file that holds a ${content}`;
  throw new SeccompError('ERR_SECCOMP_FILE', message);
}

/** Reads at most MOST_BYTES. `expected` is the size that the file had: it may grow while it is read. */
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

/** The descriptors that this process has open, from /proc/self/fd. */
import { readdirSync, readlinkSync } from 'node:fs';
import { SeccompError } from '../../errors.js';
import { addon } from '../../native.js';
import { codeOf } from '../../util/system-error.js';

/**
 * The descriptors, each with what it is open for: a path, or for example `socket:[1234]` or `anon_inode:[eventpoll]`. Source:
 * proc_pid_fd(5).
 *
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if /proc is not mounted or may not be read.
 */
export function openDescriptors() {
  return descriptorNames().flatMap((name) => {
    try {
      return [{ fd: Number(name), target: readlinkSync(`/proc/self/fd/${name}`) }];
    } catch {
      return []; // The descriptor by which the directory was read: it is closed by now.
    }
  });
}

function descriptorNames(): readonly string[] {
  try {
    return readdirSync('/proc/self/fd');
  } catch (cause) {
    const code = codeOf(cause);
    const remedy =
      code === 'ENOENT'
        ? 'mount /proc'
        : "if the paths of this process are restricted, start it with paths: { read: ['/proc'] }; otherwise attach this filter before one that denies reading it";
    const message = `can't read /proc/self/fd (${code}) to see whether the filter would break open descriptors: ${remedy}; or allow accept4 and io_uring_enter`;
    throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message, { cause });
  }
}

/** Returns the descriptors that are open for `target`. */
export function descriptorsOf(target: string, open: ReturnType<typeof openDescriptors>): readonly number[] {
  return open.filter((each) => each.target === target).map(({ fd }) => fd);
}

/** Returns the sockets that are in the listening state, of any address family and network namespace. */
export function listeningSockets(): readonly number[] {
  return openDescriptors()
    .filter(({ target }) => target.startsWith('socket:'))
    .map(({ fd }) => fd)
    .filter((fd) => addon().isListening(fd));
}

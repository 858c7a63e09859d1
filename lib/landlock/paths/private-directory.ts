/** The private directory of a child for its temporary files: the word `@tmp` of the option `paths`. */

import { realpathSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { SeccompError } from '../../errors.js';
import { addon } from '../../native.js';
import { printableLine, shownName } from '../../util/foreign-text.js';
import { has } from '../../util/own-data.js';
import { codeOf, systemError, systemErrorName } from '../../util/system-error.js';
import { shortageRemedy } from './messages.js';

/**
 * A directory that one child has for itself. It exists until it is removed. If this process ends before the child, or is
 * killed, the directory stays: its name begins with `seccomp-`, and tmpfiles.d(5) or a restart removes it.
 */
export interface PrivateDirectory {
  /** An absolute path without symbolic links. */
  readonly path: string;
  /** The variables of the environment that tell the child of its directory. */
  readonly variables: { readonly TMPDIR: string };
  /**
   * Removes the directory and everything beneath it on another thread, and calls `done`. The event loop is kept alive
   * until then. What could not be removed is reported as a warning of the process.
   */
  remove(done: () => void): void;
  /** Resolves when `remove` has removed the directory. */
  readonly removed: Promise<void>;
  /**
   * As `remove`, but returns when the directory is removed, or after 50 ms: what a program has filled with many files is
   * then removed on another thread. Either method may be called again.
   */
  removeSync(): void;
}

/** The child's user and group. Default: those of this process. */
export interface DirectoryOwner {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/**
 * Makes a directory in os.tmpdir().
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION if there is no such directory, or nothing can be made in it.
 */
export function makePrivateDirectory({ uid, gid }: DirectoryOwner): PrivateDirectory {
  const made = addon().makePrivateDirectory(parentDirectory(), uid, gid);
  if (has(made, 'error') && made.call === 'pthread_create')
    throw systemError(made.error, 'spawn', undefined, ': there is no thread to remove the directory of @tmp later');
  if (has(made, 'error')) throw cannotMake(tmpdir(), made.call, systemErrorName(made.error));
  const { path, handle } = made;
  const report = (errno: number) => {
    if (errno !== 0) process.emitWarning(printableLine(notRemoved(path, errno)), 'SeccompWarning');
  };
  let setRemoved = () => {};
  const removed = new Promise<void>((resolve) => {
    setRemoved = resolve;
  });
  return {
    path,
    removed,
    variables: { TMPDIR: path },
    remove(done) {
      const end = (errno: number) => {
        report(errno);
        setRemoved();
        done();
      };
      const errno = addon().removePrivateDirectory(handle, end);
      if (errno !== undefined) end(errno);
    },
    removeSync() {
      const errno = addon().removePrivateDirectory(handle);
      if (errno === constants.errno.ETIMEDOUT) addon().removePrivateDirectory(handle, report);
      else report(errno);
    },
  };
}

function parentDirectory(): string {
  const folder = tmpdir();
  try {
    return realpathSync(folder);
  } catch (error) {
    throw cannotMake(folder, 'realpath', codeOf(error));
  }
}

function cannotMake(folder: string, call: string, errno: string): SeccompError {
  const place = `@tmp: cannot make the child's directory in ${shownName(folder)}, the directory for temporary files`;
  const remedy =
    shortageRemedy(errno) ||
    REMEDIES.get(errno) ||
    ': set TMPDIR to an existing directory in which this user may create files';
  return new SeccompError('ERR_SECCOMP_OPTION', `${place} (${call} ${errno})${remedy}`);
}

/** The remedies for errnos where another TMPDIR would not help, or not alone. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['EPERM', ': a filter that this process has may deny the call; if not, set TMPDIR to another directory'],
  ['ENOSYS', ': a filter that this process has denies the call'],
  ['ENOSPC', ': make room there, or set TMPDIR to another directory'],
  ['EDQUOT', ': make room there, or set TMPDIR to another directory'],
]);

function notRemoved(path: string, errno: number): string {
  const reason = systemErrorName(errno);
  const cause = reason === 'ENOTEMPTY' ? `${reason}: processes still create files in it` : reason;
  return `the directory ${shownName(path)} of a child that has ended could not be removed completely (${cause}): remove it`;
}

/** Attaches filters to the process that is running: for harden() and seccomp/register. */
import { readFileSync } from 'node:fs';
import { SeccompError } from '../../errors.js';
import { attachedFilters, readStatus } from '../../kernel/process-status.js';
import { addon, type NativeFilters, type NativeInstallFailure } from '../../native.js';
import { quoted } from '../../util/foreign-text.js';
import { systemError } from '../../util/system-error.js';
import { attachRemedy, noFiltersError } from '../child/start-errors.js';

/** SECCOMP_FILTER_FLAG_TSYNC of linux/seccomp.h, Linux 3.17: the filter is attached to all threads, or to none. */
export const ALL_THREADS = 1;

/**
 * Attaches filters to this thread; with ALL_THREADS among `filterFlags`, to all threads of the process.
 * @throws {SeccompError} ERR_SECCOMP_ATTACH, ERR_SECCOMP_UNSUPPORTED, ERR_SECCOMP_ADDON
 */
export function installFilters(filters: NativeFilters): void {
  const failure = addon().install(filters);
  if (failure !== undefined) throw installError(failure, filters.filters.length);
}

function installError({ error, call, attached = 0, thread }: NativeInstallFailure, count: number): SeccompError {
  const unsupported = noFiltersError(error, call);
  if (unsupported !== undefined) return unsupported;
  const cause = systemError(error, call);
  const state = attached === 0 ? 'the filter was not attached' : `only ${attached} of ${count} filters were attached`;
  const remedy = attachRemedy(error, 'this process', call);
  const reason = thread === undefined ? `(${cause.message}): ${remedy}` : `to any thread: ${otherThread(thread)}`;
  return new SeccompError('ERR_SECCOMP_ATTACH', `${state} ${reason}`, { cause });
}

/** seccomp(2): SECCOMP_FILTER_FLAG_TSYNC fails if a thread has a filter that the calling thread does not have. */
function otherThread(thread: number): string {
  const remedies = "harden all threads before a single thread gets a filter (by threads: 'current', or by a library)";
  return `thread ${thread}${threadName(thread)} has a filter that the calling thread does not have; ${remedies}`;
}

function threadName(thread: number): string {
  try {
    return ` (${quoted(readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').replace(/\n$/, ''))})`;
  } catch {
    return ''; // The thread has ended, or /proc is not mounted.
  }
}

/**
 * Seccomp attributes of the calling thread; null if the kernel does not report one (the number of filters: before Linux 5.9), or
 * /proc is not mounted. Source: proc_pid_status(5).
 */
export function threadState() {
  try {
    const status = readStatus('thread-self');
    return { noNewPrivileges: status.get('NoNewPrivs') === '1', filters: attachedFilters(status) };
  } catch {
    return { noNewPrivileges: null, filters: null };
  }
}

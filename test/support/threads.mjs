/** The threads of this process. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * The number of threads with a name. Those of the addon have the names `seccomp`, `seccomp-queue` and
 * `seccomp-connect`.
 */
export function threadsNamed(name) {
  return readdirSync('/proc/self/task').filter((tid) => nameOf(tid) === name).length;
}

function nameOf(tid) {
  try {
    return readFileSync(`/proc/self/task/${tid}/comm`, 'utf8').trimEnd();
  } catch {
    return undefined; // The thread has ended.
  }
}

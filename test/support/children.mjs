/** The children of this process. */
import { readdirSync, readFileSync } from 'node:fs';

/** The process IDs of the children, with zombies. */
export function children() {
  return readdirSync('/proc/self/task').flatMap(childrenOf);
}

function childrenOf(task) {
  try {
    return readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // The thread has ended.
  }
}

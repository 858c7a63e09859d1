/** The children of a process. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * The process IDs of the children of a process, with zombies.
 *
 * @param {number | 'self'} parent - Default: this process.
 */
export function children(parent = 'self') {
  return readdirSync(`/proc/${parent}/task`).flatMap((task) => childrenOf(parent, task));
}

/**
 * The process IDs of the children of this process but those that it had before, with zombies.
 *
 * @param {readonly number[]} before
 */
export const childrenSince = (before) => children().filter((pid) => !before.includes(pid));

function childrenOf(parent, task) {
  try {
    return readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // The thread has ended.
  }
}

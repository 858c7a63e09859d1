/** The state of this process as the kernel reports it: proc_pid_status(5). */
import { readFileSync } from 'node:fs';
import { once } from '../util/memo.js';

/**
 * Reads the fields of a file such as /proc/self/status, by their names.
 *
 * @throws Error if /proc is not mounted or may not be read.
 */
export function readStatus(of: 'self' | 'thread-self'): ReadonlyMap<string, string> {
  const lines = readFileSync(`/proc/${of}/status`, 'utf8').split('\n');
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
}

/**
 * The fields of proc_pid_stat(5) after the program's name, which can have spaces and parentheses. None if they can't be
 * read.
 */
export function statFields(pid: number | string | undefined): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** The number of filters that are attached to the process or thread. Null before Linux 5.9. */
export function attachedFilters(status: ReadonlyMap<string, string>): number | null {
  const count = status.get('Seccomp_filters');
  return count === undefined ? null : Number(count);
}

/** Whether a filter is attached to this process: then the kernel has seccomp filters. False if that is unknown. */
export function hasFilter(): boolean {
  try {
    return readStatus('self').get('Seccomp') === '2';
  } catch {
    return false;
  }
}

/**
 * The ranges of IDs that are mapped in this process's user namespace, and the first ID that each is in the parent
 * namespace: user_namespaces(7). Null if /proc is missing.
 */
export function mappedIds(map: 'uid_map' | 'gid_map') {
  try {
    const lines = readFileSync(`/proc/self/${map}`, 'utf8').trim().split('\n');
    return lines.map((line) => {
      const [first = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
      return { first, outside, count };
    });
  } catch {
    return null;
  }
}

/** Those of users. Read once. */
export const mappedUserIds = once(() => mappedIds('uid_map'));

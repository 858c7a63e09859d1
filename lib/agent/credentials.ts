/** The IDs of a process that connected to an agent, of which this process's namespaces may not have some. */
import { readFileSync } from 'node:fs';
import type { NativeCredentials } from '../native.js';
import type { PeerCredentials } from '../notify/container.js';
import { memoize } from '../util/memo.js';

/** What the kernel reports for a user and a group that the namespace lacks: kernel.overflowuid, kernel.overflowgid. */
const NOBODY = 65_534;

/** The credentials of a process of which nothing is known. */
export const UNKNOWN: PeerCredentials = { pid: null, uid: null, gid: null };

/**
 * Returns credentials with null for each ID that is unknown. `isWhole` returns whether this process's user namespace
 * has all users (`uid_map`) or all groups (`gid_map`); only then does NOBODY mean a user of that ID.
 */
export function knownCredentials(
  { pid, uid, gid }: NativeCredentials,
  isWhole: (map: 'uid_map' | 'gid_map') => boolean = mapsAll,
): PeerCredentials {
  return {
    pid: pid === 0 ? null : pid,
    uid: uid === NOBODY && !isWhole('uid_map') ? null : uid,
    gid: gid === NOBODY && !isWhole('gid_map') ? null : gid,
  };
}

/** Whether a map of user_namespaces(7) is that of the initial user namespace, which has all IDs. */
const mapsAll = memoize((map: 'uid_map' | 'gid_map'): boolean => {
  try {
    return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync(`/proc/self/${map}`, 'utf8'));
  } catch {
    return false; // Without /proc, nothing is known.
  }
});

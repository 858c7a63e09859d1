/** The IDs of a process that connected to an agent, of which this process's namespaces may not have some. */
import { mappedIds } from '../kernel/process-status.js';
import type { NativeCredentials } from '../native.js';
import type { PeerCredentials } from '../notify/container.js';

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

/** Whether a map is that of the initial user namespace, which has all IDs. Without /proc, nothing is known. */
const mapsAll = (map: 'uid_map' | 'gid_map'): boolean =>
  mappedIds(map)?.some(({ first, outside, count }) => first === 0 && outside === 0 && count === 0xffff_ffff) ?? false;

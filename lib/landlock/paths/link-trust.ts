/** Which symbolic links on the way to a granted path are followed: those that the child could not replace. */

import { mappedUserIds } from '../../kernel/process-status.js';
import { addon } from '../../native.js';
import { capabilityBits } from '../../syscalls/capabilities.js';
import { once } from '../../util/memo.js';

/**
 * Directories of programs and settings in which a root child's symbolic links are followed: whoever may write there can do
 * anything else as well. Beneath those that end in `/`, all directories are such. Not among them are directories of
 * applications, such as /opt, /usr/src and /var/lib, whose data a child may be granted for writing.
 */
export const SYSTEM_FOLDERS: readonly string[] = [
  '/bin/',
  '/sbin/',
  '/lib/',
  '/lib32/',
  '/lib64/',
  '/libx32/',
  '/usr',
  ...['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'libexec', 'share', 'include'].map((name) => `/usr/${name}/`),
  '/usr/local',
  '/usr/local/bin',
  '/etc',
  ...['alternatives', 'ca-certificates', 'crypto-policies', 'pki', 'ssl', 'static'].map((name) => `/etc/${name}/`),
  '/nix/store/',
  '/gnu/store/',
  '/run',
  '/var',
  '/dev',
  '/proc',
  '/sys/',
];

/**
 * Capabilities with which a child can change directories of others: it can override permissions, change permissions or
 * owners, take the owner's user ID, or start without no_new_privs and then run sudo(8) and such. Not among them is
 * CAP_DAC_READ_SEARCH, which gives no right to write: open_by_handle_at(2) is denied beside `paths`.
 */
const OVERRIDING = capabilityBits(['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_SETUID', 'CAP_SYS_ADMIN']);

const SETUID = capabilityBits(['CAP_SETUID']);

/** SECBIT_NO_SETUID_FIXUP and SECBIT_KEEP_CAPS of linux/securebits.h: setuid(2) of root does not clear capabilities. */
const KEEPS_CAPABILITIES = (1 << 2) | (1 << 4);

/** What determines the credentials of a child. */
export interface ChildCredentials {
  readonly uid?: number | undefined;
  /** The capabilities that it keeps; undefined for all. */
  readonly capabilities?: readonly string[] | undefined;
}

/**
 * Returns the user whose permissions decide which symbolic links a child could replace: its own, or root (0) if it can
 * have another user ID as well, or a capability that overrides permissions.
 *
 * A child that is not root may have every permitted capability of this process: those that are ambient, and, where its
 * program is a file with capabilities, those of the file as well. no_new_privs does not prevent either, capabilities(7).
 */
export function userOfLinks({ uid, capabilities }: ChildCredentials): number {
  const found = addon().credentials();
  if (typeof found === 'number') return 0; // Unknown, since a filter denies the calls.
  const [real, effective, saved, secureBits, permittedLow, permittedHigh, effectiveLow, effectiveHigh] = found;
  const [permitted, inForce] = [wordPair(permittedLow, permittedHigh), wordPair(effectiveLow, effectiveHigh)];
  const user = uid === undefined ? effective : uid >>> 0; // As in Node, −1 is the highest ID.
  const changesAll = uid !== undefined && (inForce & SETUID) !== 0n;
  const ids = [real, effective, saved];
  if (user === 0 || (!changesAll && ids.some((id) => id !== user))) return 0;
  if (changesAll && ids.includes(0) && (secureBits & KEEPS_CAPABILITIES) === 0) return user; // setuid(2) clears them.
  const kept = capabilities === undefined ? permitted : permitted & capabilityBits(capabilities);
  return (kept & OVERRIDING) === 0n ? user : 0;
}

const wordPair = (low: number, high: number): bigint => (BigInt(high) << 32n) | BigInt(low);

/**
 * The user IDs that are mapped in this user namespace, as flat pairs of an ID and a number of IDs. Capabilities in a user
 * namespace override no permissions of files whose owner is not mapped in it. The kernel shows such an owner as an ID that
 * is not mapped either, usually 65534; where that is mapped, the two can't be told apart. All IDs, if the mapped ones can't
 * be read, or if this process has an ID that is not mapped: it can own what it can't tell from others' files.
 */
export const mappedUsers = once((): Uint32Array => {
  const ranges = mappedUserIds();
  const found = addon().credentials();
  const isMapped = (id: number) => ranges?.some(({ first, count }) => id >= first && id < first + count) ?? false;
  if (ranges === null || typeof found === 'number' || !found.slice(0, 3).every(isMapped)) return ALL_USERS;
  return Uint32Array.from(ranges.flatMap(({ first, count }) => [first, count]));
});

const ALL_USERS = Uint32Array.from([0, 0xffffffff]);

/** Whether and how this kernel can restrict a child's paths, and what is enforced then. */
import { release } from 'node:os';
import { SeccompError } from '../../errors.js';
import type { LandlockGaps } from '../../policy/denials.js';
import { memoize } from '../../util/memo.js';
import { freeze } from '../../util/own-data.js';
import { landlockReason } from '../domain.js';
import type { DeniedBeside, PathReach, PathsEnforcement } from '../enforcement.js';
import type { PathsForm } from './messages.js';
import type { CheckedPaths } from './option.js';
import { bitsOf, type Right } from './rights.js';
import { pathsSupport } from './support.js';

/** How a child's paths are restricted. */
export interface PathPlan {
  readonly paths: CheckedPaths;
  /** LANDLOCK_ACCESS_FS_* that its ruleset handles; 0 if they can't be restricted, which bestEffort accepts. */
  readonly handled: number;
  /** Whether the child does not start if it can't enter its domain. */
  readonly required: boolean;
  /** What this kernel's Landlock does not check, so that the filter denies it; undefined if there is no domain. */
  readonly gaps: LandlockGaps | undefined;
  /** What is enforced, given the errno with which the child failed to enter its domain, or 0. */
  enforced(domainError: number): PathsEnforcement;
}

/**
 * Plans how a child's paths are restricted.
 *
 * @param obstacle - Why no domain can be entered now; null if none is known.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if they can't be, unless `bestEffort` is set.
 */
export function planPaths(paths: CheckedPaths, bestEffort: boolean, obstacle: string | null = null): PathPlan {
  const { rights, reason: unsupported } = pathsSupport();
  const reason = unsupported ?? obstacle;
  if (reason !== null) {
    if (!bestEffort) throw pathsRefusal(paths.form, reason);
    return { ...OPEN, paths, enforced: () => notRestricted(reason, unsupported === null ? START_ANEW : NEWER) };
  }
  return {
    paths,
    handled: rights,
    required: !bestEffort,
    gaps: gapsOf(rights),
    enforced: (error) => (error === 0 ? restricted(rights) : notRestricted(landlockReason(error), NEWER)),
  };
}

/** One object for the same rights. */
const gapsOf = memoize((rights: number): LandlockGaps => {
  const lacks = (right: Right) => (rights & bitsOf(right)) === 0;
  return { unixSockets: lacks('RESOLVE_UNIX'), truncation: lacks('TRUNCATE'), deviceIoctls: lacks('IOCTL_DEV') };
});

const OPEN = { handled: 0, required: false, gaps: undefined };

/** The error for paths that can't be restricted. `reason` says why, without a remedy. */
function pathsRefusal({ name, without }: PathsForm, reason: string): SeccompError {
  return new SeccompError('ERR_SECCOMP_UNSUPPORTED', `${name} can't be honored: ${reason}; ${without}`);
}

/** The error for a child that failed to enter the domain of its paths with `errno`. */
export const pathsError = ({ paths }: PathPlan, errno: number): SeccompError =>
  pathsRefusal(paths.form, landlockReason(errno));

const METADATA = {
  reach: 'metadata',
  remedy: 'give the child another uid, whose permissions restrict it: no version of Landlock does',
} as const;

function restricted(rights: number): PathsEnforcement {
  const { unixSockets, truncation, deviceIoctls } = gapsOf(rights);
  const ioctls: PathReach = 'device-ioctls';
  const openIoctls = { reach: ioctls, remedy: `Linux 6.10 or newer, with Landlock ABI 5; this is Linux ${release()}` };
  const alsoDenied: readonly (DeniedBeside | false)[] = [
    'mounts',
    (rights & bitsOf('REFER')) === 0 && 'moves',
    truncation && 'truncate',
    unixSockets && 'unix-sockets',
    unixSockets && 'io_uring',
    (truncation || deviceIoctls) && 'openat2',
  ];
  return freeze({
    by: 'landlock',
    closed: ['files', 'truncation', 'pathname-sockets', ...(deviceIoctls ? [] : [ioctls])],
    open: deviceIoctls ? [openIoctls, METADATA] : [METADATA],
    alsoDenied: alsoDenied.filter((each) => each !== false),
  });
}

const NEWER = 'a kernel with Landlock, Linux 5.13 or newer; `seccomp doctor` says what this one lacks';
const START_ANEW = 'start the program with paths, or Linux 7.0 or newer, which can restrict a running process';

function notRestricted(reason: string, remedy: string): PathsEnforcement {
  const reaches: readonly PathReach[] = ['files', 'truncation', 'pathname-sockets', 'device-ioctls'];
  return freeze({
    reason,
    closed: [],
    open: [...reaches.map((reach) => ({ reach, remedy })), METADATA],
    alsoDenied: [],
  });
}

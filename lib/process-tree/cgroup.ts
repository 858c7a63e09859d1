/**
 * Finds cgroups of version 2: the one that this process is in, and one in which cgroups for children can be made. Source:
 * Documentation/admin-guide/cgroup-v2.rst of Linux.
 */
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Mount, mountsIn } from '../kernel/mounts.js';
import type { Obstacle } from '../kernel/obstacle.js';
import { shownName } from '../util/foreign-text.js';
import { has } from '../util/own-data.js';
import { codeOf } from '../util/system-error.js';

/** A cgroup. */
export interface Cgroup {
  /** Its path in the hierarchy, as this process's cgroup namespace shows it. */
  readonly path: string;
  readonly directory: string;
  /** The mount through which it was found. Its root is a cgroup, as this process's cgroup namespace names it: `/`, or `/../..` above it. */
  readonly mount: Pick<Mount, 'root' | 'point'>;
}

const BOOT = 'boot with systemd.unified_cgroup_hierarchy=1, or use a system whose init mounts cgroup v2 alone';
/** The remedy for a process that may not change its cgroup. */
export const DELEGATE =
  'start this process in a delegated cgroup: systemd-run --user --scope -p Delegate=yes COMMAND, or a service with Delegate=yes and DelegateSubgroup= (docs/reference/limits.md)';
const CONTAINER =
  'give the container a cgroup namespace of its own with a writable /sys/fs/cgroup: docker run --cgroupns=private --security-opt writable-cgroups=true (Docker 28), or podman run --security-opt unmask=/sys/fs/cgroup (docs/reference/limits.md)';
/** The remedy for a process in the way of its own children's cgroups. */
export const MOVE = 'call delegateCgroup() first, which moves this process into a subgroup';

/** The path of the cgroup in the text of /proc/PID/cgroup: cgroups(7). Undefined if there is none of version 2. */
export const cgroupPath = (text: string) => /^0::(\/.*)$/m.exec(text)?.[1];

/**
 * Finds the directory of a process's cgroup.
 *
 * @param mountinfo - The text of /proc/PID/mountinfo.
 * @param membership - The text of /proc/PID/cgroup.
 */
export function locateCgroup(mountinfo: string, membership: string): Cgroup | Obstacle {
  const path = cgroupPath(membership);
  const mounts = mountsIn(mountinfo).filter(({ type }) => type === 'cgroup2');
  if (path === undefined) return { reason: 'this kernel has no cgroup v2', remedy: BOOT };
  if (mounts.length === 0) return { reason: 'cgroup v2 is not mounted', remedy: 'mount it at /sys/fs/cgroup' };
  const mount = mounts.findLast(({ root }) => contains(root, path));
  if (mount === undefined || path.split('/').includes('..')) {
    const points = mounts.map(({ point }) => point).join(', ');
    return { reason: `this process's cgroup ${shownName(path)} is not visible beneath ${points}`, remedy: CONTAINER };
  }
  return { path, directory: join(mount.point, path.slice(mount.root === '/' ? 0 : mount.root.length)), mount };
}

const contains = (root: string, path: string) => root === '/' || path === root || path.startsWith(`${root}/`);

/** This process's cgroup. */
export function ownCgroup(): Cgroup | Obstacle {
  try {
    return locateCgroup(readFileSync('/proc/self/mountinfo', 'utf8'), readFileSync('/proc/self/cgroup', 'utf8'));
  } catch (error) {
    return unreadableProc(error);
  }
}

/** The obstacle where a file of /proc can't be read. */
export const unreadableProc = (error: unknown): Obstacle => ({
  reason: `/proc can't be read (${codeOf(error)})`,
  remedy: 'mount it, or let the sandbox of this process read it',
});

/**
 * Finds the cgroup in which those of children can be made: the parent of this process's, since no cgroup can have both
 * processes and controlled cgroups; at the root of the whole hierarchy, which may have both, that one.
 */
export function placeForLeaves(own: Cgroup | Obstacle): Cgroup | Obstacle {
  if (has(own, 'reason')) return own;
  if (isHierarchyRoot(own)) return existsSync(own.directory) ? (unreadable(own) ?? own) : gone(own);
  const place = parentOf(own);
  const reason =
    place === undefined
      ? `this process is in ${shownName(own.path)}, the topmost cgroup that it can see`
      : obstacleIn(place);
  if (reason === undefined && place !== undefined) return unreadable(place) ?? place;
  const isReadOnly = accessProblem(own.directory) === 'EROFS';
  const remedy = isReadOnly ? CONTAINER : accessProblem(own.directory) === undefined ? MOVE : DELEGATE;
  return { reason: `${reason}`, remedy };
}

/** Only the root of the whole hierarchy has no type. */
const isHierarchyRoot = ({ directory }: Cgroup) => !existsSync(join(directory, 'cgroup.type'));

const gone = ({ directory }: Cgroup): Obstacle => ({
  reason: `the directory ${shownName(directory)} of this process's cgroup does not exist`,
  remedy: 'mount cgroup v2 there',
});

/** Why the files of a cgroup can't be read, as in a sandbox whose `paths` don't grant them. access(2) does not tell. */
function unreadable({ directory }: Cgroup): Obstacle | undefined {
  try {
    wordsIn(directory, CONTROL);
    return undefined;
  } catch (error) {
    const reason = `${shownName(join(directory, CONTROL))} can't be read (${codeOf(error)})`;
    return { reason, remedy: 'grant /sys/fs/cgroup to this process' };
  }
}

/** The parent of a cgroup; undefined if it is not visible. */
export function parentOf({ path, directory, mount }: Cgroup): Cgroup | undefined {
  if (path === mount.root) return undefined;
  return { path: dirname(path), directory: dirname(directory), mount };
}

/** Why no cgroups can be made there. Systemd changes slices as it likes, and can't delegate them. */
function obstacleIn({ path, directory }: Cgroup): string | undefined {
  if (basename(path).endsWith('.slice'))
    return `the parent of this process's cgroup, ${shownName(path)}, belongs to systemd`;
  const problem = accessProblem(directory);
  return problem === undefined ? undefined : `this process can't make cgroups in ${shownName(directory)} (${problem})`;
}

/** The code of the error with which nothing could be made in a directory; undefined if something can. */
function accessProblem(directory: string): string | undefined {
  try {
    accessSync(directory, constants.W_OK);
    accessSync(join(directory, 'cgroup.procs'), constants.W_OK);
    accessSync(join(directory, 'cgroup.subtree_control'), constants.W_OK);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

/** Enables a controller for the cgroups in `place`. Returns why that is not possible. */
export function enableController(place: Cgroup, controller: string): Obstacle | undefined {
  if (isEnabled(place, controller)) return undefined;
  const missing = missingController(place, controller);
  if (missing !== undefined) return missing;
  try {
    writeFileSync(join(place.directory, CONTROL), `+${controller}`, { flag: 'r+' });
    return undefined;
  } catch (error) {
    return notEnabled(place, controller, codeOf(error));
  }
}

/**
 * Why `enableController` would fail; undefined if it should not. Changes nothing.
 *
 * @param isVacated - Whether the cgroup's own processes will have been moved.
 */
export function controllerObstacle(place: Cgroup, controller: string, isVacated: boolean): Obstacle | undefined {
  if (isEnabled(place, controller)) return undefined;
  const isBusy = !isVacated && !isHierarchyRoot(place) && hasProcesses(place);
  return missingController(place, controller) ?? (isBusy ? notEnabled(place, controller, 'EBUSY') : undefined);
}

function hasProcesses({ directory }: Cgroup): boolean {
  try {
    return wordsIn(directory, 'cgroup.procs').length > 0;
  } catch {
    return false; // EOPNOTSUPP: a threaded cgroup.
  }
}

/** The file that names the controllers that are enabled for the cgroups in a cgroup. */
const CONTROL = 'cgroup.subtree_control';

const isEnabled = ({ directory }: Cgroup, controller: string) => wordsIn(directory, CONTROL).includes(controller);

function missingController({ path, directory }: Cgroup, controller: string): Obstacle | undefined {
  const available = wordsIn(directory, 'cgroup.controllers');
  if (available.includes(controller)) return undefined;
  const others = available.length === 0 ? 'none' : available.join(', ');
  const remedy =
    path === '/'
      ? 'boot with systemd.unified_cgroup_hierarchy=1, so that cgroup v1 does not use the controller'
      : `delegate it: Delegate=yes for a service, or Delegate=cpu memory pids for user@.service`;
  return {
    reason: `the cgroup ${shownName(path)} does not have the controller ${controller} (it has ${others})`,
    remedy,
  };
}

function notEnabled({ directory }: Cgroup, controller: string, code: string): Obstacle {
  const remedy =
    code === 'EBUSY' ? 'move its own processes into a subgroup: no cgroup can have both' : 'check its permissions';
  return { reason: `the controller ${controller} can't be enabled in ${shownName(directory)} (${code})`, remedy };
}

/** The words of a cgroup's file, such as `cgroup.controllers`. */
export function wordsIn(directory: string, file: string): readonly string[] {
  return readFileSync(join(directory, file), 'utf8')
    .split(/\s+/)
    .filter((word) => word !== '');
}

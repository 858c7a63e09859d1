/** Which limits of the option `limits` can be enforced where this process is. */

import type { Obstacle } from '../kernel/obstacle.js';
import { has } from '../util/own-data.js';
import { type Cgroup, controllerObstacle, MOVE, ownCgroup, placeForLeaves } from './cgroup.js';
import { CONTROLLERS, type LimitName } from './limits.js';

const NAMES = ['memory', 'processes', 'cpu'] as const satisfies readonly LimitName[];

/** What can be enforced on the children of this process. */
export interface LimitsSupport {
  /** The limits that can be enforced. */
  readonly names: readonly LimitName[];
  /** The path of the cgroup in which those of children can be made. Null if there is none. */
  readonly cgroup: string | null;
  /** Why other limits can't be enforced, and what to do. Null if all can be. */
  readonly obstacle: Obstacle | null;
  /** What can be enforced when `delegateCgroup` was called. Null if that is not what to do. */
  readonly delegated: LimitsSupport | null;
}

/**
 * Finds the limits that can be enforced on the children of this process. Changes nothing: no controller is enabled.
 *
 * @param found - The cgroup of this process, or why it has none.
 */
export function limitsSupport(found: Cgroup | Obstacle = ownCgroup()): LimitsSupport {
  const place = placeForLeaves(found);
  if (!has(place, 'reason')) return supportIn(place);
  const delegated = place.remedy === MOVE && !has(found, 'reason') ? supportIn(found, true) : null;
  return { names: [], cgroup: null, obstacle: place, delegated };
}

/** @param isVacated - Whether the processes of the cgroup are to be moved first. */
function supportIn(place: Cgroup, isVacated = false): LimitsSupport {
  const obstacles = NAMES.map((name) => ({ name, obstacle: controllerObstacle(place, CONTROLLERS[name], isVacated) }));
  return {
    names: obstacles.filter(({ obstacle }) => obstacle === undefined).map(({ name }) => name),
    cgroup: place.path,
    obstacle: obstacles.find(({ obstacle }) => obstacle !== undefined)?.obstacle ?? null,
    delegated: null,
  };
}

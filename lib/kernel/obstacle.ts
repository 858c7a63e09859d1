/** Who denies what this package needs: the same sentences for errors, `doctor` and `enforcement`. */
import { hasFilter } from './process-status.js';

/** Why this system can't do something. */
export interface Obstacle {
  /** The reason, as a clause without a full stop. */
  readonly reason: string;
  /** The remedy, such as `use a newer kernel`. */
  readonly remedy: string;
}

/** The obstacle that is a filter of a container, a service or a parent. `calls`: what it denies. */
export function filterDenies(calls: string, remedy = CHANGE_FILTER): Obstacle {
  return { reason: `an attached filter denies ${calls}`, remedy };
}

const CHANGE_FILTER = 'change the profile of the container or service that attached it';

/** The reason and the remedy in one clause. */
export const obstacleText = ({ reason, remedy }: Obstacle): string => `${reason}: ${remedy}`;

/**
 * Why no filter can be attached.
 *
 * @param call - The system call that failed: seccomp(2) or prctl(2).
 */
export function noFilters(call = 'seccomp'): Obstacle {
  if (hasFilter()) return filterDenies(`${call}(2)`);
  return {
    reason: 'this kernel has no seccomp filters',
    remedy: 'use one that is built with CONFIG_SECCOMP=y and CONFIG_SECCOMP_FILTER=y',
  };
}

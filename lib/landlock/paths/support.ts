/** What Landlock can enforce on files here. */
import { constants } from 'node:os';
import type { Obstacle } from '../../kernel/obstacle.js';
import { addon } from '../../native.js';
import { freeze } from '../../util/own-data.js';
import { answerOf, refusedLandlock } from '../domain.js';
import { ALL_RIGHTS } from './rights.js';

/** The file access rights that Landlock can restrict here. */
export interface PathsSupport {
  /** Bits of RIGHTS; 0 if there are none. */
  readonly rights: number;
  /**
   * The version of Landlock that the kernel reports; null without Landlock. For information: kernels of vendors may lack
   * rights of their version.
   */
  readonly abi: number | null;
  /** Why no access to files can be restricted; null if it can. */
  readonly reason: string | null;
  /** The same in two parts. */
  readonly obstacle?: Obstacle | undefined;
}

let known: PathsSupport | undefined;

/**
 * Finds the file access rights that Landlock can restrict, by asking the kernel for each one, and by entering a domain
 * that handles them, on a thread that ends.
 *
 * @param now - Whether to probe the kernel again, instead of returning the first result: a filter that was attached
 * since then may forbid Landlock.
 */
export function pathsSupport(now = false): PathsSupport {
  if (now || known === undefined) known = freeze(findSupport());
  return known;
}

function findSupport(): PathsSupport {
  const found = addon().landlockSupport(ALL_RIGHTS);
  if (typeof found === 'number') return unsupported(null, answerOf(-found));
  const [rights, abi] = found;
  const error = rights === 0 ? constants.errno.EINVAL : answerOf(addon().tryDomain([rights, rights, 0]));
  return error === 0 ? { rights, abi, reason: null } : unsupported(abi, error);
}

const unsupported = (abi: number | null, errno: number): PathsSupport => ({
  rights: 0,
  abi,
  ...refusedLandlock(errno),
});

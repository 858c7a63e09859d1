/** How the option `limits` is enforced on a program, and whether the program could evade that. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { SeccompError, type SeccompErrorCode } from '../../errors.js';
import type { Obstacle } from '../../kernel/obstacle.js';
import { isolationSupport } from '../../landlock/domain.js';
import type { Enforcement, LimitsEnforcement, TreeEnforcement } from '../../landlock/enforcement.js';
import { overlap } from '../../landlock/paths/file-reaches.js';
import type { PathPlan } from '../../landlock/paths/plan.js';
import type { NativeRequest } from '../../native.js';
import {
  type Cgroup,
  DELEGATE,
  enableController,
  MOVE,
  ownCgroup,
  parentOf,
  placeForLeaves,
} from '../../process-tree/cgroup.js';
import { Leaf } from '../../process-tree/leaf.js';
import { type CheckedLimits, CONTROLLERS, type LimitsForm, limitNames } from '../../process-tree/limits.js';
import {
  maySample,
  ownProcObstacle,
  SAMPLED_EVERY,
  toNativeSampled,
  uncounted,
} from '../../process-tree/sampled-limits.js';
import { capabilitiesIn } from '../../syscalls/capabilities.js';
import { shownName } from '../../util/foreign-text.js';
import { has, own } from '../../util/own-data.js';
import { codeOf, reasonOf } from '../../util/system-error.js';
import type { SpawnOptions } from '../options/types.js';
import { status } from './confinement.js';
import { grantedPaths } from './granted-paths.js';

type LimitOptions = Pick<
  SpawnOptions,
  'limits' | 'descendants' | 'bestEffort' | 'uid' | 'gid' | 'cwd' | 'capabilities' | 'noNewPrivileges'
>;

/** How limits are enforced on one program. */
export interface LimitPlan {
  /**
   * Makes the cgroup of the program. Undefined if none of the limits can be enforced, which `bestEffort` accepts.
   * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if it can't be made.
   */
  makeLeaf(): Leaf | undefined;
  /** What the guardian of the program weighs; undefined if it does not. */
  readonly sampled: NativeRequest['sampled'];
  /**
   * What is enforced. Complete when `makeLeaf` was called.
   *
   * @param tree - How the program's tree is ended.
   */
  enforced(tree: TreeEnforcement | undefined): LimitsEnforcement;
}

/**
 * Plans how limits are enforced on a program; undefined if there are none.
 *
 * @param paths - How its paths are restricted.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if they can't be enforced here, and ERR_SECCOMP_OPTION if the program could
 * evade them, unless `bestEffort` is set.
 */
export function limitsFor(options: LimitOptions, paths: PathPlan | undefined): LimitPlan | undefined {
  const limits = options.limits as CheckedLimits | undefined;
  if (limits === undefined || limitNames(limits).length === 0) return undefined;
  const bestEffort = options.bestEffort === true;
  const inCgroup = (acceptsLess: boolean) =>
    cgroupLimits(limits, acceptsLess, () => obstacleOf(options, paths, limits.form));
  const sampled = () => sampledLimits(limits, bestEffort);
  if (!maySample(limits, options.descendants === 'leave')) return inCgroup(bestEffort);
  return limits.exact === 'preferred' ? preferredLimits(() => inCgroup(false), sampled) : sampled();
}

/** Limits that a cgroup enforces if it can enforce them all, and else a guardian. */
function preferredLimits(preferred: () => LimitPlan, instead: () => LimitPlan): LimitPlan {
  let plan = attempt(preferred) ?? instead();
  return {
    makeLeaf() {
      const leaf = attempt(() => plan.makeLeaf());
      if (leaf === undefined) plan = instead();
      return leaf;
    },
    get sampled() {
      return plan.sampled;
    },
    enforced: (tree) => plan.enforced(tree),
  };
}

/** What a function returns; undefined if it refuses. */
function attempt<Result>(get: () => Result): Result | undefined {
  try {
    return get();
  } catch (error) {
    if (error instanceof SeccompError) return undefined;
    throw error;
  }
}

/** Limits for which the guardian weighs the program's tree. */
function sampledLimits(limits: CheckedLimits, bestEffort: boolean): LimitPlan {
  const obstacle =
    scopesObstacle() ?? ownProcObstacle(capabilitiesIn(status('CapEff') || '0').includes('CAP_SYS_PTRACE'));
  if (obstacle !== undefined && !bestEffort) throw refusal(limits.form, 'ERR_SECCOMP_UNSUPPORTED', obstacle);
  const problem = obstacle && `${obstacle.reason}; ${obstacle.remedy}`;
  return {
    makeLeaf: () => undefined,
    sampled: obstacle === undefined ? toNativeSampled(limits) : undefined,
    enforced: (tree) => {
      const reason = problem ?? (tree && own(tree).reason);
      if (reason !== undefined) return { reason, enforced: [] };
      return { by: 'guardian', sampledEvery: SAMPLED_EVERY, enforced: limitNames(limits), open: uncounted(limits) };
    },
  };
}

/** Why no tree can be weighed on this kernel; undefined if one can. */
function scopesObstacle(): Obstacle | undefined {
  const { by, reason } = isolationSupport();
  return by === 'scopes' ? undefined : { reason: String(reason), remedy: 'use Linux 6.12 or newer with Landlock' };
}

/**
 * Limits that a cgroup enforces. Finds the place for the program's cgroup, and enables the controllers there.
 *
 * @param evasion - Returns how the program could evade them.
 */
function cgroupLimits(limits: CheckedLimits, bestEffort: boolean, evasion: () => Obstacle | undefined): LimitPlan {
  const { form } = limits;
  const reasons: string[] = [];
  const fail = (code: SeccompErrorCode, obstacle: Obstacle) => {
    const { reason, remedy } = inTerms(form, obstacle);
    const sample = limits.exact !== 'preferred' && scopesObstacle() === undefined ? [form.sample] : [];
    const remedies = code === 'ERR_SECCOMP_UNSUPPORTED' ? [...sample, remedy] : [remedy, ...sample];
    if (!bestEffort) throw refusal(form, code, { reason, remedy: remedies.join(', or ') });
    reasons.push(`${reason}; ${remedy}`);
  };
  const place = findPlace();
  const obstacles = limitNames(limits).flatMap((name) => {
    const obstacle = has(place, 'reason') ? place : enableController(place, CONTROLLERS[name]);
    return obstacle === undefined ? [] : [{ name, ...obstacle }];
  });
  for (const [remedy, each] of byRemedy(obstacles))
    fail('ERR_SECCOMP_UNSUPPORTED', { reason: [...each].join(', and '), remedy });
  const left = limitNames(limits).filter((name) => !obstacles.some((each) => each.name === name));
  const found = left.length > 0 ? evasion() : undefined;
  if (found !== undefined) fail('ERR_SECCOMP_OPTION', found);
  let leaf: Leaf | undefined;
  return {
    sampled: undefined,
    makeLeaf() {
      if (has(place, 'reason') || left.length === 0) return undefined;
      try {
        leaf = Leaf.make(place, own(Object.fromEntries(left.map((name) => [name, limits[name]]))));
      } catch (error) {
        const reason = `no cgroup can be made in ${shownName(place.directory)} (${reasonOf(error)})`;
        fail('ERR_SECCOMP_UNSUPPORTED', { reason, remedy: REMEDIES.get(codeOf(error)) ?? 'check its permissions' });
      }
      return leaf;
    },
    enforced: () => ({
      ...(leaf === undefined ? {} : { by: 'cgroup', cgroup: leaf.path }),
      ...(reasons.length === 0 ? {} : { reason: reasons.join('. ') }),
      enforced: leaf === undefined ? [] : left,
    }),
  };
}

/** The reasons of obstacles, each once, by what would remove them. */
function byRemedy(obstacles: readonly Obstacle[]): ReadonlyMap<string, ReadonlySet<string>> {
  const reasons = new Map<string, ReadonlySet<string>>();
  for (const { reason, remedy } of obstacles) reasons.set(remedy, new Set([...(reasons.get(remedy) ?? []), reason]));
  return reasons;
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['EAGAIN', 'cgroup.max.depth or cgroup.max.descendants of a cgroup above allows no more: raise it'],
  ['ENOENT', 'a controller was disabled since it was enabled there: let no other program change this cgroup'],
]);

function refusal({ name, without }: LimitsForm, code: SeccompErrorCode, obstacle: Obstacle): SeccompError {
  const rest = code === 'ERR_SECCOMP_UNSUPPORTED' ? `; ${without}` : '';
  return new SeccompError(code, `${name} can't be honored: ${obstacle.reason}; ${obstacle.remedy}${rest}`);
}

/** The same obstacle with the remedy for limits that are given like this. */
function inTerms({ move, delegate }: LimitsForm, obstacle: Obstacle): Obstacle {
  const own = ownCgroup();
  if (obstacle.remedy === MOVE && !has(own, 'reason')) return { ...obstacle, remedy: move(own.directory) };
  return obstacle.remedy === DELEGATE ? { ...obstacle, remedy: delegate } : obstacle;
}

const findPlace = (): Cgroup | Obstacle => placeForLeaves(ownCgroup());

/** Why a program could leave its cgroup or change its limits; undefined if it can't. */
function obstacleOf(
  options: LimitOptions,
  paths: PathPlan | undefined,
  { writes, keep }: LimitsForm,
): Obstacle | undefined {
  const found = findPlace();
  if (has(found, 'reason')) return found;
  const { mount } = found;
  const remedy = keep(mount.point);
  if (paths !== undefined && paths.handled !== 0) {
    const written = grantedPaths(paths.paths, options).filter(({ access }) => access === 'write');
    const granted = written.find(({ path }) => overlap(path, mount.point))?.path;
    if (granted === undefined) return undefined;
    return { reason: `${writes} grants ${granted}, so that the program could leave its cgroup`, remedy };
  }
  const problem = userProblem(options, found);
  if (problem === undefined) return undefined;
  return { reason: `the program could leave its cgroup: ${problem}`, remedy };
}

/** Why a program's user can change cgroups; undefined if it can't. */
function userProblem({ uid, gid, capabilities, noNewPrivileges }: LimitOptions, place: Cgroup): string | undefined {
  const ours = process.geteuid?.() ?? 0;
  const user = uid ?? ours;
  if (user === ours || user === 0) return user === 0 ? 'it runs as root' : 'it runs as the user who owns it';
  if (noNewPrivileges === false) return 'with noNewPrivileges: false it may gain privileges';
  const ambient = ours === 0 ? [] : capabilitiesIn(status('CapAmb') || '0');
  if (ambient.some((name) => capabilities?.includes(name) ?? true)) return 'it has capabilities';
  for (let each: Cgroup | undefined = place; each !== undefined; each = parentOf(each)) {
    const { uid: owner, gid: group, mode } = statSync(join(each.directory, 'cgroup.procs'));
    const isInGroup = group === (gid ?? process.getegid?.());
    if (owner === user || (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && isInGroup))
      return `its user ${user} may write ${shownName(`${each.directory}/cgroup.procs`)}`;
  }
  return undefined;
}

/** Adds how a program is limited. */
export function withLimits(enforced: Enforcement, limits: LimitPlan | undefined): Enforcement {
  return limits === undefined ? enforced : { ...enforced, limits: limits.enforced(enforced.tree) };
}

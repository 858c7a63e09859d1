/** How the option `limits` is enforced on a program, and whether the program could evade that. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { SeccompError, type SeccompErrorCode } from '../../errors.js';
import { readStatus } from '../../kernel/process-status.js';
import { isolationSupport } from '../../landlock/domain.js';
import type { Enforcement, LimitsEnforcement, TreeEnforcement } from '../../landlock/enforcement.js';
import { overlap } from '../../landlock/paths/file-reaches.js';
import type { PathPlan } from '../../landlock/paths/plan.js';
import type { NativeRequest } from '../../native.js';
import {
  type Cgroup,
  type CgroupObstacle,
  codeOf,
  DELEGATE,
  enableController,
  MOVE,
  ownCgroup,
  parentOf,
  placeForLeaves,
} from '../../process-tree/cgroup.js';
import { Leaf } from '../../process-tree/leaf.js';
import {
  type CheckedLimits,
  CONTROLLERS,
  type LimitsForm,
  type LimitValues,
  limitNames,
} from '../../process-tree/limits.js';
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
import { reasonOf } from '../../util/system-error.js';
import type { SpawnOptions } from '../options/types.js';
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
  const inCgroup = (acceptsLess: boolean) => {
    const plan = new CgroupLimits(limits, acceptsLess);
    plan.find();
    plan.check(() => obstacleOf(options, paths, limits.form));
    return plan;
  };
  const sampled = () => sampledLimits(limits, bestEffort);
  if (!maySample(limits, options.descendants === 'leave')) return inCgroup(bestEffort);
  return limits.exact === 'preferred' ? new PreferredLimits(() => inCgroup(false), sampled) : sampled();
}

/** Limits that a cgroup enforces if it can enforce them all, and else a guardian. */
class PreferredLimits implements LimitPlan {
  #plan: LimitPlan;
  readonly #instead: () => LimitPlan;

  constructor(preferred: () => LimitPlan, instead: () => LimitPlan) {
    this.#instead = instead;
    this.#plan = this.#attempt(preferred) ?? instead();
  }

  makeLeaf(): Leaf | undefined {
    const leaf = this.#attempt(() => this.#plan.makeLeaf());
    if (leaf === undefined) this.#plan = this.#instead();
    return leaf;
  }

  get sampled(): NativeRequest['sampled'] {
    return this.#plan.sampled;
  }

  enforced(tree: TreeEnforcement | undefined): LimitsEnforcement {
    return this.#plan.enforced(tree);
  }

  #attempt<T>(get: () => T): T | undefined {
    try {
      return get();
    } catch (error) {
      if (error instanceof SeccompError) return undefined;
      throw error;
    }
  }
}

/** Limits for which the guardian weighs the program's tree. */
function sampledLimits(limits: CheckedLimits, bestEffort: boolean): LimitPlan {
  const obstacle =
    scopesObstacle() ?? ownProcObstacle(capabilitiesIn(field('CapEff') || '0').includes('CAP_SYS_PTRACE'));
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
function scopesObstacle(): CgroupObstacle | undefined {
  const { by, reason } = isolationSupport();
  return by === 'scopes' ? undefined : { reason: String(reason), remedy: 'use Linux 6.12 or newer with Landlock' };
}

class CgroupLimits implements LimitPlan {
  readonly sampled = undefined;
  #limits: LimitValues;
  readonly #form: LimitsForm;
  readonly #bestEffort: boolean;
  /** Whether the option `exact` could let a guardian enforce them. */
  readonly #maySample: boolean;
  #place: Cgroup | undefined;
  #leaf: Leaf | undefined;
  #reasons: string[] = [];

  constructor(limits: CheckedLimits, bestEffort: boolean) {
    this.#limits = limits;
    this.#form = limits.form;
    this.#bestEffort = bestEffort;
    this.#maySample = limits.exact !== 'preferred';
  }

  /** Finds the place for the program's cgroup, and enables the controllers there. */
  find(): void {
    const found = findPlace();
    if (has(found, 'reason')) {
      this.#fail('ERR_SECCOMP_UNSUPPORTED', found);
      return;
    }
    const obstacles = limitNames(this.#limits).flatMap((name) => {
      const obstacle = enableController(found, CONTROLLERS[name]);
      return obstacle === undefined ? [] : [{ name, ...obstacle }];
    });
    for (const [remedy, reasons] of byRemedy(obstacles))
      this.#fail('ERR_SECCOMP_UNSUPPORTED', { reason: reasons.join(', and '), remedy });
    const left = limitNames(this.#limits).filter((name) => !obstacles.some((each) => each.name === name));
    this.#limits = own(Object.fromEntries(left.map((name) => [name, this.#limits[name]])));
    if (left.length > 0) this.#place = found;
  }

  /** Checks that the program can't evade the limits. */
  check(obstacle: () => CgroupObstacle | undefined): void {
    const found = this.#place && obstacle();
    if (found !== undefined) this.#fail('ERR_SECCOMP_OPTION', found);
  }

  #fail(code: SeccompErrorCode, obstacle: CgroupObstacle): void {
    const { reason, remedy } = inTerms(this.#form, obstacle);
    const sample = this.#maySample && scopesObstacle() === undefined ? [this.#form.sample] : [];
    const remedies = code === 'ERR_SECCOMP_UNSUPPORTED' ? [...sample, remedy] : [remedy, ...sample];
    if (!this.#bestEffort) throw refusal(this.#form, code, { reason, remedy: remedies.join(', or ') });
    this.#reasons.push(`${reason}; ${remedy}`);
  }

  makeLeaf(): Leaf | undefined {
    if (this.#place === undefined) return undefined;
    try {
      this.#leaf = Leaf.make(this.#place, this.#limits);
    } catch (error) {
      const reason = `no cgroup can be made in ${shownName(this.#place.directory)} (${reasonOf(error)})`;
      this.#fail('ERR_SECCOMP_UNSUPPORTED', { reason, remedy: REMEDIES.get(codeOf(error)) ?? 'check its permissions' });
    }
    return this.#leaf;
  }

  enforced(): LimitsEnforcement {
    const reason = this.#reasons.length === 0 ? {} : { reason: this.#reasons.join('. ') };
    if (this.#leaf === undefined) return { ...reason, enforced: [] };
    return { by: 'cgroup', cgroup: this.#leaf.path, ...reason, enforced: limitNames(this.#limits) };
  }
}

/** The reasons of obstacles, by what would remove them. */
function byRemedy(obstacles: readonly CgroupObstacle[]): ReadonlyMap<string, readonly string[]> {
  const reasons = new Map<string, readonly string[]>();
  for (const { reason, remedy } of obstacles) reasons.set(remedy, [...(reasons.get(remedy) ?? []), reason]);
  return reasons;
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['EAGAIN', 'cgroup.max.depth or cgroup.max.descendants of a cgroup above allows no more: raise it'],
  ['ENOENT', 'a controller was disabled since it was enabled there: let no other program change this cgroup'],
]);

function refusal({ name, without }: LimitsForm, code: SeccompErrorCode, obstacle: CgroupObstacle): SeccompError {
  const rest = code === 'ERR_SECCOMP_UNSUPPORTED' ? `; ${without}` : '';
  return new SeccompError(code, `${name} can't be honored: ${obstacle.reason}; ${obstacle.remedy}${rest}`);
}

/** The same obstacle with the remedy for limits that are given like this. */
function inTerms({ move, delegate }: LimitsForm, obstacle: CgroupObstacle): CgroupObstacle {
  const own = ownCgroup();
  if (obstacle.remedy === MOVE && !has(own, 'reason')) return { ...obstacle, remedy: move(own.directory) };
  return obstacle.remedy === DELEGATE ? { ...obstacle, remedy: delegate } : obstacle;
}

function findPlace(): Cgroup | CgroupObstacle {
  const found = ownCgroup();
  return has(found, 'reason') ? found : placeForLeaves(found);
}

/** Why a program could leave its cgroup or change its limits; undefined if it can't. */
function obstacleOf(
  options: LimitOptions,
  paths: PathPlan | undefined,
  { writes, keep }: LimitsForm,
): CgroupObstacle | undefined {
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
  const ambient = ours === 0 ? [] : capabilitiesIn(field('CapAmb') || '0');
  if (ambient.some((name) => capabilities?.includes(name) ?? true)) return 'it has capabilities';
  for (let each: Cgroup | undefined = place; each !== undefined; each = parentOf(each)) {
    const { uid: owner, gid: group, mode } = statSync(join(each.directory, 'cgroup.procs'));
    const isInGroup = group === (gid ?? process.getegid?.());
    if (owner === user || (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && isInGroup))
      return `its user ${user} may write ${shownName(`${each.directory}/cgroup.procs`)}`;
  }
  return undefined;
}

/** A field of /proc/self/status; empty if there is none, or /proc can't be read. */
function field(name: string): string {
  try {
    return readStatus('self').get(name) ?? '';
  } catch {
    return '';
  }
}

/** Adds how a program is limited. */
export function withLimits(enforced: Enforcement, limits: LimitPlan | undefined): Enforcement {
  return limits === undefined ? enforced : { ...enforced, limits: limits.enforced(enforced.tree) };
}

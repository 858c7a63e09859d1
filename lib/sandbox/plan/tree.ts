/** Whether a guardian ends the tree of a child: the option `descendants`. */
import { SeccompError } from '../../errors.js';
import { isolationSupport } from '../../landlock/domain.js';
import type { Enforcement, TreeEnforcement } from '../../landlock/enforcement.js';
import { maySample } from '../../process-tree/sampled-limits.js';
import { type Descendants, unconfirmedEnd } from '../../process-tree/tree.js';
import { capabilitiesIn } from '../../syscalls/capabilities.js';
import { own } from '../../util/own-data.js';
import type { SpawnOptions } from '../options/types.js';
import { status } from './confinement.js';

/** How the tree of a child is ended. */
export interface TreePlan {
  /** Whether the child is not started if there can be no guardian. */
  readonly required: boolean;
  /** The option that asks for it, for messages. */
  readonly option: TreeOption;
  /** Why there can be none, and what would help; undefined if there can. */
  readonly reason: string | undefined;
  /** Whether the tree is a process group that its filter keeps it in, instead of a Landlock domain. */
  readonly isGroup: boolean;
  /** How it could outlive its guardian, and what would prevent that; undefined if it can't. */
  readonly caveat: string | undefined;
  /** Whether it outlives the child, until it is sent SIGKILL. */
  readonly outlives: boolean;
}

/** An option that asks for a guardian, and what would leave the descendants. */
export interface TreeOption {
  readonly text: string;
  readonly remedy: string;
}

const KILL: TreeOption = { text: "options.descendants: 'kill'", remedy: 'give descendants: "leave"' };
const SAMPLED: TreeOption = {
  text: 'options.limits that a guardian may sample, which kills all descendants,',
  remedy: 'give limits with exact: true',
};

type TreeOptions = Pick<SpawnOptions, 'descendants' | 'isolate' | 'uid' | 'limits' | 'bestEffort'> & {
  readonly detached?: boolean | undefined;
};

/** Whether options ask for a guardian. */
export const asksForGuardian = (options: Pick<SpawnOptions, 'descendants' | 'limits' | 'bestEffort'>): boolean =>
  options.descendants === 'kill' || isWeighed(options);

/** Whether the guardian is to weigh the tree. On a kernel without scopes it can't, which `bestEffort` accepts. */
const isWeighed = ({ descendants, limits, bestEffort }: Pick<SpawnOptions, 'descendants' | 'limits' | 'bestEffort'>) =>
  maySample(limits, descendants === 'leave') && (bestEffort !== true || hasScopes());

/**
 * The guardian of a child; undefined if its descendants are left.
 *
 * @param byDefault - What the function does without the option.
 * @param start - Whether the child is isolated, and whether it gets a process group of its own where its tree can't be a
 * domain.
 * @throws {SeccompError} ERR_SECCOMP_OPTION, ERR_SECCOMP_UNSUPPORTED if `descendants: 'kill'` can't be honored.
 */
export function treeFor(
  options: TreeOptions,
  byDefault: Descendants,
  { isIsolated, makesGroup }: { readonly isIsolated: boolean; readonly makesGroup: boolean },
): TreePlan | undefined {
  const weighs = isWeighed(options);
  const option = weighs ? SAMPLED : KILL;
  if (weighs && options.descendants === 'leave')
    throw refused(
      'ERR_SECCOMP_OPTION',
      "descendants: 'leave' keeps it from ending them: leave out one of the two",
      option,
    );
  if (!weighs && (options.descendants ?? byDefault) === 'leave') return undefined;
  const required = options.descendants === 'kill' || (weighs && options.bestEffort !== true);
  const obstacle = contradiction(options, isIsolated, option);
  if (required && obstacle !== undefined) throw refused('ERR_SECCOMP_OPTION', obstacle, option);
  const groups = options.descendants === 'kill' && !weighs && makesGroup;
  const reason = obstacle ?? obstacleToTree(groups, option, makesGroup) ?? obstacleToSignals(options);
  if (required && reason !== undefined) throw refused('ERR_SECCOMP_UNSUPPORTED', reason, option);
  const inGroup = reason === undefined && !hasScopes();
  const caveat = inGroup ? caveatOfGroup(options) : undefined;
  return { required, option, reason, isGroup: inGroup, caveat, outlives: false };
}

/**
 * A tree that outlives the child, until it is sent SIGKILL.
 *
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED for a process group.
 */
export function outliving(tree: TreePlan | undefined): TreePlan | undefined {
  if (tree?.isGroup)
    throw refused(
      'ERR_SECCOMP_UNSUPPORTED',
      'what it ends with the program makes no call that could be seen',
      tree.option,
    );
  return tree && own({ ...tree, outlives: true });
}

/** Whether the tree of a plan is a process group. */
export const isGroup = (tree: TreePlan | undefined): boolean => tree?.isGroup === true;

const hasScopes = () => isolationSupport().by === 'scopes';

/** Another option that keeps the tree from being ended. */
function contradiction(
  { detached, isolate }: TreeOptions,
  isIsolated: boolean,
  { remedy }: TreeOption,
): string | undefined {
  if (detached) return `a detached child is to live on: leave out detached, or ${remedy}`;
  if (isolate === false) return 'a guardian needs isolation: leave out isolate: false';
  return isIsolated ? undefined : 'a guardian needs isolation, which unconfined does without: give descendants: "kill"';
}

/** How this kernel lets the trees of children be ended, or why it does not. */
export function treeSupport(): TreeEnforcement {
  const { by, reason } = isolationSupport();
  return by === 'scopes' ? { by: 'guardian' } : { by: 'process-group', reason: String(reason) };
}

/**
 * Why the tree is neither a domain nor a process group. By default, programs run as without a guardian: many start
 * sessions and groups of their own.
 *
 * @param groups - Whether it may be a group.
 */
function obstacleToTree(groups: boolean, option: TreeOption, makesGroup: boolean): string | undefined {
  if (groups || hasScopes()) return undefined;
  const { reason } = isolationSupport();
  if (option === SAMPLED) return `${reason}; ${SAMPLED.remedy}, which needs a cgroup`;
  return makesGroup
    ? `${reason}; descendants: 'kill' ends them as a process group, and denies the program setsid and setpgid`
    : `${reason}; start the program by spawn or run, or leave the descendants`;
}

const isOfAnotherUser = ({ uid }: TreeOptions) => uid !== undefined && uid !== null && uid !== process.geteuid?.();

/** Without scopes, signals are denied by user ID alone. */
function caveatOfGroup(options: TreeOptions): string | undefined {
  if (isOfAnotherUser(options) && options.uid !== 0) return undefined;
  return `${isolationSupport().reason}, so the child can signal its guardian and this process: if it stops or kills both, its descendants live on; give it another uid`;
}

/** What this process lacks to signal the tree. */
function obstacleToSignals(options: TreeOptions): string | undefined {
  if (!isOfAnotherUser(options) || capabilitiesIn(status('CapEff') || '0').includes('CAP_KILL')) return undefined;
  return 'the guardian may not signal a child with another uid: this process needs CAP_KILL';
}

/** Adds what is enforced on a tree. `unguarded` tells why there is no guardian although one was planned. */
export function withTree(enforced: Enforcement, tree: TreePlan | undefined, unguarded?: string): Enforcement {
  if (tree === undefined) return enforced;
  const reason = tree.reason ?? unguarded;
  if (reason !== undefined) return { ...enforced, tree: { reason } };
  const by = tree.isGroup ? 'process-group' : 'guardian';
  const caveat = tree.caveat ?? unconfirmedEnd();
  return { ...enforced, tree: caveat === undefined ? { by } : { by, reason: caveat } };
}

/** The error for a guardian that can't be had. */
export function refused(
  code: 'ERR_SECCOMP_OPTION' | 'ERR_SECCOMP_UNSUPPORTED',
  reason: string,
  { text }: TreeOption = KILL,
): SeccompError {
  return new SeccompError(code, `${text} can't be honored: ${reason}`);
}

/** The error for `killTree` of a child whose descendants are left. */
export function withoutGuardian({ tree }: Enforcement, pid: number | undefined): SeccompError {
  const reason =
    tree?.reason === undefined ? "give the option descendants: 'kill'" : `there is no guardian: ${tree.reason}`;
  return new SeccompError('ERR_SECCOMP_OPTION', `killTree: the descendants of child ${pid} are left: ${reason}`);
}

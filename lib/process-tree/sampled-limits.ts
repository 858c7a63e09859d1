/**
 * Limits that are sampled, `exact: false` and `'preferred'`: the guardian of a tree weighs it at intervals, and ends it when a limit is passed.
 * native/guardian/weigh.h is the other side.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { mountsIn } from '../kernel/mounts.js';
import type { Obstacle } from '../kernel/obstacle.js';
import type { NativeRequest } from '../native.js';
import { unreadableProc } from './cgroup.js';
import type { LimitReason } from './limit-reason.js';
import { type CheckedLimits, limitNames } from './limits.js';

/** Milliseconds between two weighings: kLookInterval of native/guardian/protocol.h. */
export const SAMPLED_EVERY = 100;
/** Milliseconds in which a tree may use the time of `cpu` CPUs: kCpuWindow. */
const CPU_WINDOW = 10_000;

/**
 * Whether limits are set, and a guardian is to sample them, or may have to.
 *
 * @param isLeft - Whether the descendants are left, so that there is no guardian: a cgroup can still do what it is preferred for.
 */
export const maySample = (limits: unknown, isLeft: boolean): boolean => {
  const checked = limits as CheckedLimits | undefined;
  if (checked === undefined || limitNames(checked).length === 0) return false;
  return checked.exact === false || (checked.exact === 'preferred' && !isLeft);
};

/** Limits as the addon takes them. */
export const toNativeSampled = ({ memory = 0n, processes = 0, cpu = 0 }: CheckedLimits): Sampled => [
  memory,
  BigInt(processes),
  BigInt(Math.round(cpu * CPU_WINDOW)),
  0n,
];

/** What a guardian can't count of what is limited. */
export const uncounted = ({ memory, cpu }: CheckedLimits): readonly Uncounted[] => [
  ...(memory === undefined ? [] : (['uncounted-memory'] as const)),
  ...(cpu === undefined ? [] : (['unawaited-cpu'] as const)),
];

type Uncounted = 'uncounted-memory' | 'unawaited-cpu';

type Sampled = NonNullable<NativeRequest['sampled']>;

/** Limits of a tree that outlives its first process. */
export function outliving(limits: Sampled | undefined): Sampled {
  const [memory, processes, cpu] = limits ?? [0n, 0n, 0n];
  return [memory, processes, cpu, 1n];
}

/** Verdict of native/guardian/protocol.h, which is added to a GuardianStatus. */
const VERDICT_SHIFT = 4;
const VERDICTS: readonly (LimitReason | null)[] = [null, 'memory', 'processes', 'cpu'];
const NOT_WEIGHED = 4;

/** The GuardianStatus in the exit code of a guardian; null if it was killed. */
export const treeStatus = (code: number | null): number | null => (code === null || code < 0 ? code : code & 15);

const verdictOf = (code: number | null) => (code === null || code < 0 ? 0 : code >> VERDICT_SHIFT);

/** The limit for which a guardian has ended its tree, given its exit code; null if for none. */
export const guardianLimit = (code: number | null): LimitReason | null => VERDICTS[verdictOf(code)] ?? null;

/** Whether a guardian has ended its tree since it could not weigh it. */
export const isUnweighed = (code: number | null): boolean => verdictOf(code) === NOT_WEIGHED;

/**
 * Why a guardian could not weigh all processes of its tree; undefined if it can.
 *
 * @param mountinfo - The text of /proc/self/mountinfo.
 * @param self - Where the link /proc/self leads.
 * @param mayInspect - Whether this process may inspect those of all users.
 */
export function procObstacle(mountinfo: string, self: string, mayInspect: boolean): Obstacle | undefined {
  if (self !== String(process.pid))
    return {
      reason: '/proc is not of the PID namespace of this process',
      remedy: 'mount it: mount -t proc proc /proc',
    };
  const proc = mountsIn(mountinfo).findLast(({ type, point }) => type === 'proc' && point === '/proc');
  const hidden = /(?:^|,)hidepid=([^,]+)/.exec(proc?.options ?? '')?.[1];
  if (mayInspect || hidden === undefined || hidden === 'off' || hidden === '0') return undefined;
  return {
    reason: `/proc is mounted with hidepid=${hidden}, so that processes could hide from the guardian`,
    remedy: 'mount it without (mount -o remount,hidepid=off /proc), or run this process with CAP_SYS_PTRACE',
  };
}

/** Why guardians that this process starts could not weigh all processes of their trees; undefined if they can. */
export function ownProcObstacle(mayInspect: boolean): Obstacle | undefined {
  try {
    return procObstacle(readFileSync('/proc/self/mountinfo', 'utf8'), readlinkSync('/proc/self'), mayInspect);
  } catch (error) {
    return unreadableProc(error);
  }
}

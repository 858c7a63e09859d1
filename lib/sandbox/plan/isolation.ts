/** The isolation of a program: whether it is isolated, and what is enforced. */
import { type Isolation, type IsolationSubject, isolation, notIsolated } from '../../landlock/domain.js';
import type { Enforcement } from '../../landlock/enforcement.js';
import { isRootOutside } from '../../process-tree/rlimits.js';
import { CAPABILITIES, capabilitiesIn } from '../../syscalls/capabilities.js';
import { readStatus } from '../../util/process-status.js';
import type { ProgramOptions } from '../options/types.js';

type IsolationOptions = Pick<ProgramOptions, 'isolate' | 'uid' | 'capabilities' | 'rlimits'>;

/**
 * The isolation of a program; undefined for none. By default, a program is isolated if it is filtered: under
 * `unconfined` it starts as if this package did not exist.
 *
 * @param now - Whether to probe the kernel again, instead of using the first result.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if `isolate: true` can't be honored.
 */
export function isolationFor(options: IsolationOptions, isFiltered: boolean, now = false): Isolation | undefined {
  const { isolate } = options;
  return isolate === undefined && !isFiltered ? undefined : isolation(isolate, () => subjectOf(options), now);
}

/**
 * Returns what is enforced on a program. `isolationError` is the errno with which it failed to enter its domain, or 0.
 */
export function enforcementOf(
  options: IsolationOptions,
  isolated: Isolation | undefined,
  isolationError = 0,
): Enforcement {
  if (isolated !== undefined) return isolated.enforced(isolationError);
  return notIsolated(subjectOf(options), options.isolate === false);
}

/**
 * With one of these capabilities, a child can read other processes' environments from inside its domain. Source:
 * may_access_mm(), kernel/fork.c.
 */
const INSPECTING = ['CAP_PERFMON', 'CAP_SYS_ADMIN'];

function subjectOf(options: IsolationOptions): IsolationSubject {
  const ours = process.geteuid?.() ?? 0;
  const { uid } = options;
  const ids = idsOf(uid ?? undefined, ours);
  const isUser0 = ids.includes(0);
  const kept = options.capabilities ?? CAPABILITIES;
  // A program that does not run as root has the ambient capabilities only, and none if root has changed its user ID.
  const own = isUser0
    ? kept
    : ours === 0 && uid !== undefined && uid !== null
      ? []
      : capabilitiesIn(status('CapAmb') || '0').filter((name) => kept.includes(name));
  return {
    isSameUser: (uid ?? ours) === ours,
    isRoot: (isUser0 || own.includes('CAP_SETUID')) && isRootOutside(),
    mayInspect: INSPECTING.some((name) => own.includes(name)),
    writesNoCore: hardCore(options) === 0,
  };
}

/**
 * The user IDs that the child has or may take: real, effective and saved. setuid(2) changes all three only for root.
 */
function idsOf(uid: number | undefined, ours: number): readonly number[] {
  if (uid !== undefined && ours === 0) return [uid];
  const all = status('Uid')
    .split('\t')
    .filter((id) => id !== '');
  return [uid ?? ours, process.getuid?.() ?? 0, ...all.slice(2, 3).map(Number)];
}

/** A field of /proc/self/status; empty if there is none, or /proc can't be read. */
function status(field: string): string {
  try {
    return readStatus('self').get(field) ?? '';
  } catch {
    return '';
  }
}

function hardCore({ rlimits }: IsolationOptions): unknown {
  const limit = rlimits?.core;
  return typeof limit === 'object' && limit !== null ? limit.hard : limit;
}

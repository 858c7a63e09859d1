/** Isolation of the programs that are started: whether each is isolated, and what is told of it. */
import { readFileSync } from 'node:fs';
import { type Isolation, isolation, notIsolated, type Subject } from '../../landlock/domain.js';
import type { Enforcement } from '../../landlock/enforcement.js';
import { isRootOutside } from '../../process-tree/rlimits.js';
import { CAPABILITIES } from '../../syscalls/capabilities.js';
import type { ProgramOptions } from '../options/types.js';

type Options = Pick<ProgramOptions, 'isolate' | 'uid' | 'capabilities' | 'rlimits'>;

/**
 * How a child is isolated; undefined: it is not. By default it is where a filter is put on, as `unconfined` means to start a
 * program as if this package were not there. `now`: what the kernel can do is asked again.
 * @throws SeccompError ERR_SECCOMP_UNSUPPORTED for `isolate: true` that can't be honoured.
 */
export function isolationFor(options: Options, isFiltered: boolean, now = false): Isolation | undefined {
  const { isolate } = options;
  return isolate === undefined && !isFiltered ? undefined : isolation(isolate, () => subjectOf(options), now);
}

/** What is enforced on a child, if its domain failed with this errno, or 0. */
export function enforcementOf(options: Options, isolated: Isolation | undefined, isolationError = 0): Enforcement {
  if (isolated !== undefined) return isolated.enforced(isolationError);
  return notIsolated(subjectOf(options), options.isolate === false);
}

/** Capabilities by which a domain is no hindrance to reading what is not memory. Source: may_access_mm(), kernel/fork.c. */
const INSPECTING = ['CAP_PERFMON', 'CAP_SYS_ADMIN'];

function subjectOf(options: Options): Subject {
  const ours = process.geteuid?.() ?? 0;
  const { uid } = options;
  const ids = idsOf(uid ?? undefined, ours);
  const isUser0 = ids.includes(0);
  const kept = options.capabilities ?? CAPABILITIES;
  // Of capabilities a program that is no root's has the ambient ones. A change of user id from root takes them.
  const own = isUser0
    ? kept
    : ours === 0 && uid !== undefined && uid !== null
      ? []
      : ambient().filter((name) => kept.includes(name));
  return {
    isSameUser: (uid ?? ours) === ours,
    isRoot: (isUser0 || own.includes('CAP_SETUID')) && isRootOutside(),
    mayInspect: INSPECTING.some((name) => own.includes(name)),
    writesNoCore: hardCore(options) === 0,
  };
}

/** The user ids that the child has, or may take on: real, effective and saved. setuid(2) changes all three for root alone. */
function idsOf(uid: number | undefined, ours: number): readonly number[] {
  if (uid !== undefined && ours === 0) return [uid];
  const all = status('Uid')
    .split('\t')
    .filter((id) => id !== '');
  return [uid ?? ours, process.getuid?.() ?? 0, ...all.slice(2, 3).map(Number)];
}

function ambient(): readonly string[] {
  const bits = BigInt(`0x${status('CapAmb') || '0'}`);
  return CAPABILITIES.filter((_, i) => ((bits >> BigInt(i)) & 1n) === 1n);
}

/** A field of this process's status; empty where there is none. */
function status(field: string): string {
  try {
    return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}

function hardCore({ rlimits }: Options): unknown {
  const limit = rlimits?.core;
  return typeof limit === 'object' && limit !== null ? limit.hard : limit;
}

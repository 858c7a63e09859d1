/** Isolation of the programs that are started: whether each is isolated, and what is told of it. */
import type { Enforcement, Shortfall } from '../landlock/enforcement.js';
import { type Isolation, isolation, notIsolated, type Subject } from '../landlock/isolation.js';
import { isRootOutside } from './limits.js';
import type { ProgramOptions } from './options.js';

type Options = Pick<ProgramOptions, 'isolate' | 'uid' | 'capabilities'>;

/**
 * How a child is isolated; undefined: it is not. By default it is where a filter is put on, as `unconfined` is to be as without
 * this package.
 * @throws SeccompError ERR_SECCOMP_UNSUPPORTED for `isolate: true` that can't be honoured.
 */
export function isolationOf(options: Options, isFiltered: boolean): Isolation | undefined {
  const { isolate } = options;
  return isolate === undefined && !isFiltered ? undefined : isolation(isolate, () => subjectOf(options));
}

/** What is enforced on a child. */
export function enforcementOf(options: Options, isolated: Isolation | undefined, shortfall: Shortfall): Enforcement {
  return isolated === undefined ? notIsolated(subjectOf(options)) : isolated.enforced(shortfall);
}

/** Capabilities by which Landlock's domains are no hindrance to reading what is not memory. Source: kernel/ptrace.c. */
const INSPECTING = ['CAP_PERFMON', 'CAP_SYS_ADMIN', 'CAP_SYS_PTRACE'];

function subjectOf({ uid, capabilities = INSPECTING }: Options): Subject {
  const ours = process.geteuid?.() ?? 0;
  const childs = uid ?? ours;
  const isRoot = childs === 0 && isRootOutside();
  return {
    isSameUser: childs === ours,
    isRoot,
    mayInspect: isRoot && INSPECTING.some((name) => capabilities.includes(name)),
  };
}

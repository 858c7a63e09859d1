/**
 * planFilters: the third step of every start. It decides which filters are attached, with which flags, who answers
 * their notifications, and how the program is isolated.
 */
import { SeccompError } from '../../errors.js';
import { compileFilter } from '../../filter/compile.js';
import type { CompiledFilter } from '../../filter/filter.js';
import { machineAbis } from '../../host.js';
import { type Isolation, nothingEnforced } from '../../landlock/domain.js';
import type { Enforcement } from '../../landlock/enforcement.js';
import { unsupportedReason } from '../../native.js';
import type { AttachFlag } from '../../policy/action.js';
import { denialsPolicy, withDenials } from '../../policy/confinement-denials.js';
import { type Denials, denialsFor } from '../../policy/denied-calls.js';
import type { ProgramOptions, SupervisorOptions } from '../options/types.js';
import { type AgentAddress, agentFilter, agentOf } from './agent-handoff.js';
import { START_GATES } from './exec-gate.js';
import { enforcementOf, isolationFor } from './isolation.js';
import { refuseWithoutListener } from './notifications.js';
import type { DecidedSource, ResolvedSources } from './resolve-sources.js';
import {
  observingFilter,
  type SupervisedFilter,
  type SupervisionPlan,
  supervisedFilter,
  supervisorOf,
  WITHOUT_CALLBACKS,
} from './supervised.js';

import { refuseUnsupported } from './unsupported-options.js';

/** The filters of a program, and everything else that is enforced on it. */
export interface FilterPlan {
  /** In the order in which they are attached; none if nothing is filtered. */
  readonly filters: readonly CompiledFilter[];
  readonly flags: readonly AttachFlag[];
  /** Set if this process answers the notifications of the filter. */
  readonly supervision: SupervisionPlan | undefined;
  /** Set if an agent answers them, which is sent the filter's listener. */
  readonly agent: AgentAddress | undefined;
  /** Set if the program is isolated in a Landlock domain. */
  readonly landlock: Isolation | undefined;
  /**
   * Whether Node itself starts the program: under `unconfined` where this system has no seccomp. Nothing is enforced
   * then.
   */
  readonly isOfNode: boolean;
  /** What is enforced on the program, given the errno with which it failed to enter its domain, or 0. */
  readonly enforcement: (isolationError: number) => Enforcement;
}

/** Who attaches the filters, and when. */
export type Target = keyof typeof TARGETS;

const TARGETS = {
  /** By a child, before it executes its program. */
  child: { gate: START_GATES.child, hasListener: true, isIsolated: true },
  /** By this process, before it executes another program. */
  execve: { gate: START_GATES.execve, hasListener: true, isIsolated: true },
  /** By a Node that runs already, which was started by a launcher that isolates it. */
  fork: { gate: [], hasListener: false, isIsolated: true },
  /** By this process itself. */
  harden: { gate: [], hasListener: false, isIsolated: false },
} as const;

type PlanOptions = ProgramOptions & SupervisorOptions;

/** The filters of sources, compiled once for each variant. */
interface Compiled {
  readonly filters: readonly CompiledFilter[];
  readonly supervised: SupervisedFilter | undefined;
}

/**
 * Compiled filters, by the sources and by a variant: a string for everything else that the filters depend on. Filters
 * are kept as long as their sources.
 */
class FilterCache {
  readonly #known = new WeakMap<ResolvedSources, Map<string, Compiled>>();

  /** Returns the filters of the variant. Calls `compile` if there are none yet. */
  get(sources: ResolvedSources, variant: string, compile: () => Compiled): Compiled {
    const variants = this.#known.get(sources) ?? new Map<string, Compiled>();
    this.#known.set(sources, variants);
    const compiled = variants.get(variant) ?? compile();
    variants.set(variant, compiled);
    return compiled;
  }
}

const cache = new FilterCache();

/**
 * Plans the filters of a program.
 *
 * @throws {SeccompError} ERR_SECCOMP_TOO_LARGE for a filter that is too long; ERR_SECCOMP_UNSUPPORTED for SCMP_ACT_NOTIFY
 * that nobody answers, and for isolation that this kernel can't enforce; ERR_SECCOMP_OPTION for two listeners.
 */
export function planFilters(sources: ResolvedSources, options: PlanOptions, target: Target): FilterPlan {
  const { gate, hasListener, isIsolated } = TARGETS[target];
  // Under a profile, the first call of the addon throws the error.
  const unsupported = sources.each.length === 0 ? unsupportedReason() : undefined;
  if (unsupported !== undefined && target !== 'harden') refuseUnsupported(options, unsupported);
  const supervisor = supervisorOf(options);
  const names = [...supervisor.handlers.keys()];
  const isFiltered = sources.each.length > 0 || names.length > 0;
  const landlock = isIsolated ? isolationFor(options, isFiltered, target === 'fork') : undefined;

  const namesAgent = hasListener && sources.profiles.some(({ document }) => document.listenerPath);
  const agent = namesAgent ? agentOf(sources, options) : undefined;
  const watches = supervisor.watches && target === 'child';
  const isSupervised = agent === undefined && (names.length > 0 || (watches && sources.each.length > 0));
  const isolated = landlock !== undefined;
  const variant = `${target};${isolated};${isSupervised ? `${watches}:${names.join(' ')}` : ''}`;
  const { filters, supervised } = cache.get(sources, variant, () => {
    if (agent !== undefined)
      return { filters: [agentFilter(sources.policy, gate, sources.flags, isolated)], supervised: undefined };
    if (!isSupervised) return { filters: plainFilters(sources, gate, isolated), supervised: undefined };
    const made = supervisedFilter(sources, names, watches, isolated);
    return { filters: [made.filter], supervised: made };
  });
  return {
    filters,
    flags: options.logDenied === true ? ['LOG', ...sources.flags] : sources.flags,
    supervision: supervised && { ...supervisor, ...supervised, watches },
    agent,
    landlock,
    isOfNode: unsupported !== undefined,
    enforcement: (isolationError) =>
      unsupported === undefined ? enforcementOf(options, landlock, isolationError) : nothingEnforced(unsupported),
  };
}

/** Plans a run in which every call is allowed and counted: for record(). */
export function planObservation(options: PlanOptions): FilterPlan {
  const landlock = isolationFor(options, true);
  const observing = observingFilter();
  return {
    filters: [observing.filter],
    flags: [],
    supervision: { ...WITHOUT_CALLBACKS, ...observing },
    agent: undefined,
    landlock,
    isOfNode: false,
    enforcement: (isolationError) => enforcementOf(options, landlock, isolationError),
  };
}

/** The denials for an isolated child without a supervisor. */
const ISOLATED: Denials = denialsFor(true);

/**
 * The filters without a listener: one for all sources if the kernel accepts its length, otherwise one for each source.
 *
 * @param gate - The syscalls for which a filter gets an exec gate, if it denies them.
 */
function plainFilters(sources: ResolvedSources, gate: readonly string[], isolated: boolean): readonly CompiledFilter[] {
  const { each } = sources;
  const isolation = isolated ? [{ policy: denialsPolicy(machineAbis(), ISOLATED), flags: [] }] : [];
  if (each.length === 0) return filterForEach(isolation, gate);
  refuseWithoutListener(sources);
  const given = each.length === 1 && gate.length === 0 ? each[0]?.filter : undefined;
  if (given?.gate.length === 0) return [...filterForEach(isolation, []), given];
  try {
    return [filterForAll(sources, gate, isolated)];
  } catch (error) {
    const isOne = each.length + isolation.length === 1;
    if (isOne || !(error instanceof SeccompError && error.code === 'ERR_SECCOMP_TOO_LARGE')) throw error;
    return filterForEach([...isolation, ...each], gate); // Isolation first: the others can still be attached.
  }
}

function filterForAll(sources: ResolvedSources, gate: readonly string[], isolated: boolean): CompiledFilter {
  const { policy, flags } = sources;
  if (policy === undefined) throw new TypeError('unconfined has no filter');
  return compileFilter(isolated ? withDenials(policy, machineAbis(), ISOLATED) : policy, { gate, flags });
}

/** All filters but the last one let the next one be attached. */
function filterForEach(
  all: readonly Omit<DecidedSource, 'filter'>[],
  gate: readonly string[],
): readonly CompiledFilter[] {
  return all.map(({ policy, flags }, i) =>
    compileFilter(policy, { gate: i < all.length - 1 ? [...gate, 'seccomp'] : gate, flags }),
  );
}

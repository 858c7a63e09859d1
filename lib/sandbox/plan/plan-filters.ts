/**
 * planFilters: the third step of every start. It decides which filters are attached, with which flags, who answers
 * their notifications, how the program is isolated, how its paths are restricted, and whether it has no network.
 */
import { SeccompError } from '../../errors.js';
import { compileFilter } from '../../filter/compile.js';
import type { CompiledFilter } from '../../filter/filter.js';
import { machineAbis } from '../../host.js';
import { type Isolation, nothingEnforced } from '../../landlock/domain.js';
import type { Enforcement } from '../../landlock/enforcement.js';
import type { PathPlan } from '../../landlock/paths/plan.js';
import { unsupportedReason } from '../../native.js';
import type { AttachFlag } from '../../policy/action.js';
import { denialsPolicy, withDenials } from '../../policy/confinement-denials.js';
import type { Denials } from '../../policy/denials.js';
import type { Descendants } from '../../process-tree/tree.js';
import { memoize } from '../../util/memo.js';
import type { ProgramOptions, SpawnOptions, SupervisorOptions } from '../options/types.js';
import { type AgentAddress, agentFilter, agentOf } from './agent-handoff.js';
import { denialsOf, enforcementOf, hasNoNetwork, isolationFor, pathsFor } from './confinement.js';
import { START_GATES } from './exec-gate.js';
import { type LimitPlan, limitsFor, withLimits } from './limits.js';
import { refuseWithoutListener } from './notifications.js';
import type { DecidedSource, ResolvedSources } from './resolve-sources.js';
import {
  observingFilters,
  type SupervisedFilter,
  type SupervisionPlan,
  supervisedFilter,
  supervisorOf,
  WITHOUT_CALLBACKS,
} from './supervised.js';
import { hasTerminal } from './terminal.js';
import { asksForGuardian, isGroup, type TreePlan, treeFor, withTree } from './tree.js';
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
  readonly isolation: Isolation | undefined;
  /** Set if its paths are restricted. */
  readonly paths: PathPlan | undefined;
  /** Whether it may make and connect no sockets. */
  readonly hasNoNetwork: boolean;
  /** Whether one of its descriptors is a terminal. */
  readonly hasTerminal: boolean;
  /**
   * Whether Node itself starts the program: under `unconfined` where this system has no seccomp. Nothing is enforced
   * then.
   */
  readonly isOfNode: boolean;
  /**
   * What is enforced on the program, given the errno with which it failed to enter its domain, or 0, and why its tree has
   * no guardian although one was planned.
   */
  readonly enforcement: (domainError: number, unguarded?: string) => Enforcement;
  /** Set if it and its descendants are limited together. */
  readonly limits: LimitPlan | undefined;
  /** Set if its descendants are to be ended. */
  readonly tree: TreePlan | undefined;
}

/** Who attaches the filters, and when. */
export type Target = keyof typeof TARGETS;

const TARGETS = {
  /** By a child, before it executes its program. */
  child: {
    gate: START_GATES.child,
    hasListener: true,
    isIsolated: true,
    domain: 'reported',
    makesGroup: true,
    stdio: 'pipe',
  },
  /** By this process, before it executes another program. */
  execve: {
    gate: START_GATES.execve,
    hasListener: true,
    isIsolated: true,
    domain: 'reported',
    makesGroup: false,
    stdio: 'inherit',
  },
  /** By this process itself. */
  harden: {
    gate: [],
    hasListener: false,
    isIsolated: false,
    domain: 'of all threads',
    makesGroup: false,
    stdio: 'inherit',
  },
  /** By this process itself, which has entered the domain of its paths already. */
  register: {
    gate: [],
    hasListener: false,
    isIsolated: false,
    domain: 'reported',
    makesGroup: false,
    stdio: 'inherit',
  },
} as const;

/** Targets that are this process itself. */
const isThisProcess = (target: Target) => target === 'harden' || target === 'register';

type PlanOptions = ProgramOptions & SupervisorOptions & Pick<SpawnOptions, 'limits' | 'stdio'>;

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

const keyOf = memoize((denials: Denials) => Object.values(denials).join());

/**
 * Plans the filters of a program.
 *
 * @param descendants - What becomes of its descendants without the option.
 * @throws {SeccompError} ERR_SECCOMP_TOO_LARGE for a filter that is too long; ERR_SECCOMP_UNSUPPORTED for SCMP_ACT_NOTIFY
 * that nobody answers, and for isolation that this kernel can't enforce; ERR_SECCOMP_OPTION for two listeners, and for abstract sockets
 * without a network.
 */
export function planFilters(
  sources: ResolvedSources,
  options: PlanOptions,
  target: Target,
  descendants: Descendants = 'leave',
): FilterPlan {
  const { gate, hasListener, isIsolated, domain, makesGroup, stdio } = TARGETS[target];
  const isChild = target === 'child';
  // Under a profile, the first call of the addon throws the error.
  const unsupported = sources.each.length === 0 ? unsupportedReason() : undefined;
  if (unsupported !== undefined && !isThisProcess(target)) refuseUnsupported(options, unsupported);
  const supervisor = supervisorOf(options);
  const names = [...supervisor.handlers.keys()];
  const network = { hasNoNetwork: hasNoNetwork(options) };
  const deniesCalls = sources.each.length > 0 || network.hasNoNetwork;
  const isFiltered = deniesCalls || names.length > 0 || asksForGuardian(options);
  const terminal = { hasTerminal: hasTerminal(options, stdio) };
  const isolation = isIsolated ? isolationFor(options, { isFiltered, ...terminal }) : undefined;
  const tree =
    isIsolated && unsupported === undefined
      ? treeFor(options, descendants, { isIsolated: isolation !== undefined, makesGroup })
      : undefined;
  const paths = pathsFor(options, domain, { removesTmp: isChild, ...terminal });
  const limits = limitsFor(options, paths);

  const namesAgent = hasListener && sources.profiles.some(({ document }) => document.listenerPath);
  const agent = namesAgent ? agentOf(sources, options) : undefined;
  const watches = supervisor.watches && target === 'child';
  const reportsPaths = supervisor.reportsPaths && watches && paths !== undefined && paths.handled !== 0;
  const isWatched = (watches && deniesCalls) || reportsPaths;
  const isSupervised = agent === undefined && (names.length > 0 || isWatched);
  const confined = { isolation, paths, ...network, ...terminal };
  const denials = denialsOf(confined, isGroup(tree));
  const variant = `${target};${keyOf(denials)};${isSupervised ? `${watches}:${reportsPaths}:${names.join(' ')}` : ''}`;
  const { filters, supervised } = cache.get(sources, variant, () => {
    if (agent !== undefined)
      return { filters: [agentFilter(sources.policy, gate, sources.flags, denials)], supervised: undefined };
    if (!isSupervised) return { filters: plainFilters(sources, gate, denials), supervised: undefined };
    const made = supervisedFilter(sources, names, { watches, reportsPaths }, denials);
    return { filters: [made.filter], supervised: made };
  });
  return {
    filters,
    flags: options.logDenied === true ? ['LOG', ...sources.flags] : sources.flags,
    supervision: supervised && { ...supervisor, ...supervised, watches, reportsPaths },
    agent,
    ...confined,
    isOfNode: unsupported !== undefined,
    tree,
    limits,
    enforcement: (domainError, unguarded) =>
      unsupported === undefined
        ? withLimits(withTree(enforcementOf(options, confined, domainError), tree, unguarded), limits)
        : nothingEnforced(unsupported),
  };
}

/**
 * Plans a run in which every call is allowed and counted: for record().
 *
 * @param findsFiles - Whether calls are counted by the files that they name, too.
 */
export function planObservation(options: PlanOptions, findsFiles: boolean): FilterPlan {
  const terminal = { hasTerminal: hasTerminal(options, TARGETS.child.stdio) };
  const confined = {
    isolation: isolationFor(options, { isFiltered: true, ...terminal }),
    paths: pathsFor(options, 'reported', { removesTmp: true, ...terminal }),
    hasNoNetwork: false,
    ...terminal,
  };
  const tree = treeFor(options, 'leave', { isIsolated: confined.isolation !== undefined, makesGroup: true });
  const limits = limitsFor(options, confined.paths);
  const observing = observingFilters[findsFiles ? 'files' : 'calls'](
    denialsOf({ ...confined, isolation: undefined }, isGroup(tree)),
  );
  return {
    filters: [observing.filter],
    flags: [],
    supervision: { ...WITHOUT_CALLBACKS, ...observing },
    agent: undefined,
    ...confined,
    isOfNode: false,
    tree,
    limits,
    enforcement: (domainError, unguarded) =>
      withLimits(withTree(enforcementOf(options, confined, domainError), tree, unguarded), limits),
  };
}

/**
 * The filters without a listener: one for all sources if the kernel accepts its length, otherwise one for each source.
 *
 * @param gate - The syscalls for which a filter gets an exec gate, if it denies them.
 */
function plainFilters(sources: ResolvedSources, gate: readonly string[], denials: Denials): readonly CompiledFilter[] {
  const { each } = sources;
  const confining = Object.values(denials).includes(true)
    ? [{ policy: denialsPolicy(machineAbis(), denials), flags: [] }]
    : [];
  if (each.length === 0) return filterForEach(confining, gate);
  refuseWithoutListener(sources);
  const given = each.length === 1 && gate.length === 0 ? each[0]?.filter : undefined;
  if (given?.gate.length === 0) return [...filterForEach(confining, []), given];
  try {
    return [filterForAll(sources, gate, denials)];
  } catch (error) {
    const isOne = each.length + confining.length === 1;
    if (isOne || !(error instanceof SeccompError && error.code === 'ERR_SECCOMP_TOO_LARGE')) throw error;
    return filterForEach([...confining, ...each], gate); // These denials first: the others can still be attached.
  }
}

function filterForAll(sources: ResolvedSources, gate: readonly string[], denials: Denials): CompiledFilter {
  const { policy, flags } = sources;
  if (policy === undefined) throw new TypeError('unconfined has no filter');
  return compileFilter(withDenials(policy, machineAbis(), denials), { gate, flags });
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

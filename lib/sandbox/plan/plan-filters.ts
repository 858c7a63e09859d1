/**
 * planFilters: the third step of every start. It decides which filters are attached, with which flags, who answers
 * their notifications, how the program is isolated, how its paths are restricted, and whether it has no network.
 */
import { SeccompError } from '../../errors.js';
import { compileFilter } from '../../filter/compile.js';
import type { CompiledFilter } from '../../filter/filter.js';
import { machineAbis } from '../../host.js';
import { nothingEnforced } from '../../landlock/domain.js';
import type { Enforcement } from '../../landlock/enforcement.js';
import { unsupportedReason } from '../../native.js';
import type { AttachFlag } from '../../policy/action.js';
import { denialsPolicy, supervisedDenials, withDenials } from '../../policy/confinement-denials.js';
import type { Denials } from '../../policy/denials.js';
import type { Descendants } from '../../process-tree/tree.js';
import { remember } from '../../util/memo.js';
import type { ProgramOptions, SpawnOptions, SupervisorOptions } from '../options/types.js';
import { type AgentAddress, agentOf } from './agent-handoff.js';
import {
  type Confinement,
  denialsOf,
  enforcementOf,
  hasNoNetwork,
  isolationFor,
  keyOf,
  pathsFor,
} from './confinement.js';
import { START_GATES, withListener } from './exec-gate.js';
import { type LimitPlan, limitsFor, withLimits } from './limits.js';
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
import { hasTerminal } from './terminal.js';
import { asksForGuardian, isGroup, type TreePlan, treeFor, withTree } from './tree.js';
import { refuseUnsupported } from './unsupported-options.js';

/** The filters of a program, and everything else that is enforced on it. */
export interface FilterPlan extends Confinement {
  /** In the order in which they are attached; none if nothing is filtered. */
  readonly filters: readonly CompiledFilter[];
  readonly flags: readonly AttachFlag[];
  /** Set if this process answers the notifications of the filter. */
  readonly supervision: SupervisionPlan | undefined;
  /** Set if an agent answers them, which is sent the filter's listener. */
  readonly agent: AgentAddress | undefined;
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

/**
 * Who attaches the filters, and when: a child, or this process for `execve`, before it executes a program; or this process
 * itself, which for `register` has entered the domain of its paths already.
 */
export type Target = 'child' | 'execve' | 'harden' | 'register';

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
const compiled = new WeakMap<ResolvedSources, Map<string, Compiled>>();

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
  const startsProgram = target === 'child' || target === 'execve';
  const gate = startsProgram ? START_GATES[target] : [];
  // Under a profile, the first call of the addon throws the error.
  const unsupported = sources.each.length === 0 ? unsupportedReason() : undefined;
  if (unsupported !== undefined && startsProgram) refuseUnsupported(options, unsupported);
  const supervisor = supervisorOf(options);
  const names = [...supervisor.handlers.keys()];
  const deniesNetwork = hasNoNetwork(options);
  const deniesCalls = sources.each.length > 0 || deniesNetwork;
  const isFiltered = deniesCalls || names.length > 0 || asksForGuardian(options);
  const enclosure = enclose(options, target, { isFiltered, descendants, unsupported });
  const { paths, tree } = enclosure;

  const namesAgent = startsProgram && sources.profiles.some(({ document }) => document.listenerPath);
  const agent = namesAgent ? agentOf(sources, options) : undefined;
  const watches = supervisor.watches && target === 'child';
  const reportsPaths = supervisor.reportsPaths && watches && paths !== undefined && paths.handled !== 0;
  const isWatched = (watches && deniesCalls) || reportsPaths;
  const isSupervised = agent === undefined && (names.length > 0 || isWatched);
  const denials = denialsOf(enclosure, isGroup(tree));
  const variant = `${target};${keyOf(denials)};${isSupervised ? `${watches}:${reportsPaths}:${names.join(' ')}` : ''}`;
  const variants = remember(compiled, sources, () => new Map<string, Compiled>());
  const { filters, supervised } = remember(variants, variant, () => {
    if (agent !== undefined) return { filters: [filterForAll(sources, gate, denials, agent)], supervised: undefined };
    if (!isSupervised) return { filters: plainFilters(sources, gate, denials), supervised: undefined };
    const made = supervisedFilter(sources, names, { watches, reportsPaths }, denials);
    return { filters: [made.filter], supervised: made };
  });
  return {
    filters,
    flags: options.logDenied === true ? ['LOG', ...sources.flags] : sources.flags,
    supervision: supervised && { ...supervisor, ...supervised, watches, reportsPaths },
    agent,
    ...enclosure,
  };
}

/**
 * Plans a run in which every call is allowed and counted: for record().
 *
 * @param findsFiles - Whether calls are counted by the files that they name, too.
 */
export function planObservation(options: PlanOptions, findsFiles: boolean): FilterPlan {
  const enclosure = enclose(options, 'child', { isFiltered: true, descendants: 'leave', unsupported: undefined });
  const denials = denialsOf({ ...enclosure, isolation: undefined }, isGroup(enclosure.tree));
  const observing = observingFilter(denials, findsFiles);
  return {
    filters: [observing.filter],
    flags: [],
    supervision: { ...WITHOUT_CALLBACKS, ...observing },
    agent: undefined,
    ...enclosure,
  };
}

/**
 * Plans what is enforced on a program beside its filters.
 *
 * @param program - Whether it is filtered, what becomes of its descendants without the option, and why this system has no
 * seccomp.
 */
function enclose(
  options: PlanOptions,
  target: Target,
  program: {
    readonly isFiltered: boolean;
    readonly descendants: Descendants;
    readonly unsupported: string | undefined;
  },
): Omit<FilterPlan, 'filters' | 'flags' | 'supervision' | 'agent'> {
  const { isFiltered, descendants, unsupported } = program;
  const isChild = target === 'child';
  const startsProgram = isChild || target === 'execve';
  const given = { hasTerminal: hasTerminal(options, isChild ? 'pipe' : 'inherit') };
  const isolation = startsProgram ? isolationFor(options, { isFiltered, ...given }) : undefined;
  const tree =
    startsProgram && unsupported === undefined
      ? treeFor(options, descendants, { isIsolated: isolation !== undefined, makesGroup: isChild })
      : undefined;
  const domain = target === 'harden' ? 'of all threads' : 'reported';
  const paths = pathsFor(options, domain, { removesTmp: isChild, ...given });
  const limits = limitsFor(options, paths);
  const confined = { isolation, paths, hasNoNetwork: hasNoNetwork(options), ...given };
  return {
    ...confined,
    tree,
    limits,
    isOfNode: unsupported !== undefined,
    enforcement: (domainError, unguarded) =>
      unsupported === undefined
        ? withLimits(withTree(enforcementOf(options, confined, domainError), tree, unguarded), limits)
        : nothingEnforced(unsupported),
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

/**
 * One filter for all sources.
 *
 * @param agent - Who is sent its listener; undefined if it has none.
 */
export function filterForAll(
  { policy, flags }: Pick<ResolvedSources, 'policy' | 'flags'>,
  gate: readonly string[],
  denials: Denials,
  agent?: AgentAddress,
): CompiledFilter {
  if (policy === undefined) throw new TypeError('unconfined has no filter');
  if (agent === undefined) return compileFilter(withDenials(policy, machineAbis(), denials), { gate, flags });
  const supervised = withDenials(policy, machineAbis(), supervisedDenials(policy, denials));
  return compileFilter(supervised, { gate: withListener(gate), flags });
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

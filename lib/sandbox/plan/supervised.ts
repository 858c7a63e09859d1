/** Filters with a listener that this process answers: for handlers, for reporting violations, and for recording. */
import { hasSubscribers } from 'node:diagnostics_channel';
import { compileFilter } from '../../filter/compile.js';
import type { CompiledFilter } from '../../filter/filter.js';
import { machineAbis, thisHost } from '../../host.js';
import { PATH_CALLS } from '../../landlock/denials/path-calls.js';
import type { Supervision } from '../../native.js';
import { checkTimeout, type HandlerMap } from '../../notify/handlers.js';
import { notifyAllowed, notifyHidingCalls, unreported } from '../../notify/violations/unseen-calls.js';
import { CHANNEL, type ViolationContext } from '../../notify/violations/violation.js';
import { denialsPolicy, supervisedDenials, withDenials } from '../../policy/confinement-denials.js';
import { type Denials, NO_DENIALS } from '../../policy/denials.js';
import { type Decision, decisionsOf, type Policy } from '../../policy/policy.js';
import { notifyAlways, notifyOnErrno, overrideDecisions } from '../../policy/rewrite-actions.js';
import { Profile } from '../../profile/profile.js';
import { multiplexedDecision } from '../../profile/resolve/multiplexed-syscalls.js';
import { type Host, resolve } from '../../profile/resolve/resolve.js';
import { abiOf } from '../../syscalls/abi.js';
import { ENOSYS } from '../../syscalls/errno.js';
import { multiplexersOf } from '../../syscalls/multiplexers.js';
import { syscallNumber } from '../../syscalls/table.js';
import { remember } from '../../util/memo.js';
import type { SupervisorOptions } from '../options/types.js';
import { keyOf } from './confinement.js';
import { START_GATES, withListener } from './exec-gate.js';
import { observation, supervisionOf } from './native-config.js';
import { refuseWithoutHandler } from './notifications.js';
import type { ResolvedSources } from './resolve-sources.js';

/** The syscalls that a supervised child makes under its filter before it executes its program. */
const GATE = withListener(START_GATES.child);

/** The callbacks for a child's calls, as options describe them. */
export type Supervisor = Readonly<ReturnType<typeof supervisorOf>>;

/** A filter with a listener, and how its notifications are answered. */
export interface SupervisedFilter extends ViolationContext {
  readonly filter: CompiledFilter;
  readonly native: Supervision;
}

/** The supervision of a child: how its notifications are answered, and to whom its calls are reported. */
export type SupervisionPlan = Supervisor & Omit<SupervisedFilter, 'filter'>;

/** A supervisor without callbacks: record() reads the counted calls after the child's end. */
export const WITHOUT_CALLBACKS: Supervisor = {
  onViolation: undefined,
  handlers: new Map(),
  timeout: 0,
  watches: false,
  reportsPaths: false,
};

/** The supervisor that options describe. */
export function supervisorOf({ onViolation, reportPaths = false, notify, notifyTimeout }: SupervisorOptions) {
  return {
    onViolation,
    /** By the name of the syscall. */
    handlers: new Map(Object.entries(notify ?? {})) as HandlerMap,
    /** Milliseconds that a handler may take. */
    timeout: checkTimeout(notifyTimeout),
    /** Whether denied calls are reported: to `onViolation`, or to subscribers of the diagnostics channel. */
    watches: Boolean(onViolation) || hasSubscribers(CHANNEL),
    /** Whether those are reported too that Landlock denies by their files. */
    reportsPaths: reportPaths,
  };
}

/**
 * The filter for a supervised child.
 *
 * @param names - The syscalls that have a handler.
 * @param watched - Whether denied calls are reported, and whether those are that Landlock denies.
 * @param plain - What would be denied without supervision.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if the profile has SCMP_ACT_NOTIFY for a call without a handler.
 */
export function supervisedFilter(
  sources: ResolvedSources,
  names: readonly string[],
  { watches, reportsPaths }: Pick<Supervisor, 'watches' | 'reportsPaths'>,
  plain: Denials,
): SupervisedFilter {
  const { host, flags, profiles } = sources;
  const notifying = notifyHandlers(sources.policy ?? unconfinedPolicy(host, names), names);
  refuseWithoutHandler(notifying, names);
  const denials = { ...supervisedDenials(notifying, plain), connections: names.includes('connect') };
  const policy = withDenials(notifying, machineAbis(), denials);
  const answers = compileFilter(policy, { flags });
  const watched = watches ? notifyHidingCalls(notifyOnErrno(policy)) : policy;
  const filter = compileFilter(reportsPaths ? notifyAllowed(watched, PATHS) : watched, { gate: GATE, flags });
  const native = supervisionOf(answers, { passesAll: !watches && !reportsPaths, reportsPaths });
  return { filter, native, profiles, host, denials, unreported: unreported(policy, names) };
}

/** The calls that name files. */
const PATHS = [...PATH_CALLS.keys()].map((syscall) => ({ syscall, conditions: () => [] }));

/** The policy of unconfined. With handlers, calls of ABIs that it does not list kill the process: they would bypass these. */
const unconfinedPolicy = (host: Host, names: readonly string[]): Policy =>
  names.length === 0 ? denialsPolicy(machineAbis(), NO_DENIALS) : resolve(Profile.denylist(), host);

const observing = new Map<string, SupervisedFilter>();

/** A filter that notifies of every call but the denied ones. All calls are allowed, and counted; with `findsFiles` also by files. */
export function observingFilter(denials: Denials, findsFiles: boolean): SupervisedFilter {
  return remember(observing, `${findsFiles};${keyOf(denials)}`, () => makeObservingFilter(denials, findsFiles));
}

function makeObservingFilter(denials: Denials, findsFiles: boolean): SupervisedFilter {
  const abis = machineAbis();
  const policy = notifyAlways({
    abis: abis.map((name) => ({ abi: abiOf(name), syscalls: new Map(), ranges: [] })),
    defaultAction: { kind: 'notify' },
    foreignAction: { kind: 'notify' },
  });
  return {
    filter: compileFilter(withDenials(policy, abis, denials), { gate: GATE }),
    native: observation(abis, findsFiles),
    profiles: [],
    host: thisHost(),
    denials,
    unreported: [],
  };
}

/**
 * Makes the policy notify of calls that have a handler: of those for which the profile itself has SCMP_ACT_NOTIFY, or,
 * if it has none for that syscall, of all calls of its name.
 */
function notifyHandlers(policy: Policy, names: readonly string[]): Policy {
  return overrideDecisions(policy, (abi) => {
    const decided = policy.abis.find((each) => each.abi.name === abi);
    const overrides = new Map<number, readonly Decision[]>();
    if (decided === undefined) return overrides;
    for (const name of names) {
      const number = syscallNumber(abi, name);
      if (number === undefined) continue;
      if (decisionsOf(decided, number).some(({ action }) => action.kind === 'notify')) continue;
      overrides.set(number, [{ conditions: [], action: { kind: 'notify' } }]);
    }
    for (const multiplexer of multiplexersOf(abi)) {
      const closed = names.flatMap((name) => {
        const call = multiplexer.calls.get(name);
        // Arguments of socketcall(2) and ipc(2) are in memory: the kernel may read other values than a handler.
        return call === undefined ? [] : [multiplexedDecision(multiplexer, call, { kind: 'errno', errno: ENOSYS })];
      });
      if (closed.length === 0) continue;
      overrides.set(multiplexer.number, [...closed, ...decisionsOf(decided, multiplexer.number)]);
    }
    return overrides;
  });
}

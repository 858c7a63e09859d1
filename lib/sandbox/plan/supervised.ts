/** Supervised children: from a profile and who wants to hear of its calls to a filter with a listener. */
import { hasSubscribers } from 'node:diagnostics_channel';
import { SeccompError } from '../../errors.js';
import { compilePolicy } from '../../filter/compile.js';
import type { Filter } from '../../filter/filter.js';
import { listenerFlags, machineAbis, thisHost } from '../../host.js';
import type { NativeRequest, Supervision } from '../../native.js';
import { checkTimeout, readHandlers } from '../../notify/handlers.js';
import { openInbox } from '../../notify/listener.js';
import { CHANNEL } from '../../notify/violation.js';
import { type Denials, supervisedDenials, withDenials } from '../../policy/isolation-denials.js';
import { type Decision, decisionsOf, type Policy, rangesOf } from '../../policy/policy.js';
import { notifyAlways, notifyOnErrno, overrideDecisions } from '../../policy/rewrite-actions.js';
import { Profile } from '../../profile/profile.js';
import { multiplexedDecision, multiplexersOf } from '../../profile/resolve/multiplexed-syscalls.js';
import { type Host, resolve } from '../../profile/resolve/resolve.js';
import { abiOf } from '../../syscalls/abi.js';
import { syscallName, syscallNumber } from '../../syscalls/table.js';
import { invalidType, type SupervisorOptions } from '../options/options.js';
import { observation, supervisionOf } from './native-config.js';
import { decidedAll, type HostOptions, Memo, type Sources, variantOf } from './plan-filters.js';

/** A filter with a listener, and what is known of those who hear it. */
export interface Supervised {
  readonly filter: Filter;
  readonly supervision: Supervision;
  /** Whether calls that are denied are told. */
  readonly watches: boolean;
  /** What the profiles of the filter say of a call. */
  readonly profiles: readonly Profile[];
  readonly host: Host;
  /** What is denied besides. */
  readonly denials: Denials;
}

/** What a child does under its filter before it becomes its program, or ends. */
export const SUPERVISED_GATE = ['execve', 'exit_group', 'sendmsg'] as const;

/** @throws TypeError, SeccompError ERR_SECCOMP_OPTION for one of them that is not valid. */
export function checkSupervisor({ onViolation, notify, notifyTimeout }: SupervisorOptions) {
  if (onViolation !== undefined && onViolation !== true && typeof onViolation !== 'function')
    throw invalidType('options.onViolation', 'of type function or true', onViolation);
  const handlers = readHandlers(notify, 'options.notify');
  return {
    onViolation,
    handlers,
    notifyTimeout: checkTimeout(notifyTimeout),
    names: [...handlers.keys()],
    watches: onViolation !== undefined || hasSubscribers(CHANNEL),
  };
}

/** The filter with a listener that the options ask for; undefined: they ask for none, or there is nothing to hear. */
export function supervise(
  sources: Sources,
  options: HostOptions,
  { watches, names }: { readonly watches: boolean; readonly names: readonly string[] },
  isolated: boolean,
): Supervised | undefined {
  if (names.length === 0 && (!watches || sources.all.length === 0)) return undefined;
  const variant = `${variantOf(options)};${watches};${isolated};${names.join(' ')}`;
  return supervised.get(sources, variant, () => make(decidedAll(sources, options), options, names, watches, isolated));
}

const supervised = new Memo<Supervised>();

function make(
  all: ReturnType<typeof decidedAll>,
  { capabilities, abis }: HostOptions,
  names: readonly string[],
  watches: boolean,
  isolated: boolean,
): Supervised {
  const host = thisHost(capabilities, abis);
  const asked = handled(all?.policy ?? resolve(Profile.denylist(), host), names);
  refuseUnanswered(asked, names);
  const denials = supervisedDenials(asked, isolated);
  const policy = withDenials(asked, machineAbis(), denials);
  const flags = all?.flags ?? [];
  const answers = compilePolicy(policy, { flags });
  const filter = compilePolicy(watches ? notifyOnErrno(policy) : policy, { gate: SUPERVISED_GATE, flags });
  return { filter, supervision: supervisionOf(answers), watches, profiles: all?.profiles ?? [], host, denials };
}

/** What is put on for it, and who answers. */
export function supervisedRequest({ filter, supervision }: Pick<Supervised, 'filter' | 'supervision'>) {
  return {
    unconfined: false,
    filters: [{ bytes: filter.bytes, gate: filter.gate.flatMap(({ instruction, half }) => [instruction, half]) }],
    filterFlags: listenerFlags(),
    supervision,
    inbox: openInbox(),
  } satisfies Partial<NativeRequest>;
}

/** A filter that asks about every call, all of which are let through and counted. */
export function observed(): Pick<Supervised, 'filter' | 'supervision'> {
  observing ??= makeObserved();
  return observing;
}

let observing: Pick<Supervised, 'filter' | 'supervision'> | undefined;

function makeObserved(): Pick<Supervised, 'filter' | 'supervision'> {
  const abis = machineAbis();
  const policy = notifyAlways({
    abis: abis.map((name) => ({ abi: abiOf(name), syscalls: new Map(), ranges: [] })),
    defaultAction: { kind: 'notify' },
    foreignAction: { kind: 'notify' },
  });
  return { filter: compilePolicy(policy, { gate: SUPERVISED_GATE }), supervision: observation(abis) };
}

/**
 * Has the handlers asked: about what the profile's own SCMP_ACT_NOTIFY says, if it says it of that call, else about every
 * such call, whatever is decided for it.
 */
function handled(policy: Policy, names: readonly string[]): Policy {
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
        // Its arguments lie in memory: what a handler reads there need not be what the kernel reads.
        return call === undefined ? [] : [multiplexedDecision(multiplexer, call, { kind: 'errno', errno: ENOSYS })];
      });
      if (closed.length === 0) continue;
      overrides.set(multiplexer.number, [...closed, ...decisionsOf(decided, multiplexer.number)]);
    }
    return overrides;
  });
}

const ENOSYS = 38;

/** The kernel would wait for an answer that nobody gives. */
function refuseUnanswered(policy: Policy, names: readonly string[]): void {
  const asks = (decisions: readonly Decision[]) => decisions.some(({ action }) => action.kind === 'notify');
  const wild = [policy.defaultAction, policy.foreignAction].some(({ kind }) => kind === 'notify');
  const unanswered = policy.abis.flatMap((each) => [
    ...[...each.syscalls].flatMap(([number, decisions]) => {
      const name = syscallName(each.abi.name, number) ?? `syscall ${number}`;
      return asks(decisions) && !names.includes(name) ? [name] : [];
    }),
    ...rangesOf(each).flatMap(({ first, last, decisions }) =>
      asks(decisions) ? [`syscalls ${first} to ${last}`] : [],
    ),
  ]);
  if (wild) unanswered.unshift('the default action');
  if (unanswered.length === 0) return;
  const what = [...new Set(unanswered)].join(', ');
  throw new SeccompError(
    'ERR_SECCOMP_UNSUPPORTED',
    `SCMP_ACT_NOTIFY asks for a supervisor, and options.notify has no handler for ${what}`,
  );
}

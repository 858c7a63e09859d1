/** What a report of a program's calls lacks: calls that no listener is asked about, and those whose files are unknown. */
import type { ObservedCall } from '../../decode/observed-call.js';
import { equals } from '../../policy/denials.js';
import { holds } from '../../policy/evaluate.js';
import { type Action, type Condition, type Decision, decisionsOf, type Policy, rangesOf } from '../../policy/policy.js';
import { overrideDecisions } from '../../policy/rewrite-actions.js';
import { syscallNumber } from '../../syscalls/table.js';
import type { UnseenFiles } from '../listener.js';

/** A call after which others are not seen. */
interface HidingCall {
  readonly syscall: string;
  readonly conditions: readonly Condition[];
  /** What the program does by it. */
  readonly what: 'filter' | 'io_uring';
}

const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const SECCOMP_SET_MODE_FILTER = 1;

const HIDING_CALLS: readonly HidingCall[] = [
  { syscall: 'seccomp', conditions: [equals(0, SECCOMP_SET_MODE_FILTER)], what: 'filter' },
  { syscall: 'prctl', conditions: [equals(0, PR_SET_SECCOMP), equals(1, SECCOMP_MODE_FILTER)], what: 'filter' },
  { syscall: 'io_uring_setup', conditions: [], what: 'io_uring' },
];

/** What hides calls from then on, if this call is made; undefined if nothing. */
export function hiddenAfter({ syscall, args }: Pick<ObservedCall, 'syscall' | 'args'>): HidingCall['what'] | undefined {
  const isMade = (each: HidingCall) => each.syscall === syscall && each.conditions.every((one) => holds(one, args));
  return HIDING_CALLS.find(isMade)?.what;
}

/** Makes the policy notify of the calls that it allows among those after which others are not seen. */
export function notifyHidingCalls(policy: Policy): Policy {
  return notifyAllowed(
    policy,
    HIDING_CALLS.map(({ syscall, conditions }) => [syscall, conditions]),
  );
}

/** Makes the policy notify of calls that it allows, by names and the conditions of each. */
export function notifyAllowed(policy: Policy, calls: Iterable<readonly [string, readonly Condition[]]>): Policy {
  const notify = { kind: 'notify' } as const;
  const isAllowed = ({ kind }: Action) => kind === 'allow';
  const named = [...calls];
  return overrideDecisions(policy, (abi) => {
    const decided = policy.abis.find((each) => each.abi.name === abi);
    const overrides = new Map<number, readonly Decision[]>();
    if (decided === undefined) return overrides;
    for (const [name, conditions] of named) {
      const number = syscallNumber(abi, name);
      if (number === undefined) continue;
      const decisions = decisionsOf(decided, number).flatMap((each): readonly Decision[] => {
        if (!isAllowed(each.action)) return [each];
        const notifying = { ...each, conditions: [...each.conditions, ...conditions], action: notify };
        return conditions.length === 0 ? [notifying] : [notifying, each];
      });
      const rest = isAllowed(policy.defaultAction) ? [{ conditions, action: notify }] : [];
      if (decisions.length + rest.length > 0) overrides.set(number, [...decisions, ...rest]);
    }
    return overrides;
  });
}

/** By actions that the kernel carries out itself, so that no listener is asked. */
const UNREPORTED: ReadonlyMap<Action['kind'], string> = new Map([
  ['kill-process', 'SCMP_ACT_KILL_PROCESS'],
  ['kill-thread', 'SCMP_ACT_KILL_THREAD'],
  ['trap', 'SCMP_ACT_TRAP'],
  ['trace', 'SCMP_ACT_TRACE'],
  ['log', 'SCMP_ACT_LOG'],
]);

/** The actions of a policy whose calls are not reported. The action for calls of other ABIs is not among them. */
export function unreportedActions({ abis, defaultAction }: Policy): readonly string[] {
  const decisions = abis.flatMap((each) => [
    ...each.syscalls.values(),
    ...rangesOf(each).map((range) => range.decisions),
  ]);
  const kinds = new Set([defaultAction.kind, ...decisions.flat().map(({ action }) => action.kind)]);
  return [...UNREPORTED].flatMap(([kind, name]) => (kinds.has(kind) ? [name] : []));
}

/**
 * Why calls may have been denied that a report does not list, one sentence each.
 *
 * @param actions - The actions of the profile whose calls are not reported.
 * @param after - What the program did that hides its calls.
 */
export function unseenText(
  actions: readonly string[],
  after: ReadonlySet<HidingCall['what'] | undefined>,
  { noRoom, unreadable, notFound }: UnseenFiles,
): readonly string[] {
  return [
    ...(actions.length > 0 ? [`calls with the action ${actions.join(', ')} are not reported`] : []),
    ...(after.has('filter') ? [OWN_FILTER] : []),
    ...(after.has('io_uring') ? [IO_URING] : []),
    ...(noRoom > 0
      ? [`${calls(noRoom)} that name files were not looked at, after 65,536 kinds or 32 MiB of them`]
      : []),
    ...(unreadable > 0 ? [`${ofFiles(unreadable)} could not be read from the program's memory: ${READABLE}`] : []),
    ...(notFound > 0 ? [`${ofFiles(notFound)} could not be found as the program finds them: ${FOUND}`] : []),
  ];
}

const calls = (count: number) => (count === 1 ? 'one call' : `${count} calls`);
const ofFiles = (count: number) => `the files of ${calls(count)}`;

const OWN_FILTER = 'the program attached a seccomp filter of its own: what that denies is not reported';
const IO_URING = 'the program used io_uring, whose requests are not syscalls and are not reported';
const READABLE = 'that needs /proc, and the right to read the memory of the programs that this process starts';
const FOUND =
  'that fails in another root directory or mount namespace, beneath links in /proc, for AT_EMPTY_PATH and openat2 with ' +
  'resolve, and where openat2 is denied to this process';

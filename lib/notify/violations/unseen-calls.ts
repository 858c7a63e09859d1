/** The reasons why a report of a program's calls may lack some: no listener is asked about them, or their files are unknown. */
import type { ObservedCall } from '../../decode/observed-call.js';
import { equals } from '../../policy/denials.js';
import { holds } from '../../policy/evaluate.js';
import { type Action, type Condition, type Decision, decisionsOf, type Policy, rangesOf } from '../../policy/policy.js';
import { overrideDecisions } from '../../policy/rewrite-actions.js';
import type { AbiName } from '../../syscalls/abi.js';
import { argumentWidth, syscallNumber } from '../../syscalls/table.js';
import type { UnseenFiles } from '../listener.js';

/** A call after which others are not seen. */
interface HidingCall {
  readonly syscall: string;
  readonly conditions: readonly Condition[];
  readonly by: 'filter' | 'io_uring';
}

const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const SECCOMP_SET_MODE_FILTER = 1;

const HIDING_CALLS: readonly HidingCall[] = [
  { syscall: 'seccomp', conditions: [equals(0, SECCOMP_SET_MODE_FILTER)], by: 'filter' },
  { syscall: 'prctl', conditions: [equals(0, PR_SET_SECCOMP), equals(1, SECCOMP_MODE_FILTER)], by: 'filter' },
  { syscall: 'io_uring_setup', conditions: [], by: 'io_uring' },
];

/** The means by which a program hides its calls from then on, if this is a call for that. */
export function hiddenBy({ syscall, args }: Pick<ObservedCall, 'syscall' | 'args'>): HidingCall['by'] | undefined {
  const isMade = (each: HidingCall) => each.syscall === syscall && each.conditions.every((one) => holds(one, args));
  return HIDING_CALLS.find(isMade)?.by;
}

/** Makes the policy notify of the calls that it allows among those after which others are not seen. */
export function notifyHidingCalls(policy: Policy): Policy {
  return notifyAllowed(
    policy,
    HIDING_CALLS.map(({ syscall, conditions, by }) => {
      // Libraries call without a filter to learn whether the kernel takes one.
      const hasFilter = (abi: AbiName): Condition => ({
        index: 2,
        width: argumentWidth(abi, syscall, 2),
        op: 'ne',
        value: 0n,
      });
      return { syscall, conditions: (abi) => (by === 'filter' ? [...conditions, hasFilter(abi)] : conditions) };
    }),
  );
}

/** Calls of a name whose arguments meet all conditions. */
interface NamedCalls {
  readonly syscall: string;
  readonly conditions: (abi: AbiName) => readonly Condition[];
}

/** Makes the policy notify of calls that it allows. */
export function notifyAllowed(policy: Policy, calls: readonly NamedCalls[]): Policy {
  const notify = { kind: 'notify' } as const;
  const isAllowed = ({ kind }: Action) => kind === 'allow';
  return overrideDecisions(policy, (abi, decided) => {
    const overrides = new Map<number, readonly Decision[]>();
    for (const call of calls) {
      const number = syscallNumber(abi, call.syscall);
      if (number === undefined) continue;
      const conditions = call.conditions(abi);
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
]);

/**
 * Why a report may lack calls whatever the program does, one sentence each.
 *
 * @param names - The syscalls that have a handler.
 */
export function unreported({ abis, defaultAction }: Policy, names: readonly string[]): readonly string[] {
  const decisions = abis.flatMap((each) => [
    ...each.syscalls.values(),
    ...rangesOf(each).map((range) => range.decisions),
  ]);
  const kinds = new Set([defaultAction.kind, ...decisions.flat().map(({ action }) => action.kind)]);
  const actions = [...UNREPORTED].flatMap(([kind, name]) => (kinds.has(kind) ? [name] : []));
  const handled = HIDING_CALLS.flatMap(({ syscall }) => (names.includes(syscall) ? [syscall] : []));
  return [
    ...(actions.length > 0 ? [`calls with the action ${actions.join(', ')} are not reported`] : []),
    ...(kinds.has('log') ? [LOGGED] : []),
    ...(handled.length > 0 ? [`the handler of ${handled.join(', ')} can let the program hide its calls`] : []),
  ];
}

const LOGGED =
  'calls with the action SCMP_ACT_LOG are allowed, and not looked at: neither their files nor the filters that they attach';

/**
 * Why calls may have been denied that a report does not list, one sentence each.
 *
 * @param always - The reasons that hold whatever the program does.
 * @param hidden - The means by which the program hides its calls.
 */
export function unseenText(
  always: readonly string[],
  hidden: ReadonlySet<ReturnType<typeof hiddenBy>>,
  files: UnseenFiles,
): readonly string[] {
  return [
    ...always,
    ...(hidden.has('filter') ? [OWN_FILTER] : []),
    ...(hidden.has('io_uring') ? [IO_URING] : []),
    ...unseenFilesText(files),
  ];
}

/** Why files are missing from a report or a recording, one sentence each. */
export function unseenFilesText({ noRoom, unreadable, notFound }: UnseenFiles): readonly string[] {
  return [
    ...(noRoom > 0
      ? [`${calls(noRoom)} that name files were not looked at, as the program had named too many others`]
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
  'that fails in another root directory or mount namespace, beneath links in /proc, for links in a circle, removed files, ' +
  'AT_EMPTY_PATH and openat2 with resolve, and where openat2 is denied to this process';

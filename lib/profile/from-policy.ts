/** Writes a policy as a profile, whose rules do not depend on their order. */
import { SeccompError } from '../errors.js';
import { compareRestriction, returnValue } from '../policy/action.js';
import { compare, MOST_STEPS } from '../policy/algebra.js';
import { conditionFor, type Width } from '../policy/diagrams/argument-sets.js';
import { conditionsDiagram } from '../policy/diagrams/call-bits.js';
import { CannotCover, coverCalls } from '../policy/diagrams/cover.js';
import { type Diagram, Diagrams, FALSE, TooManySteps, TRUE } from '../policy/diagrams/decision-diagram.js';
import { outcomesOf } from '../policy/diagrams/policy-meanings.js';
import {
  type AbiPolicy,
  type Action,
  type Condition,
  type Decision,
  decisionsOf,
  type Policy,
} from '../policy/policy.js';
import { EPERM } from '../syscalls/errno.js';
import { argumentWidth, syscallName, syscallNumber, syscallsOf } from '../syscalls/table.js';
import { structuralKey } from '../util/structural-key.js';
import type { Diagnostic } from './document/diagnostics.js';
import type { MeaningOptions } from './document/options.js';
import {
  type ActionName,
  ANYWHERE,
  type Argument,
  type CheckedDocument,
  emptyDocument,
  type Rule,
} from './document/types.js';
import { makeProfile, newOrigin, type Profile } from './profile.js';
import { NOT_IMPLEMENTED } from './resolve/newer-syscalls.js';
import { type Host, resolveWithDiagnostics } from './resolve/resolve.js';

/** What a policy does not say about its profile. */
export interface WrittenProfile {
  /** The name of the profile in messages. */
  readonly source: string;
  readonly host: Host;
  readonly argumentWidth: MeaningOptions['argumentWidth'];
  /** With 'default', the profile may need this option to be read again. */
  readonly newerCalls: MeaningOptions['newerCalls'];
  /** Fields of the document. */
  readonly fields: Partial<Pick<CheckedDocument, 'comment' | 'flags' | 'listenerPath' | 'listenerMetadata'>>;
}

/**
 * Returns a profile that resolves to the same policy on the host.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION if there is none, with the reason.
 */
export function profileFromPolicy(policy: Policy, about: WrittenProfile): Profile {
  const made = firstWritten(policy, about);
  if (typeof made !== 'string') return made;
  const message = `${about.source} cannot be written as a profile: ${made}`;
  const remedy = 'combine their policies, which resolve() returns, or give options.abis: [] for the native ABI alone';
  throw new SeccompError('ERR_SECCOMP_OPTION', `${message}: ${remedy}`);
}

/** Returns the profile, or the reason why there is none. */
function firstWritten(policy: Policy, about: WrittenProfile): Profile | string {
  const refusals: string[] = [];
  try {
    // Shared by all attempts, which have the same conditions, so that together they have one limit on steps.
    const diagrams = new Diagrams(MOST_STEPS);
    const shorter = withoutUncovered(policy, diagrams);
    for (const attempt of attempts(shorter, about)) {
      const made = tryToWrite(shorter, about, attempt, diagrams);
      if (typeof made !== 'string') return made;
      refusals.push(made);
    }
  } catch (error) {
    // Another attempt would take as long.
    if (error instanceof CannotCover || error instanceof TooManySteps) return error.message;
    throw error;
  }
  return refusals[0] ?? '';
}

/** Leaves out ABIs all of whose calls get the action of ABIs that a profile does not cover. */
function withoutUncovered(policy: Policy, diagrams: Diagrams): Policy {
  let abis = policy.abis;
  for (const { abi } of policy.abis.slice(1)) {
    const fewer = abis.filter((each) => each.abi !== abi);
    if (compare({ ...policy, abis: fewer }, policy, diagrams).relation === 'equal') abis = fewer;
  }
  return { ...policy, abis };
}

/** A default action, and an action for syscalls newer than all that are named. */
interface Attempt {
  readonly defaultAction: Action;
  readonly newerCalls: MeaningOptions['newerCalls'];
  /** Whether rules with different actions may overlap, which libseccomp refuses in some cases. */
  readonly mayOverlap: boolean;
}

function attempts({ defaultAction }: Policy, { newerCalls }: WrittenProfile): readonly Attempt[] {
  const ways: readonly Omit<Attempt, 'mayOverlap'>[] = [
    { defaultAction, newerCalls: 'enosys' },
    { defaultAction: NOT_IMPLEMENTED, newerCalls: 'enosys' },
    ...(newerCalls === 'default' ? [{ defaultAction, newerCalls }] : []),
  ];
  return ways.flatMap((way) => [true, false].map((mayOverlap) => ({ ...way, mayOverlap })));
}

/** Returns the profile, or the reason why there is none. */
function tryToWrite(policy: Policy, about: WrittenProfile, attempt: Attempt, diagrams: Diagrams): Profile | string {
  const { foreignAction } = policy;
  if (foreignAction.kind !== 'kill-process' && foreignAction.kind !== 'kill-thread')
    return `calls of ABIs that it does not cover get the action ${foreignAction.kind}`;
  try {
    const { source, host, argumentWidth, fields } = about;
    const { action, errnoRet } = writtenAction(attempt.defaultAction);
    const document = {
      ...emptyDocument(action, errnoRet),
      ...fields,
      architectures: policy.abis.map(({ abi }) => abi.scmp),
      syscalls: rulesOf(policy, attempt, argumentWidth, diagrams),
    };
    const options = { argumentWidth, foreignAction: foreignAction.kind, newerCalls: attempt.newerCalls };
    const profile = makeProfile(document, newOrigin(source, options));
    const { policy: read, diagnostics } = resolveWithDiagnostics(profile, host);
    const error = diagnostics.find(({ severity }) => severity === 'error');
    if (error !== undefined) return notValid(document, error);
    const [difference] = compare(policy, read, diagrams).differences;
    return difference === undefined ? profile : describe(difference);
  } catch (error) {
    if (error instanceof SeccompError) return error.message;
    throw error;
  }
}

/** Names the syscalls: nobody has the document in which the places of the error are. */
function notValid({ syscalls }: CheckedDocument, { path, message }: Diagnostic): string {
  const rule = path[0] === 'syscalls' && typeof path[1] === 'number' ? syscalls[path[1]] : undefined;
  if (rule === undefined) return message;
  const [name = '', ...others] = rule.names;
  return `its rules on ${name}${others.length === 0 ? '' : ` and ${others.length} more syscalls`} would not be valid`;
}

function describe({ call, abi, a, b }: ReturnType<typeof compare>['differences'][number]): string {
  const name = abi === null ? undefined : syscallName(abi, call.number);
  const calls = abi === null ? 'other ABIs' : `${name ?? `number ${call.number}`} on ${abi}`;
  return `its rules would give ${calls} ${inWords(b)}, instead of ${inWords(a)}`;
}

function inWords(action: Action): string {
  return action.kind === 'errno' ? `errno ${action.errno}` : action.kind;
}

/** The rules of all syscalls that the default action, and that of newer syscalls, do not decide. */
function rulesOf(
  policy: Policy,
  attempt: Attempt,
  width: MeaningOptions['argumentWidth'],
  diagrams: Diagrams,
): readonly Rule[] {
  const isWritten = needsRule(policy, attempt);
  const byRules = new Map<string, { readonly rules: readonly Rule[]; readonly names: string[] }>();
  for (const name of namesIn(policy)) {
    const places = policy.abis.flatMap((each) => {
      const number = syscallNumber(each.abi.name, name);
      return number !== undefined && (isWritten(each, number) || isMultiplexer(name)) ? [{ ...each, number }] : [];
    });
    const place = places.at(0);
    if (place === undefined) continue;
    const bits = (index: number) => (width === 64 ? place.abi.bits : argumentWidth(place.abi.name, name, index));
    const decisions = completed(place, place.number, policy);
    const written = withCover(name, () => decisionsCovering(decisions, attempt, diagrams, bits));
    const rules = written.map(({ action, conditions }) => ruleOf(name, action, conditions));
    const key = structuralKey(rules.map(({ names, ...rule }) => rule));
    const same = byRules.get(key) ?? { rules, names: [] };
    same.names.push(name);
    byRules.set(key, same);
  }
  return [...byRules.values()].flatMap(({ rules, names }) => rules.map((rule) => ({ ...rule, names })));
}

/** Whether rules on other syscalls would decide calls of this one, if no rule named it. */
function isMultiplexer(name: string): boolean {
  return name === 'socketcall' || name === 'ipc';
}

function namesIn({ abis }: Policy): ReadonlySet<string> {
  return new Set(
    abis.flatMap(({ abi }) =>
      [...syscallsOf(abi.name)].flatMap(([name, number]) => (syscallName(abi.name, number) === name ? name : [])),
    ),
  );
}

/** Returns whether a number has to be named by a rule: to get another action, or since it is not newer than others. */
function needsRule(policy: Policy, { defaultAction, newerCalls }: Attempt) {
  const otherwise = returnValue(defaultAction);
  const isCutOff = newerCalls === 'enosys' && !['allow', 'log', 'trace'].includes(defaultAction.kind);
  const isNotImplemented = (each: AbiPolicy, number: number) =>
    onlyAction(each, number, policy) === returnValue(NOT_IMPLEMENTED);
  /** By ABI: the number above which all are newer than the profile; undefined if there is none. */
  const newest = new Map(
    policy.abis.map((each) => {
      const numbers = [...new Set<number>(syscallsOf(each.abi.name).values())];
      const most = numbers.reduce((a, b) => Math.max(a, b), -1);
      if (!isCutOff || !isNotImplemented(each, most + 1)) return [each.abi.name, undefined];
      const older = numbers.filter((number) => !isNotImplemented(each, number));
      return [each.abi.name, older.reduce((a, b) => Math.max(a, b), -1)];
    }),
  );
  return (each: AbiPolicy, number: number): boolean => {
    const isOther = onlyAction(each, number, policy) !== otherwise;
    const last = newest.get(each.abi.name);
    return last === undefined ? isOther : number === last || (number < last && isOther);
  };
}

/** The return value that all calls of a number have; undefined if it depends on the arguments. */
function onlyAction(each: AbiPolicy, number: number, policy: Policy): number | undefined {
  const [first, ...others] = completed(each, number, policy);
  return first === undefined || others.length > 0 ? undefined : returnValue(first.action);
}

/** The decisions on a number up to the first without conditions, or the default action. */
function completed(each: AbiPolicy, number: number, { defaultAction }: Policy): readonly Decision[] {
  const all = [...decisionsOf(each, number), { conditions: [], action: defaultAction }];
  const decisions = all.slice(0, 1 + all.findIndex(({ conditions }) => conditions.length === 0));
  const [first] = decisions;
  if (first === undefined) return [];
  const isAlike = decisions.every(({ action }) => returnValue(action) === returnValue(first.action));
  return isAlike ? [{ ...first, conditions: [] }] : decisions;
}

/**
 * Decisions that compare no argument twice. Calls that meet none get the default action. Where two overlap, the more
 * restrictive action is meant; if they must not overlap, only those with equal actions do.
 */
function decisionsCovering(
  decisions: readonly Decision[],
  { defaultAction, mayOverlap }: Attempt,
  diagrams: Diagrams,
  width: (index: number) => Width,
): readonly Decision[] {
  const outcomes = outcomesOf(decisions, diagrams);
  const written = outcomes.filter(({ action }) => returnValue(action) !== returnValue(defaultAction));
  const found = written.flatMap(({ action, calls: least }) => {
    const value = returnValue(action);
    const stricter = written.filter((other) => mayOverlap && compareRestriction(other.action, action) < 0);
    const most = stricter.reduce<Diagram>((all, { calls }) => diagrams.choose(calls, TRUE, all), least);
    const given = decisions.flatMap((each) => (returnValue(each.action) === value ? [each.conditions] : []));
    const { lists, rest } = listsWithin(given, { least, most }, diagrams, width);
    return [...lists, ...coverCalls(rest, most, diagrams, width)].map((conditions) => ({ conditions, action }));
  });
  return found.length > 0 ? found : [{ conditions: [], action: defaultAction }];
}

/** The lists of conditions that can be written with one comparison of each argument, and what they leave of `least`. */
function listsWithin(
  given: readonly (readonly Condition[])[],
  { least, most }: { readonly least: Diagram; readonly most: Diagram },
  diagrams: Diagrams,
  width: (index: number) => Width,
) {
  const lists: (readonly Condition[])[] = [];
  let rest = least;
  for (const conditions of given) {
    const written = withOneEach(conditions, diagrams, width);
    const calls = conditionsDiagram(conditions, diagrams);
    if (written === undefined || diagrams.without(calls, most) !== FALSE) continue;
    const left = diagrams.without(rest, calls);
    if (left !== rest) lists.push(written);
    rest = left;
  }
  return { lists, rest };
}

/** Conditions with the same meaning that compare no argument twice, if there are any. */
function withOneEach(
  conditions: readonly Condition[],
  diagrams: Diagrams,
  width: (index: number) => Width,
): readonly Condition[] | undefined {
  const written: Condition[] = [];
  for (const index of new Set(conditions.map((each) => each.index))) {
    const values = conditionsDiagram(
      conditions.filter((each) => each.index === index),
      diagrams,
    );
    if (values === TRUE) continue;
    const condition = values === FALSE ? undefined : conditionFor(values, diagrams, width(index));
    if (condition === undefined || condition.width !== width(index)) return undefined;
    written.push(condition);
  }
  return written;
}

/** @throws {CannotCover} with the name, if a set of calls cannot be covered. */
function withCover<Result>(name: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof CannotCover || error instanceof TooManySteps)
      throw new CannotCover(`the rules on ${name} cannot be rewritten: ${error.message}`);
    throw error;
  }
}

function ruleOf(name: string, action: Action, conditions: readonly Condition[]): Rule {
  const args = conditions.map(argumentOf);
  return { names: [name], name: undefined, ...writtenAction(action), args, comment: undefined, ...ANYWHERE };
}

const ACTIONS: Readonly<Record<Action['kind'], ActionName>> = {
  allow: 'SCMP_ACT_ALLOW',
  log: 'SCMP_ACT_LOG',
  notify: 'SCMP_ACT_NOTIFY',
  trap: 'SCMP_ACT_TRAP',
  trace: 'SCMP_ACT_TRACE',
  errno: 'SCMP_ACT_ERRNO',
  'kill-thread': 'SCMP_ACT_KILL_THREAD',
  'kill-process': 'SCMP_ACT_KILL_PROCESS',
};

/** @throws {SeccompError} ERR_SECCOMP_OPTION for the data of a trap, which a document cannot have. */
function writtenAction(action: Action): Pick<Rule, 'action' | 'errnoRet'> {
  if (action.kind === 'trap' && Object.hasOwn(action, 'data') && (action.data ?? 0) !== 0)
    throw new SeccompError('ERR_SECCOMP_OPTION', `SCMP_ACT_TRAP has no data, and a trap has ${action.data}`);
  const data = action.kind === 'errno' ? action.errno : action.kind === 'trace' ? action.message : undefined;
  return { action: ACTIONS[action.kind], errnoRet: data === EPERM ? undefined : data };
}

const OPERATORS = {
  eq: 'SCMP_CMP_EQ',
  ne: 'SCMP_CMP_NE',
  lt: 'SCMP_CMP_LT',
  le: 'SCMP_CMP_LE',
  gt: 'SCMP_CMP_GT',
  ge: 'SCMP_CMP_GE',
} as const;

function argumentOf(condition: Condition): Argument {
  const { index, value, op } = condition;
  return op === 'masked-eq'
    ? { index, op: 'SCMP_CMP_MASKED_EQ', value: condition.mask, valueTwo: value & condition.mask }
    : { index, op: OPERATORS[op], value, valueTwo: undefined };
}

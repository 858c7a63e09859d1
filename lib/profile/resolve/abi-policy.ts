/** The policy of one ABI: the decisions on each number that rules name, and on numbers newer than all of these. */
import { returnValue } from '../../policy/action.js';
import type { AbiPolicy, Decision } from '../../policy/policy.js';
import type { Abi } from '../../syscalls/abi.js';
import { type Multiplexer, multiplexersOf } from '../../syscalls/multiplexers.js';
import { syscallNames, syscallsOf } from '../../syscalls/table.js';
import { multiplexedDecision, strictestAction, toMultiplexerDecision } from './multiplexed-syscalls.js';
import { newerSyscalls } from './newer-syscalls.js';
import { hasDefaultAction, type RuleConflicts } from './rule-conflicts.js';
import {
  absentDecisionsOf,
  type ResolveContext,
  type ResolvedRule,
  type RuleDecision,
  resolvePrecedence,
  ruleDecisionsOf,
} from './rule-precedence.js';

/** Resolves the rules that apply to the host for one ABI. Names of syscalls that the ABI does not have are ignored. */
export function resolveAbi(
  abi: Abi,
  rules: readonly ResolvedRule[],
  context: ResolveContext,
  conflicts: RuleConflicts,
): AbiPolicy {
  const collected = collectDecisions(abi, rules, context);
  reportConflicts(collected, rules, abi, context, conflicts);
  const { byNumber, byCall, largest } = collected;
  const syscalls = new Map<number, readonly Decision[]>();
  const set = (number: number, decisions: readonly Decision[]) =>
    decisions.length > 0 && syscalls.set(number, decisions);
  for (const [number, decisions] of byNumber) set(number, decide(decisions, abi, context));
  for (const multiplexer of multiplexersOf(abi.name)) {
    // If the profile names the multiplexer itself, its rules decide.
    if (!syscalls.has(multiplexer.number))
      set(multiplexer.number, decideMultiplexer(multiplexer, byCall, abi, context));
  }
  const { options, defaultAction } = context;
  const ranges = options.newerCalls === 'enosys' ? newerSyscalls(abi, largest, defaultAction) : [];
  if (largest !== undefined && ranges.length > 0) dropNewer(syscalls, largest, collected, abi, context);
  return { abi, syscalls, ranges };
}

/** The decisions of all rules on one ABI, in the order of the document. */
interface CollectedDecisions {
  readonly byNumber: ReadonlyMap<number, readonly RuleDecision[]>;
  /** Decisions on calls that a multiplexer makes, by the name of the call. */
  readonly byCall: ReadonlyMap<string, readonly RuleDecision[]>;
  /**
   * In compat mode, the decisions that libseccomp makes on each multiplexer: those on the multiplexer itself and those
   * on its calls. Empty in strict mode.
   */
  readonly byMultiplexer: ReadonlyMap<string, readonly RuleDecision[]>;
  /** The largest number that the profile names, above which calls are newer than it. Undefined if there is none. */
  readonly largest: number | undefined;
}

function collectDecisions(abi: Abi, rules: readonly ResolvedRule[], context: ResolveContext): CollectedDecisions {
  const numbers = syscallsOf(abi.name);
  const multiplexers = multiplexersOf(abi.name);
  const multiplexed = new Set(multiplexers.flatMap(({ calls }) => [...calls.keys()]));
  const inLibseccomp = context.mode === 'compat' ? multiplexers : [];
  const byNumber = new Map<number, RuleDecision[]>();
  const byCall = new Map<string, RuleDecision[]>();
  const byMultiplexer = new Map<string, RuleDecision[]>();
  for (const source of rules) {
    for (const name of source.rule.names) {
      const number = numbers.get(name);
      const isMultiplexed = multiplexed.has(name);
      if (number === undefined && !isMultiplexed) continue;
      const decisions = ruleDecisionsOf(source, name, abi, context);
      for (const each of inLibseccomp) append(byMultiplexer, each.name, decisionsOn(each, name, decisions));
      if (isMultiplexed) append(byCall, name, [...decisions]);
      if (number !== undefined) append(byNumber, number, decisions);
    }
  }
  const largest =
    context.mode === 'strict' ? largestNamed(byNumber, byCall, abi) : largestInRunc(byNumber, multiplexed);
  return { byNumber, byCall, byMultiplexer, largest };
}

/**
 * Converts decisions on `name` to those that libseccomp makes on the multiplexer. Returns none if `name` is neither the
 * multiplexer nor one of its calls.
 */
function decisionsOn(multiplexer: Multiplexer, name: string, decisions: readonly RuleDecision[]): RuleDecision[] {
  if (multiplexer.name !== name && !multiplexer.calls.has(name)) return [];
  return decisions.map((each) => toMultiplexerDecision(each, multiplexer));
}

/** Appends decisions to those of a key. The array becomes the map's own. */
function append<Key>(map: Map<Key, RuleDecision[]>, key: Key, decisions: RuleDecision[]): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, decisions);
  else known.push(...decisions);
}

/** The largest number of any call that the profile names: that of its multiplexer, if the call has none of its own. */
function largestNamed(
  byNumber: CollectedDecisions['byNumber'],
  byCall: CollectedDecisions['byCall'],
  abi: Abi,
): number | undefined {
  const numbers = syscallsOf(abi.name);
  const behind = multiplexersOf(abi.name).filter(({ calls }) =>
    [...calls.keys()].some((name) => byCall.has(name) && !numbers.has(name)),
  );
  return largestOf([...byNumber.keys(), ...behind.map(({ number }) => number)]);
}

/**
 * The largest number that runc finds: it ignores 0, and numbers of calls that socketcall or ipc make too, for which libseccomp
 * has negative ones. Source: findLastSyscalls in runc's patchbpf, syscalls.c of libseccomp 2.6.
 */
function largestInRunc(byNumber: CollectedDecisions['byNumber'], multiplexed: ReadonlySet<string>): number | undefined {
  const found = [...byNumber].filter(
    ([number, decisions]) => number > 0 && decisions.some(({ syscall }) => !multiplexed.has(syscall)),
  );
  return largestOf(found.map(([number]) => number));
}

const largestOf = (numbers: readonly number[]): number | undefined =>
  numbers.length === 0 ? undefined : numbers.reduce((a, b) => Math.max(a, b));

/** Decisions on each call that the ABI lacks and several rules name. They have no effect, but libseccomp compares them. */
function absentDecisions(
  rules: readonly ResolvedRule[],
  byCall: CollectedDecisions['byCall'],
  abi: Abi,
): readonly (readonly RuleDecision[])[] {
  const numbers = syscallsOf(abi.name);
  const absent = new Map<string, RuleDecision[]>();
  for (const source of rules)
    for (const name of source.rule.names)
      if (!numbers.has(name) && !byCall.has(name) && syscallNames().has(name))
        append(absent, name, absentDecisionsOf(source, name));
  return [...absent.values()].filter(({ length }) => length > 1);
}

function reportConflicts(
  { byNumber, byCall, byMultiplexer }: CollectedDecisions,
  rules: readonly ResolvedRule[],
  abi: Abi,
  { mode }: ResolveContext,
  conflicts: RuleConflicts,
): void {
  const numbers = syscallsOf(abi.name);
  for (const decisions of byNumber.values()) conflicts.check(decisions, abi);
  for (const [name, decisions] of byCall) if (!numbers.has(name)) conflicts.check(decisions, abi);
  for (const decisions of absentDecisions(rules, byCall, abi)) conflicts.checkLibseccomp(decisions, abi);
  if (mode !== 'compat') return;
  for (const { name } of multiplexersOf(abi.name)) conflicts.checkLibseccomp(byMultiplexer.get(name) ?? [], abi, name);
}

/**
 * The decisions on one number. In compat mode, rules whose action is the default action are dropped, as runtimes do;
 * they would otherwise take precedence over other rules.
 */
function decide(decisions: readonly RuleDecision[], abi: Abi, context: ResolveContext): readonly Decision[] {
  const effective =
    context.mode === 'strict' ? decisions : decisions.filter(({ source }) => !hasDefaultAction(source, context));
  return resolvePrecedence(effective, abi, context);
}

/**
 * The decisions on a multiplexer that no rule names: for each of its calls, the strictest action that rules give the
 * call.
 */
function decideMultiplexer(
  multiplexer: Multiplexer,
  byCall: CollectedDecisions['byCall'],
  abi: Abi,
  context: ResolveContext,
): readonly Decision[] {
  return [...multiplexer.calls].flatMap(([name, call]) => {
    const given = byCall.get(name) ?? [];
    const decisions = decide(given, abi, context);
    const { action, rule } = strictestAction(decisions, context.defaultAction);
    const conditional = given.find(({ conditions }) => conditions.length > 0);
    if (conditional !== undefined && decisions.some(({ conditions }) => conditions.length > 0)) {
      const what = action.kind === 'errno' ? `errno ${action.errno}` : action.kind;
      const message = (names: string) =>
        `on ${abi.name}, programs can also make ${names} by ${multiplexer.name}, where a filter cannot read the arguments: ` +
        `such calls get ${what}, the most restrictive action. To change that, add a rule on ${multiplexer.name}`;
      const path = ['syscalls', conditional.source.index, 'args'];
      context.diagnostics.reportOnce('notice', path, `${abi.name} ${multiplexer.name} ${action.kind}`, message, name);
    }
    return returnValue(action) === returnValue(context.defaultAction)
      ? []
      : [multiplexedDecision(multiplexer, call, action, rule)];
  });
}

/**
 * Drops the decisions on numbers above `largest`. Only calls that largestInRunc() leaves out have such numbers. These
 * calls then get ENOSYS as newer syscalls do, because runc's program returns ENOSYS before its filter decides.
 */
function dropNewer(
  syscalls: Map<number, readonly Decision[]>,
  largest: number,
  { byNumber, byCall }: CollectedDecisions,
  abi: Abi,
  { diagnostics }: ResolveContext,
): void {
  const message = (names: string) =>
    `on ${abi.name}, runc makes ${names} fail with ENOSYS: it ignores names of calls that socketcall or ipc can also make, ` +
    `and so regards numbers above ${largest} as newer than the profile. Add the name of a newer call that these cannot make`;
  const report = ({ source, syscall }: RuleDecision) =>
    diagnostics.reportOnce('notice', ['syscalls', source.index, 'names'], `newer ${abi.name}`, message, syscall);
  for (const number of [...syscalls.keys()]) {
    if (number <= largest) continue;
    syscalls.delete(number);
    byNumber.get(number)?.forEach(report);
    const multiplexer = multiplexersOf(abi.name).find((each) => each.number === number);
    for (const name of multiplexer?.calls.keys() ?? []) byCall.get(name)?.forEach(report);
  }
}

/** The policy of one ABI: what the rules say about each of its numbers, and about those that none of them names. */
import { returnValue } from '../../policy/action.js';
import type { AbiPolicy, Decision } from '../../policy/policy.js';
import type { Abi } from '../../syscalls/abi.js';
import { syscallNumber } from '../../syscalls/table.js';
import {
  type Multiplexer,
  multiplexedDecision,
  multiplexersOf,
  strictestAction,
  toMultiplexerDecision,
} from './multiplexed-syscalls.js';
import { newerSyscalls } from './newer-syscalls.js';
import { hasDefaultAction, type RuleConflicts } from './rule-conflicts.js';
import {
  type ResolveContext,
  type ResolvedRule,
  type RuleDecision,
  resolvePrecedence,
  ruleDecisionsOf,
} from './rule-precedence.js';

/** Reads the rules that count on the host for one ABI. Names that it does not have are left out. */
export function resolveAbi(
  abi: Abi,
  rules: readonly ResolvedRule[],
  context: ResolveContext,
  conflicts: RuleConflicts,
): AbiPolicy {
  const collected = collect(abi, rules, context);
  const { byNumber, byCall, byMultiplexer, largest } = collected;
  for (const statements of byNumber.values()) conflicts.among(statements, abi);
  for (const [name, statements] of byCall) {
    if (syscallNumber(abi.name, name) === undefined) conflicts.among(statements, abi);
  }
  for (const { name } of context.mode === 'compat' ? multiplexersOf(abi.name) : [])
    conflicts.refused(byMultiplexer.get(name) ?? [], abi, name);
  const syscalls = new Map<number, readonly Decision[]>();
  const set = (number: number, decisions: readonly Decision[]) =>
    decisions.length > 0 && syscalls.set(number, decisions);
  for (const [number, statements] of byNumber) set(number, decide(statements, abi, context));
  for (const multiplexer of multiplexersOf(abi.name)) {
    if (syscalls.has(multiplexer.number)) continue; // The profile names it, and that stands as written.
    set(multiplexer.number, decideBehind(multiplexer, byCall, abi, context));
  }
  const { options, defaultAction } = context;
  const ranges = options.newerCalls === 'enosys' ? newerSyscalls(abi, largest, defaultAction) : [];
  if (largest !== undefined && ranges.length > 0) cutOff(syscalls, largest, collected, abi, context);
  return { abi, syscalls, ranges };
}

interface Collected {
  readonly byNumber: ReadonlyMap<number, readonly RuleDecision[]>;
  /** Those about calls that a multiplexer makes, by their names. */
  readonly byCall: ReadonlyMap<string, readonly RuleDecision[]>;
  /** Those about a multiplexer and its calls, as libseccomp adds them to its rules on the multiplexer. */
  readonly byMultiplexer: ReadonlyMap<string, readonly RuleDecision[]>;
  /** The largest number that is named, as the mode counts them. */
  readonly largest: number | undefined;
}

function collect(abi: Abi, rules: readonly ResolvedRule[], context: ResolveContext): Collected {
  const multiplexers = multiplexersOf(abi.name);
  const multiplexed = new Set(multiplexers.flatMap(({ calls }) => [...calls.keys()]));
  const byNumber = new Map<number, RuleDecision[]>();
  const byCall = new Map<string, RuleDecision[]>();
  const byMultiplexer = new Map<string, RuleDecision[]>();
  let largest: number | undefined;
  for (const source of rules) {
    for (const name of source.rule.names) {
      const number = syscallNumber(abi.name, name);
      const isMultiplexed = multiplexed.has(name);
      if (number === undefined && !isMultiplexed) continue;
      const statements = ruleDecisionsOf(source, name, abi, context);
      if (number !== undefined) push(byNumber, number, statements);
      if (number !== undefined && isCounted(number, isMultiplexed, context)) largest = Math.max(largest ?? 0, number);
      if (isMultiplexed) push(byCall, name, [...statements]);
      pushMultiplexed(byMultiplexer, multiplexers, name, statements);
    }
  }
  return { byNumber, byCall, byMultiplexer, largest };
}

/**
 * Whether a number that is named tells how new the profile is. To runc 0 does not, and neither do calls that socketcall and
 * ipc make too, for which libseccomp has negative numbers. Source: findLastSyscalls in runc's patchbpf, syscalls.c of
 * libseccomp 2.6.
 */
function isCounted(number: number, isMultiplexed: boolean, { mode }: ResolveContext): boolean {
  return mode === 'strict' || (number > 0 && !isMultiplexed);
}

/** Leaves what is above `largest` to the answer for newer calls, though rules name it: to runc that comes first. */
function cutOff(
  syscalls: Map<number, readonly Decision[]>,
  largest: number,
  { byNumber, byCall }: Collected,
  abi: Abi,
  { diagnostics }: ResolveContext,
): void {
  const words = (names: string) =>
    `on ${abi.name}, runc answers ENOSYS to ${names}: it takes ${largest} for the largest number that the profile names, ` +
    'as it does not count calls that socketcall or ipc make too. Name a newer call that they do not make';
  const remark = ({ source, syscall }: RuleDecision) =>
    diagnostics.reportOnce('notice', ['syscalls', source.index, 'names'], `newer ${abi.name}`, words, syscall);
  for (const number of [...syscalls.keys()]) {
    if (number <= largest) continue;
    syscalls.delete(number);
    byNumber.get(number)?.forEach(remark);
    const multiplexer = multiplexersOf(abi.name).find((each) => each.number === number);
    for (const name of multiplexer?.calls.keys() ?? []) byCall.get(name)?.forEach(remark);
  }
}

/** Puts in what libseccomp makes of statements about `name` for the multiplexer that it is, or that makes it. */
function pushMultiplexed(
  map: Map<string, RuleDecision[]>,
  multiplexers: readonly Multiplexer[],
  name: string,
  statements: readonly RuleDecision[],
): void {
  for (const multiplexer of multiplexers) {
    if (multiplexer.name !== name && !multiplexer.calls.has(name)) continue;
    push(
      map,
      multiplexer.name,
      statements.map((each) => toMultiplexerDecision(each, multiplexer)),
    );
  }
}

/** Puts them in; `statements` becomes the map's own. */
function push<Key>(map: Map<Key, RuleDecision[]>, key: Key, statements: RuleDecision[]): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, statements);
  else known.push(...statements);
}

/** In compat without rules that have the default action: runtimes leave them out, so that others count. */
function decide(statements: readonly RuleDecision[], abi: Abi, context: ResolveContext): readonly Decision[] {
  const counting =
    context.mode === 'strict' ? statements : statements.filter(({ source }) => !hasDefaultAction(source, context));
  return resolvePrecedence(counting, abi, context);
}

/** What is decided for calls that are made through a multiplexer: their arguments are behind a pointer then. */
function decideBehind(
  multiplexer: Multiplexer,
  byCall: Collected['byCall'],
  abi: Abi,
  context: ResolveContext,
): readonly Decision[] {
  return [...multiplexer.calls].flatMap(([name, call]) => {
    const statements = byCall.get(name) ?? [];
    const decisions = decide(statements, abi, context);
    const { action, rule } = strictestAction(decisions, context.defaultAction);
    const conditional = statements.find(({ conditions }) => conditions.length > 0);
    if (conditional !== undefined && decisions.some(({ conditions }) => conditions.length > 0)) {
      const words = (names: string) =>
        `on ${abi.name}, ${multiplexer.name} makes ${names} too, with arguments that a filter can not see: that way it ` +
        `gets ${action.kind === 'errno' ? `errno ${action.errno}` : action.kind}, the most restrictive of its actions. A rule on ${multiplexer.name} says otherwise`;
      const place = ['syscalls', conditional.source.index, 'args'];
      context.diagnostics.reportOnce('notice', place, `${abi.name} ${multiplexer.name} ${action.kind}`, words, name);
    }
    return returnValue(action) === returnValue(context.defaultAction)
      ? []
      : [multiplexedDecision(multiplexer, call, action, rule)];
  });
}

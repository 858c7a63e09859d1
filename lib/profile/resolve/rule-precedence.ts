/**
 * Turns rules into decisions: each rule on its own, and then all rules on one syscall number in order of precedence.
 */
import { compareRestriction, permissiveness, returnValue } from '../../policy/action.js';
import { intersectDecisions } from '../../policy/algebra.js';
import { Diagrams } from '../../policy/diagrams/decision-diagram.js';
import type { Action, Condition, Decision } from '../../policy/policy.js';
import type { Abi } from '../../syscalls/abi.js';
import type { Diagnostics } from '../document/diagnostics.js';
import type { MeaningOptions, ProfileMode } from '../document/options.js';
import { type Argument, comparesArgumentTwice, type Rule } from '../document/types.js';
import { conditionsFor, runtimeWidth } from './argument-conditions.js';
import { type Chain, comparePlaces, RuleTree } from './libseccomp-order.js';

/** A rule that applies to the host. */
export interface ResolvedRule {
  readonly rule: Rule;
  /** The rule's index in the document. */
  readonly index: number;
  readonly action: Action;
  /** The rule's decision without conditions. Syscalls share this list, so that the compiler handles it once. */
  readonly always: readonly [Decision];
}

/** A decision by one rule on one syscall. It corresponds to one rule of libseccomp. */
export interface RuleDecision extends Decision {
  readonly source: ResolvedRule;
  readonly syscall: string;
  /** The comparisons that the conditions are made from. */
  readonly args: readonly Argument[];
  /** The conditions as the document has them. The same array as `conditions`, unless the runtime truncates a value. */
  readonly written: readonly Condition[];
}

/** The parameters of resolving a profile, the same for all rules and ABIs. */
export interface ResolveContext {
  readonly mode: ProfileMode;
  readonly defaultAction: Action;
  readonly options: MeaningOptions;
  readonly diagnostics: Diagnostics;
}

/** The conditions of a decision that always applies. */
export const NO_CONDITIONS: readonly Condition[] = Object.freeze([]);

/** The decisions of a rule on a syscall: one, or, if the rule compares an argument twice, one for each comparison. */
export function ruleDecisionsOf(
  source: ResolvedRule,
  syscall: string,
  abi: Abi,
  context: ResolveContext,
): RuleDecision[] {
  const { rule, index, action } = source;
  const { args } = rule;
  if (args.length === 0)
    return [{ source, rule: index, syscall, action, args, conditions: NO_CONDITIONS, written: NO_CONDITIONS }];
  const leniency = permissiveness(action) - permissiveness(context.defaultAction);
  const comparisons = args.map((argument, i) => {
    const place = { abi, syscall, path: ['syscalls', index, 'args', i], leniency };
    return { ...conditionsFor(argument, place, context.options, context.diagnostics), args: [argument] };
  });
  const alternatives = comparesArgumentTwice(rule) ? comparisons.map((each) => [each]) : [comparisons];
  return alternatives.map((all) => {
    const conditions = all.flatMap(({ runtime }) => runtime ?? []);
    const isSame = all.every(({ runtime, written }) => runtime === written);
    const written = isSame ? conditions : all.flatMap(({ written }) => written ?? []);
    return { source, rule: index, syscall, action, args: all.flatMap(({ args }) => args), conditions, written };
  });
}

/** The decisions of a rule on a syscall that the ABI lacks: what libseccomp compares, without the values that matter there. */
export function absentDecisionsOf(source: ResolvedRule, syscall: string): RuleDecision[] {
  const { rule, index, action } = source;
  const alternatives = comparesArgumentTwice(rule) ? rule.args.map((each) => [each]) : [rule.args];
  const none = { conditions: NO_CONDITIONS, written: NO_CONDITIONS };
  return alternatives.map((args) => ({ source, rule: index, syscall, action, args, ...none }));
}

/** The most pairs of decisions that are made if the runtime truncates a value. */
const MOST_PAIRS = 1 << 14;

/**
 * Puts the decisions on one syscall number in order. The first one without conditions wins over all others. If the
 * runtime truncates a value, the result takes, for each call, the more restrictive of the truncated and the written
 * meaning.
 */
export function resolvePrecedence(
  given: readonly RuleDecision[],
  abi: Abi,
  context: ResolveContext,
): readonly Decision[] {
  const all = context.mode === 'compat' && hasTies(given) ? inLibseccompOrder(given, abi) : given;
  const [first, second] = all;
  if (first?.written.length === 0 && second === undefined) return first.source.always; // Fast path for most syscalls.
  const isAsWritten = all.every(({ conditions, written }) => conditions === written);
  const decisions = inPrecedence(all, ({ conditions }) => conditions);
  if (isAsWritten) return decisions;
  const asWritten = inPrecedence(all, ({ written }) => written);
  if (decisions.length * asWritten.length <= MOST_PAIRS) {
    return intersectDecisions(decisions, asWritten, context.defaultAction, new Diagrams(Number.POSITIVE_INFINITY));
  }
  for (const { source, syscall } of all.slice(0, 1)) {
    const message = (names: string) =>
      `the value does not fit its argument, and ${names} has too many other rules to combine it with: remove this rule`;
    context.diagnostics.reportOnce('refused', ['syscalls', source.index], 'pairs', message, syscall);
  }
  return [];
}

/** Whether two decisions are equally restrictive, but have different actions: two errnos, for example. */
function hasTies(decisions: readonly RuleDecision[]): boolean {
  const values = new Map<Action['kind'], number>();
  return decisions.some(({ action }) => {
    const value = returnValue(action);
    const known = values.get(action.kind) ?? value;
    values.set(action.kind, known);
    return known !== value;
  });
}

/**
 * Sorts decisions by the order in which libseccomp's filter tries them. If one has no conditions, order does not
 * matter.
 */
export function inLibseccompOrder(decisions: readonly RuleDecision[], abi: Abi): readonly RuleDecision[] {
  if (decisions.some(({ conditions }) => conditions.length === 0)) return decisions;
  const tree = new RuleTree(runtimeWidth(abi));
  const chains = decisions.map((decision) => ({ decision, chain: asChain(decision) }));
  for (const { chain } of chains) tree.add(chain);
  return chains
    .map(({ decision, chain }) => ({ decision, place: tree.placeOf(chain) }))
    .toSorted((a, b) => comparePlaces(a.place, b.place))
    .map(({ decision }) => decision);
}

/** A decision as libseccomp receives it. */
export function asChain({ args, action }: RuleDecision): Chain {
  return { args, action: returnValue(action) };
}

/**
 * The first decision without conditions, if there is one. Else all decisions, the most restrictive first, so that it
 * wins where conditions overlap; equally restrictive ones stay in the given order.
 */
function inPrecedence(
  decisions: readonly RuleDecision[],
  conditionsOf: (decision: RuleDecision) => readonly Condition[],
): readonly Decision[] {
  const unconditional = decisions.find((decision) => conditionsOf(decision).length === 0);
  if (unconditional !== undefined) return unconditional.source.always;
  return decisions
    .map((decision) => ({ conditions: conditionsOf(decision), action: decision.action, rule: decision.rule }))
    .sort((a, b) => compareRestriction(a.action, b.action));
}

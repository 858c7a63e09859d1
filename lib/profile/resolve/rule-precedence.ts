/** Statements: what a rule says about one syscall of one ABI, and what several of them mean together. */
import { compareRestriction, permissiveness, returnValue } from '../../policy/action.js';
import { intersectDecisions } from '../../policy/algebra.js';
import type { Action, Condition, Decision } from '../../policy/policy.js';
import type { Abi } from '../../syscalls/abi.js';
import type { Diagnostics } from '../document/diagnostics.js';
import type { MeaningOptions, ProfileMode } from '../document/options.js';
import { type Argument, comparesArgumentTwice, type Rule } from '../document/types.js';
import { argumentConditions, runtimeWidth } from './argument-conditions.js';
import { type Chain, comparePlaces, RuleTree } from './libseccomp-order.js';

/** A rule that counts on the host. */
export interface ResolvedRule {
  readonly rule: Rule;
  /** Its index in the document. */
  readonly index: number;
  readonly action: Action;
  /** What is decided where it counts without conditions. */
  readonly always: readonly [Decision];
}

/** What the runtime makes one rule of, for one syscall. */
export interface RuleDecision extends Decision {
  readonly source: ResolvedRule;
  readonly syscall: string;
  /** The comparisons that the conditions are made of. */
  readonly args: readonly Argument[];
  /** The conditions as they are written, where the runtime drops bits of a value; else the very same. */
  readonly written: readonly Condition[];
}

/** How statements are read. */
export interface ResolveContext {
  readonly mode: ProfileMode;
  readonly defaultAction: Action;
  readonly options: MeaningOptions;
  readonly diagnostics: Diagnostics;
}

/** Of what is decided without any. */
export const NO_CONDITIONS: readonly Condition[] = Object.freeze([]);

/** What a rule says about a syscall: one statement, or, if it compares an argument twice, one for each comparison. */
export function ruleDecisionsOf(
  source: ResolvedRule,
  syscall: string,
  abi: Abi,
  context: ResolveContext,
): RuleDecision[] {
  const { rule, index, action } = source;
  const args = rule.args;
  if (args.length === 0)
    return [{ source, rule: index, syscall, action, args, conditions: NO_CONDITIONS, written: NO_CONDITIONS }];
  const loosens = permissiveness(action) - permissiveness(context.defaultAction);
  const comparisons = args.map((argument, i) => {
    const place = { abi, syscall, keys: ['syscalls', index, 'args', i], loosens };
    return argumentConditions(argument, place, context.options, context.diagnostics);
  });
  const read = comparisons.map((comparison, i) => ({ ...comparison, args: args.slice(i, i + 1) }));
  const alternatives = comparesArgumentTwice(rule) ? read.map((each) => [each]) : [read];
  return alternatives.map((all) => {
    const conditions = all.flatMap(({ runtime }) => runtime ?? []);
    const isSame = all.every(({ runtime, written }) => runtime === written);
    const written = isSame ? conditions : all.flatMap(({ written }) => written ?? []);
    return { source, rule: index, syscall, action, args: all.flatMap(({ args }) => args), conditions, written };
  });
}

/** More pairs of decisions than this are not made of two readings of one syscall. */
const MOST_PAIRS = 1 << 14;

/**
 * The decisions about one number. The first statement without conditions wins over everything. Where the runtime drops
 * bits of a value, the stricter of both readings is taken.
 */
export function resolvePrecedence(
  given: readonly RuleDecision[],
  abi: Abi,
  context: ResolveContext,
): readonly Decision[] {
  const statements = context.mode === 'compat' && hasTies(given) ? inLibseccompOrder(given, abi) : given;
  const [first, second] = statements;
  if (first?.written.length === 0 && second === undefined) return first.source.always; // Most are so.
  const isAsWritten = statements.every(({ conditions, written }) => conditions === written);
  const decisions = winning(statements, ({ conditions }) => conditions);
  if (isAsWritten) return decisions;
  const asWritten = winning(statements, ({ written }) => written);
  if (decisions.length * asWritten.length <= MOST_PAIRS) {
    return intersectDecisions(decisions, asWritten, context.defaultAction);
  }
  for (const { source, syscall } of statements.slice(0, 1)) {
    const words = (names: string) =>
      `too many rules on ${names} beside one with a value that is too large for its argument: leave that out`;
    context.diagnostics.reportOnce('refused', ['syscalls', source.index], 'pairs', words, syscall);
  }
  return [];
}

/** Whether two statements are of one rank, though not of one action: errnos, for example. */
function hasTies(statements: readonly RuleDecision[]): boolean {
  const values = new Map<Action['kind'], number>();
  return statements.some(({ action }) => {
    const value = returnValue(action);
    const known = values.get(action.kind) ?? value;
    values.set(action.kind, known);
    return known !== value;
  });
}

/** Conditional statements in the order in which libseccomp tries them. */
export function inLibseccompOrder(statements: readonly RuleDecision[], abi: Abi): readonly RuleDecision[] {
  if (statements.some(({ conditions }) => conditions.length === 0)) return statements;
  const tree = new RuleTree(runtimeWidth(abi));
  const rules = statements.map((statement) => ({ statement, rule: asChain(statement) }));
  for (const { rule } of rules) tree.add(rule);
  return rules
    .map((each) => ({ ...each, place: tree.placeOf(each.rule) }))
    .toSorted((a, b) => comparePlaces(a.place, b.place))
    .map(({ statement }) => statement);
}

/** A statement as libseccomp is given it. */
export function asChain({ args, action }: RuleDecision): Chain {
  return { args, action: returnValue(action) };
}

/**
 * Among conditional statements the most restrictive comes first, so that where two overlap it is taken; of those of one
 * rank, the earlier one.
 */
function winning(
  statements: readonly RuleDecision[],
  conditionsOf: (statement: RuleDecision) => readonly Condition[],
): readonly Decision[] {
  const unconditional = statements.find((statement) => conditionsOf(statement).length === 0);
  if (unconditional !== undefined) return unconditional.source.always;
  return statements
    .map((statement) => ({ conditions: conditionsOf(statement), action: statement.action, rule: statement.rule }))
    .sort((a, b) => compareRestriction(a.action, b.action));
}

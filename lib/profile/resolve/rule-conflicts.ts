/** Reports rules on one syscall that contradict each other, or of which one has no effect. */
import { compareRestriction, permissiveness, returnValue } from '../../policy/action.js';
import { canHold } from '../../policy/diagrams/call-bits.js';
import { Diagrams } from '../../policy/diagrams/decision-diagram.js';
import type { Abi } from '../../syscalls/abi.js';
import type { ProblemKind } from '../document/diagnostics.js';
import { runtimeWidth } from './argument-conditions.js';
import { type Chain, RuleTree } from './libseccomp-order.js';
import {
  asChain,
  inLibseccompOrder,
  type ResolveContext,
  type ResolvedRule,
  type RuleDecision,
} from './rule-precedence.js';

/** The most pairs of decisions in one profile that are checked for overlaps. Each check takes some microseconds. */
const MOST_PAIRS = 4000;

/** Checks the decisions of one profile, number by number. */
export class RuleConflicts {
  readonly #context: ResolveContext;
  readonly #diagrams = new Diagrams(Number.POSITIVE_INFINITY); // No diagram of a list of conditions is large.
  #pairs = 0;

  constructor(context: ResolveContext) {
    this.#context = context;
  }

  /** Reports conflicts among the decisions on one number. They are in the order of the document. */
  check(decisions: readonly RuleDecision[], abi: Abi): void {
    if (decisions.length < 2) return;
    const kept = decisions.filter(({ source }) => !hasDefaultAction(source, this.#context));
    this.checkLibseccomp(decisions, abi);
    if (!haveOneAction(decisions)) this.#reportDropped(decisions, kept);
    const effective = this.#context.mode === 'compat' ? kept : decisions;
    const unconditional = effective.find(({ conditions }) => conditions.length === 0);
    if (unconditional !== undefined) this.#reportDead(effective, unconditional);
    else this.#reportOverlaps(effective, abi);
  }

  /**
   * Reports decisions that libseccomp refuses with EEXIST. If `multiplexer` is given, the decisions are those on the
   * calls that this syscall makes. A decision without comparisons ends the search, as it replaces all that libseccomp
   * has so far.
   */
  checkLibseccomp(decisions: readonly RuleDecision[], abi: Abi, multiplexer?: string): void {
    if (haveOneAction(decisions)) return;
    const tree = new RuleTree(runtimeWidth(abi));
    const added = new Map<Chain, RuleDecision>();
    for (const decision of decisions) {
      if (hasDefaultAction(decision.source, this.#context)) continue;
      const chain = asChain(decision);
      if (tree.holdsAlways(chain)) return;
      added.set(chain, decision);
      const found = tree.add(chain);
      const other = found && added.get(found);
      if (other === undefined) continue;
      const remedy = remedyFor(decision, other, abi, multiplexer);
      const message = (names: string, there: string) => `gives ${names} a different action from ${there}${remedy}`;
      this.#report('refused', decision, other, `refused ${multiplexer ?? ''}`, message);
    }
  }

  /**
   * Reports rules that runtimes drop for having the default action, if another rule then allows calls that they deny.
   */
  #reportDropped(decisions: readonly RuleDecision[], kept: readonly RuleDecision[]): void {
    if (kept.length === decisions.length) return;
    const { defaultAction } = this.#context;
    const looser = kept.filter(({ action }) => permissiveness(action) > permissiveness(defaultAction));
    const message = (names: string, there: string) =>
      `container runtimes drop this rule, as its action is the default one, and ${there} lets ${names} through: ` +
      'keep one of the two';
    for (const decision of decisions) {
      if (!hasDefaultAction(decision.source, this.#context)) continue;
      const other = looser.find((each) => this.#overlap(decision, each));
      if (other !== undefined) this.#report('mistake', decision, other, 'dropped', message);
    }
  }

  /** Reports rules that never apply, because `winner` has no conditions. */
  #reportDead(decisions: readonly RuleDecision[], winner: RuleDecision): void {
    for (const decision of decisions) {
      if (decision === winner) continue;
      if (haveSameAction(decision, winner)) this.#reportRepeated(decision, winner);
      else this.#reportLost(decision, winner);
    }
  }

  #reportRepeated(decision: RuleDecision, winner: RuleDecision): void {
    // Two names may be one call, and a rule that compares an argument twice makes several decisions.
    const isSame = decision.source === winner.source;
    if (decision.syscall !== winner.syscall || (isSame && decision.conditions.length > 0)) return;
    this.#report('notice', decision, winner, 'again', (names, there) =>
      isSame ? `names ${names} twice` : `is redundant for ${names}: ${there} has the same effect`,
    );
  }

  #reportLost(decision: RuleDecision, winner: RuleDecision): void {
    const isLost = permissiveness(decision.action) < permissiveness(winner.action);
    if (isLost && hasDefaultAction(decision.source, this.#context)) return; // Reported already, as dropped.
    const hasConditions = decision.conditions.length > 0;
    this.#report(isLost ? 'mistake' : 'notice', decision, winner, 'dead', (names, there) =>
      hasConditions
        ? `has no effect on ${names}: ${there} has no conditions, and takes precedence over rules with conditions`
        : `has no effect on ${names}: ${there} comes first`,
    );
  }

  /** Reports rules with different actions whose conditions some arguments meet together. */
  #reportOverlaps(decisions: readonly RuleDecision[], abi: Abi): void {
    if (haveOneAction(decisions)) return;
    const inOrder = this.#context.mode === 'compat' ? inLibseccompOrder(decisions, abi) : decisions;
    const order = new Map(inOrder.map((decision, i) => [decision, i]));
    const isFirst = (a: RuleDecision, b: RuleDecision) => (order.get(a) ?? 0) < (order.get(b) ?? 0);
    for (const decision of decisions) {
      for (const other of decisions) {
        if (other === decision) break;
        if (this.#pairs >= MOST_PAIRS) {
          this.#report('notice', decision, decision, 'many', tooManyToCheck);
          return;
        }
        if (haveSameAction(decision, other)) this.#pairs++;
        else if (this.#overlap(decision, other))
          this.#report('notice', decision, other, 'overlap', (names, there) => {
            const isTie = compareRestriction(decision.action, other.action) === 0;
            const tied = `that of ${isFirst(decision, other) ? 'this rule' : there}`;
            const which = isTie ? tied : 'the most restrictive action';
            return `overlaps with ${there} for ${names}: where both match, ${which} applies`;
          });
      }
    }
  }

  /** Whether some arguments meet the conditions of both. Beyond MOST_PAIRS, the answer is always yes. */
  #overlap(a: RuleDecision, b: RuleDecision): boolean {
    if (a.conditions.length === 0 || b.conditions.length === 0) return true;
    if (this.#pairs++ >= MOST_PAIRS) return true;
    this.#diagrams.clearIfLarge();
    return canHold([...a.conditions, ...b.conditions], this.#diagrams);
  }

  /**
   * `topic` distinguishes several conflicts between the same two rules. `message` receives the names of the syscalls
   * and of the other rule.
   */
  #report(
    kind: ProblemKind,
    at: RuleDecision,
    other: RuleDecision,
    topic: string,
    message: (names: string, there: string) => string,
  ): void {
    const { diagnostics } = this.#context;
    if (!diagnostics.accepts(kind)) return;
    const there = at.source === other.source ? 'itself' : `syscalls[${other.source.index}]`;
    const path = ['syscalls', at.source.index];
    diagnostics.reportOnce(kind, path, `${topic} ${there}`, (names) => message(names, there), at.syscall);
  }
}

function tooManyToCheck(names: string): string {
  return `too many rules on ${names} to check for overlaps: where two match, the most restrictive action applies`;
}

/** Whether a rule has the default action, so that runtimes drop it. Source: runc's matchCall. */
export function hasDefaultAction(
  { action }: ResolvedRule,
  { defaultAction }: Pick<ResolveContext, 'defaultAction'>,
): boolean {
  return returnValue(action) === returnValue(defaultAction);
}

function haveSameAction(a: RuleDecision, b: RuleDecision): boolean {
  return returnValue(a.action) === returnValue(b.action);
}

function haveOneAction(decisions: readonly RuleDecision[]): boolean {
  return decisions.every((each, _, [first = each]) => haveSameAction(each, first));
}

/** Returns advice on a decision that libseccomp refuses beside another one. */
function remedyFor(decision: RuleDecision, other: RuleDecision, abi: Abi, multiplexer: string | undefined): string {
  if (multiplexer !== undefined) {
    const reason = `for ${multiplexer} on ${abi.name}, container runtimes drop comparisons of argument 0`;
    return `; ${reason}, and then refuse the two rules: give both the same action, or remove ${abi.name}`;
  }
  return comparisonsOf(decision) === comparisonsOf(other)
    ? ' under the same conditions: keep one of the two'
    : ', and container runtimes refuse this rule after that one: write this rule first';
}

/** The comparisons of a decision as a key, in any order. */
function comparisonsOf({ args }: RuleDecision): string {
  return args
    .map(({ index, op, value, valueTwo }) => `${index} ${op} ${value} ${op === 'SCMP_CMP_MASKED_EQ' ? valueTwo : ''}`)
    .sort()
    .join();
}

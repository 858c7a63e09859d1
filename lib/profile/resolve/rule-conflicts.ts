/** Conflicts: rules on one syscall that stand in each other's way, and rules that say nothing. */
import { compareRestriction, permissiveness, returnValue } from '../../policy/action.js';
import { isSatisfiable } from '../../policy/argument-region.js';
import type { Abi } from '../../syscalls/abi.js';
import type { Diagnostics, ProblemKind } from '../document/diagnostics.js';
import { runtimeWidth } from './argument-conditions.js';
import { type Chain, RuleTree } from './libseccomp-order.js';
import {
  asChain,
  inLibseccompOrder,
  type ResolveContext,
  type ResolvedRule,
  type RuleDecision,
} from './rule-precedence.js';

/** How many pairs of rules with arguments are held against each other, in one profile. */
const MOST_PAIRS = 4000;

/** Looks for conflicts, syscall by syscall. */
export class RuleConflicts {
  readonly #context: ResolveContext;
  readonly #diagnostics: Diagnostics;
  #pairs = 0;

  constructor(context: ResolveContext) {
    this.#context = context;
    this.#diagnostics = context.diagnostics;
  }

  /** Remarks on the statements about one number, in the order of the document. */
  among(statements: readonly RuleDecision[], abi: Abi): void {
    if (statements.length < 2) return;
    const ordinary = statements.filter(({ source }) => !hasDefaultAction(source, this.#context));
    this.refused(statements, abi);
    if (!isOfOneAction(statements)) this.#dropped(statements, ordinary);
    const counting = this.#context.mode === 'compat' ? ordinary : statements;
    const unconditional = counting.find(({ conditions }) => conditions.length === 0);
    if (unconditional !== undefined) this.#dead(counting, unconditional);
    else this.#overlapping(counting, abi);
  }

  /**
   * What libseccomp refuses, with EEXIST, among statements about one number of its; those of what `multiplexer` makes, if
   * it is that one's. One without comparisons ends the search, since it replaces what was there.
   */
  refused(statements: readonly RuleDecision[], abi: Abi, multiplexer?: string): void {
    if (isOfOneAction(statements)) return;
    const tree = new RuleTree(runtimeWidth(abi));
    const added = new Map<Chain, RuleDecision>();
    for (const statement of statements) {
      if (hasDefaultAction(statement.source, this.#context)) continue;
      const chain = asChain(statement);
      if (tree.holdsAlways(chain)) return;
      added.set(chain, statement);
      const found = tree.add(chain);
      const other = found && added.get(found);
      if (other === undefined) continue;
      const remedy = remedyFor(statement, other, abi, multiplexer);
      this.#remark(
        'refused',
        statement,
        other,
        `refused ${multiplexer ?? ''}`,
        (names, there) => `gives ${names} another action than ${there}${remedy}`,
      );
    }
  }

  /** Rules that runtimes leave out for having the default action, where another rule then lets calls through. */
  #dropped(statements: readonly RuleDecision[], ordinary: readonly RuleDecision[]): void {
    if (ordinary.length === statements.length) return;
    const { defaultAction } = this.#context;
    const looser = ordinary.filter(({ action }) => permissiveness(action) > permissiveness(defaultAction));
    for (const statement of statements) {
      if (!hasDefaultAction(statement.source, this.#context)) continue;
      for (const other of looser) {
        if (!this.#overlap(statement, other)) continue;
        this.#remark(
          'mistake',
          statement,
          other,
          'dropped',
          (names, there) =>
            `container runtimes leave this rule out, as its action is the default one, and ${there} lets ${names} through: keep one of the two`,
        );
        break;
      }
    }
  }

  /** Rules that never come to bear because another has no conditions. */
  #dead(statements: readonly RuleDecision[], winner: RuleDecision): void {
    for (const statement of statements) {
      if (statement === winner) continue;
      const hasConditions = statement.conditions.length > 0;
      if (isAlike(statement, winner)) {
        // Two names may be one call, and one rule with a comparison too many several statements.
        const isSame = statement.source === winner.source;
        if (statement.syscall !== winner.syscall || (isSame && hasConditions)) continue;
        this.#remark('notice', statement, winner, 'again', (names, there) =>
          isSame ? `names ${names} twice` : `says nothing about ${names} that ${there} does not say`,
        );
        continue;
      }
      const isLost = permissiveness(statement.action) < permissiveness(winner.action);
      if (isLost && hasDefaultAction(statement.source, this.#context)) continue; // Said already: it is left out.
      this.#remark(isLost ? 'mistake' : 'notice', statement, winner, 'dead', (names, there) =>
        hasConditions
          ? `has no effect on ${names}: ${there} decides it without conditions, which outweighs rules that have some`
          : `has no effect on ${names}: ${there} comes first`,
      );
    }
  }

  /** Rules of different actions of which the same arguments may meet the conditions. */
  #overlapping(statements: readonly RuleDecision[], abi: Abi): void {
    if (isOfOneAction(statements)) return;
    const inOrder = this.#context.mode === 'compat' ? inLibseccompOrder(statements, abi) : statements;
    const order = new Map(inOrder.map((statement, i) => [statement, i]));
    for (const statement of statements) {
      for (const other of statements) {
        if (other === statement) break;
        if (this.#pairs >= MOST_PAIRS) {
          this.#remark(
            'notice',
            statement,
            statement,
            'many',
            (names) =>
              `too many rules on ${names} to look for overlaps: where two hold, the most restrictive action is taken`,
          );
          return;
        }
        if (isAlike(statement, other)) this.#pairs++;
        else if (this.#overlap(statement, other))
          this.#remark('notice', statement, other, 'overlap', (names, there) => {
            const isTie = compareRestriction(statement.action, other.action) === 0;
            const isFirst = (order.get(statement) ?? 0) < (order.get(other) ?? 0);
            const which = isTie ? `that of ${isFirst ? 'this rule' : there}` : 'the most restrictive action';
            return `overlaps with ${there} for ${names}: where both hold, ${which} is taken`;
          });
      }
    }
  }

  /** Whether there are arguments for which both hold. Yes, beyond the pairs that are looked at. */
  #overlap(a: RuleDecision, b: RuleDecision): boolean {
    if (a.conditions.length === 0 || b.conditions.length === 0) return true;
    return this.#pairs++ >= MOST_PAIRS || isSatisfiable([...a.conditions, ...b.conditions]);
  }

  #remark(
    kind: ProblemKind,
    at: RuleDecision,
    other: RuleDecision,
    topic: string,
    words: (names: string, there: string) => string,
  ): void {
    if (!this.#diagnostics.accepts(kind)) return;
    const there = at.source === other.source ? 'itself' : `syscalls[${other.source.index}]`;
    const place = ['syscalls', at.source.index];
    this.#diagnostics.reportOnce(kind, place, `${topic} ${there}`, (names) => words(names, there), at.syscall);
  }
}

/** Whether a rule has the default action, so that runtimes leave it out. Source: runc's matchCall. */
export function hasDefaultAction(
  { action }: ResolvedRule,
  { defaultAction }: Pick<ResolveContext, 'defaultAction'>,
): boolean {
  return returnValue(action) === returnValue(defaultAction);
}

function isAlike(a: RuleDecision, b: RuleDecision): boolean {
  return returnValue(a.action) === returnValue(b.action);
}

/** What to do about a statement that libseccomp refuses beside another one. */
function remedyFor(statement: RuleDecision, other: RuleDecision, abi: Abi, multiplexer: string | undefined): string {
  if (multiplexer !== undefined)
    return `; for ${multiplexer} on ${abi.name}, container runtimes drop what both compare of argument 0, and refuse them then: give both one action, or leave out ${abi.name}`;
  return keyOf(statement) === keyOf(other)
    ? ' under the same conditions: keep one of the two'
    : ', and container runtimes refuse this rule after that one: write this rule first';
}

function isOfOneAction(statements: readonly RuleDecision[]): boolean {
  return statements.every((each, _, [first = each]) => isAlike(each, first));
}

/** Statements of one key have the same comparisons, in whichever order. */
function keyOf({ args }: RuleDecision): string {
  return args
    .map(({ index, op, value, valueTwo }) => `${index} ${op} ${value} ${op === 'SCMP_CMP_MASKED_EQ' ? valueTwo : ''}`)
    .sort()
    .join();
}

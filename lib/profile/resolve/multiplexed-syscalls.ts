/** Decisions on the calls that multiplexers make: see lib/syscalls/multiplexers.ts. */
import { compareRestriction, returnValue } from '../../policy/action.js';
import { conditionsDiagram } from '../../policy/diagrams/call-bits.js';
import { Diagrams, FALSE, TooManySteps } from '../../policy/diagrams/decision-diagram.js';
import { outcomesOf } from '../../policy/diagrams/policy-meanings.js';
import type { Action, Decision } from '../../policy/policy.js';
import type { Multiplexer } from '../../syscalls/multiplexers.js';
import type { Argument } from '../document/types.js';
import type { RuleDecision } from './rule-precedence.js';

/** The decision on one call of a multiplexer. `rule` is the index of the rule that makes it, if one does. */
export function multiplexedDecision({ mask }: Multiplexer, call: bigint, action: Action, rule?: number): Decision {
  const index = 0;
  const condition =
    mask === 0xffff_ffffn
      ? ({ index, width: 32, op: 'eq', value: call } as const)
      : ({ index, width: 32, op: 'masked-eq', mask, value: call } as const);
  return { conditions: [condition], action, rule };
}

/**
 * Converts a decision on a call to the one that libseccomp makes on its multiplexer: libseccomp compares the first
 * argument with the number of the call, and drops comparisons of the call's own first argument. Source: abi_rule_add in
 * syscalls.c of libseccomp 2.6.
 */
export function toMultiplexerDecision(decision: RuleDecision, { calls }: Multiplexer): RuleDecision {
  const value = calls.get(decision.syscall);
  if (value === undefined) return decision;
  const first: Argument = { index: 0, op: 'SCMP_CMP_EQ', value, valueTwo: undefined };
  return { ...decision, args: [first, ...decision.args.filter(({ index }) => index !== 0)] };
}

/** An action, and the index of the rule that leads to it, if a rule does. */
type DecidedAction = Pick<Decision, 'action' | 'rule'>;

/**
 * Returns the most restrictive action that some arguments lead to, for a call whose arguments a filter can't read. Of
 * several errnos, returns that of the earliest decision.
 */
export function strictestAction(decisions: readonly Decision[], otherwise: Action): DecidedAction {
  const rest: DecidedAction = { action: otherwise, rule: undefined };
  // Fast path: most calls have no decision, or one without conditions.
  const [only = rest] = decisions;
  if (decisions.every(({ conditions }, i) => i === 0 && conditions.length === 0)) return only;
  const [first = rest, ...others] = possibleActions(decisions, rest);
  return others.reduce((a, b) => (compareRestriction(b.action, a.action) < 0 ? b : a), first);
}

/** The actions that some arguments lead to. If they are too intertwined to be computed, every decision is assumed to be possible. */
function possibleActions(decisions: readonly Decision[], rest: DecidedAction): readonly DecidedAction[] {
  const all = [...decisions, { ...rest, conditions: [] }];
  const diagrams = new Diagrams();
  try {
    const outcomes = outcomesOf(all, diagrams);
    const taken = new Map(outcomes.map(({ action, calls }) => [returnValue(action), calls]));
    // A decision whose calls all get their action from earlier ones is not the first that has this action for a call.
    return all.filter(({ action, conditions }) => {
      const calls = taken.get(returnValue(action)) ?? FALSE;
      return diagrams.both(conditionsDiagram(conditions, diagrams), calls) !== FALSE;
    });
  } catch (error) {
    if (error instanceof TooManySteps) return all;
    throw error;
  }
}

/**
 * Proves long lists of rules for programs that test the conditions one after the other. Program and list are followed
 * in lockstep. What was learned about the arguments for one rule is forgotten when the next rule begins, so each rule
 * is followed once, however much the rules overlap. Forgetting only adds possible calls: a proof holds, but a correct
 * program may not be proven.
 */
import { returnValue } from '../../policy/action.js';
import { conditionDiagram } from '../../policy/diagrams/call-bits.js';
import { type Diagram, type Diagrams, FALSE, TooManySteps, TRUE } from '../../policy/diagrams/decision-diagram.js';
import type { NumberMeaning } from '../../policy/diagrams/policy-meanings.js';
import type { Decision } from '../../policy/policy.js';
import { argumentAt, instructionAt, nextOf } from '../bpf/instruction.js';
import { levelOf, testDiagram } from './program-bits.js';
import { type CheckedProgram, gateHalfAt, type Held, heldAfter, ZERO } from './program-diagrams.js';

/** The limit on states. A program that tests its conditions in order needs fewer. */
const MOST_STATES = 32_768;

/** What is tested, or known, about each of the six arguments. */
type Arguments = readonly Diagram[];

const ANYTHING: Arguments = [TRUE, TRUE, TRUE, TRUE, TRUE, TRUE];

interface State {
  readonly at: number;
  readonly held: Held;
  /** The index of the first rule that may apply to the call, and how many of its conditions are known to hold. */
  readonly rule: number;
  readonly met: number;
  /** What is known about the arguments from tests since this rule began. */
  readonly known: Arguments;
  /**
   * What was known when the previous rule was found not to apply: the program may still be testing its failed
   * condition.
   */
  readonly past: Past | undefined;
  /** The halves of the gate's value that the call is known to carry, one bit each. */
  readonly opened: number;
}

interface Past {
  /** The argument of the condition that failed. */
  readonly index: number;
  readonly known: Arguments;
}

/** All six halves of the gate's value. */
const WHOLE_GATE = 0b111111;

interface FollowedRule {
  readonly conditions: readonly FollowedCondition[];
  readonly value: number;
}

interface FollowedCondition {
  readonly index: number;
  readonly holds: Diagram;
  /** This condition and all earlier ones on the same argument. */
  readonly allHold: Diagram;
}

/**
 * Whether the program, from `at` on, is proven to return what the policy means, for all arguments. With `isGated`, the
 * syscall may have an exec gate.
 */
export function followsInLockstep(
  program: CheckedProgram,
  at: number,
  { decisions, otherwise }: NumberMeaning,
  isGated: boolean,
  diagrams: Diagrams,
): boolean {
  try {
    const rules = [...decisions, { conditions: [], action: otherwise }].flatMap((each) => ruleOf(each, diagrams));
    return new LockstepWalk(program, rules, isGated, diagrams).shows(at);
  } catch (error) {
    if (error instanceof TooManySteps) return false;
    throw error;
  }
}

/** The rule of a decision; none if one of its conditions never holds. */
function ruleOf({ conditions, action }: Decision, diagrams: Diagrams): readonly FollowedRule[] {
  const all = [...ANYTHING];
  const followed = conditions.map((condition): FollowedCondition => {
    const { index } = condition;
    const holds = conditionDiagram(condition, diagrams);
    const allHold = diagrams.both(all[index] ?? TRUE, holds);
    all[index] = allHold;
    return { index, holds, allHold };
  });
  return followed.some(({ holds }) => holds === FALSE) ? [] : [{ conditions: followed, value: returnValue(action) }];
}

class LockstepWalk {
  readonly #program: CheckedProgram;
  /** The policy's rules, then one that takes every call, then one for calls that carry the gate's whole value. */
  readonly #rules: readonly FollowedRule[];
  readonly #isGated: boolean;
  readonly #diagrams: Diagrams;
  readonly #seen = new Set<string>();

  constructor(program: CheckedProgram, rules: readonly FollowedRule[], isGated: boolean, diagrams: Diagrams) {
    this.#program = program;
    this.#rules = [...rules, { conditions: [], value: returnValue({ kind: 'allow' }) }];
    this.#isGated = isGated;
    this.#diagrams = diagrams;
  }

  shows(at: number): boolean {
    const stack: State[] = [{ at, held: ZERO, rule: 0, met: 0, known: ANYTHING, past: undefined, opened: 0 }];
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      const settled = this.#settled(state);
      const key = keyOf(settled);
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      const next = this.#seen.size > MOST_STATES ? undefined : this.#after(settled);
      if (next === undefined) return false;
      stack.push(...next);
    }
    return true;
  }

  /**
   * Advances to the first condition or rule that is neither known to hold nor known to fail. Of a condition that
   * holds, only that fact is kept: whatever else was learned would keep states apart that the program treats alike.
   */
  #settled(state: State): State {
    const { known } = state;
    const condition = this.#rules[state.rule]?.conditions.at(state.met);
    const before = condition === undefined ? undefined : known[condition.index];
    if (condition === undefined || before === undefined) return state;
    const { index, holds, allHold } = condition;
    const both = this.#diagrams.both(before, holds);
    if (both === before) return this.#settled({ ...state, met: state.met + 1, known: known.with(index, allHold) });
    if (both !== FALSE) return state;
    return this.#settled({ ...state, rule: state.rule + 1, met: 0, known: ANYTHING, past: { index, known } });
  }

  /** The next states; undefined if a return value is not proven to be right. */
  #after(state: State): readonly State[] | undefined {
    const { at, held } = state;
    const instruction = instructionAt(this.#program.instructions, at);
    const [yes, no] = nextOf(instruction, at);
    if (yes === undefined) return this.#returns(state, instruction.k) ? [] : undefined;
    if (no === undefined) return [{ ...state, at: yes, held: heldAfter(held, instruction) }];
    const half = gateHalfAt(this.#program, at, held);
    if (half !== undefined) return this.#branchAtGate(state, half, yes, no);
    const test = testDiagram(levelOf(held.offset, this.#program.endian), held.mask, instruction, this.#diagrams);
    return [
      ...this.#learned({ ...state, at: yes }, test),
      ...this.#learned({ ...state, at: no }, this.#diagrams.not(test)),
    ];
  }

  /**
   * Whether every rule that may apply returns `value`: the first one that may apply, and those after it up to one
   * that must.
   */
  #returns({ rule, met }: State, value: number): boolean {
    for (let i = rule; ; i++) {
      const { conditions = [], value: meant } = this.#rules[i] ?? {};
      if (meant !== value) return false;
      if (conditions.length === (i === rule ? met : 0)) return true;
    }
  }

  /** Returns the states after a test of the gate's value. Every call may take either branch. */
  #branchAtGate(state: State, half: number, yes: number, no: number): readonly State[] | undefined {
    const opened = state.opened | (1 << half);
    const closed = { ...state, at: no, opened: 0 };
    if (opened !== WHOLE_GATE) return [{ ...state, at: yes, opened }, closed];
    if (!this.#isGated) return undefined;
    return [{ ...state, at: yes, rule: this.#rules.length - 1, met: 0, opened }, closed];
  }

  /** Adds the result of a test to what is known. Returns no state if it contradicts what is known. */
  #learned(state: State, test: Diagram): readonly State[] {
    const index = argumentAt(state.held.offset);
    if (index === undefined) return [state];
    const known = this.#diagrams.both(state.known[index] ?? TRUE, test);
    const before = state.past?.known[index] ?? TRUE;
    const past = this.#diagrams.both(before, test);
    if (known === FALSE || past === FALSE) return [];
    // The program has begun to test another argument, so it is done with the previous rule.
    const isOver = state.past === undefined || (past !== before && state.past.index !== index);
    const kept = isOver ? undefined : { ...state.past, known: state.past.known.with(index, past) };
    return [{ ...state, known: state.known.with(index, known), past: kept }];
  }
}

function keyOf({ at, held, rule, met, known, past, opened }: State): string {
  return `${at} ${held.offset} ${held.mask} ${rule} ${met} ${known} ${past?.index} ${past?.known} ${opened}`;
}

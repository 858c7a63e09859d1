/**
 * Proves long lists of rules whose conditions a program asks one after the other: it follows program and list in step, and
 * forgets what it learned of a call for one rule where it comes to the next. So each rule is followed once, however much the rules
 * have to do with each other. What it forgets only adds calls, so what is shown holds; it may fail to show what is right.
 */
import { returnValue } from '../../policy/action.js';
import type { Decision } from '../../policy/policy.js';
import { MAX_WORD } from '../../policy/word-set.js';
import { BPF } from '../bpf/instruction.js';
import { argumentOf, conditionDiagram, levelOf, testDiagram } from './diagrams/call-bits.js';
import { type Diagram, type Diagrams, FALSE, TooManySteps, TRUE } from './diagrams/decision-diagram.js';
import type { NumberMeaning } from './diagrams/policy-meanings.js';
import { type CheckedProgram, gateHalfAt, type Held, ZERO } from './diagrams/program-diagrams.js';

/** More states than any program needs that asks its conditions one after the other. */
const MOST_STATES = 32_768;

/** What is asked, or known, of each of the six arguments. */
type Arguments = readonly Diagram[];

const ANYTHING: Arguments = [TRUE, TRUE, TRUE, TRUE, TRUE, TRUE];

interface State {
  readonly at: number;
  readonly held: Held;
  /** The first rule that may be the one that is taken, and how many of its conditions are known to hold. */
  readonly rule: number;
  readonly met: number;
  /** What is known of the arguments, from tests since the rule came next. */
  readonly known: Arguments;
  /** What was known when the rule before was shown not to hold: the program may still be asking the condition that does not. */
  readonly past: Past | undefined;
  /** The halves of the gate's value that the call was found to carry, a bit each. */
  readonly opened: number;
}

interface Past {
  /** The argument of the condition that does not hold. */
  readonly index: number;
  readonly known: Arguments;
}

/** All six halves. */
const WHOLE_GATE = 0b111111;

interface FollowedRule {
  readonly conditions: readonly FollowedCondition[];
  readonly value: number;
}

interface FollowedCondition {
  readonly index: number;
  readonly holds: Diagram;
  /** Whether those before it about the same argument hold as well. */
  readonly allHold: Diagram;
}

/** Whether a program is shown to return, from `at` on and for all arguments, what is meant; `isGated`: of a call that may have a gate. */
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

/** None, if a condition never holds. */
function ruleOf({ conditions, action }: Decision, diagrams: Diagrams): readonly FollowedRule[] {
  const all = [...ANYTHING];
  const asked = conditions.map((condition): FollowedCondition => {
    const { index } = condition;
    const holds = conditionDiagram(condition, diagrams);
    const allHold = diagrams.both(all[index] ?? TRUE, holds);
    all[index] = allHold;
    return { index, holds, allHold };
  });
  return asked.some(({ holds }) => holds === FALSE) ? [] : [{ conditions: asked, value: returnValue(action) }];
}

class LockstepWalk {
  readonly #program: CheckedProgram;
  /** The last but one takes every call; the last is for those with the gate's whole value. */
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
   * Goes on to the first condition, or rule, of which it is not known whether it holds. Of a condition that does, no more is kept
   * than that: what else was learned on the way to it would keep apart what the program treats alike.
   */
  #settled(state: State): State {
    const { known } = state;
    const asked = this.#rules[state.rule]?.conditions.at(state.met);
    const before = asked === undefined ? undefined : known[asked.index];
    if (asked === undefined || before === undefined) return state;
    const { index, holds, allHold } = asked;
    const both = this.#diagrams.both(before, holds);
    if (both === before) return this.#settled({ ...state, met: state.met + 1, known: known.with(index, allHold) });
    if (both !== FALSE) return state;
    return this.#settled({ ...state, rule: state.rule + 1, met: 0, known: ANYTHING, past: { index, known } });
  }

  /** The states that follow; undefined if a return is not shown to be right. */
  #after(state: State): readonly State[] | undefined {
    const { at, held } = state;
    const instruction = this.#program.instructions[at];
    if (instruction === undefined) return undefined;
    const { code, jt, jf, k } = instruction;
    const next = at + 1;
    switch (code) {
      case BPF.ret:
        return this.#returns(state, k) ? [] : undefined;
      case BPF.ja:
        return [{ ...state, at: next + k }];
      case BPF.ld:
        return [{ ...state, at: next, held: { offset: k, mask: MAX_WORD } }];
      case BPF.and:
        return [{ ...state, at: next, held: { ...held, mask: (held.mask & k) >>> 0 } }];
      default: {
        const half = gateHalfAt(this.#program, at, held);
        if (half !== undefined) return this.#asked(state, half, next + jt, next + jf);
        const test = testDiagram(levelOf(held.offset, this.#program.endian), held.mask, instruction, this.#diagrams);
        const yes = this.#learned(state, test);
        const no = this.#learned(state, this.#diagrams.not(test));
        return [...yes.map((each) => ({ ...each, at: next + jt })), ...no.map((each) => ({ ...each, at: next + jf }))];
      }
    }
  }

  /** Whether all rules return a value that may be taken: the first that may hold, and those after it up to one that does. */
  #returns({ rule, met }: State, value: number): boolean {
    for (let i = rule; ; i++) {
      const { conditions = [], value: meant } = this.#rules[i] ?? {};
      if (meant !== value) return false;
      if (conditions.length === (i === rule ? met : 0)) return true;
    }
  }

  /** Nobody knows whether a call carries half of the gate's value. */
  #asked(state: State, half: number, yes: number, no: number): readonly State[] | undefined {
    const opened = state.opened | (1 << half);
    const closed = { ...state, at: no, opened: 0 };
    if (opened !== WHOLE_GATE) return [{ ...state, at: yes, opened }, closed];
    if (!this.#isGated) return undefined;
    return [{ ...state, at: yes, rule: this.#rules.length - 1, met: 0, opened }, closed];
  }

  /** Adds what a test says of an argument; nothing is left if that can't be. */
  #learned(state: State, test: Diagram): readonly State[] {
    const index = argumentOf(state.held.offset);
    if (index === undefined) return [state];
    const known = this.#diagrams.both(state.known[index] ?? TRUE, test);
    const before = state.past?.known[index] ?? TRUE;
    const past = this.#diagrams.both(before, test);
    if (known === FALSE || past === FALSE) return [];
    // Something else is learned of another argument: the program is done with the rule before.
    const isOver = state.past === undefined || (past !== before && state.past.index !== index);
    const kept = isOver ? undefined : { ...state.past, known: state.past.known.with(index, past) };
    return [{ ...state, known: state.known.with(index, known), past: kept }];
  }
}

function keyOf({ at, held, rule, met, known, past, opened }: State): string {
  return `${at} ${held.offset} ${held.mask} ${rule} ${met} ${known} ${past?.index} ${past?.known} ${opened}`;
}

/**
 * Describes the return values of a program by as few rules as it can find. For a call that no rule decides yet, the
 * tests on its path become the conditions of a rule; conditions that are not needed are then left out. Diagrams show
 * whether a rule still decides all of its calls as the program does.
 */
import { actionOf } from '../../policy/action.js';
import type { Condition, Decision } from '../../policy/policy.js';
import { atLeast, below, highWord, lowWord, MAX_WORD } from '../../policy/word-set.js';
import type { Abi } from '../../syscalls/abi.js';
import { argumentAt, BPF, type Instruction, isHighHalf } from '../bpf/instruction.js';
import { callFromBits, conditionDiagram } from './diagrams/call-bits.js';
import { type Diagram, type Diagrams, FALSE, TRUE } from './diagrams/decision-diagram.js';
import { type CheckedProgram, type Held, ProgramDiagrams, ZERO } from './diagrams/program-diagrams.js';
import { compares, type Half, matches } from './half-conditions.js';
import { jumpHolds } from './symbolic-execution.js';

/** The limit on rules. A program of 4096 instructions should not lead to more. */
const MOST_RULES = 4096;

/**
 * The decisions of the code from `at` on, which tests only arguments. `otherwise` is the return value where no
 * decision holds.
 * @throws {TooManySteps} if the diagrams grow too large.
 * @throws {RangeError} if there are too many rules.
 */
export function coverProgram(
  program: CheckedProgram,
  at: number,
  otherwise: number,
  diagrams: Diagrams,
): readonly Decision[] {
  const returned = new ProgramDiagrams(program, diagrams).from(at);
  const values = valuesOf(returned, diagrams);
  const size = (rules: readonly CoverRule[]) => rules.reduce((sum, { conditions }) => sum + 1 + conditions.length, 0);
  let best = cover(program, at, returned, otherwise, values, diagrams);
  // A few rules for some calls may be shorter than many rules for all others, so each value is tried as the default.
  for (const value of best.length > FEW_RULES ? values : []) {
    if (value === otherwise || diagrams.steps > MOST_FOR_OTHERS) continue;
    const rules = cover(program, at, returned, value, values, diagrams);
    if (size(rules) + 1 < size(best)) best = [...rules, { conditions: [], taken: TRUE, value }];
  }
  return best.map(({ conditions, value }) => ({ conditions, action: actionOf(value) }));
}

/** The limit on diagram steps after which no other default is tried. */
const MOST_FOR_OTHERS = 500_000;

/** Other defaults are tried only for lists with more rules than this. */
const FEW_RULES = 4;

function valuesOf(returned: Diagram, diagrams: Diagrams): ReadonlySet<number> {
  const values = new Set<number>();
  diagrams.map(returned, (value) => {
    values.add(value);
    return TRUE;
  });
  return values;
}

/** Rules for all calls whose return value is not `otherwise`. */
function cover(
  program: CheckedProgram,
  at: number,
  returned: Diagram,
  otherwise: number,
  values: ReadonlySet<number>,
  diagrams: Diagrams,
): readonly CoverRule[] {
  let decided = 0;
  while (values.has(decided)) decided++;
  const rules: CoverRule[] = [];
  // The return values of calls that no rule decides yet.
  let open = returned;
  for (;;) {
    const rest = diagrams.constant(otherwise);
    const undecided = diagrams.map(open, (value) => (value === decided ? rest : diagrams.constant(value)));
    const found = diagrams.difference(undecided, rest);
    if (found === undefined) return needed(rules, otherwise, diagrams);
    if (rules.length === MOST_RULES) throw new RangeError(`more than ${MOST_RULES} decisions on one number`);
    const isWrong = diagrams.map(open, (value) => (value === decided || value === found.a ? FALSE : TRUE));
    const { words, whole, isWhole } = conditionsOf(program, at, callFromBits(found.ones).args);
    // Conditions on words of arguments that are tested as a whole, and on the whole of those that are not.
    const unlikely = [...words.filter(isWhole), ...whole.filter((condition) => !isWhole(condition))];
    const likely = [...words.filter((condition) => !isWhole(condition)), ...whole.filter(isWhole)];
    const rule = [
      [...words, ...whole],
      [...whole, ...words],
      [...unlikely, ...likely],
    ]
      .map((conditions) => widest(conditions, found.a, isWrong, diagrams))
      .reduce((best, each) => (isBetter(each, best, diagrams) ? each : best));
    rules.push(rule);
    open = diagrams.choose(rule.taken, diagrams.constant(decided), open);
  }
}

interface CoverRule {
  readonly conditions: readonly Condition[];
  /** The calls that meet all conditions. */
  readonly taken: Diagram;
  readonly value: number;
}

/** Returns a diagram of the calls for which the value of `diagram` is `value`. */
function isValue(diagram: Diagram, value: number, diagrams: Diagrams): Diagram {
  return diagrams.map(diagram, (each) => (each === value ? TRUE : FALSE));
}

/** Drops conditions, the first ones first, as long as the rule takes no call that returns another value. */
function widest(given: readonly Condition[], value: number, isWrong: Diagram, diagrams: Diagrams): CoverRule {
  const tests = given.map((condition) => ({ condition, holds: conditionDiagram(condition, diagrams) }));
  // For each condition: whether all conditions after it hold.
  const after: Diagram[] = [];
  tests.reduceRight<Diagram>((all, { holds }, i) => {
    after[i] = all;
    return diagrams.both(all, holds);
  }, TRUE);
  const conditions: Condition[] = [];
  let taken: Diagram = TRUE;
  for (const [i, { condition, holds }] of tests.entries()) {
    const others = diagrams.both(taken, after[i] ?? TRUE);
    if (diagrams.both(others, isWrong) === FALSE) continue;
    conditions.push(condition);
    taken = diagrams.both(taken, holds);
  }
  return { conditions, taken, value };
}

/** Whether a rule has fewer conditions than another; or as many, and takes more calls. */
function isBetter(rule: CoverRule, other: CoverRule, diagrams: Diagrams): boolean {
  const difference = rule.conditions.length - other.conditions.length;
  return difference < 0 || (difference === 0 && diagrams.share(rule.taken) > diagrams.share(other.taken));
}

/** Drops rules that later rules make redundant. */
function needed(rules: readonly CoverRule[], otherwise: number, diagrams: Diagrams): readonly CoverRule[] {
  const list = (from: readonly CoverRule[]) =>
    from.reduceRight(
      (rest, { taken, value }) => diagrams.choose(taken, diagrams.constant(value), rest),
      diagrams.constant(otherwise),
    );
  let kept = rules;
  let rest: Diagram = TRUE;
  for (const rule of rules) {
    const i = kept.indexOf(rule);
    const after = list(kept.slice(i + 1));
    const isNeeded = diagrams.both(rest, diagrams.both(rule.taken, diagrams.not(isValue(after, rule.value, diagrams))));
    if (isNeeded === FALSE) kept = kept.toSpliced(i, 1);
    else rest = diagrams.both(rest, diagrams.not(rule.taken));
  }
  return kept;
}

/**
 * The tests on a call's path as conditions: on single words, and on whole arguments. `isWhole`: whether both words of a
 * condition's argument are tested.
 */
function conditionsOf(program: CheckedProgram, from: number, args: readonly bigint[]) {
  const words: Condition[] = [];
  const whole: Condition[] = [];
  const high = new Set<number>();
  const isWhole = ({ index }: Condition) => high.has(index);
  let held: Held = ZERO;
  for (let at = from; ; ) {
    const instruction = program.instructions[at];
    if (instruction === undefined || instruction.code === BPF.ret) return { words, whole, isWhole };
    const { code, jt, jf, k } = instruction;
    at++;
    if (code === BPF.ja) at += k;
    else if (code === BPF.ld) held = { offset: k, mask: MAX_WORD };
    else if (code === BPF.and) held = { ...held, mask: (held.mask & k) >>> 0 };
    else {
      const half = halfOf(held, args, program.endian);
      at += jumpHolds((half.word & half.mask) >>> 0, instruction) ? jt : jf;
      if (half.isHigh) high.add(half.index);
      words.push(...wordConditionsOf(half, instruction));
      whole.push(...wholeConditionsOf(half, args, instruction));
    }
  }
}

function halfOf({ offset, mask }: Held, args: readonly bigint[], endian: Abi['endian']): HalfOfCall {
  const index = argumentAt(offset) ?? 0;
  const isHigh = isHighHalf(offset, endian);
  const argument = args[index] ?? 0n;
  return { index, isHigh, mask, word: isHigh ? highWord(argument) : lowWord(argument) };
}

/** A half of an argument, with its value in one call, before the AND. */
interface HalfOfCall extends Half {
  readonly word: number;
}

function wordConditionsOf(half: HalfOfCall, { code, k }: Instruction): readonly Condition[] {
  const { mask, word } = half;
  const value = (word & mask) >>> 0;
  switch (code) {
    case BPF.jset: {
      const common = (value & k) >>> 0;
      if (common !== 0 && (mask & k) >>> 0 === MAX_WORD) return [unequal(half, 0)];
      return [common === 0 ? matches(half, { mask: (mask & k) >>> 0, bits: 0 }) : bitOf(half, common)];
    }
    case BPF.jeq:
      if (value === k) return [matches(half, { mask, bits: k })];
      return [mask === MAX_WORD ? unequal(half, k) : bitOf(half, ((value ^ k) & mask) >>> 0)].filter(
        () => (k & ~mask) === 0,
      );
    case BPF.jgt:
      return k === MAX_WORD ? [] : [ordered(half, k + 1)];
    default:
      return [ordered(half, k)];
  }
}

/** A test of the low word as a condition on the whole argument, for the given high word. */
function wholeConditionsOf(half: HalfOfCall, args: readonly bigint[], { code, k }: Instruction): readonly Condition[] {
  const { index, isHigh, mask } = half;
  if (isHigh || mask !== MAX_WORD) return [];
  const argument = args[index] ?? 0n;
  const value = (argument & ~0xffff_ffffn) | BigInt(k);
  const all = { index, width: 64, value } as const;
  if (code === BPF.jeq) return [{ ...all, op: argument === value ? 'eq' : 'ne' }];
  if (code === BPF.jge) return [{ ...all, op: argument >= value ? 'ge' : 'lt' }];
  return code === BPF.jgt ? [{ ...all, op: argument > value ? 'gt' : 'le' }] : [];
}

/** A condition on one of the bits, with the value that it has in the word. */
function bitOf(half: HalfOfCall, bits: number): Condition {
  const bit = (bits & -bits) >>> 0;
  return matches(half, { mask: bit, bits: (half.word & bit) >>> 0 });
}

/**
 * Returns the condition that the word is not `k`; for a high word, that it is on the side of `k` on which it is now.
 */
function unequal(half: HalfOfCall, k: number): Condition {
  const { index, isHigh, word } = half;
  if (!isHigh) return { index, width: 32, op: 'ne', value: BigInt(k) };
  return word > k ? ordered(half, k + 1) : ordered(half, k);
}

/** Returns the condition that the word stays on its side of a bound. */
function ordered(half: HalfOfCall, bound: number): Condition {
  const { index, isHigh, mask, word } = half;
  const isAbove = (word & mask) >>> 0 >= bound;
  const op = isAbove ? 'ge' : 'lt';
  if (mask === MAX_WORD) return compares(half, op, bound);
  if (mask === 0xffff && !isHigh && bound <= mask) return { index, width: 16, op, value: BigInt(bound) };
  const patterns = isAbove ? atLeast(mask, bound) : below(mask, bound);
  const own = patterns.find((each) => (word & each.mask) >>> 0 === each.bits);
  return matches(half, own ?? { mask: 0, bits: 0 });
}

/**
 * Models libseccomp's handling of several rules on one syscall: which rules it refuses, and which one takes precedence
 * where two hold. libseccomp keeps the rules as a tree of tests. Each level of the tree is a list of different tests,
 * and the first one that leads to an action decides. Source: db.c of libseccomp 2.6. test/peers compares this model
 * with libseccomp itself.
 */
import { has } from '../../util/own-data.js';
import type { Argument } from '../document/types.js';

/** A rule as libseccomp receives it. It holds if all of its comparisons do, each of which is of another argument. */
export interface Chain {
  readonly args: readonly Argument[];
  /** The return value of the filter. Two actions are the same if their return values are. */
  readonly action: number;
}

/** How many bits of an argument libseccomp compares. */
export type RuntimeWidth = 32 | 64;

/** A test of one half of a register. A 32-bit register has the low half only. */
interface Test {
  readonly index: number;
  readonly isHigh: boolean;
  readonly op: 'gt' | 'ge' | 'eq' | 'masked-eq';
  readonly mask: number;
  readonly value: number;
  /** The value that the whole register is compared with. */
  readonly whole: bigint;
  /** The rank of the comparison that the test is part of. Tests of higher rank come first. */
  readonly rank: 1 | 2 | 3;
}

/** The successor of a test: the rule whose action is taken, another test, or undefined if the rule does not hold. */
type Next = Chain | Step | undefined;

interface Step {
  readonly test: Test;
  readonly yes: Next;
  readonly no: Next;
}

/** A test in the tree, with a rule or a level of the tree for either result. */
interface Branch {
  readonly test: Test;
  yes: Chain | Branch[] | undefined;
  no: Chain | Branch[] | undefined;
}

/** The rules on one syscall, as libseccomp keeps them. */
export class RuleTree {
  readonly #width: RuntimeWidth;
  readonly #root: Branch[] = [];

  constructor(width: RuntimeWidth) {
    this.#width = width;
  }

  /** Whether libseccomp drops all comparisons of a rule, because they hold for every argument. */
  holdsAlways(rule: Chain): boolean {
    return !isStep(stepsOf(rule, this.#width));
  }

  /** Adds a rule. If libseccomp refuses it with EEXIST, returns the rule that it conflicts with. */
  add(rule: Chain): Chain | undefined {
    const first = stepsOf(rule, this.#width);
    return isStep(first) ? merge(this.#root, first) : undefined;
  }

  /** The position of an added rule in the tree: the index of its test on each level. See comparePlaces. */
  placeOf(rule: Chain): readonly number[] {
    const place: number[] = [];
    let level: Branch[] | Chain | undefined = this.#root;
    let next = stepsOf(rule, this.#width);
    while (isStep(next) && Array.isArray(level)) {
      const { test }: Step = next;
      const at = indexOf(level, test);
      // From the high half the path leads to the low half, and from there to the next argument.
      const side: 'yes' | 'no' = test.isHigh
        ? test.op === 'gt'
          ? 'no'
          : 'yes'
        : next.yes === undefined
          ? 'no'
          : 'yes';
      place.push(at ?? Number.POSITIVE_INFINITY);
      level = at === undefined ? undefined : level[at]?.[side];
      next = next[side];
    }
    return place;
  }
}

/** Compares positions of rules, for a sort: the rule with the smaller position takes precedence. */
export function comparePlaces(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((each, i) => each !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? -1);
}

/** The index of a test on a level. The level may have it twice, as part of comparisons of different rank. */
function indexOf(level: readonly Branch[], test: Test): number | undefined {
  const all = [...level.entries()].filter(([, branch]) => isSame(branch.test, test));
  const [at] = all.find(([, branch]) => branch.test.rank === test.rank) ?? all.at(0) ?? [];
  return at;
}

function isStep(next: Next): next is Step {
  return next !== undefined && has(next, 'test');
}

const HALF = 0xffff_ffffn;

/** The tests of a rule, in the order of its arguments. */
function stepsOf(rule: Chain, width: RuntimeWidth): Next {
  return rule.args
    .toSorted((a, b) => a.index - b.index)
    .reduceRight<Next>((next, argument) => comparison(argument, width, next), rule);
}

/** The tests of one comparison. They lead to `next` if it holds. */
function comparison(argument: Argument, width: RuntimeWidth, next: Next): Next {
  const { index, op, value, valueTwo } = argument;
  const isMasked = op === 'SCMP_CMP_MASKED_EQ';
  const mask = isMasked ? value : (1n << 64n) - 1n;
  const whole = isMasked ? (valueTwo ?? 0n) : value;
  if ((mask & ((1n << BigInt(width)) - 1n)) === 0n) return next; // A mask of 0 always holds. libseccomp drops it.
  const half = (isHigh: boolean, op: Test['op']): Test => {
    const bits = (n: bigint) => Number(isHigh ? n >> 32n : n & HALF);
    return { index, isHigh, op, mask: bits(mask), value: bits(whole & mask), whole, rank: RANKS[argument.op] };
  };
  const { low, isInverse } = FORMS[op];
  const [held, failed] = isInverse ? [undefined, next] : [next, undefined];
  const last: Step = { test: half(false, low), yes: held, no: failed };
  if (width === 32) return last;
  if (low === 'eq' || low === 'masked-eq') return { test: half(true, low), yes: last, no: failed };
  const equal: Step = { test: half(true, 'eq'), yes: last, no: failed };
  return { test: half(true, 'gt'), yes: held, no: equal };
}

/** The test of the low half, and whether the comparison holds if the test fails. */
const FORMS = {
  SCMP_CMP_EQ: { low: 'eq', isInverse: false },
  SCMP_CMP_NE: { low: 'eq', isInverse: true },
  SCMP_CMP_MASKED_EQ: { low: 'masked-eq', isInverse: false },
  SCMP_CMP_GT: { low: 'gt', isInverse: false },
  SCMP_CMP_LE: { low: 'gt', isInverse: true },
  SCMP_CMP_GE: { low: 'ge', isInverse: false },
  SCMP_CMP_LT: { low: 'ge', isInverse: true },
} as const;

const RANKS = {
  SCMP_CMP_EQ: 3,
  SCMP_CMP_NE: 3,
  SCMP_CMP_MASKED_EQ: 3,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 2,
  SCMP_CMP_GE: 1,
  SCMP_CMP_GT: 1,
} as const;

function isSame(a: Test, b: Test): boolean {
  return a.index === b.index && a.isHigh === b.isHigh && a.op === b.op && a.value === b.value && a.mask === b.mask;
}

/** Compares two tests of a level: negative if `a` comes before `b`. 0 if the one that was added first does. */
function order(a: Test, b: Test): number {
  if (a.index !== b.index) return b.index - a.index;
  if (a.isHigh !== b.isHigh) return a.isHigh ? -1 : 1;
  if (a.rank !== b.rank) return b.rank - a.rank;
  return a.rank === 2 ? a.value - b.value : b.value - a.value;
}

/** Adds the tests of a rule to a level. Returns the rule that they conflict with, if there is one. */
function merge(level: Branch[], step: Step): Chain | undefined {
  // The search ends at the first test that comes later, so an equal test behind it is not found.
  const found = level.findIndex(({ test }) => isSame(test, step.test) || order(step.test, test) < 0);
  const at = found < 0 ? level.length : found;
  const branch = level.at(at);
  if (branch === undefined || !isSame(branch.test, step.test)) {
    level.splice(at, 0, branchOf(step));
    return undefined;
  }
  return settle(branch, step) ?? follow(branch, step);
}

/** Sets the actions of a step in the tree. Returns a rule with another action there, if there is one. */
function settle(branch: Branch, step: Step): Chain | undefined {
  for (const side of SIDES) {
    const wanted = step[side];
    if (wanted === undefined || isStep(wanted)) continue;
    const there = branch[side];
    const other = Array.isArray(there) ? otherThan(wanted, there) : there;
    if (other === undefined) branch[side] = wanted;
    else if (other.action !== wanted.action) {
      // If a test of the high half is followed by another test, it gets the action of the comparison with the larger
      // value.
      if (Array.isArray(there) || !isFollowed(step)) return other;
      if (side === 'yes' && step.test.whole > branch.test.whole) branch[side] = wanted;
    }
  }
  return undefined;
}

/** Adds the tests that follow a step. Returns the rule that they conflict with, if there is one. */
function follow(branch: Branch, step: Step): Chain | undefined {
  for (const side of SIDES) {
    const wanted = step[side];
    if (!isStep(wanted)) continue;
    const there = branch[side];
    if (there === undefined) branch[side] = [branchOf(wanted)];
    else if (!Array.isArray(there))
      return undefined; // A rule with fewer comparisons decides already: libseccomp drops the rest of this one.
    else {
      const other = merge(there, wanted);
      if (other !== undefined) return other;
    }
  }
  return undefined;
}

const SIDES = ['yes', 'no'] as const;

/** A new branch for a step and all that follow it. */
function branchOf({ test, yes, no }: Step): Branch {
  const grow = (next: Next) => (isStep(next) ? [branchOf(next)] : next);
  return { test, yes: grow(yes), no: grow(no) };
}

function isFollowed({ yes, no }: Step): boolean {
  return isStep(yes) || isStep(no);
}

/** A rule below a level whose action differs from that of `rule`. */
function otherThan(rule: Chain, level: readonly Branch[]): Chain | undefined {
  for (const branch of level) {
    for (const side of SIDES) {
      const next = branch[side];
      const found = Array.isArray(next) ? otherThan(rule, next) : next;
      if (found !== undefined && found.action !== rule.action) return found;
    }
  }
  return undefined;
}

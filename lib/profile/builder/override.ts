/**
 * Applies one builder clause to existing rules: calls that the clause matches get its action, all others keep theirs.
 */
import { ABIS, abiOf } from '../../syscalls/abi.js';
import { argumentWidth, syscallNumber } from '../../syscalls/table.js';
import { structuralKey } from '../../util/structural-key.js';
import { type Argument, comparesArgumentTwice, type Rule } from '../document/types.js';
import { fail } from '../fail.js';
import { complement, intersection, testsOf, type ValueSet, valueSetsOf } from './argument-values.js';
import { and, subtract, withHostCondition } from './host-conditions.js';

/**
 * Returns rules that decide as `clause` does for its syscalls, hosts and arguments, and as `rules` do elsewhere. The
 * result does not depend on the order of rules: for the clause's syscalls its rules are disjoint, unless the given
 * rules already overlapped. `compared` is the profile's option `argumentWidth`.
 * @throws {SeccompError} ERR_SECCOMP_OPTION if no call can match `clause`, or if what remains of a rule cannot be
 * written as rules.
 */
export function applyClause(rules: readonly Rule[], clause: Rule, compared: Compared): readonly Rule[] {
  const spaces = new Map(clause.names.map((name) => [name, spaceOf(name, compared)]));
  const named = new Set(clause.names);
  const always = unconditional(rules, named);
  const kept = rules.flatMap((rule, position) =>
    byPart(rule.names, (name) => {
      const space = spaces.get(name);
      if (space === undefined) return [rule];
      const shadows = (always.get(name) ?? []).filter((other) => !isLater(other, position, rule));
      return subtractRules(rule, shadows).flatMap((part) => subtractClause(part, clause, space));
    }),
  );
  const added = byPart(clause.names, (name) => {
    const same = (always.get(name) ?? []).filter(({ rule }) => isConditional(clause) && isSame(rule, clause));
    return subtractRules(clause, same).flatMap((part) =>
      clauseRules(part, spaces.get(name) ?? spaceOf(name, compared)),
    );
  });
  return [...kept, ...added];
}

/**
 * Drops rules for `names` whose action is the default action, as container runtimes do. Keeps one if it is the only
 * rule for a name, or if it overlaps a rule with another action: resolve() has to report that conflict.
 */
export function dropDefaults(
  rules: readonly Rule[],
  names: readonly string[],
  fallback: RuleAction,
  compared: Compared,
): readonly Rule[] {
  const named = new Set(names);
  return rules.flatMap((rule) => {
    if (!isSame(rule, fallback) || !rule.names.some((name) => named.has(name))) return [rule];
    return byPart(rule.names, (name) => {
      const others = rules.filter((other) => other.names.includes(name) && !isSame(other, fallback));
      const isNeeded = !named.has(name) || others.length === 0;
      return isNeeded || others.some((other) => overlaps(rule, other, spaceOf(name, compared))) ? [rule] : [];
    });
  });
}

/** Whether some call on some host matches both rules. */
function overlaps(a: Rule, b: Rule, space: Space): boolean {
  if (and(a, b) === undefined) return false;
  return boxesOf([...a.args, ...b.args], space).length > 0;
}

interface Placed {
  readonly rule: Rule;
  readonly position: number;
}

/** The rules without arguments. The first one takes precedence over later ones and over all rules with arguments. */
function unconditional(rules: readonly Rule[], names: ReadonlySet<string>): ReadonlyMap<string, readonly Placed[]> {
  const found = new Map<string, Placed[]>();
  rules.forEach((rule, position) => {
    if (isConditional(rule)) return;
    for (const name of rule.names) {
      if (names.has(name)) found.set(name, [...(found.get(name) ?? []), { rule, position }]);
    }
  });
  return found;
}

/**
 * Whether `other`, an unconditional rule, comes too late to shadow `rule`, which is at `position`: `rule` is
 * unconditional too, and `other` is the same rule or a later one.
 */
function isLater(other: Placed, position: number, rule: Rule): boolean {
  return !isConditional(rule) && other.position >= position;
}

function isConditional({ args }: Rule): boolean {
  return args.length > 0;
}

/** Returns the rule, limited to the hosts where none of the other rules applies. */
function subtractRules(rule: Rule, others: readonly Placed[]): readonly Rule[] {
  return others.reduce<readonly Rule[]>(
    (parts, other) =>
      parts.flatMap((part) => subtract(part, other.rule).map((where) => withHostCondition(part, where))),
    [rule],
  );
}

/** Returns what remains of a rule for one syscall after `clause` was applied. */
function subtractClause(rule: Rule, clause: Rule, space: Space): readonly Rule[] {
  const inside = and(rule, clause);
  if (inside === undefined) return [rule];
  if (!isConditional(clause)) return subtract(rule, clause).map((where) => withHostCondition(rule, where));
  // Rules with the same action may overlap, and are easier to read unchanged.
  if (isSame(rule, clause)) return [rule];
  if (comparesArgumentTwice(rule)) {
    fail(`a rule on ${space.name} compares an argument twice, so this clause cannot change it: split that rule first`);
  }
  const before = boxesOf(rule.args, space);
  const left = boxesOf(clause.args, space).reduce<readonly Box[]>(
    (rest, box) => rest.flatMap((part) => difference(part, box, space)),
    before,
  );
  if (left.length === before.length && left.every((box, i) => box === before[i])) return [rule];
  return [
    ...subtract(rule, clause).map((where) => withHostCondition(rule, where)),
    ...writeRules(left, space).map((args) => ({ ...withHostCondition(rule, inside), args })),
  ];
}

/** Returns the clause as rules that do not compare an argument twice. */
function clauseRules(clause: Rule, space: Space): readonly Rule[] {
  const boxes = boxesOf(clause.args, space);
  if (boxes.length === 0) fail(`no call of ${space.name} passes these tests`);
  return comparesArgumentTwice(clause) ? writeRules(boxes, space).map((args) => ({ ...clause, args })) : [clause];
}

/** The action of a rule. The default errno is EPERM, 1. */
type RuleAction = Pick<Rule, 'action' | 'errnoRet'>;

function isSame(a: RuleAction, b: RuleAction): boolean {
  return a.action === b.action && (a.errnoRet ?? 1) === (b.errnoRet ?? 1);
}

/** Replaces a rule for each of its names. Names with equal results share a rule. */
function byPart(names: readonly string[], partsOf: (name: string) => readonly Rule[]): readonly Rule[] {
  const found = new Map<string, { readonly part: Rule; readonly names: string[] }>();
  for (const name of new Set(names)) {
    for (const part of partsOf(name)) {
      const key = structuralKey([part.args, part.includes, part.excludes]);
      const entry = found.get(key) ?? { part, names: [] };
      entry.names.push(name);
      found.set(key, entry);
    }
  }
  return [...found.values()].map(({ part, names: shared }) => ({ ...part, names: shared }));
}

/** The number of bits of an argument that are compared: those that the kernel reads, or 64. */
export type Compared = 'kernel' | 64;

/** The possible values of a syscall's arguments. */
interface Space {
  readonly name: string;
  /** The largest value of an argument, on the ABIs that compare most of it. */
  largest(index: number): bigint;
  /** The largest value on the ABIs that compare least of it. */
  smallest(index: number): bigint;
}

function spaceOf(name: string, compared: Compared): Space {
  const abis = [...ABIS.keys()].filter((abi) => syscallNumber(abi, name) !== undefined);
  const widths = [0, 1, 2, 3, 4, 5].map((index) =>
    abis.map((abi) => (compared === 64 ? abiOf(abi).bits : argumentWidth(abi, name, index))),
  );
  const ones = (width: number) => (1n << BigInt(width)) - 1n;
  return {
    name,
    largest: (index) => ones(Math.max(...(widths[index] ?? []))),
    smallest: (index) => ones(Math.min(...(widths[index] ?? []))),
  };
}

/** For each argument that is tested, the set of its values. */
type Box = ReadonlyMap<number, ValueSet>;

/** The calls for which all comparisons hold, in disjoint boxes. */
function boxesOf(args: readonly Argument[], space: Space): readonly Box[] {
  return args.reduce<readonly Box[]>(
    (boxes, { index, ...comparison }) => {
      const valueSets = valueSetsOf(comparison, space.largest(index));
      return boxes.flatMap((box) => valueSets.flatMap((values) => intersectBox(box, index, values, space)));
    },
    [new Map()],
  );
}

/** The calls of a box whose argument is in `values` as well. */
function intersectBox(box: Box, index: number, values: ValueSet, space: Space): readonly Box[] {
  const known = box.get(index);
  const valueSets = known === undefined ? [values] : intersection(known, values, space.largest(index));
  return valueSets.map((each) => new Map([...box, [index, each]]));
}

/** The calls that are in `a` and not in `b`, in disjoint boxes; `a` itself if the boxes are disjoint. */
function difference(a: Box, b: Box, space: Space): readonly Box[] {
  const parts: Box[] = [];
  let rest: readonly Box[] = [a];
  for (const [index, values] of b) {
    const others = complement(values, space.largest(index));
    for (const box of rest) parts.push(...others.flatMap((other) => intersectBox(box, index, other, space)));
    rest = rest.flatMap((box) => intersectBox(box, index, values, space));
  }
  return rest.length === 0 ? [a] : parts;
}

/** The limit on the rules that one rule may become. */
const MOST_PARTS = 1024;

/** Returns the comparisons of the rules that match the calls in the boxes. No rule compares an argument twice. */
function writeRules(boxes: readonly Box[], space: Space): readonly (readonly Argument[])[] {
  const all = boxes.flatMap((box) =>
    [...box].reduce<readonly (readonly Argument[])[]>(
      (lists, [index, values]) => {
        const each = testsOf(values, space.largest(index));
        return lists.flatMap((list) => each.map((one) => (one === undefined ? list : [...list, { index, ...one }])));
      },
      [[]],
    ),
  );
  if (all.length > MOST_PARTS)
    fail(`the other rules on ${space.name} would become ${all.length} rules, which are too many`);
  for (const { index, value, valueTwo } of all.flat()) {
    if (value <= space.smallest(index) && (valueTwo ?? 0n) <= space.smallest(index)) continue;
    fail(
      `the other rules on ${space.name} cannot be rewritten: argument ${index} is wider on some ABIs than on others. ` +
        'Test it for single values, flags or one-sided ranges only',
    );
  }
  return all;
}

/** Says something about syscalls over what the rules of a profile say: exactly the calls that it is about change. */
import { SeccompError } from '../../errors.js';
import { ABIS, abiOf } from '../../syscalls/abi.js';
import { argumentWidth, syscallNumber } from '../../syscalls/table.js';
import { structuralKey } from '../../util/structural-key.js';
import { type Argument, comparesArgumentTwice, type Rule } from '../document/types.js';
import { complement, intersection, testsOf, type ValueSet, valueSetsOf } from './argument-values.js';
import { and, subtract, withHostCondition } from './host-conditions.js';

/**
 * The rules that decide as `word` does where it applies (its names, circumstances and arguments) and as `rules` do
 * elsewhere. `compared` is what the profile compares of an argument. No order and no precedence is needed to read them: what they say of the names of `word` does not overlap,
 * but where rules overlapped before.
 * @throws SeccompError ERR_SECCOMP_OPTION for a `word` that can apply to no call, or a part that no rule can state.
 */
export function applyClause(rules: readonly Rule[], word: Rule, compared: Compared): readonly Rule[] {
  const spaces = new Map(word.names.map((name) => [name, spaceOf(name, compared)]));
  const named = new Set(word.names);
  const always = unconditional(rules, named);
  const kept = rules.flatMap((rule, position) =>
    byPart(rule.names, (name) => {
      const space = spaces.get(name);
      if (space === undefined) return [rule];
      const shadows = (always.get(name) ?? []).filter((other) => !isLater(other, position, rule));
      return without(rule, shadows).flatMap((part) => cut(part, word, space));
    }),
  );
  const said = byPart(word.names, (name) => {
    const same = (always.get(name) ?? []).filter(({ rule }) => isConditional(word) && isSame(rule, word));
    return without(word, same).flatMap((part) => stated(part, spaces.get(name) ?? spaceOf(name, compared)));
  });
  return [...kept, ...said];
}

/**
 * Leaves out what rules say of `names` that happens anyway: runtimes do, and a reader has less to read. It stays where it is
 * all that is said of a name, and where it meets a rule that says otherwise, which is for resolve to judge.
 */
export function dropDefaults(
  rules: readonly Rule[],
  names: readonly string[],
  fallback: Outcome,
  compared: Compared,
): readonly Rule[] {
  const named = new Set(names);
  return rules.flatMap((rule) => {
    if (!isSame(rule, fallback) || !rule.names.some((name) => named.has(name))) return [rule];
    return byPart(rule.names, (name) => {
      const others = rules.filter((other) => other.names.includes(name) && !isSame(other, fallback));
      const isNeeded = !named.has(name) || others.length === 0;
      return isNeeded || others.some((other) => meets(rule, other, spaceOf(name, compared))) ? [rule] : [];
    });
  });
}

/** Whether there are calls that both rules are about. */
function meets(a: Rule, b: Rule, space: Space): boolean {
  if (and(a, b) === undefined) return false;
  return boxesOf([...a.args, ...b.args], space).length > 0;
}

interface Placed {
  readonly rule: Rule;
  readonly position: number;
}

/** The rules without arguments: of these the first counts, and they outweigh those with arguments. */
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

/** Whether an unconditional rule leaves `rule`, at `position`, alone: it is that rule, or a later one of its kind. */
function isLater(other: Placed, position: number, rule: Rule): boolean {
  return !isConditional(rule) && other.position >= position;
}

function isConditional({ args }: Rule): boolean {
  return args.length > 0;
}

/** The rule where none of the others counts. */
function without(rule: Rule, others: readonly Placed[]): readonly Rule[] {
  return others.reduce<readonly Rule[]>(
    (parts, other) =>
      parts.flatMap((part) => subtract(part, other.rule).map((where) => withHostCondition(part, where))),
    [rule],
  );
}

/** What a rule still says of a syscall, after `word`. */
function cut(rule: Rule, word: Rule, space: Space): readonly Rule[] {
  const inside = and(rule, word);
  if (inside === undefined) return [rule];
  if (!isConditional(word)) return subtract(rule, word).map((where) => withHostCondition(rule, where));
  // Two that say the same may overlap, and read better as they were written.
  if (isSame(rule, word)) return [rule];
  if (comparesArgumentTwice(rule)) {
    fail(`a rule on ${space.name} compares an argument twice, so it is not clear what is left of it: split it first`);
  }
  const before = boxesOf(rule.args, space);
  const left = boxesOf(word.args, space).reduce<readonly Box[]>(
    (rest, box) => rest.flatMap((part) => difference(part, box, space)),
    before,
  );
  if (left.length === before.length && left.every((box, i) => box === before[i])) return [rule];
  return [
    ...subtract(rule, word).map((where) => withHostCondition(rule, where)),
    ...written(left, space).map((args) => ({ ...withHostCondition(rule, inside), args })),
  ];
}

/** A word as rules: as it is, or without comparing an argument twice. */
function stated(word: Rule, space: Space): readonly Rule[] {
  const boxes = boxesOf(word.args, space);
  if (boxes.length === 0) fail(`no call of ${space.name} passes these comparisons`);
  return comparesArgumentTwice(word) ? written(boxes, space).map((args) => ({ ...word, args })) : [word];
}

/** What is done with a call. An errno is EPERM, 1, if none is given. */
type Outcome = Pick<Rule, 'action' | 'errnoRet'>;

function isSame(a: Outcome, b: Outcome): boolean {
  return a.action === b.action && (a.errnoRet ?? 1) === (b.errnoRet ?? 1);
}

/** The parts that each name of a rule is left with, with the names that share a part. */
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

/** How many bits of an argument are compared: those that the kernel reads, or all. */
export type Compared = 'kernel' | 64;

/** The values that the arguments of a syscall can have. */
interface Space {
  readonly name: string;
  /** The largest value of an argument, on the ABIs where most of it is compared. */
  largest(index: number): bigint;
  /** The same where least of it is. */
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

/** For each argument that matters, the set that its value is in. */
type Box = ReadonlyMap<number, ValueSet>;

/** The calls for which all comparisons hold, in disjoint boxes. */
function boxesOf(args: readonly Argument[], space: Space): readonly Box[] {
  return args.reduce<readonly Box[]>(
    (boxes, { index, ...comparison }) => {
      const shapes = valueSetsOf(comparison, space.largest(index));
      return boxes.flatMap((box) => shapes.flatMap((shape) => meet(box, index, shape, space)));
    },
    [new Map()],
  );
}

/** The calls of a box whose argument is in `shape` too. */
function meet(box: Box, index: number, shape: ValueSet, space: Space): readonly Box[] {
  const known = box.get(index);
  const shapes = known === undefined ? [shape] : intersection(known, shape, space.largest(index));
  return shapes.map((each) => new Map([...box, [index, each]]));
}

/** The calls of `a` that are not in `b`, in disjoint boxes; `a` itself if they have none in common. */
function difference(a: Box, b: Box, space: Space): readonly Box[] {
  const parts: Box[] = [];
  let rest: readonly Box[] = [a];
  for (const [index, shape] of b) {
    const others = complement(shape, space.largest(index));
    for (const box of rest) parts.push(...others.flatMap((other) => meet(box, index, other, space)));
    rest = rest.flatMap((box) => meet(box, index, shape, space));
  }
  return rest.length === 0 ? [a] : parts;
}

/** More rules than that out of one are more than anybody means. */
const MOST_PARTS = 1024;

/** Comparisons for each box, none of an argument twice. */
function written(boxes: readonly Box[], space: Space): readonly (readonly Argument[])[] {
  const all = boxes.flatMap((box) =>
    [...box].reduce<readonly (readonly Argument[])[]>(
      (lists, [index, shape]) => {
        const each = testsOf(shape, space.largest(index));
        return lists.flatMap((list) => each.map((one) => (one === undefined ? list : [...list, { index, ...one }])));
      },
      [[]],
    ),
  );
  if (all.length > MOST_PARTS)
    fail(`what is left of the rules on ${space.name} would be ${all.length} rules: too many`);
  for (const { index, value, valueTwo } of all.flat()) {
    if (value <= space.smallest(index) && (valueTwo ?? 0n) <= space.smallest(index)) continue;
    fail(
      `what is left of the rules on ${space.name} can't be written as rules: argument ${index} is wider on some ABIs than on ` +
        'others. Compare it with one-sided ranges, values or flags only',
    );
  }
  return all;
}

function fail(message: string): never {
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

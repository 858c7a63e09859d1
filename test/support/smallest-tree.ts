/** The smallest decision tree for a small function of two words, by an exhaustive search. */

/** The values of a word: those below 8, and the same with all higher bits set. */
const VALUES = Array.from({ length: 16 }, (_, i) => (i < 8 ? i : 0xffff_fff0 + i));

/** The sets of VALUES that pass some test of a word. A set and its complement are listed once. */
const TESTS = testsOf();

function testsOf(): readonly number[] {
  const numbers = Array.from({ length: 8 }, (_, i) => i);
  const passes = [
    ...numbers.map((k) => (value: number) => value === k),
    ...numbers.map((k) => (value: number) => value >= k),
    ...numbers.flatMap((m) => [m, ~m >>> 0]).map((m) => (value: number) => (value & m) !== 0),
  ];
  const sets = new Set<number>();
  for (const pass of passes) {
    const set = setOf(pass);
    if (!sets.has(setOf(() => true) & ~set)) sets.add(set);
  }
  return [...sets];
}

function setOf(has: (value: number) => boolean): number {
  return VALUES.reduce((set, value, i) => (has(value) ? set | (1 << i) : set), 0);
}

/** The calls that reach a node of the tree, as two sets of values. */
type Calls = readonly [number, number];

/** For each test that tells calls apart: its word, the calls that pass it, and those that don't. */
function* splits([first, second]: Calls): Generator<readonly [number, Calls, Calls]> {
  for (const test of TESTS) {
    if ((first & test) !== 0 && (first & ~test) !== 0) yield [0, [first & test, second], [first & ~test, second]];
    if ((second & test) !== 0 && (second & ~test) !== 0) yield [1, [first, second & test], [first, second & ~test]];
  }
}

/** The number of loads and tests in the smallest tree that computes `outcome` from two words. */
export function smallestTree(outcome: (words: readonly number[]) => number): number {
  const table = VALUES.map((first) => VALUES.map((second) => outcome([first, second])));
  const known = new Map<string, { readonly least: number; readonly isExact: boolean }>();

  /** The least size if it is below `bound`, else a lower bound of it. */
  const size = (calls: Calls, loaded: number, bound: number): number => {
    const atLeast = lowerBound(table, calls, loaded);
    if (atLeast === 0 || atLeast >= bound) return atLeast;
    const key = `${calls} ${loaded}`;
    const before = known.get(key);
    if (before !== undefined && (before.isExact || before.least >= bound)) return before.least;
    let best = bound;
    for (const [word, yes, no] of splits(calls)) {
      const lead = (word === loaded ? 1 : 2) + lowerBound(table, no, word);
      const left = size(yes, word, best - lead);
      if (lead + left >= best) continue;
      const own = (word === loaded ? 1 : 2) + left;
      best = Math.min(best, own + size(no, word, best - own));
    }
    known.set(key, { least: best, isExact: best < bound });
    return best;
  };
  for (let bound = 2; ; bound++) {
    const found = size([0xffff, 0xffff], -1, bound);
    if (found < bound) return found;
  }
}

/** A lower bound: each outcome but one takes a test, and each relevant word takes a test, and a load unless loaded. */
function lowerBound(table: readonly (readonly number[])[], [first, second]: Calls, loaded: number): number {
  const rows = table
    .filter((_, i) => (first & (1 << i)) !== 0)
    .map((row) => row.filter((_, i) => (second & (1 << i)) !== 0));
  const outcomes = new Set(rows.flat()).size;
  if (outcomes === 1) return 0;
  const secondMatters = rows.some((row) => new Set(row).size > 1);
  const firstMatters = rows.some((row) => row.some((each, i) => each !== rows[0]?.[i]));
  const words = [...(firstMatters ? [0] : []), ...(secondMatters ? [1] : [])];
  return Math.max(outcomes - 1, words.length) + words.filter((word) => word !== loaded).length;
}

/** Regions of arguments: every value is in exactly one part of a split, the one that the condition says. */
import { expect, test } from 'vitest';
import {
  ALL_ARGUMENTS,
  type ArgumentRegion,
  isSatisfiable,
  splitByBound,
  splitByPattern,
  splitRegion,
} from '../../lib/policy/argument-region.js';
import { holds } from '../../lib/policy/evaluate.js';
import type { Condition } from '../../lib/policy/policy.js';
import { ALL_WORDS, differing, inRange, matching, member, type WordSet } from '../../lib/policy/word-set.js';
import { conditionsOf, showCondition, VALUES } from '../support/conditions.js';
import { generator } from '../support/policies.js';

/** Whether a set has a word, by its definition. */
const hasWord = ({ low, high, pattern, not }: WordSet, word: number) =>
  low <= word &&
  word <= high &&
  (word & pattern.mask) >>> 0 === pattern.bits &&
  !not.some(({ mask, bits }) => (word & mask) >>> 0 === bits);

const hasArguments = (region: ArgumentRegion, args: readonly bigint[]) =>
  region.every((words, half) => {
    const register = args[Math.floor(half / 2)] ?? 0n;
    return hasWord(words, Number(BigInt.asUintN(32, half % 2 === 0 ? register : register >> 32n)));
  });

/** The calls for which one of the parts has too much, or which are in no part, with the part that each should be in. */
function misplaced(region: ArgumentRegion, condition: Condition): readonly string[] {
  const { yes, no } = splitRegion(region, condition);
  return VALUES.flatMap((value) => {
    const args = [9n, value];
    if (!hasArguments(region, args)) return [];
    const parts = [...yes.map(() => true), ...no.map(() => false)];
    const found = [...yes, ...no].flatMap((part, i) => (hasArguments(part, args) ? [parts[i]] : []));
    const wanted = holds(condition, args);
    return found.length === 1 && found[0] === wanted ? [] : [`0x${value.toString(16)}: ${found}, not ${wanted}`];
  });
}

test.each([16, 32, 64] as const)('a condition of %i bits splits all values', (width) => {
  const wrong = conditionsOf(width).flatMap((condition) =>
    misplaced(ALL_ARGUMENTS, condition).map((text) => `${showCondition(condition)}: ${text}`),
  );
  expect(wrong).toEqual([]);
});

test('a second and a third condition split the parts of the first ones', () => {
  const all = ([16, 32, 64] as const).flatMap(conditionsOf);
  const random = generator(3);
  const pick = () => all[Math.floor(random() * all.length)] ?? ({ index: 0, width: 32, op: 'eq', value: 0n } as const);
  const wrong = Array.from({ length: 150 }, () => [pick(), pick(), pick()] as const).flatMap(
    ([first, second, third]) => {
      const parts = Object.values(splitRegion(ALL_ARGUMENTS, first))
        .flat()
        .flatMap((part) => Object.values(splitRegion(part, second)).flat());
      return parts.flatMap((part) =>
        misplaced(part, third).map((text) => `${[first, second, third].map(showCondition)}: ${text}`),
      );
    },
  );
  expect(wrong).toEqual([]);
});

test('conditions are satisfiable if some arguments meet all of them', () => {
  const eq = (index: number, value: bigint): Condition => ({ index, width: 32, op: 'eq', value });
  const between = (low: bigint, high: bigint): readonly Condition[] => [
    { index: 0, width: 64, op: 'gt', value: low },
    { index: 0, width: 64, op: 'lt', value: high },
  ];
  expect(isSatisfiable([])).toBe(true);
  expect([isSatisfiable([eq(0, 1n), eq(1, 2n)]), isSatisfiable([eq(0, 1n), eq(0, 2n)])]).toEqual([true, false]);
  expect([isSatisfiable(between(1n << 32n, (1n << 32n) + 2n)), isSatisfiable(between(5n, 6n))]).toEqual([true, false]);
  expect(isSatisfiable([{ index: 0, width: 16, op: 'gt', value: 0xffffn }])).toBe(false);
  expect(isSatisfiable([{ index: 0, width: 64, op: 'gt', value: (1n << 64n) - 1n }])).toBe(false);
});

/** The members of a set as its operations define them, out of the words of one byte. */
interface Bytes {
  readonly words: WordSet | undefined;
  readonly members: readonly number[];
}

test('a set has a member until its last word is removed, whatever removes it', () => {
  const random = generator(4);
  const byte = () => Math.floor(random() * 256);
  const pattern = () => {
    const mask = byte() & (random() < 0.5 ? 0xff : byte());
    return { mask, bits: byte() & mask };
  };
  for (let i = 0; i < 120; i++) {
    const [low, high] = [byte() & 0x3f, 0xff - (byte() & 0x3f)];
    const all = Array.from({ length: high - low + 1 }, (_, n) => low + n);
    let set: Bytes = { words: inRange(ALL_WORDS, low, high), members: all };
    for (let n = 0; n < 30; n++) {
      const { mask, bits } = random() < 0.5 ? pattern() : { mask: 0xffff_ffff, bits: byte() };
      const isKept = n === 0 && mask !== 0xffff_ffff;
      const members = set.members.filter((word) => ((word & mask) >>> 0 === bits) === isKept);
      const { words } = set;
      set = { words: words && (isKept ? matching : differing)(words, { mask, bits }), members };
      const found = set.words && member(set.words);
      expect(found === undefined ? members.length === 0 : members.includes(found)).toBe(true);
      expect(all.filter((word) => set.words !== undefined && hasWord(set.words, word))).toEqual(members);
    }
  }
});

test.each([
  ['first', 0],
  ['last', 0xffff_ffd0],
])('all but one of the %s 41 words can be removed', (_, first) => {
  const others = Array.from({ length: 41 }, (__, i) => first + i).filter((word) => word !== first + 20);
  const rest = others.reduce<WordSet | undefined>(
    (words, bits) => words && differing(words, { mask: 0xffff_ffff, bits }),
    inRange(ALL_WORDS, first, first + 40),
  );
  expect(rest && member(rest)).toBe(first + 20);
  expect(rest && differing(rest, { mask: 0xffff_ffff, bits: first + 20 })).toBeUndefined();
});

test('one half is split by a masked bound', () => {
  const words = Array.from({ length: 0x200 }, (_, i) => i * 3);
  for (const mask of [0x0f, 0xf0, 0xff, 0xa5, 0xffff_ffff])
    for (const bound of [1, 2, 5, 15, 16, 0x80, 0xa0, 0xa5, 0xff]) {
      if (bound > mask) continue;
      const { yes, no } = splitByBound(ALL_ARGUMENTS, 3, mask, bound);
      const within = (parts: readonly ArgumentRegion[]) =>
        words.filter((word) => parts.filter((part) => hasArguments(part, [0n, BigInt(word) << 32n])).length === 1);
      expect(within(yes), `${mask} ${bound}`).toEqual(words.filter((word) => (word & mask) >>> 0 >= bound));
      expect(within(no), `${mask} ${bound}`).toEqual(words.filter((word) => (word & mask) >>> 0 < bound));
    }
});

test('a pattern without bits is met by all words, or by none', () => {
  expect(splitByPattern(ALL_ARGUMENTS, 0, { mask: 0, bits: 0 })).toEqual({ yes: [ALL_ARGUMENTS], no: [] });
  expect(splitByPattern(ALL_ARGUMENTS, 0, { mask: 0, bits: 1 })).toEqual({ yes: [], no: [ALL_ARGUMENTS] });
});

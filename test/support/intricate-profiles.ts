/** Random profiles with many conditions: rules for few calls, on the same arguments, with values near each other. */
import { OPERATORS } from '../../lib/profile/document/fields.js';
import type { ArgumentDocument, ProfileDocument, RuleDocument } from '../../lib/profile/document/types.js';
import { generator } from './policies.js';

/** Calls whose arguments have 32 and 64 bits. */
const NAMES = ['mmap', 'clone', 'futex'] as const;

const ACTIONS = ['SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO', 'SCMP_ACT_LOG', 'SCMP_ACT_TRAP'] as const;

/** Small values, whose ranges and bits overlap, and some at the bounds of 32 bits. */
const VALUES = [0n, 1n, 2n, 3n, 4n, 5n, 7n, 8n, 15n, 16n, 0xffn, 0xffffn, 0x7fff_ffffn, 0xffff_ffffn] as const;
const WIDE = [1n << 32n, (1n << 32n) + 1n, 5n << 32n, (1n << 63n) + 5n, (1n << 64n) - 1n] as const;

/** Makes profiles of nine rules with up to six conditions each. The same seed gives the same profiles. */
export function* intricateProfiles(seed: number, count: number): Generator<ProfileDocument> {
  const random = generator(seed);
  const pick = <Each>(list: readonly Each[]): Each => {
    const each = list[Math.floor(random() * list.length)];
    if (each === undefined) throw new RangeError('a list to pick from is not empty');
    return each;
  };
  for (let i = 0; i < count; i++) {
    const names = NAMES.slice(0, 1 + Math.floor(random() * NAMES.length));
    const values = random() < 0.5 ? VALUES : [...VALUES, ...WIDE];
    const argument = (index: number): ArgumentDocument => ({
      index,
      op: pick(OPERATORS),
      value: pick(values),
      valueTwo: pick(values),
    });
    const rule = (): RuleDocument => {
      const action = pick(ACTIONS);
      const indices = [0, 1, 2, 3, 4, 5].filter(() => random() < 0.75);
      return { names: [pick(names)], action, args: indices.map(argument) };
    };
    yield { defaultAction: 'SCMP_ACT_ERRNO', syscalls: Array.from({ length: 9 }, rule) };
  }
}

/** Comparisons that hold always or never, and values at the limits of what an argument holds. */
import { describe, expect, test } from 'vitest';
import type { ProfileDocument } from '../../../lib/profile/document/types.js';
import type { Host } from '../../../lib/profile/resolve/resolve.js';
import { arg, DENY, decide, documentOf, HOST, policyFor, rule, said } from '../../support/meaning.js';

const HIGH = 1n << 32n;
const MAX_INT = HIGH - 1n;
const MAX_LONG = (1n << 64n) - 1n;

type Action = ProfileDocument['defaultAction'];

/** The diagnostics of a rule on read with one comparison, without their path. The first argument of read is an int. */
function onRead(
  comparison: ReturnType<typeof arg>,
  action: Action = 'SCMP_ACT_ALLOW',
  rest: Action = 'SCMP_ACT_ERRNO',
) {
  const document = documentOf([rule('read', [comparison], { action })], { defaultAction: rest });
  const found = said(document).filter((each) => each.includes('.args[0]'));
  return found.map((each) => each.replace(/ syscalls\[0\]\.args\[0\]\.\w+: /, ' '));
}

describe('a comparison', () => {
  test.each<[string, ReturnType<typeof arg>, string | undefined]>([
    ['LT 0', arg(0, 'LT', 0), 'never holds for read: arguments are unsigned, here of 32 bits'],
    ['LT 1', arg(0, 'LT', 1), undefined],
    ['GT the largest int', arg(0, 'GT', MAX_INT), 'never holds for read: arguments are unsigned, here of 32 bits'],
    ['GT one less', arg(0, 'GT', MAX_INT - 1n), undefined],
    ['GE 0', arg(0, 'GE', 0), 'always holds for read: arguments are unsigned, here of 32 bits'],
    ['GE 1', arg(0, 'GE', 1), undefined],
    ['LE the largest int', arg(0, 'LE', MAX_INT), 'always holds for read: arguments are unsigned, here of 32 bits'],
    ['LE one less', arg(0, 'LE', MAX_INT - 1n), undefined],
    ['LE the largest int of a size_t', arg(2, 'LE', MAX_INT), undefined],
    [
      'LE the largest long of a size_t',
      arg(2, 'LE', MAX_LONG),
      'always holds for read: arguments are unsigned, here of 64 bits',
    ],
    ['EQ 0', arg(0, 'EQ', 0), undefined],
    ['NE 0', arg(0, 'NE', 0), undefined],
    ['EQ the largest int', arg(0, 'EQ', MAX_INT), undefined],
  ])('with %s is reported if it is constant', (_, comparison, problem) => {
    expect(onRead(comparison)).toEqual(problem === undefined ? [] : [`warning ${problem}`]);
  });

  // More permissive than the default action, less so, or equally so.
  const [LOOSER, STRICTER, AS_STRICT] = [
    [
      ['SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO'],
      ['SCMP_ACT_NOTIFY', 'SCMP_ACT_ERRNO'],
      ['SCMP_ACT_ALLOW', 'SCMP_ACT_TRACE'],
    ],
    [
      ['SCMP_ACT_ERRNO', 'SCMP_ACT_ALLOW'],
      ['SCMP_ACT_ERRNO', 'SCMP_ACT_NOTIFY'],
      ['SCMP_ACT_TRACE', 'SCMP_ACT_LOG'],
    ],
    [
      ['SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_ERRNO'],
      ['SCMP_ACT_TRACE', 'SCMP_ACT_NOTIFY'],
    ],
  ] as const satisfies readonly (readonly (readonly [Action, Action])[])[];
  const severities = (comparison: ReturnType<typeof arg>, pairs: readonly (readonly [Action, Action])[]) =>
    new Set(pairs.flatMap(([action, rest]) => onRead(comparison, action, rest).map((each) => each.split(' ')[0])));

  test.each([
    ['a mask of 0', arg(0, 'MASKED_EQ', 0), 'error', 'warning', 'warning'],
    ['bits outside of the mask', arg(0, 'MASKED_EQ', 1, 3n), 'error', 'warning', 'warning'],
    ['LT 0', arg(0, 'LT', 0), 'warning', 'error', 'warning'],
    ['GT the largest int', arg(0, 'GT', MAX_INT), 'warning', 'error', 'warning'],
    ['GE 0', arg(0, 'GE', 0), 'warning', 'warning', 'warning'],
  ])(
    'with %s is an error if the rule then permits more than it seems to',
    (_, comparison, looser, stricter, asStrict) => {
      expect(severities(comparison, LOOSER)).toEqual(new Set([looser]));
      expect(severities(comparison, STRICTER)).toEqual(new Set([stricter]));
      expect(severities(comparison, AS_STRICT)).toEqual(new Set([asStrict]));
    },
  );

  test('with all bits of the second value inside of the mask is not reported', () => {
    expect(onRead(arg(0, 'MASKED_EQ', 3, 1n))).toEqual([]);
    expect(onRead(arg(0, 'MASKED_EQ', 1, 2n))).toEqual([
      'error has bits outside of the mask 1, which are not compared: `value` is the mask',
    ]);
  });
});

describe('the largest value that fits', () => {
  test.each([
    ['an int', 'read', 0, MAX_INT],
    ['a size_t', 'read', 2, MAX_LONG],
    ['a umode_t', 'fchmod', 1, 0xffffn],
  ])('%s is accepted, and one more is refused', (_, name, index, largest) => {
    expect(said(documentOf([rule(name, [arg(index, 'EQ', largest)])]))).toEqual([]);
    if (largest === MAX_LONG) return;
    expect(said(documentOf([rule(name, [arg(index, 'EQ', largest + 1n)])]))).toEqual([
      expect.stringMatching(`^error .*${largest + 1n} does not fit: .* so the largest value is ${largest}$`),
    ]);
  });

  test('of a mask with a second value: its bits outside of the mask need not fit', () => {
    const fits = (comparison: ReturnType<typeof arg>) => onRead(comparison).every((each) => !each.includes('not fit'));
    expect(fits(arg(0, 'MASKED_EQ', 1, HIGH + 1n))).toBe(true);
    expect(fits(arg(0, 'MASKED_EQ', HIGH + 1n, 1n))).toBe(false);
  });
});

describe('in compat mode on a 32-bit ABI, a value above 32 bits', () => {
  const host: Host = { ...HOST, abis: ['x86'] };
  const answers = (comparison: ReturnType<typeof arg>, value: bigint) =>
    [
      documentOf([rule('brk', [comparison])]),
      documentOf([rule('brk', [comparison], DENY)], { defaultAction: 'SCMP_ACT_ALLOW' }),
    ].map((document) => decide(policyFor(document, { mode: 'compat' }, host), 'brk', [value], 'x86'));

  // The two meanings: libseccomp drops the high bits; as written, no argument of 32 bits is so large.
  test.each([
    ['EQ', arg(0, 'EQ', HIGH), ['errno 1', 'errno 13']],
    ['GE', arg(0, 'GE', HIGH), ['errno 1', 'errno 13']],
    ['LT', arg(0, 'LT', HIGH + 1n), ['allow', 'errno 13']],
    ['LE', arg(0, 'LE', HIGH), ['allow', 'errno 13']],
    ['MASKED_EQ', arg(0, 'MASKED_EQ', HIGH, HIGH), ['errno 1', 'errno 13']],
    ['MASKED_EQ 0', arg(0, 'MASKED_EQ', HIGH + 1n, 0n), ['allow', 'errno 13']],
  ])('has the more restrictive one of two meanings for the argument 0: %s', (_, comparison, expected) => {
    expect(answers(comparison, 0n)).toEqual(expected);
  });
});

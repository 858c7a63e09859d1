/** More of the rules of test/filter/intricate.test.ts: as many profiles as show rare overlaps, and larger shapes. */
import { expect, test } from 'vitest';
import { checkIntricate, checkShape, type Shape } from '../support/intricate.js';
import { SEED } from '../support/seed.js';

test('200 random profiles of nine rules with up to six conditions each', () => {
  expect(checkIntricate(SEED, 200, 40)).toBeGreaterThan(50_000);
}, 600_000);

const SHAPES: readonly Shape[] = [
  { rules: 32, conditions: 6, ops: 'orders', end: 1000 },
  { rules: 64, conditions: 6, ops: 'every', end: 30 },
  { rules: 100, conditions: 6, ops: 'every', end: 2 ** 40 },
  { rules: 200, conditions: 3, ops: 'masks', end: 256 },
  { rules: 60, conditions: 3, ops: 'masks', end: 256 },
  { rules: 100, conditions: 2, ops: 'orders', end: 2 ** 40 },
  { rules: 300, conditions: 2, ops: 'orders', end: 2 ** 40 },
  { rules: 400, conditions: 1, ops: 'masks', end: 2 ** 31 },
];

test.each(SHAPES)(
  '$rules rules with $conditions conditions each, $ops, up to $end: compiled and proven, also with an exec gate',
  checkShape,
);

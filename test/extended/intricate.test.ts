/** Thousands of profiles whose rules have much to do with each other, others each time. */
import { expect, test } from 'vitest';
import { checkIntricate } from '../support/intricate.js';
import { SEED } from '../support/seed.js';

test('4,000 random profiles of nine rules with up to six conditions each', () => {
  expect(checkIntricate(SEED, 4000, 40)).toBeGreaterThan(0);
}, 3_600_000);

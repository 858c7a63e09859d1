/** More of the random profiles of test/analysis/combine.test.ts. */
import { test } from 'vitest';
import { checkCombined, OPERATIONS } from '../support/combined.js';

test.each(OPERATIONS)('%s of random profiles, unless it cannot be written', (_, combine, combinePolicies) => {
  checkCombined(combine, combinePolicies, 40);
});

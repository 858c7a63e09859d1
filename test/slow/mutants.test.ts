/** All mutants of the filters of which test/filter/verify tries some. */
import { test } from 'vitest';
import { checkMutants, GATED_FILTERS } from '../support/gate-mutants.js';
import { checkFound, FILTERS } from '../support/program-mutants.js';

test.each(GATED_FILTERS)('no mutant with an exec gate that decides a call differently is proven: %s', (_, filter) => {
  checkMutants(filter, 1);
});

test.each(FILTERS)('the prover finds every mutant of one instruction that changes the meaning: %s', (_, make) => {
  checkFound(make(), 1);
});

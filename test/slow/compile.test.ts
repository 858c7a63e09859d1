/** More of the random profiles of test/filter/compile.test.ts. */
import { test } from 'vitest';
import { checkRandom } from '../support/everywhere.js';

test('interpreter = evaluator over random profiles, hosts and calls, all of them proven', () => checkRandom(300));

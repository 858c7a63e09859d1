/** Names behind socketcall and ipc, in compat and strict, mean what the page on the format says. test/slow has more. */
import { expect, test } from 'vitest';
import { checkBehindMultiplexers } from '../../support/behind-multiplexers.js';

test('random profiles on x86, s390x and ppc64', () => {
  expect(checkBehindMultiplexers(1, 150)).toBeGreaterThan(75);
});

/** More random profiles that name calls behind socketcall and ipc. */
import { expect, test } from 'vitest';
import { checkBehindMultiplexers } from '../support/behind-multiplexers.js';

test('random profiles on x86, s390x and ppc64', () => {
  expect(checkBehindMultiplexers(2, 3000)).toBeGreaterThan(1500);
});

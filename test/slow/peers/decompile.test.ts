/** All of the corpus, on the ABIs of which test/peers/decompile.test.ts has a few. */
import { test } from 'vitest';
import { ABIS } from '../../../lib/syscalls/abi.js';
import { checkLengths } from '../../support/decompiled.js';
import { describeUnless } from '../../support/describe-unless.js';
import { libseccompObstacle } from '../../support/libseccomp.js';

describeUnless(libseccompObstacle(), 'a filter compiled from a decompiled policy', () => {
  test.each([...ABIS.values()])('is at most twice as long, on $name', (abi) => checkLengths(abi, () => true));
});

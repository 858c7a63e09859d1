/** Every code block of README.md does what it says. test/slow/blocks.test.ts has those of docs/. */
import { testBlocksOf } from '../support/docs/test-blocks.js';

testBlocksOf(['README.md']);

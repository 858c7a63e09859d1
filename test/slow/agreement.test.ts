/** All of the corpus on the ABIs of which test/kernel/agreement.test.ts has a part. */
import { expect, test } from 'vitest';
import { ABIS } from '../../lib/syscalls/abi.js';
import { checkCorpusOn } from '../support/agreement.js';
import { corpusOn } from '../support/corpus.js';

const host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set<string>() } as const;
const parsed = corpusOn(host).flatMap((entry) => ('profile' in entry ? [entry] : []));

test.each([...ABIS.keys()])('interpreter = evaluator, on %s as the native ABI', (abi) => {
  expect(parsed.length).toBeGreaterThan(0);
  checkCorpusOn(abi, parsed);
});

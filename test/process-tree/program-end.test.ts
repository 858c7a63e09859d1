/** The end of a program by its exit code or a signal, also one without a name. */
import { expect, test } from 'vitest';
import { endInWords, programEnd } from '../../lib/process-tree/program-end.js';

test.each([
  [3, null, null, 'exit code 3'],
  [null, 15, 'SIGTERM', 'SIGTERM'],
  [null, 31, 'SIGSYS', 'SIGSYS'],
  [null, 35, null, 'signal 35'],
  [null, null, null, 'an unknown status'],
] as const)('code %s and signal %s have the name %s: %s', (code, signalNumber, signal, words) => {
  const end = programEnd(code, signalNumber);
  expect(end).toEqual({ code, signalNumber, signal });
  expect(endInWords(end)).toBe(words);
});

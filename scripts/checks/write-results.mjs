import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes the results of a run of tests as a file of its own in the directory $SECCOMP_TEST_RESULTS: run.mjs adds up those of a
 * check. Does nothing without this variable.
 * @param {import('./write-results.d.mts').TestResults} results
 */
export function writeResults(results) {
  const directory = process.env['SECCOMP_TEST_RESULTS'];
  if (directory === undefined) return;
  writeFileSync(join(directory, `${Date.now()}-${process.pid}.json`), JSON.stringify(results));
}

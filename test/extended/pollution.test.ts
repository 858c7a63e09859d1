/**
 * Properties on Object.prototype one at a time, as test/boundary has them all at once: what two of them hide shows
 * here.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('no single property, with the value true or a list of capabilities, changes a decision or a result', {
  timeout: 3_600_000,
}, () => {
  const file = fileURLToPath(new URL('../boundary/pollution.mjs', import.meta.url));
  const output = execFileSync(process.execPath, [file, 'each'], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  expect(JSON.parse(output.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ found: [] });
});

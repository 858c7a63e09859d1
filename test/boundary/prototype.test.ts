/**
 * Properties of Object.prototype, as after prototype pollution by a crafted document, do not change what this package
 * does. test/slow has all combinations of six kinds of values, enumerable or hidden.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const run = (name: string): unknown => {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const options = { encoding: 'utf8', maxBuffer: 2 ** 26, timeout: 600_000 } as const;
  // Each step runs a few times only, too few for optimized code to be worth its time.
  return JSON.parse(execFileSync(process.execPath, ['--no-opt', file], options).trimEnd().split('\n').at(-1) ?? '');
};

test('no public function looks up a property on Object.prototype', () => {
  expect(run('prototype-reads.mjs')).toMatchObject({ found: [], failed: [] });
});

test('two hundred properties change no decision and no result, whether they exist before the package is loaded or not', () => {
  expect(run('pollution.mjs')).toMatchObject({ found: [] });
});

/**
 * Each kind of value for all properties of Object.prototype at once, enumerable and hidden, before and after the package
 * is loaded. test/boundary has a sample of these.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('two hundred properties with the same value, of six kinds, change no decision and no result', () => {
  const file = fileURLToPath(new URL('../boundary/pollution.mjs', import.meta.url));
  const output = execFileSync(process.execPath, [file, 'all'], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  expect(JSON.parse(output.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ found: [] });
});

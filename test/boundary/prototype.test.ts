/**
 * Properties of Object.prototype, as after prototype pollution by a crafted document, do not change what this package
 * does.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const run = (name: string, ...args: readonly string[]): unknown => {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const options = { encoding: 'utf8', maxBuffer: 2 ** 26, timeout: 600_000 } as const;
  return JSON.parse(
    execFileSync(process.execPath, [file, ...args], options)
      .trimEnd()
      .split('\n')
      .at(-1) ?? '',
  );
};

test('no public function looks up a property on Object.prototype', () => {
  expect(run('prototype-reads.mjs')).toMatchObject({ found: [], failed: [] });
});

test('two hundred properties, enumerable or hidden, of six kinds change no decision and no result', () => {
  expect(run('pollution.mjs')).toMatchObject({ found: [] });
});

test('nor do such properties that exist before the package is loaded', () => {
  expect(run('pollution.mjs', '--before')).toMatchObject({ found: [] });
});

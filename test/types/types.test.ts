/** The types of the built package: uses that must compile, and mistakes that must not, under the strictest settings. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../support/root.js';

test('the files in uses/ compile, except for the lines that must not', () => {
  const compiler = join(packageRoot, 'node_modules/.bin/tsc');
  const { stdout, stderr } = spawnSync(compiler, ['-p', import.meta.dirname], { encoding: 'utf8' });
  expect(stdout + stderr).toBe('');
});

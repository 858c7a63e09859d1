/** Node unloads the addon when the last JavaScript thread that loaded it ends; the supervisor's threads continue. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { failWithoutFilter, resultOf } from '../support/starts.js';

failWithoutFilter();

const addon = fileURLToPath(new URL('../../build/Release/seccomp.node', import.meta.url));

test('the addon is marked to stay loaded until the process ends, and to be linked eagerly', ({ skip }) => {
  const { stdout, error } = spawnSync('readelf', ['--wide', '--dynamic', addon], { encoding: 'utf8' });
  if (error !== undefined) skip('readelf is not installed');
  expect(stdout).toMatch(/\(FLAGS_1\) .*\bNOW\b.*\bNODELETE\b/);
});

test('a listener outlives the workers that loaded the addon, and is served to its end', () => {
  expect(resultOf('last-worker.mjs', { addon })).toEqual({ loaded: true, listeners: 0 });
});

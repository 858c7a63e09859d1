/**
 * A worker may be terminated inside any call of the addon: the process continues, and nothing of the worker is left.
 * test/slow/terminated.test.ts has all of its functions.
 */
import { test } from 'vitest';
import { expectNothingLeft, terminatedObstacle } from '../support/terminated.js';

test('a worker may be terminated at any call of Node-API, after which all calls fail', ({ skip }) => {
  const obstacle = terminatedObstacle();
  if (obstacle !== undefined) skip(obstacle);
  expectNothingLeft(['limits', 'observe', 'harden']);
}, 300_000);

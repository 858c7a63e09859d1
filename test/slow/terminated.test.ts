/**
 * A worker may be terminated inside any call of the addon: the process continues, and nothing of the worker is left. Each function of
 * test/reliability/terminated.mjs.
 */
import { test } from 'vitest';
import { expectNothingLeft, terminatedObstacle } from '../support/terminated.js';

test('a worker may be terminated at any call of Node-API, after which all calls fail', ({ skip }) => {
  const obstacle = terminatedObstacle();
  if (obstacle !== undefined) skip(obstacle);
  expectNothingLeft(['spawn', 'guarded', 'limits', 'notify', 'observe', 'spawnSync', 'probe', 'harden', 'listen']);
}, 300_000);
